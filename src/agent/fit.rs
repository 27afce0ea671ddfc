//! Makes an event fit a server's limit: text is split or cut with a marker, a picture is made smaller. Pure.

use crate::artifacts::shrink;
use crate::dialect::agent::{AgentEnd, Outbound};
use crate::model::live::{LiveNews, PlaybackNews, View};
use crate::model::{Event, SessionStep, json_length};
use serde_json::{Value, json};
use std::time::SystemTime;

/// The packet around an event's payload: types, number, the event's name and id, bytes, generously.
const AROUND_BYTES: usize = 256;
/// What no dialect says more than beside a picture, bytes.
const BESIDE_BYTES: usize = 128 << 10;
/// What stands where text was cut.
pub(super) const CUT: &str = "… (cut)";

/// What an event costs in memory, bytes, roughly.
pub(super) fn weight(event: &Event) -> usize {
    /// Ids, numbers, the queue's own.
    const FIXED: usize = 256;
    FIXED
        + match event {
            Event::ExecutionLog { message, .. } | Event::Error { message, .. } => message.len(),
            Event::ExecutionScreenshot { image, .. } => image.len(),
            Event::ExecutionStep { step, .. } => {
                step.explanation.len() + step.error.as_ref().map_or(0, String::len) + json_len(&step.action)
            }
            Event::RecordingComplete { code, .. } => code.as_ref().map_or(0, String::len),
            Event::RecordingAction { code, action, .. } => code.len() + json_length(action),
            Event::RecordingFrame { frame, .. } => frame.len(),
            Event::RecordingDialog { message, default_value, .. } => message.len() + default_value.len(),
            Event::Live { news, .. } => news.bytes(),
            Event::RecordingPicker { picker, .. } => json_len(&json!(picker)),
            Event::RecordingPicked { selector, locator, .. } => selector.len() + locator.len(),
            Event::ExecutionComplete { .. }
            | Event::ExecutionPlanned { .. }
            | Event::RecordingReady { .. }
            | Event::RecordingMode { .. } => 0,
        }
}

