//! What is told of a browser in protocol 002: what is recorded and played back in it, and how it looks.
//! Public for the two ends of the protocol and for whoever tests them.

use crate::dialect::values::{Amount, Id, Pixels, Point};
use crate::model::Viewport;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What is new about a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingNews {
    /// It began.
    Start,
    /// It rests.
    Pause,
    /// It goes on.
    Resume,
    /// It has ended.
    Stop,
    /// It has one action more.
    ActionRecorded,
}

/// `recording`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// What is new.
    pub action: RecordingNews,
    /// The action that was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded_action: Option<RecordedAction>,
    /// All of it, at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording_session: Option<RecordingSession>,
}

/// What a person can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionType {
    /// To another page.
    Navigate,
    /// With the mouse.
    Click,
    /// Text.
    Type,
    /// The page.
    Scroll,
    /// Over an element.
    Hover,
    /// A key.
    Keypress,
    /// An option.
    Select,
    /// An element.
    Drag,
    /// It elsewhere.
    Drop,
    /// A file.
    Upload,
    /// To look at something.
    Assert,
}

/// An action that was recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedAction {
    /// Which.
    pub id: Id,
    /// From 1.
    pub order: u32,
    /// What was done.
    pub action_type: ActionType,
    /// To what; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub element: Option<Element>,
    /// The text, the address, the key, the option, the files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Where on the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Point>,
    /// The keys that were held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modifiers: Option<Vec<String>>,
    /// The page it was done on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_url: Option<String>,
    /// How large that was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub viewport_size: Option<Viewport>,
    /// An extension: the action as `docs/actions.md` has it, with all that plays it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<Value>,
}

/// An element, by all that may find it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Element {
    /// The best way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// By its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xpath: Option<String>,
    /// What stands in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_content: Option<String>,
    /// Its kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag_name: Option<String>,
    /// Its attributes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Map<String, Value>>,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounding_box: Option<BoundingBox>,
}

/// A rectangle of a page, CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BoundingBox {
    /// From the left.
    pub x: Pixels,
    /// From the top.
    pub y: Pixels,
    /// To the right.
    pub width: Amount,
    /// Down.
    pub height: Amount,
}

/// A recording from its begin to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordingSession {
    /// Which.
    pub id: Id,
    /// For people.
    pub name: String,
    /// How it ended.
    pub status: String,
    /// What was done, in order.
    pub actions: Vec<RecordedAction>,
    /// The first page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_url: Option<String>,
    /// How long it took.
    pub total_duration_ms: Amount,
    /// When it began, RFC 3339.
    pub created_at: String,
    /// When it ended, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<String>,
    /// The same as source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// What is new about a playback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaybackNews {
    /// It began.
    Start,
    /// It rests before the next step.
    Pause,
    /// It goes on.
    Resume,
    /// It has ended.
    Stop,
    /// It is before another step.
    Seek,
    /// A step ended well.
    StepCompleted,
    /// A step ended badly.
    StepFailed,
}

/// `playback`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Playback {
    /// What is new.
    pub action: PlaybackNews,
    /// The action it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_id: Option<Id>,
    /// Which of them, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_order: Option<u32>,
    /// How many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_steps: Option<u32>,
    /// How long it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<Amount>,
    /// What was done, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// What found the element, where its best selector did not any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healed_selector: Option<String>,
}

/// `live_preview`: what a browser looks like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LivePreview {
    /// Its page.
    pub url: String,
    /// Where its mouse is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mouse_position: Option<Point>,
    /// How large it is shown.
    pub viewport_size: Viewport,
    /// A picture, Base64 without a prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame: Option<String>,
}

/// `screenshot`: what a browser looked like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screenshot {
    /// Where the picture is: an address, or a `data:` one.
    pub screenshot_url: String,
    /// The action before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_id: Option<Id>,
    /// The step before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_order: Option<u32>,
}
