//! Values that are used and not to be told, those that a server sent along and those of `--mask`: wherever they show in what a session
//! says, stars stand for them, also where they are encoded.

use crate::model::Event;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;

/// A shorter value is in everything: hiding it would hide nothing and spoil much, characters.
const SHORTEST: usize = 3;
const STARS: &str = "***";

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Mask {
    /// The longest first: one may be in another.
    values: Vec<String>,
}

impl Mask {
    pub(super) fn new<'a>(values: impl IntoIterator<Item = &'a String>) -> Self {
        let values = values.into_iter().filter(|value| value.chars().count() >= SHORTEST);
        let mut values: Vec<_> = values.flat_map(|value| forms(value)).collect();
        values.sort();
        values.dedup();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Self { values }
    }

    /// The event without them.
    pub(super) fn over(&self, mut event: Event) -> Event {
        if self.values.is_empty() {
            return event;
        }
        match &mut event {
            Event::ExecutionLog { message, .. } | Event::Error { message, .. } => self.text(message),
            Event::ExecutionStep { step, .. } => {
                self.json(&mut step.action);
                self.text(&mut step.explanation);
                step.error.iter_mut().for_each(|error| self.text(error));
            }
            Event::RecordingAction { action, code, .. } => {
                self.text(code);
                let masked = serde_json::to_value(&*action).map(|mut value| {
                    self.json(&mut value);
                    serde_json::from_value(value)
                });
                // Stars are a value like any other.
                if let Ok(Ok(masked)) = masked {
                    *action = masked;
                }
            }
            Event::RecordingComplete { code, message, .. } => {
                code.iter_mut().chain(message).for_each(|text| self.text(text));
            }
            Event::RecordingDialog { message, default_value, .. } => {
                self.text(message);
                self.text(default_value);
            }
            Event::RecordingPicked { selector, locator, .. } => {
                self.text(selector);
                self.text(locator);
            }
            _ => {}
        }
        event
    }

    fn text(&self, text: &mut String) {
        for value in self.values.iter().filter(|value| text.contains(*value)).collect::<Vec<_>>() {
            *text = text.replace(value, STARS);
        }
    }

    fn json(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.json(field)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// The value, and how it looks in JSON, in addresses, in forms and in base64.
fn forms(value: &str) -> Vec<String> {
    let json = serde_json::to_string(value).unwrap_or_default();
    let json = json.trim_start_matches('"').trim_end_matches('"').to_owned();
    let form: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let address = form.replace('+', "%20");
    // What comes before and after decides about the characters at the ends; a value by itself is the usual case.
    let plain = STANDARD_NO_PAD.encode(value);
    let named = URL_SAFE_NO_PAD.encode(value);
    let all = vec![value.to_owned(), json, form, address, plain, named];
    all.into_iter().filter(|form| form.chars().count() >= SHORTEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Level, SessionStep, StepState};
    use serde_json::json;

    #[test]
    fn what_is_not_to_be_told_is_not() {
        let values = ["engine".to_owned(), "engine room".to_owned(), "no".to_owned(), String::new()];
        let mask = Mask::new(&values);
        let log = |message: &str| Event::ExecutionLog {
            execution: "e".into(),
            level: Level::Info,
            message: message.to_owned(),
        };
        assert_eq!(mask.over(log("no engine room, no engine")), log("no ***, no ***"));
        let step = |value: &str| Event::ExecutionStep {
            execution: "e".into(),
            step: SessionStep {
                number: 1,
                state: StepState::Failed,
                action: json!({"type": "fill", "value": value, "deep": [value, 1]}),
                explanation: format!("Fill the field with ‘{value}’"),
                location: None,
                duration_ms: None,
                error: Some(value.to_owned()),
            },
        };
        assert_eq!(mask.over(step("engine")), step("***"));
        assert_eq!(Mask::default().over(step("engine")), step("engine"));
    }

    #[test]
    fn encoded_values_are_not_told_either() {
        let mask = Mask::new(&["p\"ss wörd/&".to_owned()]);
        let told = [
            "p\"ss wörd/&",
            r#"{"value":"p\"ss wörd/&"}"#,
            "?a=p%22ss%20w%C3%B6rd%2F%26",
            "a=p%22ss+w%C3%B6rd%2F%26&b",
            "Bearer cCJzcyB3w7ZyZC8m",
        ];
        for text in told {
            let log = |message: String| Event::ExecutionLog { execution: "e".into(), level: Level::Info, message };
            let Event::ExecutionLog { message, .. } = mask.over(log(text.to_owned())) else { panic!("a log") };
            assert!(message.contains("***") && !message.contains("ss") && !message.contains("cCJz"), "{message}");
        }
    }

    #[test]
    fn recordings_keep_them_too() {
        let mask = Mask::new(&["hunter2".to_owned()]);
        let complete = |code: &str| Event::RecordingComplete {
            flow: "f".into(),
            execution: "e".into(),
            success: true,
            code: Some(code.to_owned()),
            message: None,
        };
        assert_eq!(mask.over(complete("fill('hunter2')")), complete("fill('***')"));
    }
}
