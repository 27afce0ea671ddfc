//! A step in plain English and in machine-read form: `Click the button ‘Save’`, `{"type":"click","selector":…}`.

use super::target::describe;
use crate::model::run::{StepBegin, StepCategory};
use serde_json::{Map, Value};

/// What a server is told of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// `{"type": "click", "selector": …}`.
    pub action: Value,
    /// `Click the button ‘Save’`.
    pub text: String,
}

/// The words and the action of a step; none for calls that are no step (reads, `evaluate`, waiting, value matchers).
#[must_use]
pub fn explain(step: &StepBegin) -> Option<Explained> {
    let (object, method) = step.api_name.split_once('.')?;
    let text = match step.category {
        StepCategory::Api => api(object, method, &step.params)?,
        StepCategory::Expect => expectation(method, &step.params)?,
        StepCategory::Step | StepCategory::Hook | StepCategory::Fixture => return None,
    };
    let mut action = Map::new();
    action.insert("type".to_owned(), Value::String(if object == "expect" { "expect" } else { method }.to_owned()));
    if object == "expect" {
        action.insert("matcher".to_owned(), Value::String(method.to_owned()));
    } else if matches!(object, "keyboard" | "mouse" | "touchscreen") {
        action.insert("device".to_owned(), Value::String(object.to_owned()));
    }
    if let Value::Object(params) = &step.params {
        for (key, value) in params.iter().filter(|(_, value)| !value.is_null()) {
            action.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
    Some(Explained { action: Value::Object(action), text })
}

fn api(object: &str, method: &str, params: &Value) -> Option<String> {
    let it = || target(params);
    let text = |name: &str| params[name].as_str().unwrap_or_default();
    Some(match (object, method) {
        ("page" | "frame", "goto") => format!("Go to {}", text("url")),
        ("page", "reload") => "Reload the page".to_owned(),
        ("page", "goBack") => "Go back".to_owned(),
        ("page", "goForward") => "Go forward".to_owned(),
        ("page" | "frame", "setContent") => "Set the page's content".to_owned(),
        ("keyboard", "press") => format!("Press {}", text("key")),
        ("keyboard", "down") => format!("Hold {}", text("key")),
        ("keyboard", "up") => format!("Release {}", text("key")),
        ("keyboard", "type" | "insertText") => format!("Type {}", quoted(text("text"))),
        ("mouse", "click") => format!("Click at {}", point(params)),
        ("mouse", "dblclick") => format!("Double-click at {}", point(params)),
        ("mouse", "move") => format!("Move the mouse to {}", point(params)),
        ("mouse", "down") => "Press the mouse button".to_owned(),
        ("mouse", "up") => "Release the mouse button".to_owned(),
        ("mouse", "wheel") => "Turn the mouse wheel".to_owned(),
        ("touchscreen", "tap") => format!("Tap at {}", point(params)),
        ("page" | "frame" | "locator" | "elementHandle", "click") => match text("button") {
            "right" => format!("Right-click {}", it()),
            "middle" => format!("Middle-click {}", it()),
            _ => format!("Click {}", it()),
        },
        ("page" | "frame" | "locator" | "elementHandle", method) => on_element(method, params)?,
        _ => return None,
    })
}

fn on_element(method: &str, params: &Value) -> Option<String> {
    let it = target(params);
    let text = |name: &str| params[name].as_str().unwrap_or_default();
    Some(match method {
        "dblclick" => format!("Double-click {it}"),
        "tap" => format!("Tap {it}"),
        "hover" => format!("Hover over {it}"),
        "fill" => format!("Fill {it} with {}", quoted(text("value"))),
        "clear" => format!("Clear {it}"),
        "press" => format!("Press {} in {it}", text("key")),
        "pressSequentially" | "type" => format!("Type {} into {it}", quoted(text("text"))),
        "check" => format!("Check {it}"),
        "uncheck" => format!("Uncheck {it}"),
        "setChecked" if params["checked"] == Value::Bool(false) => format!("Uncheck {it}"),
        "setChecked" => format!("Check {it}"),
        "selectOption" => format!("Select {} in {it}", listed(&params["options"])),
        "selectText" => format!("Select the text of {it}"),
        "setInputFiles" => format!("Choose {} for {it}", listed(&params["files"])),
        "focus" => format!("Focus {it}"),
        "blur" => format!("Leave {it}"),
        "scrollIntoViewIfNeeded" => format!("Scroll to {it}"),
        "dispatchEvent" => format!("Send {} to {it}", quoted(text("type"))),
        "dragTo" | "dragAndDrop" => format!("Drag {it} to {}", describe(text("target"))),
        _ => return None,
    })
}

fn expectation(matcher: &str, params: &Value) -> Option<String> {
    let subject = match params["selector"].as_str() {
        Some(selector) if !selector.is_empty() => describe(selector),
        _ if matches!(matcher, "toHaveURL" | "toHaveTitle") => "the page".to_owned(),
        _ => params["locator"].as_str()?.to_owned(),
    };
    let words = split_words(matcher.strip_prefix("to")?);
    let not = if params["isNot"] == Value::Bool(true) { "not " } else { "" };
    let expected = match &params["expected"] {
        Value::Null => String::new(),
        value => format!(" {}", listed(value)),
    };
    Some(format!("Expect {subject} {not}to {words}{expected}"))
}

fn target(params: &Value) -> String {
    match params["selector"].as_str() {
        Some(selector) if !selector.is_empty() => describe(selector),
        // As the official runner tells it.
        _ => params["locator"].as_str().unwrap_or("the element").to_owned(),
    }
}

fn point(params: &Value) -> String {
    format!("({}, {})", params["x"], params["y"])
}

fn quoted(text: &str) -> String {
    format!("‘{text}’")
}

fn listed(value: &Value) -> String {
    match value {
        Value::Array(items) if items.is_empty() => "nothing".to_owned(),
        Value::Array(items) => items.iter().map(listed).collect::<Vec<_>>().join(", "),
        Value::String(text) => quoted(text),
        Value::Object(fields) => {
            let named =
                ["valueOrLabel", "label", "value", "name", "string", "index"].iter().find_map(|key| fields.get(*key));
            named.map_or_else(|| value.to_string(), listed)
        }
        other => other.to_string(),
    }
}

/// `HaveText` to `have text`, `HaveURL` to `have URL`.
fn split_words(name: &str) -> String {
    let mut words = String::new();
    let mut previous_upper = true;
    for c in name.chars() {
        if c.is_uppercase() && !previous_upper {
            words.push(' ');
        }
        previous_upper = c.is_uppercase();
        words.push(c);
    }
    words
        .split(' ')
        .map(
            |word| {
                if word.len() > 1 && word.chars().all(char::is_uppercase) {
                    word.to_owned()
                } else {
                    word.to_lowercase()
                }
            },
        )
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn step(api_name: &str, params: Value) -> StepBegin {
        let category = if api_name.starts_with("expect.") { StepCategory::Expect } else { StepCategory::Api };
        StepBegin {
            id: 1,
            parent: None,
            category,
            title: String::new(),
            api_name: api_name.to_owned(),
            params,
            location: None,
        }
    }

    #[test]
    fn steps_in_plain_english() {
        let button = r#"internal:role=button[name="Save"i]"#;
        for (api_name, params, text) in [
            ("page.goto", json!({"url": "/cart"}), "Go to /cart"),
            ("locator.click", json!({"selector": button}), "Click the button ‘Save’"),
            ("locator.click", json!({"selector": button, "button": "right"}), "Right-click the button ‘Save’"),
            ("page.click", json!({"selector": "#a"}), "Click ‘#a’"),
            (
                "locator.fill",
                json!({"selector": r#"internal:label="E-mail"i"#, "value": "a@b"}),
                "Fill the field ‘E-mail’ with ‘a@b’",
            ),
            (
                "locator.selectOption",
                json!({"selector": "select", "options": [{"label": "Red"}, {"valueOrLabel": "b"}]}),
                "Select ‘Red’, ‘b’ in ‘select’",
            ),
            ("locator.selectOption", json!({"selector": "#m", "options": []}), "Select nothing in ‘#m’"),
            ("locator.setChecked", json!({"selector": "#t", "checked": false}), "Uncheck ‘#t’"),
            ("keyboard.press", json!({"key": "Enter"}), "Press Enter"),
            ("mouse.click", json!({"x": 3, "y": 4}), "Click at (3, 4)"),
            (
                "expect.toHaveText",
                json!({"selector": "h1", "expected": "Hi", "isNot": true}),
                "Expect ‘h1’ not to have text ‘Hi’",
            ),
            ("expect.toHaveURL", json!({"expected": "/done"}), "Expect the page to have URL ‘/done’"),
            ("expect.toBeVisible", json!({"selector": button}), "Expect the button ‘Save’ to be visible"),
        ] {
            let explained = explain(&step(api_name, params)).map(|explained| explained.text);
            assert_eq!(explained.as_deref(), Some(text), "{api_name}");
        }
    }

    #[test]
    fn what_is_no_step_has_no_words() {
        for (api_name, params) in [
            ("locator.textContent", json!({"selector": "a"})),
            ("page.evaluate", json!({})),
            ("page.waitForTimeout", json!({})),
            ("expect.toBe", json!({"expected": 3})),
            ("", json!({})),
        ] {
            assert_eq!(explain(&step(api_name, params)), None, "{api_name}");
        }
    }

    #[test]
    fn the_action_is_the_method_with_its_parameters() {
        let explained = explain(&step("locator.fill", json!({"selector": "#a", "value": "x", "force": null}))).unwrap();
        assert_eq!(explained.action, json!({"type": "fill", "selector": "#a", "value": "x"}));
        let explained = explain(&step("expect.toHaveText", json!({"selector": "#a", "expected": "x"}))).unwrap();
        assert_eq!(explained.action["type"], "expect");
        assert_eq!(explained.action["matcher"], "toHaveText");
    }
}
