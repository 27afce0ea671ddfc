//! What the log says of sessions and waits, for people.

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

/// For people.
pub(super) fn seconds(wait: Duration) -> String {
    format!("{:.1}s", wait.as_secs_f64())
}
