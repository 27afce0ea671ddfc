//! Selectors as text, their parts, and how a person reads them (`getByRole(…)`).
//!
//! The notation is Playwright's private one, so that what its API makes of a locator carries over: parts joined by ` >> `, each
//! `engine=body`; without an engine it is CSS, XPath (`//…`, `..`) or quoted text.

mod render;

pub use render::{quote, render};

/// A selector, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Selector {
    /// In the order they narrow the search.
    pub parts: Vec<Part>,
}

/// One step of a selector.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// `getByRole`.
    Role {
        /// `button`, …
        role: String,
        /// Accessible name.
        name: Option<Pattern>,
        /// Accessible description.
        description: Option<Pattern>,
        /// `checked`, `level`, … with their values, as written.
        states: Vec<(String, String)>,
    },
    /// `getByText`.
    Text(Pattern),
    /// `getByLabel`.
    Label(Pattern),
    /// `getByPlaceholder`, `getByAltText`, `getByTitle`: the attribute and what it has to be.
    Attribute(String, Pattern),
    /// `getByTestId`.
    TestId(Pattern),
    /// `filter({ hasText })`.
    HasText(Pattern),
    /// `filter({ hasNotText })`.
    HasNotText(Pattern),
    /// `filter({ has })`.
    Has(Selector),
    /// `filter({ hasNot })`.
    HasNot(Selector),
    /// `and`.
    And(Selector),
    /// `or`.
    Or(Selector),
    /// `locator(locator)`.
    Chain(Selector),
    /// `nth`; -1 is the last.
    Nth(i64),
    /// `filter({ visible })`.
    Visible(bool),
    /// Into the frame inside the element so far.
    EnterFrame,
    /// What the author calls it.
    Describe(String),
    /// Another engine (`css`, `xpath`, `text`, `id`, …) and its body.
    Engine {
        /// `css`, …
        engine: String,
        /// As written.
        body: String,
        /// `*engine=`: this part is the result, later ones only filter.
        capture: bool,
    },
}

/// What a text has to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Pattern {
    /// A string.
    Text {
        /// It.
        text: String,
        /// The whole text in this case, rather than a part of it in any.
        exact: bool,
    },
    /// A regular expression of JavaScript.
    Regex {
        /// Between the slashes.
        source: String,
        /// After them.
        flags: String,
    },
}

/// A selector that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("failed to read the selector part {0:?}")]
pub struct SelectorError(String);

/// Takes a selector apart. Whether its CSS is right only the page can tell; that it ends where it should is looked at here.
///
/// # Errors
/// When an `internal:` engine has a body it can't have, or CSS opens what it does not close.
pub fn parse(selector: &str) -> Result<Selector, SelectorError> {
    let parts = split(selector).into_iter().map(|piece| part(piece).ok_or_else(|| SelectorError(piece.into())));
    Ok(Selector { parts: parts.collect::<Result<_, _>>()? })
}

/// The selectors between the frames a selector enters: what to find in the first frame, in the one inside of that, …
pub fn split_frames(selector: &str) -> Vec<String> {
    let mut frames = vec![Vec::new()];
    for piece in split(selector) {
        if piece == ENTER_FRAME {
            frames.push(Vec::new());
        } else if let Some(last) = frames.last_mut() {
            last.push(piece);
        }
    }
    frames.into_iter().map(|pieces| pieces.join(" >> ")).collect()
}

const ENTER_FRAME: &str = "internal:control=enter-frame";

/// The pieces between `>>` outside of quotes.
fn split(selector: &str) -> Vec<&str> {
    let bytes = selector.as_bytes();
    let (mut pieces, mut start, mut at, mut quote) = (Vec::new(), 0, 0, 0);
    while at < bytes.len() {
        let c = bytes[at];
        if c == b'\\' && at + 1 < bytes.len() {
            at += 2;
        } else if c == quote {
            quote = 0;
            at += 1;
        } else if quote == 0 && matches!(c, b'"' | b'\'' | b'`') && !quotes_are_letters(&bytes[start..at]) {
            quote = c;
            at += 1;
        } else if quote == 0 && c == b'>' && bytes.get(at + 1) == Some(&b'>') {
            pieces.push(selector[start..at].trim());
            at += 2;
            start = at;
        } else {
            at += 1;
        }
    }
    pieces.push(selector[start..].trim());
    pieces
}