fn json_len(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(json_len).sum(),
        Value::Object(map) => map.iter().map(|(key, value)| key.len() + json_len(value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    }
}

/// Whether the event may be sent to a server that takes packets of `limit` bytes.
pub(super) fn fits(end: &dyn AgentEnd, event: &Event, limit: usize) -> bool {
    let least = match event {
        Event::ExecutionScreenshot { image, .. } => image.len().div_ceil(3) * 4,
        other => weight(other),
    };
    // No character takes more than six bytes in JSON: most events need not be encoded to know.
    match event {
        Event::ExecutionScreenshot { .. } => {
            least.saturating_add(BESIDE_BYTES) <= limit
                || least.saturating_add(AROUND_BYTES + overhead(end, event)) <= limit
        }
        _ => least.saturating_mul(6) <= limit || encoded(end, event) + AROUND_BYTES <= limit,
    }
}

/// The longest of the messages that tell an event, bytes.
fn encoded(end: &dyn AgentEnd, event: &Event) -> usize {
    let told = end.boxed().tell(event, None, SystemTime::now());
    let bytes = |outbound: &Outbound| outbound.arguments.iter().map(json_length).sum();
    told.iter().map(bytes).max().unwrap_or(0)
}

fn overhead(end: &dyn AgentEnd, event: &Event) -> usize {
    match event {
        Event::ExecutionScreenshot { execution, step_number, .. } => {
            let (execution, step_number) = (execution.clone(), *step_number);
            encoded(end, &Event::ExecutionScreenshot { execution, step_number, image: Vec::new() })
        }
        other => encoded(end, other),
    }
}

/// What to send in place of an event that does not fit; nothing for a picture that cannot be made small enough, itself where there is
/// nothing to be done about it here. Takes as long as the coding of a picture takes.
pub(super) fn shrink(end: &dyn AgentEnd, event: Event, limit: usize) -> Vec<Event> {
    let room = |event: &Event| limit.saturating_sub(AROUND_BYTES + overhead(end, event));
    match event {
        Event::ExecutionScreenshot { execution, step_number, image } => {
            let before = image.len();
            let shell = Event::ExecutionScreenshot { execution: execution.clone(), step_number, image: Vec::new() };
            match shrink::shrink(&image, room(&shell) / 4 * 3) {
                Ok(image) => {
                    tracing::debug!(%execution, step_number, before, after = image.len(), "a picture was made smaller");
                    vec![Event::ExecutionScreenshot { execution, step_number, image }]
                }
                Err(error) => {
                    tracing::warn!(%execution, step_number, %error, "a picture is left out");
                    Vec::new()
                }
            }
        }
        Event::ExecutionLog { execution, level, message } => {
            let part = |message| Event::ExecutionLog { execution: execution.clone(), level, message };
            let room = room(&part(String::new()));
            pieces(&message, room).into_iter().map(|piece| part(piece.to_owned())).collect()
        }
        Event::ExecutionStep { execution, step } => {
            let bare = SessionStep {
                action: json!({"type": step.action.get("type").unwrap_or(&Value::Null)}),
                explanation: String::new(),
                error: step.error.as_ref().map(|_| String::new()),
                ..step.clone()
            };
            let room = room(&Event::ExecutionStep { execution: execution.clone(), step: bare.clone() }) / 2;
            let step = SessionStep {
                explanation: cut(&step.explanation, room),
                error: step.error.map(|error| cut(&error, room)),
                ..bare
            };
            vec![Event::ExecutionStep { execution, step }]
        }
        Event::Error { message, execution } => {
            let room = room(&Event::Error { message: String::new(), execution: execution.clone() });
            vec![Event::Error { message: cut(&message, room), execution }]
        }
        Event::RecordingComplete { code: Some(ref code), .. } if code.ends_with(CUT) => vec![event],
        Event::RecordingComplete { flow, execution, success, code, message } => {
            let size = code.as_ref().map_or(0, String::len);
            let note = format!("The code is cut: it has {size} bytes, and the server takes {limit} in one message");
            let message = Some(message.map_or(note.clone(), |message| format!("{}. {note}", cut(&message, limit / 4))));
            let with = |code| Event::RecordingComplete {
                flow: flow.clone(),
                execution: execution.clone(),
                success,
                code,
                message: message.clone(),
            };
            let room = room(&with(Some(String::new())));
            vec![with(code.map(|code| cut_lines(&code, room)))]
        }
        Event::RecordingAction { execution, index, action, code } => {
            let with =
                |code| Event::RecordingAction { execution: execution.clone(), index, action: action.clone(), code };
            let room = room(&with(String::new()));
            vec![with(cut_lines(&code, room))]
        }
        Event::RecordingFrame { execution, frame, width, height, page, url } => {
            let with = |frame| Event::RecordingFrame {
                execution: execution.clone(),
                frame,
                width,
                height,
                page: page.clone(),
                url: url.clone(),
            };
            let room = room(&with(Vec::new())) / 4 * 3;
            shrink::shrink(&frame, room).map(|frame| vec![with(frame)]).unwrap_or_default()
        }
        Event::Live { execution, news } => {
            let with = |news| Event::Live { execution: execution.clone(), news };
            match news {
                LiveNews::View(view) => {
                    let empty = View { frame: Vec::new(), ..view.clone() };
                    let room = room(&with(LiveNews::View(empty))) / 4 * 3;
                    let smaller = shrink::shrink(&view.frame, room);
                    smaller.map(|frame| vec![with(LiveNews::View(View { frame, ..view }))]).unwrap_or_default()
                }
                LiveNews::Playback(PlaybackNews::Picture { step, image }) => {
                    let picture = |image| with(LiveNews::Playback(PlaybackNews::Picture { step, image }));
                    let room = room(&picture(Vec::new())) / 4 * 3;
                    shrink::shrink(&image, room).map(|image| vec![picture(image)]).unwrap_or_default()
                }
                news => vec![with(news)],
            }
        }
        Event::RecordingDialog { execution, kind, message, default_value } => {
            let room = limit / 8;
            let (message, default_value) = (cut(&message, room), cut(&default_value, room));
            vec![Event::RecordingDialog { execution, kind, message, default_value }]
        }
        // What tells them is trimmed.
        whole @ (Event::ExecutionComplete { .. }
        | Event::ExecutionPlanned { .. }
        | Event::RecordingReady { .. }
        | Event::RecordingMode { .. }
        | Event::RecordingPicked { .. }
        | Event::RecordingPicker { .. }) => {
            vec![whole]
        }
    }
}

/// Bytes that a character takes inside a JSON string.
fn cost(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        c if c < ' ' => 6,
        c => c.len_utf8(),
    }
}

/// Pieces of at most `room` bytes as JSON, broken after lines where that wastes less than half; at least a character each.
fn pieces(text: &str, room: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = prefix(rest, room);
        let line =
            rest[..end].rfind('\n').map(|newline| newline + 1).filter(|line| end < rest.len() && *line > end / 2);
        let (piece, after) = rest.split_at(line.unwrap_or(end));
        pieces.push(piece.strip_suffix('\n').filter(|_| line.is_some()).unwrap_or(piece));
        rest = after;
    }
    pieces
}

