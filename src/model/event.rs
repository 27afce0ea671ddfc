//! What an agent tells a server, whatever the protocol.

use super::action::RecordedAction;
use super::live::LiveNews;
use super::recording::{ClickMode, Picker};
use super::run::Location;
use super::{ExecutionId, TestFlowId};
use serde::{Deserialize, Serialize};

/// How serious a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Said in passing.
    Info,
    /// Worth a look.
    Warn,
    /// Went wrong.
    Error,
}

/// One thing that happened in a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A line of output.
    ExecutionLog {
        /// Whose.
        execution: ExecutionId,
        /// How serious.
        level: Level,
        /// One or more lines, without a trailing newline.
        message: String,
    },
    /// So many steps it has, as counted before it runs; loops and helpers make more of them.
    ExecutionPlanned {
        /// Whose.
        execution: ExecutionId,
        /// Of all tests together.
        steps: u32,
    },
    /// A step began or ended.
    ExecutionStep {
        /// Whose.
        execution: ExecutionId,
        /// Which, and how it stands.
        step: SessionStep,
    },
    /// The page after a step, the target outlined.
    ExecutionScreenshot {
        /// Whose.
        execution: ExecutionId,
        /// The step's number, from 1.
        step_number: u32,
        /// JPEG or PNG bytes.
        #[serde(with = "image_base64")]
        image: Vec<u8>,
    },
    /// The session ended; nothing follows for it.
    ExecutionComplete {
        /// Whose.
        execution: ExecutionId,
        /// 0 passed, 1 failed, 2 could not be run, 124 timed out as a whole, 130 cancelled.
        exit_code: i32,
        /// Milliseconds from start to end.
        duration_ms: u64,
    },
    /// A recording is ready for the person.
    RecordingReady {
        /// Its flow.
        flow: TestFlowId,
        /// Its id.
        execution: ExecutionId,
    },
    /// An action was recorded, or one is not what it was.
    RecordingAction {
        /// Whose.
        execution: ExecutionId,
        /// Which one, from 0.
        index: usize,
        /// As it is now.
        action: RecordedAction,
        /// The whole code so far.
        code: String,
    },
    /// The page as it looks now; only the newest matters.
    RecordingFrame {
        /// Whose.
        execution: ExecutionId,
        /// JPEG bytes.
        #[serde(with = "image_base64")]
        frame: Vec<u8>,
        /// CSS pixels.
        width: u32,
        /// CSS pixels.
        height: u32,
        /// The page, as its actions call it.
        page: String,
        /// Its address.
        url: String,
    },
    /// A dialog is open and holds the page until it is answered.
    RecordingDialog {
        /// Whose.
        execution: ExecutionId,
        /// `alert`, `confirm`, `prompt` or `beforeunload`.
        kind: String,
        /// What it says.
        message: String,
        /// What a prompt suggests.
        default_value: String,
    },
    /// The browser would show a list or a chooser of its own, which pictures do not show.
    RecordingPicker {
        /// Whose.
        execution: ExecutionId,
        /// It.
        picker: Picker,
    },
    /// A locator was picked.
    RecordingPicked {
        /// Whose.
        execution: ExecutionId,
        /// Its selector.
        selector: String,
        /// As code writes it.
        locator: String,
    },
    /// A click means something else from now on.
    RecordingMode {
        /// Whose.
        execution: ExecutionId,
        /// What it means.
        mode: ClickMode,
    },
    /// A recording ended; nothing follows for it.
    RecordingComplete {
        /// Its flow.
        flow: TestFlowId,
        /// Its id.
        execution: ExecutionId,
        /// Whether the person finished it.
        success: bool,
        /// The code recorded so far.
        code: Option<String>,
        /// Why it ended, where that needs words.
        message: Option<String>,
    },
    /// Something is new in a browser that is driven from afar.
    Live {
        /// Which.
        execution: ExecutionId,
        /// What.
        news: LiveNews,
    },
    /// A command could not be understood or carried out.
    Error {
        /// What was tried, what was seen, what to do.
        message: String,
        /// The session, where one could be read.
        execution: Option<ExecutionId>,
    },
}

impl Event {
    /// The session it is about.
    #[must_use]
    pub fn session(&self) -> Option<&ExecutionId> {
        match self {
            Self::ExecutionLog { execution, .. }
            | Self::ExecutionPlanned { execution, .. }
            | Self::ExecutionStep { execution, .. }
            | Self::ExecutionScreenshot { execution, .. }
            | Self::ExecutionComplete { execution, .. }
            | Self::RecordingReady { execution, .. }
            | Self::RecordingAction { execution, .. }
            | Self::RecordingFrame { execution, .. }
            | Self::RecordingDialog { execution, .. }
            | Self::RecordingPicker { execution, .. }
            | Self::RecordingPicked { execution, .. }
            | Self::RecordingMode { execution, .. }
            | Self::RecordingComplete { execution, .. }
            | Self::Live { execution, .. } => Some(execution),
            Self::Error { execution, .. } => execution.as_ref(),
        }
    }
}

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepState {
    /// Begun.
    Running,
    /// Ended well.
    Passed,
    /// Ended with an error.
    Failed,
}

/// One navigation, action, `setContent` or web-first `expect`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionStep {
    /// From 1, without gaps, in the order the steps began.
    pub number: u32,
    /// How it stands.
    pub state: StepState,
    /// The action in machine-read form: at least `{"type": "click"}`, with `selector`, `url`, `value`, … where it has them.
    pub action: serde_json::Value,
    /// Plain English: `Click the button ‘Save’`.
    pub explanation: String,
    /// Where in the source.
    pub location: Option<Location>,
    /// Milliseconds, once ended.
    pub duration_ms: Option<u64>,
    /// The error's message, once failed.
    pub error: Option<String>,
}

pub(super) mod image_base64 {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(in crate::model) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(in crate::model) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screenshot_travels_as_base64_and_comes_back() {
        let event = Event::ExecutionScreenshot { execution: "e1".into(), step_number: 3, image: vec![0, 255, 7] };
        let text = serde_json::to_string(&event).unwrap();
        assert!(text.contains(r#""image":"AP8H""#), "{text}");
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
    }
}
