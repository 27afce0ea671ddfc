//! Recordings as files: one object, or the lines of Playwright's recorder; and where in the file each action stands.

use super::Viewport;
use super::action::{Action, FORMAT_VERSION, RecordedAction, Recording, RecordingOptions, Signal};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A recording that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionFile {
    /// Its pages are called `page`, `page1`, …, whatever they were called in the file.
    pub recording: Recording,
    /// Line and column of each action, from 1, columns in UTF-16 units.
    pub places: Vec<(u32, u32)>,
}

/// A file that is no recording.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {what}")]
pub struct ActionFileError {
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
    what: String,
}

/// Only what says where the actions are.
#[derive(Deserialize)]
struct Whole<'a> {
    version: u32,
    #[serde(default)]
    options: RecordingOptions,
    #[serde(borrow)]
    actions: Vec<&'a RawValue>,
}

/// The first line of Playwright's recorder.
#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[derive(Default)]
struct Header {
    context_options: ContextOptions,
    device_name: Option<String>,
    save_storage: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ContextOptions {
    viewport: Option<Viewport>,
    storage_state: Option<String>,
}

/// Reads a recording, in either form.
///
/// # Errors
/// With the place in the text: it is no JSON, no recording, one of a later version, or has an action that nobody knows.
pub fn read(text: &str) -> Result<ActionFile, ActionFileError> {
    let text = text.trim_start_matches('\u{feff}');
    let (options, actions) = if is_lines(text) { lines(text)? } else { whole(text)? };
    let mut file = ActionFile {
        recording: Recording { version: FORMAT_VERSION, options, actions: Vec::new() },
        places: Vec::new(),
    };
    for raw in actions {
        let (line, column) = place(text, raw);
        let action: RecordedAction = serde_json::from_str(raw).map_err(|error| {
            let what = in_words(&error);
            ActionFileError { line, column, what: format!("action {}: {what}", file.places.len() + 1) }
        })?;
        file.recording.actions.push(action);
        file.places.push((line, column));
    }
    rename_pages(&mut file.recording.actions);
    Ok(file)
}

/// Whether the first line is JSON of its own, and more comes after it or it is an action.
fn is_lines(text: &str) -> bool {
    let (first, rest) = text.trim_start().split_once('\n').unwrap_or((text, ""));
    let is_object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(first);
    is_object.is_ok_and(|object| {
        !object.contains_key("actions")
            && (object.contains_key("name") || !rest.trim().is_empty() || object.contains_key("browserName"))
    })
}

type Parts<'a> = (RecordingOptions, Vec<&'a str>);

fn whole(text: &str) -> Result<Parts<'_>, ActionFileError> {
    let whole: Whole<'_> = serde_json::from_str(text).map_err(|error| {
        let ActionFileError { line, column, what } = at_error(0, &error);
        ActionFileError {
            line,
            column,
            what: if error.is_data() { format!("this is no recording: {what}") } else { what },
        }
    })?;
    if whole.version > FORMAT_VERSION {
        return Err(ActionFileError {
            line: 1,
            column: 1,
            what: format!(
                "this recording has version {} of the format, and only versions up to {FORMAT_VERSION} are known here: a later understudy is needed",
                whole.version
            ),
        });
    }
    Ok((whole.options, whole.actions.into_iter().map(RawValue::get).collect()))
}

fn lines(text: &str) -> Result<Parts<'_>, ActionFileError> {
    let mut options = RecordingOptions::default();
    let mut actions = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let raw: &RawValue = serde_json::from_str(line).map_err(|error| at_error(number, &error))?;
        if actions.is_empty() && !has_name(raw) {
            let header: Header = serde_json::from_str(line).map_err(|error| at_error(number, &error))?;
            options.device = header.device_name;
            options.viewport = header.context_options.viewport;
            options.load_storage = header.context_options.storage_state;
            options.save_storage = header.save_storage;
        } else {
            actions.push(raw.get());
        }
    }
    Ok((options, actions))
}

fn has_name(raw: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct Named {
        #[serde(rename = "name")]
        _name: String,
    }
    serde_json::from_str::<Named>(raw.get()).is_ok()
}

fn at_error(lines_before: usize, error: &serde_json::Error) -> ActionFileError {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).max(1);
    ActionFileError { line: number(lines_before + error.line()), column: number(error.column()), what: in_words(error) }
}

/// Without serde's place, which is that of one line or none.
fn in_words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line").map_or(text.as_str(), |(what, _)| what).to_owned()
}

/// Of a piece of `text`.
fn place(text: &str, piece: &str) -> (u32, u32) {
    let before = &text[..(piece.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)];
    let line = before.rsplit('\n').next().unwrap_or_default();
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    (number(before.matches('\n').count() + 1), number(line.encode_utf16().count() + 1))
}

