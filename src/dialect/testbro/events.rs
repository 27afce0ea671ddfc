//! What happens in protocol 002: events of executions and of browsers, in envelopes of one form.
//! Public for the two ends of the protocol and for whoever tests them.

use super::sessions::{LivePreview, Playback, Recording, Screenshot};
use crate::dialect::reading::{Refusal, read};
use crate::dialect::values::{Amount, Id, Percent, messages};
use crate::model::Level;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// An event and what it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope<E> {
    /// It.
    pub event: E,
    /// The rest.
    pub about: About,
}

/// What an event belongs to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// An execution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_id: Option<Id>,
    /// A browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<Id>,
    /// A step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_id: Option<Id>,
    /// A user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Id>,
    /// When, RFC 3339.
    pub timestamp: String,
    /// Whatever else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
}

impl<E> Envelope<E> {
    /// Reads an envelope, and its `data` by its `type`.
    pub(super) fn read(
        payload: &Value,
        event: impl FnOnce(&str, &Value) -> Result<Option<E>, Refusal>,
    ) -> Result<Option<Self>, Refusal> {
        #[derive(Deserialize)]
        struct Kind {
            r#type: String,
        }
        let kind = read::<Kind>(payload)?.r#type;
        let data = payload.get("data").unwrap_or(&Value::Null);
        let Some(event) = event(&kind, data).map_err(|refusal| refusal.within("data"))? else { return Ok(None) };
        Ok(Some(Self { event, about: read(payload)? }))
    }

    /// The envelope as it goes out.
    pub(super) fn payload(&self, kind: &str, data: Value) -> Value {
        let mut payload = json!(self.about);
        payload["type"] = kind.into();
        payload["data"] = data;
        payload
    }
}

messages! {
    /// Events of an execution, by the `type` of their envelope.
    ExecutionEvent {
        /// It begins.
        "execution_start" => Start(Map<String, Value>),
        /// It goes on.
        "execution_progress" => Progress(Progress),
        /// A step begins.
        "step_start" => StepStart(Step),
        /// A step has ended.
        "step_complete" => StepComplete(Step),
        /// A line of output.
        "log" => Log(Log),
        /// Something went wrong.
        "error" => Error(Complaint),
        /// It has ended; nothing follows.
        "execution_complete" => Complete(Complete),
    }
}

messages! {
    /// Events of a browser, by name.
    SessionEvent {
        /// Something was done in it.
        "browser_control" => BrowserControl(BrowserControl),
        /// Its recording has something new.
        "recording" => Recording(Box<Recording>),
        /// Its playback has something new.
        "playback" => Playback(Playback),
        /// What it looks like.
        "live_preview" => LivePreview(LivePreview),
        /// What it looked like.
        "screenshot" => Screenshot(Screenshot),
    }
}

/// `execution_progress`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// How much is done.
    pub progress: Percent,
    /// What it does, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_step: Option<String>,
    /// What it said since, line by line.
    #[serde(default)]
    pub logs: Vec<String>,
}

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// It goes on.
    Running,
    /// It ended well.
    Passed,
    /// It ended badly.
    Failed,
}

/// `step_start` and `step_complete`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Which.
    pub step_id: Id,
    /// From 1.
    pub step_order: u32,
    /// How it stands.
    pub status: StepStatus,
    /// How long it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<Amount>,
    /// The page after it: an address, or a `data:` one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub screenshot_url: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
}

/// `log`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// How serious.
    pub level: Level,
    /// One or more lines.
    pub message: String,
    /// The step it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_id: Option<Id>,
}

/// `error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complaint {
    /// In words.
    pub error_message: String,
    /// The step it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_id: Option<Id>,
}

/// How an execution ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Well.
    Completed,
    /// Badly.
    Failed,
    /// It was ended.
    Cancelled,
}

/// `execution_complete`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Complete {
    /// How.
    pub status: Outcome,
    /// Its steps, in order.
    #[serde(default)]
    pub results: Vec<StepResult>,
    /// The same in numbers.
    pub metrics: Metrics,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepResult {
    /// Which.
    pub step_id: Id,
    /// How.
    pub status: StepStatus,
    /// Milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<Amount>,
    /// The page after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub screenshot: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
}

/// An execution in numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Steps.
    pub total_steps: u32,
    /// Those that ended well.
    pub passed_steps: u32,
    /// Those that ended badly.
    pub failed_steps: u32,
    /// Milliseconds.
    pub average_step_duration: Amount,
    /// Milliseconds.
    pub total_duration: Amount,
}

/// `browser_control`: what was done in a browser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BrowserControl {
    /// What, as it was asked for.
    pub action: String,
    /// How.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Map<String, Value>>,
}