/// `text=it's` has no string in it.
fn quotes_are_letters(before: &[u8]) -> bool {
    let rest = before.trim_ascii_start().strip_prefix(b"text").map(<[u8]>::trim_ascii_start);
    rest.and_then(|rest| rest.strip_prefix(b"=")).is_some_and(|rest| !rest.is_empty())
}

fn part(piece: &str) -> Option<Part> {
    let (engine, body, capture) = engine_and_body(piece);
    let nested = || parse(&serde_json::from_str::<String>(body).ok()?).ok();
    Some(match engine {
        "internal:role" => role(body)?,
        "internal:text" => Part::Text(pattern(body)?),
        "internal:label" => Part::Label(pattern(body)?),
        "internal:has-text" => Part::HasText(pattern(body)?),
        "internal:has-not-text" => Part::HasNotText(pattern(body)?),
        "internal:attr" => {
            let (name, value) = attributes(body)?.1.into_iter().next()?;
            Part::Attribute(name, pattern(&value)?)
        }
        "internal:testid" => Part::TestId(pattern(&attributes(body)?.1.into_iter().next()?.1)?),
        "internal:has" => Part::Has(nested()?),
        "internal:has-not" => Part::HasNot(nested()?),
        "internal:and" => Part::And(nested()?),
        "internal:or" => Part::Or(nested()?),
        "internal:chain" => Part::Chain(nested()?),
        "internal:describe" => Part::Describe(serde_json::from_str(body).ok()?),
        "internal:control" => (body == "enter-frame").then_some(Part::EnterFrame)?,
        "nth" => Part::Nth(body.trim().parse().ok()?),
        "visible" => Part::Visible(body == "true"),
        "css" if !closes_all(body) => return None,
        _ => Part::Engine { engine: engine.into(), body: body.into(), capture },
    })
}

/// Whether all brackets and strings of a CSS selector end.
fn closes_all(css: &str) -> bool {
    let (mut open, mut quote, mut escaped) = (Vec::new(), None, false);
    for c in css.chars() {
        match (c, quote) {
            _ if escaped => escaped = false,
            ('\\', _) => escaped = true,
            (c, Some(end)) if c == end => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) => quote = Some(c),
            ('[', None) => open.push(']'),
            ('(', None) => open.push(')'),
            (']' | ')', None) if open.pop() != Some(c) => return false,
            _ => {}
        }
    }
    open.is_empty() && quote.is_none()
}

fn engine_and_body(piece: &str) -> (&str, &str, bool) {
    if let Some((name, body)) = piece.split_once('=') {
        let name = name.trim();
        if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-+:*".contains(c)) {
            let capture = name.starts_with('*');
            return (name.strip_prefix('*').unwrap_or(name), body, capture);
        }
    }
    let quoted = |quote| piece.len() > 1 && piece.starts_with(quote) && piece.ends_with(quote);
    if quoted('"') || quoted('\'') {
        ("text", piece, false)
    } else if piece.trim_start_matches('(').starts_with("//") || piece.starts_with("..") {
        ("xpath", piece, false)
    } else {
        ("css", piece, false)
    }
}

fn role(body: &str) -> Option<Part> {
    let (role, attributes) = attributes(body)?;
    let (mut name, mut description, mut states) = (None, None, Vec::new());
    for (key, value) in attributes {
        match key.as_str() {
            "name" => name = Some(pattern(&value)?),
            "description" => description = Some(pattern(&value)?),
            _ => states.push((key, value)),
        }
    }
    Some(Part::Role { role, name, description, states })
}

/// `"x"i` is a part of the text, `"x"s` and `"x"` all of it, `/x/i` a regular expression; anything else a part of it.
fn pattern(body: &str) -> Option<Pattern> {
    if let Some((source, flags)) = body.strip_prefix('/').and_then(|rest| rest.rsplit_once('/'))
        && flags.bytes().all(|c| c.is_ascii_lowercase())
    {
        return Some(Pattern::Regex { source: source.into(), flags: flags.into() });
    }
    let string = |json: &str| serde_json::from_str::<String>(json).ok();
    if let Some(json) = body.strip_suffix('i').filter(|json| json.ends_with('"')) {
        Some(Pattern::Text { text: string(json)?, exact: false })
    } else if body.ends_with("\"s") || body.ends_with('"') {
        Some(Pattern::Text { text: string(body.trim_end_matches('s'))?, exact: true })
    } else {
        Some(Pattern::Text { text: body.into(), exact: false })
    }
}

