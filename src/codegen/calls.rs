//! Selectors as calls, before a language gives them its looks.

use crate::model::locator::{Part, Pattern, Selector, parse};

/// `getByRole('button', { name: 'x' })`, names as JavaScript has them.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) name: &'static str,
    /// Before the options; at most one.
    pub(super) argument: Option<Argument>,
    pub(super) options: Vec<(String, Argument)>,
}

/// A value in a call.
#[derive(Debug, Clone)]
pub(super) enum Argument {
    Text(String),
    Regex {
        source: String,
        flags: String,
    },
    /// `button`, `row`, …
    Role(String),
    /// `true`, `2`.
    Literal(String),
    Locator(Vec<Call>),
}

/// The calls a selector stands for; one that can't be read is passed on as it is.
pub(super) fn calls(selector: &str) -> Vec<Call> {
    match parse(selector) {
        Ok(selector) => of(&selector),
        Err(_) => vec![Call::new("locator", Some(Argument::Text(selector.to_owned())))],
    }
}

fn of(selector: &Selector) -> Vec<Call> {
    selector.parts.iter().filter_map(call).collect()
}

impl Call {
    fn new(name: &'static str, argument: Option<Argument>) -> Self {
        Self { name, argument, options: Vec::new() }
    }

    /// One that takes a text, which may have to be the whole text.
    fn with_text(name: &'static str, pattern: &Pattern) -> Self {
        let mut call = Self::new(name, Some(pattern.into()));
        if matches!(pattern, Pattern::Text { exact: true, .. }) {
            call.options.push(("exact".into(), Argument::Literal("true".into())));
        }
        call
    }

    fn filter(key: &str, value: Argument) -> Self {
        Self { name: "filter", argument: None, options: vec![(key.into(), value)] }
    }

    fn nested(name: &'static str, inner: &Selector) -> Self {
        Self::new(name, Some(Argument::Locator(of(inner))))
    }
}

impl From<&Pattern> for Argument {
    fn from(pattern: &Pattern) -> Self {
        match pattern {
            Pattern::Text { text, .. } => Self::Text(text.clone()),
            Pattern::Regex { source, flags } => Self::Regex { source: source.clone(), flags: flags.clone() },
        }
    }
}

fn call(part: &Part) -> Option<Call> {
    Some(match part {
        Part::Describe(_) => return None,
        Part::Role { role, name, description, states } => {
            let mut call = Call::new("getByRole", Some(Argument::Role(role.clone())));
            let patterns = [("name", name), ("description", description)];
            for (key, pattern) in patterns.iter().filter_map(|(key, pattern)| Some((key, pattern.as_ref()?))) {
                call.options.push(((*key).into(), pattern.into()));
            }
            if patterns.iter().any(|(_, pattern)| matches!(pattern, Some(Pattern::Text { exact: true, .. }))) {
                call.options.push(("exact".into(), Argument::Literal("true".into())));
            }
            for (key, value) in states {
                let key = if key == "include-hidden" { "includeHidden" } else { key };
                let literal = matches!(value.as_str(), "true" | "false") || value.parse::<f64>().is_ok();
                let value = if literal { Argument::Literal } else { Argument::Text }(value.trim_matches('"').into());
                call.options.push((key.into(), value));
            }
            call
        }
        Part::Text(pattern) => Call::with_text("getByText", pattern),
        Part::Label(pattern) => Call::with_text("getByLabel", pattern),
        Part::Attribute(name, pattern) => match name.as_str() {
            "placeholder" => Call::with_text("getByPlaceholder", pattern),
            "alt" => Call::with_text("getByAltText", pattern),
            "title" => Call::with_text("getByTitle", pattern),
            _ => Call::new("locator", Some(Argument::Text(format!("internal:attr=[{name}={}]", notation(pattern))))),
        },
        Part::TestId(pattern) => Call::new("getByTestId", Some(pattern.into())),
        // No option says "exactly".
        Part::HasText(pattern @ Pattern::Text { exact: true, .. }) => {
            Call::new("locator", Some(Argument::Text(format!("internal:has-text={}", notation(pattern)))))
        }
        Part::HasNotText(pattern @ Pattern::Text { exact: true, .. }) => {
            Call::new("locator", Some(Argument::Text(format!("internal:has-not-text={}", notation(pattern)))))
        }
        Part::HasText(pattern) => Call::filter("hasText", pattern.into()),
        Part::HasNotText(pattern) => Call::filter("hasNotText", pattern.into()),
        Part::Has(inner) => Call::filter("has", Argument::Locator(of(inner))),
        Part::HasNot(inner) => Call::filter("hasNot", Argument::Locator(of(inner))),
        Part::And(inner) => Call::nested("and", inner),
        Part::Or(inner) => Call::nested("or", inner),
        Part::Chain(inner) => Call::nested("locator", inner),
        Part::Nth(0) => Call::new("first", None),
        Part::Nth(-1) => Call::new("last", None),
        Part::Nth(n) => Call::new("nth", Some(Argument::Literal(n.to_string()))),
        Part::Visible(true) => Call::new("visible", None),
        Part::Visible(false) => Call::filter("visible", Argument::Literal("false".into())),
        Part::EnterFrame => Call::new("contentFrame", None),
        Part::Engine { engine, body, .. } => {
            let bare = engine == "css" || (engine == "xpath" && (body.starts_with("//") || body.starts_with("..")));
            Call::new("locator", Some(Argument::Text(if bare { body.clone() } else { format!("{engine}={body}") })))
        }
    })
}

/// As a selector has it.
fn notation(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Text { text, exact } => format!("{}{}", quoted(text), if *exact { "s" } else { "i" }),
        Pattern::Regex { source, flags } => format!("/{source}/{flags}"),
    }
}

/// In double quotes, with the escapes that Python, Java and C# share.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// 3 rather than 3.0.
pub(super) fn number(value: f64) -> String {
    value.to_string()
}

/// `hasText` → `HasText`.
pub(super) fn capitalised(name: &str) -> String {
    let mut rest = name.chars();
    rest.next().map(|first| first.to_ascii_uppercase().to_string() + rest.as_str()).unwrap_or_default()
}
