//! What is said of sessions and waits, for people.

use crate::model::Event;
use crate::model::live::LiveNews;
use std::time::Duration;

/// How a session has ended, for people.
pub(super) fn verdict(last: &Event) -> String {
    match last {
        Event::ExecutionComplete { exit_code, .. } => format!("an execution has ended with exit code {exit_code}"),
        Event::RecordingComplete { success: false, message: Some(why), .. } => format!("a recording has ended: {why}"),
        Event::Live { news: LiveNews::Closed(Some(why)), .. } => format!("a browser is closed: {why}"),
        Event::Live { .. } => "a browser is closed".to_owned(),
        _ => "a recording has ended".to_owned(),
    }
}

/// To whoever asked for a session that is in the queue, after so many others.
pub(super) fn waits(before: usize) -> String {
    match before {
        0 => "The agent is busy: this session is next".to_owned(),
        1 => "The agent is busy: 1 session is before this one".to_owned(),
        many => format!("The agent is busy: {many} sessions are before this one"),
    }
}

/// For people.
pub(super) fn seconds(wait: Duration) -> String {
    format!("{:.1}s", wait.as_secs_f64())
}