/// The length of the longest beginning that takes at most `room` bytes as JSON, and of one character at least.
fn prefix(text: &str, room: usize) -> usize {
    let mut spent = 0;
    for (at, c) in text.char_indices() {
        spent += cost(c);
        if at > 0 && spent > room {
            return at;
        }
    }
    text.len()
}

/// As [`cut`], after a line where that wastes less than half: a cut line could mean something else.
fn cut_lines(text: &str, room: usize) -> String {
    let cut = cut(text, room);
    match cut
        .strip_suffix(CUT)
        .filter(|_| cut.len() < text.len())
        .and_then(|kept| kept.rfind('\n').map(|end| (kept, end + 1)))
    {
        Some((kept, end)) if end > kept.len() / 2 => format!("{}{CUT}", &kept[..end]),
        _ => cut,
    }
}

pub(super) fn cut(text: &str, room: usize) -> String {
    let whole: usize = text.chars().map(cost).sum();
    if whole <= room {
        return text.to_owned();
    }
    // What was cut before is not cut once more for its marker.
    let text = text.strip_suffix(CUT).unwrap_or(text);
    let end = prefix(text, room.saturating_sub(CUT.len()));
    format!("{}{CUT}", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifacts::noise;
    use crate::dialect::testflow::agent::End;
    use crate::model::{Level, StepState};

    /// As small as a server's limit gets here.
    const LIMIT: usize = 2000;

    fn log(message: String) -> Event {
        Event::ExecutionLog { execution: "e".into(), level: Level::Info, message }
    }

    #[test]
    fn a_long_message_becomes_several_and_nothing_is_lost() {
        for text in ["x".repeat(10_000), "é\u{1}\"\\\n".repeat(2000), "😀".repeat(3000), "line\n".repeat(3000)] {
            let event = log(text.clone());
            assert!(!fits(&End, &event, LIMIT));
            let parts = shrink(&End, event, LIMIT);
            assert!(parts.iter().all(|part| fits(&End, part, LIMIT)));
            let whole: String = parts
                .iter()
                .map(|part| match part {
                    Event::ExecutionLog { message, .. } => message.as_str(),
                    other => panic!("{other:?}"),
                })
                .collect();
            assert_eq!(whole.replace('\n', ""), text.replace('\n', ""));
            assert!(parts.len() < 40, "{} parts", parts.len());
        }
    }

    #[test]
    fn lines_stay_whole_where_they_can() {
        assert_eq!(pieces("aaa\nbbb\nccc", 9), ["aaa", "bbb\nccc"]);
        assert_eq!(pieces("aaaaaa", 4), ["aaaa", "aa"]);
        assert_eq!(pieces("é", 0), ["é"]);
        assert_eq!(pieces("", 5), [""; 0]);
    }

    #[test]
    fn a_steps_words_are_cut() {
        let step = SessionStep {
            number: 1,
            state: StepState::Failed,
            action: json!({"type": "fill", "value": "v".repeat(5000)}),
            explanation: "é".repeat(5000),
            location: None,
            duration_ms: Some(1),
            error: Some("\u{1b}".repeat(5000)),
        };
        let event = Event::ExecutionStep { execution: "e".into(), step };
        assert!(!fits(&End, &event, LIMIT));
        let small = shrink(&End, event, LIMIT);
        assert!(fits(&End, &small[0], LIMIT) && small.len() == 1, "{small:?}");
        let Event::ExecutionStep { step, .. } = &small[0] else { panic!() };
        assert_eq!(step.action, json!({"type": "fill"}));
        assert!(step.explanation.ends_with(CUT) && step.error.as_ref().unwrap().ends_with(CUT));
    }

    #[test]
    fn other_words_are_cut_too() {
        let long = "x".repeat(5000);
        for event in [
            Event::Error { message: long.clone(), execution: Some("e".into()) },
            Event::RecordingComplete {
                flow: "f".into(),
                execution: "e".into(),
                success: true,
                code: Some(long.clone()),
                message: Some(long.clone()),
            },
        ] {
            let small = shrink(&End, event, LIMIT);
            assert!(fits(&End, &small[0], LIMIT), "{small:?}");
        }
    }

    #[test]
    fn noise_is_made_smaller_and_what_is_no_picture_left_out() {
        let event = Event::ExecutionScreenshot { execution: "e".into(), step_number: 1, image: noise::png(400, 300) };
        for limit in [100_000, 20_000, 5000] {
            assert!(!fits(&End, &event, limit));
            let small = shrink(&End, event.clone(), limit);
            assert!(fits(&End, &small[0], limit));
            assert!(encoded(&End, &small[0]) + 100 <= limit);
        }
        let broken = Event::ExecutionScreenshot { execution: "e".into(), step_number: 1, image: vec![7; 9000] };
        assert_eq!(shrink(&End, broken, LIMIT), []);
    }
}
