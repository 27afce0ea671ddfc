//! What a run did, so that it can be done again: a step's action, and in the same object what a recorder would have written of it
//! (`docs/actions.md`), where it has an action for that.

use serde_json::{Map, Value, json};

/// The page of a run that has one.
const PAGE: &str = "page";

/// The command of an action. `{"type":"fill","selector":"#a","value":"x"}` gets `"name":"fill","text":"x","pageGuid":"page"`.
pub(super) fn command(action: &Value) -> Value {
    let mut command = action.as_object().cloned().unwrap_or_default();
    if let Some(recorded) = recorded(action) {
        command.extend(recorded);
        command.insert("pageGuid".to_owned(), PAGE.into());
    }
    Value::Object(command)
}

/// What a recorder would have written.
fn recorded(action: &Value) -> Option<Map<String, Value>> {
    let text = |field: &str| action[field].as_str().unwrap_or_default();
    let fields = match text("type") {
        "goto" => json!({"name": "navigate", "url": text("url")}),
        "click" | "tap" => json!({"name": "click", "button": button(action), "clickCount": 1}),
        "dblclick" => json!({"name": "click", "button": button(action), "clickCount": 2}),
        "hover" => json!({"name": "hover"}),
        "fill" => json!({"name": "fill", "text": text("value")}),
        "clear" => json!({"name": "fill", "text": ""}),
        "type" | "pressSequentially" => json!({"name": "fill", "text": text("text")}),
        "press" if action["device"].is_null() => {
            let (modifiers, key) = held(text("key"));
            json!({"name": "press", "key": key, "modifiers": modifiers})
        }
        "check" => json!({"name": "check"}),
        "uncheck" => json!({"name": "uncheck"}),
        "setChecked" if action["checked"] == Value::Bool(false) => json!({"name": "uncheck"}),
        "setChecked" => json!({"name": "check"}),
        "selectOption" => json!({"name": "select", "options": values(&action["values"])?}),
        "dragTo" | "dragAndDrop" => json!({"name": "dragTo", "target": text("target")}),
        "expect" if action["isNot"] != Value::Bool(true) => expected(action)?,
        _ => return None,
    };
    match fields {
        Value::Object(fields) => Some(fields),
        _ => None,
    }
}

fn expected(action: &Value) -> Option<Value> {
    let text = action["expected"].as_str();
    Some(match action["matcher"].as_str()? {
        "toBeVisible" => json!({"name": "assertVisible"}),
        "toHaveText" => json!({"name": "assertText", "text": text?, "substring": false}),
        "toContainText" => json!({"name": "assertText", "text": text?, "substring": true}),
        "toHaveValue" => json!({"name": "assertValue", "value": text?}),
        "toBeChecked" => json!({"name": "assertChecked", "checked": true}),
        _ => return None,
    })
}

fn button(action: &Value) -> &str {
    action["button"].as_str().unwrap_or("left")
}

/// `Control+Shift+a`: the sum of the keys that are held, and the last one.
fn held(keys: &str) -> (u32, &str) {
    let mut sum = 0;
    let mut rest = keys;
    while let Some((name, after)) = rest.split_once('+').filter(|(_, after)| !after.is_empty()) {
        sum += match name {
            "Alt" => 1,
            "Control" | "ControlOrMeta" => 2,
            "Meta" => 4,
            "Shift" => 8,
            _ => break,
        };
        rest = after;
    }
    (sum, rest)
}

/// What is chosen by its index alone cannot be written down.
fn values(chosen: &Value) -> Option<Vec<&str>> {
    match chosen {
        Value::Array(items) => items.iter().map(value).collect(),
        other => value(other).map(|value| vec![value]),
    }
}

fn value(chosen: &Value) -> Option<&str> {
    chosen.as_str().or(chosen["value"].as_str()).or(chosen["label"].as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::action::{Action, RecordedAction};

    #[test]
    fn what_was_done_can_be_done_again() {
        let cases = [
            (json!({"type": "goto", "url": "/a"}), json!({"name": "navigate", "url": "/a"})),
            (
                json!({"type": "click", "selector": "#a", "button": "right"}),
                json!({"name": "click", "selector": "#a", "button": "right"}),
            ),
            (
                json!({"type": "dblclick", "selector": "#a"}),
                json!({"name": "click", "selector": "#a", "clickCount": 2}),
            ),
            (
                json!({"type": "fill", "selector": "#a", "value": "x"}),
                json!({"name": "fill", "selector": "#a", "text": "x"}),
            ),
            (
                json!({"type": "press", "selector": "#a", "key": "Control+Shift++"}),
                json!({"name": "press", "selector": "#a", "key": "+", "modifiers": 10}),
            ),
            (
                json!({"type": "selectOption", "selector": "#a", "values": [{"label": "Red"}, "b"]}),
                json!({"name": "select", "selector": "#a", "options": ["Red", "b"]}),
            ),
            (
                json!({"type": "expect", "matcher": "toContainText", "selector": "#a", "expected": "x"}),
                json!({"name": "assertText", "selector": "#a", "text": "x", "substring": true}),
            ),
        ];
        for (done, means) in cases {
            let command = command(&done);
            assert_eq!(command["type"], done["type"]);
            let again: RecordedAction = serde_json::from_value(command.clone()).unwrap();
            assert_eq!(again.action, serde_json::from_value::<Action>(means).unwrap(), "{command}");
        }
    }

    #[test]
    fn what_a_recorder_has_no_word_for_stays_as_it_was() {
        for done in [
            json!({"type": "expect", "matcher": "toHaveCount", "selector": "li", "expected": 3}),
            json!({"type": "expect", "matcher": "toBeVisible", "selector": "li", "isNot": true}),
            json!({"type": "press", "device": "keyboard", "key": "a"}),
            json!({"type": "selectOption", "selector": "#a", "values": [{"index": 1}]}),
        ] {
            assert_eq!(command(&done), done);
        }
    }
}
