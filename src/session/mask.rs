//! Values that a server sent along to be used and not to be told: wherever they show in what an execution says, stars stand for them.

use crate::model::Event;
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
        let mut values: Vec<_> =
            values.into_iter().filter(|value| value.chars().count() >= SHORTEST).cloned().collect();
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
}
