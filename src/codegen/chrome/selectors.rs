//! Selectors as DevTools writes them: `aria/Name[role="button"]`, CSS, `text/…`, `xpath/…`, `pierce/…`. A player tries all of a step's
//! at once, so every one given has to mean the element and nothing before it.

use super::xpath;
use crate::model::action::RecordedAction;
use crate::model::locator::{Part, Pattern, Selector, parse, split_frames};
use serde_json::json;

/// All that find the element of an action, by kind. What can't be said otherwise stands as it was recorded: no player finds that, and
/// its failure names it.
pub(super) fn of(recorded: &RecordedAction, attribute: &str) -> Vec<Vec<String>> {
    let Some(selector) = recorded.action.selector() else { return Vec::new() };
    let all = std::iter::once(selector).chain(recorded.alternatives.iter().map(String::as_str));
    ways(selector, all, attribute)
}

/// The same of an element without alternatives.
pub(super) fn of_selector(selector: &str, attribute: &str) -> Vec<Vec<String>> {
    ways(selector, std::iter::once(selector), attribute)
}

/// JavaScript that finds the element, where this way needs no player.
pub(super) fn in_script(way: &[String]) -> Option<String> {
    let [only] = way else { return None };
    if let Some(path) = only.strip_prefix("xpath/") {
        let first = "XPathResult.FIRST_ORDERED_NODE_TYPE";
        return Some(format!("document.evaluate({}, document, null, {first}).singleNodeValue", json!(path)));
    }
    let is_css = !["aria/", "text/", "pierce/"].iter().any(|kind| only.starts_with(kind));
    is_css.then(|| format!("document.querySelector({})", json!(only)))
}

fn ways<'a>(selector: &str, all: impl Iterator<Item = &'a str>, attribute: &str) -> Vec<Vec<String>> {
    let mut found: Vec<Vec<String>> = Vec::new();
    for selector in all {
        let Some(last) = split_frames(selector).pop() else { continue };
        for form in parse(&last).map(|parsed| forms(&parsed, attribute)).unwrap_or_default() {
            if !found.contains(&form) {
                found.push(form);
            }
        }
    }
    if found.is_empty() {
        found.push(split_frames(selector).pop().into_iter().collect());
    }
    found.sort_by_key(|form| form.first().map_or(0, |first| kind(first)));
    found
}

/// The order in which DevTools lists them.
fn kind(form: &str) -> usize {
    let kinds = ["aria/", "text/", "xpath/", "pierce/"];
    match kinds.iter().position(|kind| form.starts_with(kind)) {
        Some(0) => 0,
        Some(n) => n + 1,
        None => 1,
    }
}

fn forms(selector: &Selector, attribute: &str) -> Vec<Vec<String>> {
    let mut parts: Vec<&Part> = selector.parts.iter().filter(|part| !matches!(part, Part::Describe(_))).collect();
    // A player takes the first.
    while parts.len() > 1 && parts.last() == Some(&&Part::Nth(0)) {
        parts.pop();
    }
    let mut forms: Vec<Vec<String>> =
        parts.iter().map(|part| form(part, attribute)).collect::<Option<_>>().into_iter().collect();
    if let [part] = parts.as_slice()
        && let Some(css) = css(part, attribute)
    {
        // A player's CSS does not look into shadow roots; Playwright's does.
        forms.push(vec![format!("pierce/{css}")]);
    }
    forms.extend(xpath::of(&parts, attribute).map(|path| vec![format!("xpath/{path}")]));
    forms
}

/// One part.
fn form(part: &Part, attribute: &str) -> Option<String> {
    match part {
        Part::Role { role, name, description: None, states } if states.is_empty() => match name {
            Some(Pattern::Text { text, .. }) => Some(format!("aria/{}[role=\"{role}\"]", escaped(text))),
            Some(Pattern::Regex { .. }) => None,
            None => Some(format!("aria/[role=\"{role}\"]")),
        },
        Part::Label(Pattern::Text { text, .. }) => Some(format!("aria/{}", escaped(text))),
        Part::Text(Pattern::Text { text, exact: false }) => Some(format!("text/{text}")),
        Part::Engine { engine, body, .. } if engine == "xpath" => Some(format!("xpath/{body}")),
        part => css(part, attribute),
    }
}

/// A part as plain CSS.
fn css(part: &Part, attribute: &str) -> Option<String> {
    match part {
        Part::Engine { engine, body, .. } if engine == "css" => Some(body.clone()),
        Part::Engine { engine, body, .. } if engine == "id" => Some(format!("[id={}]", json!(body))),
        Part::TestId(Pattern::Text { text, .. }) => Some(format!("[{attribute}={}]", json!(text))),
        Part::Attribute(name, Pattern::Text { text, exact }) => {
            Some(if *exact { format!("[{name}={}]", json!(text)) } else { format!("[{name}*={} i]", json!(text)) })
        }
        _ => None,
    }
}

/// A name that looks like an attribute would be taken for one.
fn escaped(name: &str) -> String {
    name.replace('[', "\\[")
}