/// Other recorders call pages by ids that are no names in code.
fn rename_pages(actions: &mut [RecordedAction]) {
    let mut known: Vec<String> = Vec::new();
    let mut name = |id: &mut String| {
        let index = known.iter().position(|other| other == id).unwrap_or_else(|| {
            known.push(id.clone());
            known.len() - 1
        });
        *id = if index == 0 { "page".to_owned() } else { format!("page{index}") };
    };
    for recorded in actions {
        name(&mut recorded.page);
        for signal in &mut recorded.signals {
            if let Signal::Popup { page } = signal {
                name(page);
            }
        }
    }
}

/// What an action is called in messages: `click`, `fill`, …
pub fn name(action: &Action) -> String {
    let value = serde_json::to_value(action).unwrap_or_default();
    value["name"].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECK: &str = r#"{"name":"check","selector":"a","pageGuid":"page@1f"}"#;

    #[test]
    fn both_forms_are_read_with_places() {
        let click = r#"{"name":"click","selector":"b","pageGuid":"page@1f","signals":[{"name":"popup","popupPageGuid":"page@9"}]}"#;
        let other = r#"{"name":"hover","selector":"c","pageAlias":"page@9"}"#;
        let options =
            r#"{"browserName":"chromium","contextOptions":{"viewport":{"width":8,"height":6}},"deviceName":"X"}"#;
        let cases = [
            (format!("{options}\n{CHECK}\n\n{click}\n{other}\n"), vec![(2, 1), (4, 1), (5, 1)], Some("X")),
            (format!("{CHECK}\n{click}\n{other}"), vec![(1, 1), (2, 1), (3, 1)], None),
            (
                format!(
                    "{{\n  \"version\": 1, \"options\": {{ \"device\": \"X\" }},\n  \"actions\": [\n    {CHECK}, {click},\n  {other}]\n}}"
                ),
                vec![(4, 5), (4, 7 + u32::try_from(CHECK.len()).unwrap()), (5, 3)],
                Some("X"),
            ),
        ];
        for (text, places, device) in cases {
            let file = read(&text).expect("a recording");
            assert_eq!(file.places, places, "{text}");
            assert_eq!(file.recording.options.device.as_deref(), device);
            let pages: Vec<_> = file.recording.actions.iter().map(|recorded| recorded.page.as_str()).collect();
            assert_eq!(pages, ["page", "page", "page1"]);
            assert_eq!(file.recording.actions[1].signals, [Signal::Popup { page: "page1".into() }]);
            assert_eq!(name(&file.recording.actions[2].action), "hover");
        }
    }

    /// Names that serde knows.
    fn known(what: &str) -> std::collections::BTreeSet<String> {
        let (_, list) = what.split_once("expected one of ").expect("a list");
        list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn the_documentation_is_right() {
        let text = include_str!("../../docs/actions.md");
        let mut shown = std::collections::BTreeSet::new();
        for example in text.split("```json\n").skip(1).map(|rest| rest.split("```").next().expect("an end")) {
            let file = read(example).unwrap_or_else(|error| panic!("{error}: {example}"));
            shown.extend(file.recording.actions.iter().map(|recorded| name(&recorded.action)));
            assert!(!file.recording.actions.is_empty());
            for recorded in file.recording.actions {
                assert!(!recorded.signals.contains(&Signal::Unknown), "{recorded:?}");
            }
        }
        let error = serde_json::from_str::<Action>(r#"{"name":""}"#).expect_err("no action").to_string();
        assert_eq!(shown, known(&error), "every action has an example");
        for name in shown {
            assert!(text.contains(&format!("`{name}`")), "{name} is in no table");
        }
    }

    #[test]
    fn what_is_no_recording_is_told_with_its_place() {
        let cases = [
            ("[]", "1:2: this is no recording: "),
            ("{\n  \"version\": 1,\n  oops", "3:3: key must be a string"),
            (r#"{"version":9,"actions":[]}"#, "1:1: this recording has version 9 of the format"),
            (r#"{"title":"DevTools","steps":[]}"#, "1:31: this is no recording: missing field `version`"),
            (
                "{\"version\":1,\"actions\":[\n {\"name\":\"clik\",\"pageGuid\":\"page\"}]}",
                "2:2: action 1: unknown variant `clik`, expected one of",
            ),
            (&format!("{CHECK}\nx"), "2:1: expected value"),
            (
                &format!("{CHECK}\n{{\"name\":\"check\",\"pageGuid\":\"page\"}}"),
                "2:1: action 2: missing field `selector`",
            ),
        ];
        for (text, expected) in cases {
            let error = read(text).expect_err("no recording").to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }
}
