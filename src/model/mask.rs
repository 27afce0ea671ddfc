//! Values that are used and not to be told, those that a server sent along and those of `--mask`: wherever they show in what is said, stars
//! stand for them, also where they are encoded.

use super::Event;
use super::live::{LiveNews, PlaybackNews};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::borrow::Cow;
use url::Url;

/// A shorter value is in everything: hiding it would hide nothing and spoil much, characters.
const SHORTEST: usize = 3;
/// Shorter parts of what is in base64 are in everything.
const SHORTEST_PART: usize = 6;
const STARS: &str = "***";

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Mask {
    /// The longest first: one may be in another.
    values: Vec<String>,
}

impl Mask {
    /// One over these values.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a String>) -> Self {
        let values = values.into_iter().filter(|value| value.chars().count() >= SHORTEST);
        let mut values: Vec<_> = values.flat_map(|value| forms(value)).collect();
        values.sort();
        values.dedup();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Self { values }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The event without them.
    #[must_use]
    pub fn over(&self, mut event: Event) -> Event {
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
                self.typed(code);
                self.whole(action);
            }
            Event::RecordingComplete { code, message, .. } => {
                code.iter_mut().chain(message).for_each(|text| self.typed(text));
            }
            Event::RecordingFrame { url, .. } => self.text(url),
            Event::RecordingDialog { message, default_value, .. } => {
                self.text(message);
                self.text(default_value);
            }
            Event::RecordingPicked { selector, locator, .. } => {
                self.text(selector);
                self.text(locator);
            }
            Event::RecordingPicker { picker, .. } => self.whole(picker),
            Event::Live { news, .. } => match news {
                // Pictures are no text.
                LiveNews::View(view) => self.text(&mut view.url),
                LiveNews::Playback(PlaybackNews::Picture { .. }) => {}
                news => self.whole(news),
            },
            Event::ExecutionPlanned { .. }
            | Event::ExecutionScreenshot { .. }
            | Event::ExecutionComplete { .. }
            | Event::RecordingReady { .. }
            | Event::RecordingMode { .. } => {}
        }
        event
    }

    /// A text without them.
    #[must_use]
    pub fn over_text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for value in &self.values {
            if text.contains(value) {
                text = text.replace(value, STARS).into();
            }
        }
        text
    }

    fn text(&self, text: &mut String) {
        if let Cow::Owned(masked) = self.over_text(text) {
            *text = masked;
        }
    }

    /// The same of what is recorded: a value is typed letter by letter, and told at any of them.
    fn typed(&self, text: &mut String) {
        self.text(text);
        *text = without_beginnings(text, &self.values);
    }

    /// All texts in it: stars are a value like any other.
    fn whole<T: Serialize + DeserializeOwned>(&self, it: &mut T) {
        let masked = serde_json::to_value(&*it).map(|mut value| {
            self.json(&mut value);
            serde_json::from_value(value)
        });
        if let Ok(Ok(masked)) = masked {
            *it = masked;
        }
    }

    fn json(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.typed(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.json(field)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// The value, and how it looks in JSON, in code, in HTML, in addresses, in forms and in base64.
fn forms(value: &str) -> Vec<String> {
    let json = serde_json::to_string(value).unwrap_or_default();
    let json = json.trim_start_matches('"').trim_end_matches('"').to_owned();
    let code = value.replace('\\', "\\\\").replace('\'', "\\'");
    let html = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let attribute = html.replace('"', "&quot;");
    let form: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    // As `encodeURIComponent` has it.
    let spared = [("%21", "!"), ("%27", "'"), ("%28", "("), ("%29", ")"), ("%7E", "~")];
    let spaced = form.replace('+', "%20");
    let component = spared.iter().fold(spaced.clone(), |text, (code, sign)| text.replace(code, sign));
    let mut all = vec![value.to_owned(), json, code, html, attribute, form, spaced, component];
    all.extend(in_address(value));
    all.push(STANDARD_NO_PAD.encode(value));
    all.push(URL_SAFE_NO_PAD.encode(value));
    all.extend((0..3).flat_map(|before| within_base64(value, before)));
    all.into_iter().filter(|form| form.chars().count() >= SHORTEST).collect()
}

/// How much of the text is how one of the values begins, bytes; none where that is too little to say so.
fn beginning(text: &str, values: &[String]) -> Option<usize> {
    let same = |value: &String| {
        let pairs = text.chars().zip(value.chars()).take_while(|(a, b)| a == b);
        pairs.fold((0, 0), |(chars, bytes), (char, _)| (chars + 1, bytes + char.len_utf8()))
    };
    values.iter().map(same).max().filter(|(chars, _)| *chars >= SHORTEST).map(|(_, bytes)| bytes)
}

/// Without what stands there by itself or in quotes and is how one of the values begins.
fn without_beginnings(text: &str, values: &[String]) -> String {
    const QUOTES: [char; 3] = ['\'', '"', '`'];
    let (mut out, mut rest) = (String::new(), text);
    loop {
        let after = beginning(rest, values).map(|bytes| &rest[bytes..]);
        rest = match after.filter(|after| after.is_empty() || after.starts_with(QUOTES)) {
            Some(after) => {
                out.push_str(STARS);
                after
            }
            None => rest,
        };
        let Some(quote) = rest.find(QUOTES) else { return out + rest };
        let (before, after) = rest.split_at(quote + 1);
        out.push_str(before);
        rest = after;
    }
}

/// As browsers write it in the parts of an address.
fn in_address(value: &str) -> Vec<String> {
    let Ok(mut url) = Url::parse("http://host/") else { return Vec::new() };
    url.set_query(Some(value));
    url.set_fragment(Some(value));
    let mut parts = vec![url.query().unwrap_or_default().to_owned(), url.fragment().unwrap_or_default().to_owned()];
    url.set_path(value);
    parts.push(url.path().trim_start_matches('/').to_owned());
    if url.set_password(Some(value)).is_ok() {
        parts.extend(url.password().map(str::to_owned));
    }
    parts
}

/// What base64 makes of it where so many bytes are before it (`user:` in a header) and anything after: without the characters that those
/// have a part in.
fn within_base64(value: &str, before: usize) -> Vec<String> {
    let bytes = [&[0; 2][..before], value.as_bytes()].concat();
    let (from, to) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
    let parts = [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)];
    parts
        .into_iter()
        .filter_map(|part| part.get(from..to).map(str::to_owned))
        .filter(|part| part.len() >= SHORTEST_PART)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::action::Point;
    use crate::model::live::{Deed, View};
    use crate::model::{Level, SessionStep, StepState, Viewport};
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
            "Basic dTpwInNzIHfDtnJkLyY=",
            "Basic dXM6cCJzcyB3w7ZyZC8m",
            "fill('p\"ss wörd/&')",
            "<p>p\"ss wörd/&amp;</p><i title='p&quot;ss wörd/&amp;'>",
            "http://h/p%22ss%20w%C3%B6rd/&?p%22ss%20w%C3%B6rd/&#p%22ss%20w%C3%B6rd/&",
        ];
        for text in told {
            let log = |message: String| Event::ExecutionLog { execution: "e".into(), level: Level::Info, message };
            let Event::ExecutionLog { message, .. } = mask.over(log(text.to_owned())) else { panic!("a log") };
            assert!(message.contains("***") && !message.contains("ss") && !message.contains("zcyB3"), "{message}");
        }
    }

    #[test]
    fn recordings_keep_them_too() {
        let mask = Mask::new(&["hunter2".to_owned(), "red \"fox\"".to_owned()]);
        let complete = |code: &str| Event::RecordingComplete {
            flow: "f".into(),
            execution: "e".into(),
            success: true,
            code: Some(code.to_owned()),
            message: None,
        };
        for (told, expected) in [
            ("fill('hunter2')", "fill('***')"),
            ("fill('hunt'); fill(\"hunter\"); hunt", "fill('***'); fill(\"***\"); hunt"),
            ("hunt", "***"),
            (r#"page.fill('red "fo');"#, "page.fill('***');"),
            (r#"page.fill("red \"fo");"#, r#"page.fill("***");"#),
            ("fill('hunting'); fill('a hunt'); fill('hu')", "fill('hunting'); fill('a hunt'); fill('hu')"),
        ] {
            assert_eq!(mask.over(complete(told)), complete(expected));
        }
    }

    #[test]
    fn browsers_that_are_driven_keep_them_too() {
        let mask = Mask::new(&["hunter2".to_owned()]);
        let told = |text: &str| {
            let view = View {
                url: format!("http://h/?{text}"),
                mouse: Point { x: 1.0, y: 2.0 },
                viewport: Viewport { width: 1, height: 2 },
                frame: b"hunter2".to_vec(),
            };
            let typed = Deed::Type { text: text.to_owned(), selector: None };
            [LiveNews::View(view), LiveNews::Did(typed), LiveNews::Closed(Some(text.to_owned()))]
                .map(|news| Event::Live { execution: "b".into(), news })
        };
        assert_eq!(told("hunter2").map(|event| mask.over(event)), told("***"));
    }
}
