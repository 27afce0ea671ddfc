//! Patterns for URLs: globs as Playwright has them, regular expressions as JavaScript has them.

use super::error::BrowserError;
use super::frame::Frame;
use serde_json::json;

/// What a URL must look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UrlMatcher {
    /// Anything.
    Any,
    /// `*` is anything without `/`, `**` anything, `{a,b}` either.
    Glob(String),
    /// JavaScript's; a page decides, nothing else knows its syntax.
    Regex {
        /// Between the slashes.
        source: String,
        /// After them.
        flags: String,
    },
}

impl UrlMatcher {
    /// Whether `url` looks so.
    pub async fn matches(&self, frame: &Frame, url: &str) -> Result<bool, BrowserError> {
        match self {
            Self::Any => Ok(true),
            Self::Glob(glob) => Ok(glob_matches(&normal(glob), url)),
            Self::Regex { source, flags } => {
                let answer = frame.run("matches", &[json!(source), json!(flags), json!(url)]).await?;
                Ok(answer.as_bool().unwrap_or(false))
            }
        }
    }

    /// As it stands in a log; none for anything.
    pub fn shown(&self) -> Option<String> {
        match self {
            Self::Any => None,
            Self::Glob(glob) => Some(format!("\"{glob}\"")),
            Self::Regex { source, flags } => Some(format!("/{source}/{flags}")),
        }
    }
}

/// `http://host` as browsers write it: `http://host/`.
fn normal(glob: &str) -> String {
    if glob.contains(['*', '{', '\\']) {
        return glob.to_owned();
    }
    url::Url::parse(glob).map_or_else(|_| glob.to_owned(), String::from)
}

/// Whether all of `text` is what `glob` says.
fn glob_matches(glob: &str, text: &str) -> bool {
    let glob: Vec<char> = glob.chars().collect();
    let text: Vec<char> = text.chars().collect();
    matches_at(&glob, &text)
}

fn matches_at(glob: &[char], text: &[char]) -> bool {
    match glob {
        [] => text.is_empty(),
        ['*', '*', rest @ ..] => {
            let rest = rest.iter().position(|c| *c != '*').map_or(&[][..], |at| &rest[at..]);
            // `**/` may also be nothing at all.
            let without_slash = if let ['/', after @ ..] = rest { Some(after) } else { None };
            (0..=text.len()).any(|at| matches_at(rest, &text[at..]))
                || without_slash.is_some_and(|after| matches_at(after, text))
        }
        ['*', rest @ ..] => {
            let end = text.iter().position(|c| *c == '/').unwrap_or(text.len());
            (0..=end).any(|at| matches_at(rest, &text[at..]))
        }
        ['{', rest @ ..] => {
            let Some(end) = rest.iter().position(|c| *c == '}') else { return false };
            rest[..end].split(|c| *c == ',').any(|choice| {
                let whole: Vec<char> = choice.iter().chain(&rest[end + 1..]).copied().collect();
                matches_at(&whole, text)
            })
        }
        ['\\', escaped, rest @ ..] => text.first() == Some(escaped) && matches_at(rest, &text[1..]),
        [c, rest @ ..] => text.first() == Some(c) && matches_at(rest, &text[1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        let cases: &[(&str, &str, bool)] = &[
            ("**/cart.html", "http://shop/cart.html", true),
            ("**/cart.html", "http://shop/cart.html?a=1", false),
            ("**/cart*", "http://shop/cart.html?a=1", true),
            ("http://*/cart", "http://shop/a/cart", false),
            ("http://shop", "http://shop/", true),
            ("**/*.{png,jpg}", "http://shop/a/b.jpg", true),
            ("**/*.{png,jpg}", "http://shop/a/b.gif", false),
            ("**/a?b", "http://shop/a?b", true),
            ("**/a?b", "http://shop/axb", false),
            ("**", "about:blank", true),
            ("http://shop/\\*", "http://shop/*", true),
        ];
        for (glob, url, expected) in cases {
            assert_eq!(glob_matches(&normal(glob), url), *expected, "{glob} {url}");
        }
    }
}
