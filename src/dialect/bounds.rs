//! What others said, kept within what one message may carry beside a picture.

use serde_json::{Map, Value};

/// What stands where text was cut.
const CUT: &str = "… (cut)";
/// An action that is longer is told with short texts only, bytes.
const ACTION_MAX: usize = 16 << 10;
/// A text of such an action, bytes.
const TEXT_MAX: usize = 500;

/// The beginning of a text, of about so many bytes.
pub(super) fn cut(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let end = (0..=max).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}{CUT}", &text[..end])
}

/// An action, with its long texts cut where it is long. One that is long all the same keeps only its type.
pub(super) fn action(action: &Value) -> Value {
    if length(action) <= ACTION_MAX {
        return action.clone();
    }
    let Value::Object(fields) = action else { return Value::Null };
    let short = |(name, value): (&String, &Value)| match value {
        Value::String(text) => (name.clone(), Value::String(cut(text, TEXT_MAX))),
        other => (name.clone(), other.clone()),
    };
    let shortened = Value::Object(fields.iter().map(short).collect());
    if length(&shortened) <= ACTION_MAX {
        return shortened;
    }
    Value::Object(
        fields.get("type").map(|kind| Map::from_iter([("type".to_owned(), kind.clone())])).unwrap_or_default(),
    )
}

/// Its length as text, bytes.
pub(super) fn length(value: &Value) -> usize {
    value.to_string().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_is_long_is_cut() {
        assert_eq!(cut("äbc", 4), "äbc");
        assert_eq!(cut("ääb", 3), "ä… (cut)");
        let fine = json!({"type": "fill", "value": "v".repeat(1000)});
        assert_eq!(action(&fine), fine);
        let long = action(&json!({"type": "fill", "selector": "#a", "value": "v".repeat(100_000)}));
        assert_eq!((&long["selector"], long["value"].as_str().map(str::len)), (&json!("#a"), Some(500 + CUT.len())));
        let odd = action(&json!({"type": "setInputFiles", "files": vec!["x".repeat(1000); 100]}));
        assert_eq!(odd, json!({"type": "setInputFiles"}));
    }
}
