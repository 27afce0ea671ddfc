//! The actions themselves: as lines of Playwright's recorder (options, then an action each), and as a file of our own.

use crate::model::action::Recording;
use crate::model::locator::{self, Part, Pattern, Selector};
use serde_json::{Map, Value, json};

pub(super) fn lines(recording: &Recording) -> String {
    let options = &recording.options;
    let mut context = Map::new();
    if let Some(viewport) = options.viewport {
        context.insert("viewport".into(), json!(viewport));
    }
    if let Some(path) = &options.load_storage {
        context.insert("storageState".into(), json!(path));
    }
    let mut header =
        json!({ "browserName": "chromium", "launchOptions": { "headless": false }, "contextOptions": context });
    if let Some(device) = &options.device {
        header["deviceName"] = json!(device);
    }
    if let Some(path) = &options.save_storage {
        header["saveStorage"] = json!(path);
    }
    let actions = recording.actions.iter().map(|recorded| {
        let mut line = json!(recorded);
        if let Some(parsed) = recorded.action.selector().and_then(|selector| locator::parse(selector).ok()) {
            line["locator"] = parts(&parsed);
        }
        line
    });
    std::iter::once(header).chain(actions).map(|line| format!("{line}\n")).collect()
}

/// `docs/actions.md`, an action a line.
pub(super) fn file(recording: &Recording) -> String {
    let actions: Vec<_> = recording.actions.iter().map(|recorded| format!("    {}", json!(recorded))).collect();
    let actions = if actions.is_empty() { String::new() } else { format!("\n{}\n  ", actions.join(",\n")) };
    format!(
        "{{\n  \"version\": {},\n  \"options\": {},\n  \"actions\": [{actions}]\n}}\n",
        recording.version,
        json!(recording.options)
    )
}

/// A locator as Playwright's own JSON for it: each part holds the next.
fn parts(selector: &Selector) -> Value {
    let mut next = Value::Null;
    for part in selector.parts.iter().rev() {
        let Some(mut this) = described(part) else { continue };
        if !next.is_null() {
            this["next"] = next;
        }
        next = this;
    }
    next
}

fn described(part: &Part) -> Option<Value> {
    let kind = |kind: &str, body: &str, options: Value| json!({ "kind": kind, "body": body, "options": options });
    let text = |name: &str, pattern: &Pattern| {
        let (body, exact) = plain(pattern);
        kind(name, &body, json!({ "exact": exact }))
    };
    Some(match part {
        Part::Describe(_) => return None,
        Part::Role { role, name, states, .. } => {
            let attributes: Vec<Value> =
                states.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
            let mut options = json!({ "attrs": attributes });
            if let Some(pattern) = name {
                let (name, exact) = plain(pattern);
                options["exact"] = exact.into();
                options["name"] = name.into();
            }
            kind("role", role, options)
        }
        Part::Text(pattern) => text("text", pattern),
        Part::Label(pattern) => text("label", pattern),
        Part::Attribute(name, pattern) => text(name, pattern),
        Part::TestId(pattern) => kind("test-id", &plain(pattern).0, json!({})),
        Part::HasText(pattern) => text("has-text", pattern),
        Part::HasNotText(pattern) => text("has-not-text", pattern),
        Part::Has(inner) => json!({ "kind": "has", "body": parts(inner), "options": {} }),
        Part::HasNot(inner) => json!({ "kind": "hasNot", "body": parts(inner), "options": {} }),
        Part::And(inner) => json!({ "kind": "and", "body": parts(inner), "options": {} }),
        Part::Or(inner) => json!({ "kind": "or", "body": parts(inner), "options": {} }),
        Part::Chain(inner) => json!({ "kind": "chain", "body": parts(inner), "options": {} }),
        Part::Nth(0) => kind("first", "", json!({})),
        Part::Nth(-1) => kind("last", "", json!({})),
        Part::Nth(n) => kind("nth", &n.to_string(), json!({})),
        Part::Visible(visible) => kind("visible", &visible.to_string(), json!({})),
        Part::EnterFrame => kind("frame", "", json!({})),
        Part::Engine { engine, body, .. } if engine == "css" => kind("default", body, json!({})),
        Part::Engine { engine, body, .. } => kind("default", &format!("{engine}={body}"), json!({})),
    })
}

fn plain(pattern: &Pattern) -> (String, bool) {
    match pattern {
        Pattern::Text { text, exact } => (text.clone(), *exact),
        Pattern::Regex { source, flags } => (format!("/{source}/{flags}"), false),
    }
}