/// `button[name="x"i][level=2]` -> `button` and the names with their values as written; without a value it is `true`.
fn attributes(body: &str) -> Option<(String, Vec<(String, String)>)> {
    let (head, mut rest) = body.split_once('[').map_or((body, None), |(head, rest)| (head, Some(rest)));
    let mut attributes = Vec::new();
    while let Some(text) = rest {
        let end = closing_bracket(text)?;
        let inside = &text[..end];
        let (name, value) = inside.split_once('=').unwrap_or((inside, "true"));
        attributes.push((name.trim().into(), value.trim().into()));
        let after = text[end + 1..].trim_start();
        rest = if after.is_empty() { None } else { Some(after.strip_prefix('[')?) };
    }
    Some((head.trim().into(), attributes))
}

fn closing_bracket(text: &str) -> Option<usize> {
    let value = text.find('=').map_or(text.len(), |at| at + 1);
    let regex = text[value..].trim_start().starts_with('/');
    let (mut escaped, mut quoted, mut slashes, mut class) = (false, false, 0, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' if !regex => quoted = !quoted,
            '/' if regex && !class && at >= value => slashes += 1,
            '[' if regex && slashes == 1 => class = true,
            ']' if class && slashes == 1 => class = false,
            ']' if !quoted && (!regex || slashes > 1) => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_falls_apart_at_arrows_outside_of_strings() {
        let cases: &[(&str, &[&str])] = &[
            ("a >> b", &["a", "b"]),
            ("a>>b>> nth=0", &["a", "b", "nth=0"]),
            (r#"text="a >> b" >> c"#, &[r#"text="a >> b""#, "c"]),
            ("text=it's >> b", &["text=it's", "b"]),
            (r#"[x="\" >> "] >> b"#, &[r#"[x="\" >> "]"#, "b"]),
            ("", &[""]),
        ];
        for (selector, pieces) in cases {
            assert_eq!(split(selector), *pieces, "{selector}");
        }
    }

    #[test]
    fn frames_split_a_selector() {
        let selector =
            "#a >> b >> internal:control=enter-frame >> button >> internal:control=enter-frame >> i >> nth=0";
        assert_eq!(split_frames(selector), ["#a >> b", "button", "i >> nth=0"]);
    }

    #[test]
    fn parts_are_typed() {
        let text = |text: &str, exact| Pattern::Text { text: text.into(), exact };
        let cases = [
            ("internal:text=\"a\"i", Part::Text(text("a", false))),
            ("internal:label=\"a\"s", Part::Label(text("a", true))),
            ("internal:text=/a\\/b/i", Part::Text(Pattern::Regex { source: "a\\/b".into(), flags: "i".into() })),
            ("internal:attr=[alt=\"a]\"i]", Part::Attribute("alt".into(), text("a]", false))),
            ("nth=-1", Part::Nth(-1)),
            ("//a", Part::Engine { engine: "xpath".into(), body: "//a".into(), capture: false }),
            ("*css=a", Part::Engine { engine: "css".into(), body: "a".into(), capture: true }),
            (
                "internal:role=heading[name=/[\\]/]x/][level=2]",
                Part::Role {
                    role: "heading".into(),
                    name: Some(Pattern::Regex { source: "[\\]/]x".into(), flags: String::new() }),
                    description: None,
                    states: vec![("level".into(), "2".into())],
                },
            ),
        ];
        for (selector, part) in cases {
            assert_eq!(parse(selector).unwrap().parts, [part], "{selector}");
        }
        for selector in ["internal:has=x", "section[", "a:has(b", "a)", "[a='b]"] {
            assert_eq!(parse(selector), Err(SelectorError(selector.into())));
        }
        for selector in ["a[b='[']", "a\\(b", ":is(a, [b=\")\"])"] {
            assert!(parse(selector).is_ok(), "{selector}");
        }
    }
}
