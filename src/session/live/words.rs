//! A recorded action in plain English, as of a step of a test.

use crate::model::action::{Action, RecordedAction};
use crate::model::live::Deed;
use crate::model::run::{StepBegin, StepCategory};
use crate::session::explain;
use serde_json::{Value, json};

/// What is done. Secrets are called by their variables.
pub(super) fn explained(recorded: &RecordedAction) -> String {
    let (api_name, params) = call(&recorded.action);
    let category = if api_name.starts_with("expect.") { StepCategory::Expect } else { StepCategory::Api };
    let title = String::new();
    let step =
        StepBegin { id: 0, parent: None, category, title, api_name: api_name.to_owned(), params, location: None };
    match (explain(&step), &recorded.action) {
        (Some(explained), _) => explained.text,
        (None, Action::ClosePage {}) => "Close the page".to_owned(),
        (None, _) => format!("Open {}", recorded.page),
    }
}

fn call(action: &Action) -> (&'static str, Value) {
    let hidden = |secret: &str| json!(format!("${{{secret}}}"));
    match action {
        Action::OpenPage { url } | Action::Navigate { url } => ("page.goto", json!({"url": url})),
        Action::ClosePage {} => ("page.close", Value::Null),
        Action::Click { selector, button, click_count, .. } => {
            let name = if *click_count == 2 { "locator.dblclick" } else { "locator.click" };
            (name, json!({"selector": selector, "button": button}))
        }
        Action::Hover { selector, .. } => ("locator.hover", json!({"selector": selector})),
        Action::Check { selector } => ("locator.check", json!({"selector": selector})),
        Action::Uncheck { selector } => ("locator.uncheck", json!({"selector": selector})),
        Action::Fill { selector, text, secret } => {
            let value = secret.as_deref().map_or_else(|| json!(text), hidden);
            ("locator.fill", json!({"selector": selector, "value": value}))
        }
        Action::Press { selector, key, .. } => ("locator.press", json!({"selector": selector, "key": key})),
        Action::Select { selector, options, secret } => {
            let values = secret.as_deref().map_or_else(|| json!(options), hidden);
            ("locator.selectOption", json!({"selector": selector, "values": values}))
        }
        Action::SetInputFiles { selector, files } => {
            ("locator.setInputFiles", json!({"selector": selector, "files": files}))
        }
        Action::DragTo { selector, target, .. } => ("locator.dragTo", json!({"selector": selector, "target": target})),
        Action::Wheel { selector, .. } => ("locator.scrollIntoViewIfNeeded", json!({"selector": selector})),
        Action::AssertText { selector, text, substring } => {
            let name = if *substring { "expect.toContainText" } else { "expect.toHaveText" };
            (name, json!({"selector": selector, "expected": text}))
        }
        Action::AssertValue { selector, value, secret } => {
            let expected = secret.as_deref().map_or_else(|| json!(value), hidden);
            ("expect.toHaveValue", json!({"selector": selector, "expected": expected}))
        }
        Action::AssertChecked { selector, checked } => {
            ("expect.toBeChecked", json!({"selector": selector, "isNot": !checked}))
        }
        Action::AssertVisible { selector } => ("expect.toBeVisible", json!({"selector": selector})),
        Action::AssertSnapshot { selector, .. } => ("expect.toMatchAriaSnapshot", json!({"selector": selector})),
    }
}

/// What was to be done, in front of why it was not.
pub(super) fn named(deed: &Deed) -> &'static str {
    match deed {
        Deed::Navigate { .. } => "navigate",
        Deed::Click(_) => "click",
        Deed::Type { .. } => "type",
        Deed::Scroll { .. } => "scroll",
        Deed::Reload => "reload",
        Deed::Back => "back",
        Deed::Forward => "forward",
        Deed::Pause => "pause",
        Deed::Resume => "resume",
        Deed::Close => "close",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_in_plain_english() {
        let button = "internal:role=button[name=\"Save\"i]";
        for (action, words) in [
            (json!({"name": "navigate", "url": "http://x/"}), "Go to http://x/"),
            (json!({"name": "click", "selector": button}), "Click the button ‘Save’"),
            (json!({"name": "click", "selector": button, "clickCount": 2}), "Double-click the button ‘Save’"),
            (json!({"name": "click", "selector": button, "button": "right"}), "Right-click the button ‘Save’"),
            (json!({"name": "fill", "selector": "#a", "text": "Ada"}), "Fill ‘#a’ with ‘Ada’"),
            (
                json!({"name": "fill", "selector": "#a", "text": "", "secret": "PASSWORD"}),
                "Fill ‘#a’ with ‘${PASSWORD}’",
            ),
            (json!({"name": "assertChecked", "selector": "#a", "checked": false}), "Expect ‘#a’ not to be checked"),
            (
                json!({"name": "assertText", "selector": "#a", "text": "hi", "substring": true}),
                "Expect ‘#a’ to contain text ‘hi’",
            ),
            (json!({"name": "closePage"}), "Close the page"),
        ] {
            let mut action = action;
            action["pageGuid"] = json!("page");
            let recorded: RecordedAction = serde_json::from_value(action.clone()).unwrap();
            assert_eq!(explained(&recorded), words, "{action}");
        }
    }
}
