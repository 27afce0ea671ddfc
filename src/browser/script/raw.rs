//! What Chromium says about values and exceptions.

use serde::Deserialize;
use serde_json::Value;

/// Chromium's `Runtime.RemoteObject`, as far as it is of use.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::browser) struct RawObject {
    #[serde(rename = "type")]
    pub(in crate::browser) kind: String,
    pub(in crate::browser) subtype: Option<String>,
    pub(in crate::browser) class_name: Option<String>,
    pub(in crate::browser) value: Option<Value>,
    pub(in crate::browser) unserializable_value: Option<String>,
    pub(in crate::browser) description: Option<String>,
    pub(in crate::browser) object_id: Option<String>,
    /// What is inside; comes with arguments of `console`.
    preview: Option<Preview>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Preview {
    properties: Vec<Property>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Property {
    name: String,
    value: Option<String>,
}

impl Property {
    fn text(&self) -> &str {
        self.value.as_deref().unwrap_or("undefined")
    }
}

impl RawObject {
    /// In a few words, as a console shows it.
    pub(in crate::browser) fn text(&self) -> String {
        match (&self.value, &self.unserializable_value, &self.description, &self.preview) {
            (Some(Value::String(text)), ..) => text.clone(),
            (Some(value), ..) => value.to_string(),
            (None, Some(text), ..) => if text == "-0" { "0" } else { text }.into(),
            _ if self.subtype.as_deref() == Some("null") => "null".into(),
            _ if self.subtype.as_deref() == Some("node") => "JSHandle@node".into(),
            (_, _, Some(text), Some(preview)) if text == "Object" => {
                let all: Vec<_> =
                    preview.properties.iter().map(|one| format!("{}: {}", one.name, one.text())).collect();
                format!("{{{}}}", all.join(", "))
            }
            (_, _, _, Some(preview)) if self.subtype.as_deref() == Some("array") => preview.items(),
            (_, _, Some(text), _) => text.clone(),
            (_, _, None, _) => self.kind.clone(),
        }
    }
}

impl Preview {
    /// The items of an array, with its gaps.
    fn items(&self) -> String {
        let mut all = Vec::new();
        let mut next = 0_u64;
        for (index, item) in self.properties.iter().filter_map(|item| Some((item.name.parse::<u64>().ok()?, item))) {
            match index.saturating_sub(next) {
                0 => {}
                1 => all.push("empty".to_owned()),
                gap => all.push(format!("empty x {gap}")),
            }
            all.push(item.text().to_owned());
            next = index + 1;
        }
        format!("[{}]", all.join(", "))
    }
}

/// Chromium's `Runtime.ExceptionDetails`, as far as it is of use.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::browser) struct Exception {
    pub(in crate::browser) text: String,
    pub(in crate::browser) exception: Option<RawObject>,
    pub(in crate::browser) stack_trace: StackTrace,
}

/// Chromium's `Runtime.StackTrace`, as far as it is of use.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::browser) struct StackTrace {
    call_frames: Vec<CallFrame>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CallFrame {
    url: String,
    line_number: i64,
    column_number: i64,
}

impl StackTrace {
    /// URL, line and column of where it began, both from 0.
    pub(in crate::browser) fn place(self) -> (String, i64, i64) {
        let at = self.call_frames.into_iter().next().unwrap_or_default();
        (at.url, at.line_number, at.column_number)
    }
}

impl Exception {
    /// `Error: text` with the stack, or the thrown value as text.
    pub(in crate::browser) fn message(&self) -> String {
        match &self.exception {
            Some(RawObject { description: Some(description), .. }) => description.clone(),
            Some(RawObject { value: Some(Value::String(text)), .. }) => text.clone(),
            Some(RawObject { value: Some(value), .. }) => value.to_string(),
            Some(object) if object.kind == "undefined" => "undefined".into(),
            _ => self.text.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_a_few_words() {
        let cases = [
            (r#"{"type":"string","value":"a"}"#, "a"),
            (r#"{"type":"number","value":1.5}"#, "1.5"),
            (r#"{"type":"number","unserializableValue":"-0","description":"-0"}"#, "0"),
            (r#"{"type":"undefined"}"#, "undefined"),
            (r#"{"type":"object","subtype":"null","value":null}"#, "null"),
            (r#"{"type":"object","subtype":"node","description":"div#a","objectId":"1"}"#, "JSHandle@node"),
            (r#"{"type":"object","description":"Object","objectId":"1"}"#, "Object"),
            (
                r#"{"type":"object","description":"Object","objectId":"1","preview":{"properties":[
                    {"name":"a","type":"number","value":"1"},{"name":"b","type":"accessor"}]}}"#,
                "{a: 1, b: undefined}",
            ),
            (
                r#"{"type":"object","subtype":"array","description":"Array(7)","objectId":"1","preview":{"properties":[
                    {"name":"0","type":"number","value":"1"},{"name":"2","type":"number","value":"3"},
                    {"name":"6","type":"string","value":"x"},{"name":"more","type":"number","value":"0"}]}}"#,
                "[1, empty, 3, empty x 3, x]",
            ),
            (r#"{"type":"object","subtype":"map","description":"Map(1)","objectId":"1","preview":{}}"#, "Map(1)"),
        ];
        for (json, expected) in cases {
            assert_eq!(serde_json::from_str::<RawObject>(json).unwrap().text(), expected, "{json}");
        }
    }
}
