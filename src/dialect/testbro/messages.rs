//! What is said in protocol 002, from either side: requests of clients, the same handed on to whoever has the session, and events.
//! Public for the two ends of it and for whoever tests them.

use super::events::{Envelope, ExecutionEvent, SessionEvent};
use crate::dialect::Malformed;
use crate::dialect::reading::{Refusal, refused};
use crate::dialect::values::{Amount, Id, Nothing, OurCommand, OurEvent, OurRegistration, messages};
use crate::model::Labels;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The event in whose envelope everything about an execution is told.
pub const EXECUTION_EVENT: &str = "execution_event";

/// One event of Socket.IO: its name and its first argument.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// What a peer asks for, and how that is confirmed.
    Request(Box<Request>),
    /// [`EXECUTION_EVENT`].
    Execution(Box<Envelope<ExecutionEvent>>),
    /// Something about a session of a browser, under its own name.
    Session(Box<Envelope<SessionEvent>>),
}

messages! {
    /// What a peer asks for, and how that is confirmed.
    Request {
        /// To hear of an execution.
        "subscribe_execution" => SubscribeExecution(Id),
        /// To hear of a browser.
        "subscribe_browser_session" => SubscribeBrowserSession(Id),
        /// To hear of recordings in a browser.
        "subscribe_recording" => SubscribeRecording(Id),
        /// To hear of playbacks in a browser.
        "subscribe_playback" => SubscribePlayback(Id),
        /// Not to hear of it any more.
        "unsubscribe_execution" => UnsubscribeExecution(Id),
        /// Not to hear of it any more.
        "unsubscribe_browser_session" => UnsubscribeBrowserSession(Id),
        /// Not to hear of it any more.
        "unsubscribe_recording" => UnsubscribeRecording(Id),
        /// Not to hear of it any more.
        "unsubscribe_playback" => UnsubscribePlayback(Id),
        /// `subscribe_execution` is done.
        "subscription_confirmed" => SubscriptionConfirmed(OfExecution),
        /// `subscribe_browser_session` is done.
        "browser_session_subscribed" => BrowserSessionSubscribed(OfSession),
        /// `subscribe_recording` is done.
        "recording_subscribed" => RecordingSubscribed(OfSession),
        /// `subscribe_playback` is done.
        "playback_subscribed" => PlaybackSubscribed(OfSession),
        /// Something to be done in a browser.
        "browser_command" => BrowserCommand(BrowserCommand),
        /// The same, for whoever has the browser.
        "browser_command_received" => BrowserCommandReceived(BrowserCommand),
        /// Something for the recording in a browser.
        "recording_control" => RecordingControl(RecordingControl),
        /// The same, for whoever has the browser.
        "recording_control_received" => RecordingControlReceived(RecordingControl),
        /// Something for the playback in a browser.
        "playback_control" => PlaybackControl(PlaybackControl),
        /// The same, for whoever has the browser.
        "playback_control_received" => PlaybackControlReceived(PlaybackControl),
        /// Something for one who watches an execution again.
        "replay_control" => ReplayControl(ReplayControl),
        /// An extension: work for an agent.
        "execution_start" => ExecutionStart(ExecutionStart),
        /// An extension: no more of it.
        "execution_cancel" => ExecutionCancel(OfExecution),
        /// The server is there.
        "heartbeat" => Heartbeat(Heartbeat),
        /// The peer is, too.
        "heartbeat_response" => HeartbeatResponse(Nothing),
        /// The connection is good.
        "connected" => Connected(Connected),
        /// An extension: an agent of ours says who it is.
        "understudy:register" => Register(OurRegistration),
        /// An extension: a command in words of no protocol.
        "understudy:command" => Command(OurCommand),
        /// An extension: an event in words of no protocol.
        "understudy:event" => Event(OurEvent),
    }
}

/// What names an execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfExecution {
    /// It.
    pub execution_id: Id,
}

/// What names a browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfSession {
    /// It.
    pub session_id: Id,
}

