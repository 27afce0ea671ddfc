//! Selectors as XPath 1.0, where they say nothing that only a browser can work out (roles, names).

use crate::model::locator::{Part, Pattern};

/// The path, unless a part can't be said.
pub(super) fn of(parts: &[&Part], attribute: &str) -> Option<String> {
    let mut path = String::new();
    for part in parts {
        match part {
            Part::Nth(-1) => path = format!("({path})[last()]"),
            Part::Nth(n) => path = format!("({path})[{}]", n.checked_add(1).filter(|n| *n > 0)?),
            Part::HasText(pattern) => path += &format!("[{}]", contains(".", pattern)?),
            Part::HasNotText(pattern) => path += &format!("[not({})]", contains(".", pattern)?),
            part => path += &step(part, attribute)?,
        }
    }
    Some(path)
}

/// Of the element found so far, if that is all its text.
pub(super) fn whole_text(text: &str) -> String {
    format!("xpath/./self::*[normalize-space(.)={}]", literal(text))
}

fn step(part: &Part, attribute: &str) -> Option<String> {
    Some(match part {
        Part::TestId(Pattern::Text { text, .. }) => format!("//*[@{attribute}={}]", literal(text)),
        Part::Attribute(name, Pattern::Text { text, exact: true }) => format!("//*[@{name}={}]", literal(text)),
        Part::Attribute(name, Pattern::Text { text, exact: false }) => {
            format!("//*[contains(@{name}, {})]", literal(text))
        }
        Part::Text(pattern @ Pattern::Text { exact: true, .. }) => {
            let is = contains(".", pattern)?;
            format!("//*[{is}][not(.//*[{is}])]")
        }
        Part::Label(pattern) => {
            let is = contains(".", pattern)?;
            format!(
                "//*[@id=//label[{is}]/@for or (self::input or self::textarea or self::select) and ancestor::label[{is}]]"
            )
        }
        Part::Engine { engine, body, .. } if engine == "css" => format!("//{}", simple(body)?),
        _ => return None,
    })
}

fn contains(what: &str, pattern: &Pattern) -> Option<String> {
    match pattern {
        Pattern::Text { text, exact: true } => Some(format!("normalize-space({what})={}", literal(text))),
        Pattern::Text { text, exact: false } => Some(format!("contains(normalize-space({what}), {})", literal(text))),
        Pattern::Regex { .. } => None,
    }
}

/// A tag, or an id.
fn simple(css: &str) -> Option<String> {
    let is_name = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    match css.strip_prefix('#') {
        Some(id) if is_name(id) => Some(format!("*[@id={}]", literal(id))),
        None if is_name(css) => Some(css.to_owned()),
        _ => None,
    }
}

/// XPath's strings know no escapes.
fn literal(text: &str) -> String {
    if !text.contains('"') {
        format!("\"{text}\"")
    } else if !text.contains('\'') {
        format!("'{text}'")
    } else {
        let pieces: Vec<_> = text.split('"').map(|piece| format!("\"{piece}\"")).collect();
        format!("concat({})", pieces.join(", '\"', "))
    }
}