/// What can be done in a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BrowserAction {
    /// To `url`.
    Navigate,
    /// At `x` and `y`, or on `selector`.
    Click,
    /// `text`, into `selector` or what has the focus.
    Type,
    /// By `x` and `y`.
    Scroll,
    /// The page again.
    Reload,
    /// The page before.
    Back,
    /// The page after.
    Forward,
    /// Pictures, for a while.
    Pause,
    /// Pictures again.
    Resume,
    /// An extension: it is not needed any more.
    Close,
}

/// `browser_command`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BrowserCommand {
    /// The browser.
    pub session_id: Id,
    /// What.
    pub command: BrowserAction,
    /// How.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Map<String, Value>>,
    /// Which agents may have a browser that this opens; for hubs of ours.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

/// What can be done with a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingAction {
    /// Begin.
    Start,
    /// Keep nothing for a while.
    Pause,
    /// Keep what is done again.
    Resume,
    /// End.
    Stop,
}

/// `recording_control`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordingControl {
    /// The browser.
    pub session_id: Id,
    /// What.
    pub action: RecordingAction,
    /// How: `url`, `viewport`, `language`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Map<String, Value>>,
    /// Which agents may have a browser that this opens; for hubs of ours.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

/// What can be done with a playback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaybackAction {
    /// Begin.
    Start,
    /// Stay before the next step.
    Pause,
    /// Go on.
    Resume,
    /// End.
    Stop,
    /// One step.
    Step,
    /// Be before the step that the parameters name.
    Seek,
}

/// `playback_control`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlaybackControl {
    /// The browser.
    pub session_id: Id,
    /// What.
    pub action: PlaybackAction,
    /// How: `actions` of a start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Map<String, Value>>,
    /// Which agents may have a browser that this opens; for hubs of ours.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

/// `replay_control`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayControl {
    /// The execution.
    pub execution_id: Id,
    /// What.
    pub action: PlaybackAction,
    /// To where, milliseconds from its begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Amount>,
}

/// `execution_start`: source or actions. With neither it is no command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExecutionStart {
    /// The execution.
    pub execution_id: Id,
    /// Playwright Test source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Actions of a recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<Value>>,
    /// Which agents may have it; for hubs of ours.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

/// `heartbeat`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// When, RFC 3339.
    pub timestamp: String,
}

/// `connected`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connected {
    /// For people.
    pub message: String,
    /// Whose the connection is.
    pub user_id: Id,
    /// When, RFC 3339.
    pub timestamp: String,
    /// An extension: what the server understands besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<String>,
}

/// Reads one event of Socket.IO. One of another name is `None`, and so is an `execution_start` that is no command.
///
/// # Errors
/// When it is one of this protocol and cannot be understood.
pub fn decode(name: &str, payload: Option<&Value>) -> Result<Option<Message>, Malformed> {
    let payload = payload.unwrap_or(&Value::Null);
    let field = |field| payload.get(field).filter(|value| !value.is_null());
    let session = field("execution_id").or_else(|| field("session_id"));
    let refuse = |refusal: Refusal| refused(name, &refusal, session);
    if name == EXECUTION_EVENT {
        return Envelope::read(payload, ExecutionEvent::read)
            .map(|envelope| envelope.map(|envelope| Message::Execution(Box::new(envelope))))
            .map_err(refuse);
    }
    if SessionEvent::NAMES.contains(&name) {
        return Envelope::read(payload, |_, data| SessionEvent::read(name, data))
            .map(|envelope| envelope.map(|envelope| Message::Session(Box::new(envelope))))
            .map_err(refuse);
    }
    if name == "execution_start" && payload.is_object() && field("code").is_none() && field("steps").is_none() {
        return Ok(None);
    }
    Request::read(name, payload)
        .map(|request| request.map(|request| Message::Request(Box::new(request))))
        .map_err(refuse)
}

/// A message as it goes out: its name and its payload.
#[must_use]
pub fn encode(message: &Message) -> (&'static str, Value) {
    match message {
        Message::Request(request) => (request.name(), request.payload()),
        Message::Execution(envelope) => {
            (EXECUTION_EVENT, envelope.payload(envelope.event.name(), envelope.event.payload()))
        }
        Message::Session(envelope) => {
            (envelope.event.name(), envelope.payload(envelope.event.name(), envelope.event.payload()))
        }
    }
}
