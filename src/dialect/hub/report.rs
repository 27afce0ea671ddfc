//! What agents tell of sessions, and what that means for them.

use super::{Raw, json_text};
use crate::dialect::Protocol;
use crate::model::live::{LiveNews, PlaybackNews};
use crate::model::{Event, ExecutionId, Level};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::OnceLock;

/// What a report means for its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Meaning {
    /// It goes on.
    Progress,
    /// It has not begun, for this reason; of these only the newest counts.
    Waits,
    /// It goes on, and looked like this; dispensable where there is too much.
    Screenshot,
    /// It goes on, and this action of a recording, where it has a number, is now so.
    Action(Option<u64>),
    /// What it looks like now; of these only the newest counts.
    Picture,
    /// It goes on, unless these are the first words on it.
    Error,
    /// Nothing follows.
    Complete,
}

/// What the hub itself says of a session beside what happens in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aside<'a> {
    /// It has not begun, and this is why.
    Waits(&'a str),
    /// It has gone wrong like this, and nobody will tell how it went.
    Lost(&'a str),
}

/// Something about a session.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub struct Report {
    /// Which.
    pub session: ExecutionId,
    /// What it means for it.
    pub means: Meaning,
    /// The name of the agent that has it, for people; none where the hub itself speaks.
    pub agent: Option<String>,
    raw: Option<Raw>,
    event: OnceLock<Option<Box<Event>>>,
}

/// A report as it is kept and sent: as it came, else what happened.
#[derive(Serialize, Deserialize)]
struct Kept {
    session: ExecutionId,
    means: Meaning,
    agent: Option<String>,
    raw: Option<Raw>,
    event: Option<Box<Event>>,
}

impl From<Kept> for Report {
    fn from(Kept { session, means, agent, raw, event }: Kept) -> Self {
        let event = event.map_or_else(OnceLock::new, |event| OnceLock::from(Some(event)));
        Self { session, means, agent, raw, event }
    }
}

impl From<Report> for Kept {
    fn from(Report { session, means, agent, raw, event }: Report) -> Self {
        let event = if raw.is_some() { None } else { event.into_inner().flatten() };
        Self { session, means, agent, raw, event }
    }
}

impl Report {
    /// What an agent said.
    #[must_use]
    pub fn heard(session: ExecutionId, means: Meaning, raw: Raw) -> Self {
        Self { session, means, agent: None, raw: Some(raw), event: OnceLock::new() }
    }

    /// What the hub itself says of a session, or an agent in words of no protocol.
    #[must_use]
    pub fn own(session: &ExecutionId, event: Event) -> Self {
        let means = match &event {
            Event::ExecutionComplete { .. } | Event::RecordingComplete { .. } => Meaning::Complete,
            Event::ExecutionScreenshot { .. } => Meaning::Screenshot,
            Event::RecordingAction { index, .. } => Meaning::Action(u64::try_from(*index).ok()),
            Event::RecordingFrame { .. } | Event::Live { news: LiveNews::View(_), .. } => Meaning::Picture,
            Event::Live { news: LiveNews::Playback(PlaybackNews::Picture { .. }), .. } => Meaning::Screenshot,
            Event::Live { news: LiveNews::Closed(_), .. } => Meaning::Complete,
            Event::Error { .. } => Meaning::Error,
            _ => Meaning::Progress,
        };
        Self { session: session.clone(), means, agent: None, raw: None, event: OnceLock::from(Some(Box::new(event))) }
    }

    /// Why a session has not begun.
    #[must_use]
    pub fn waits(session: &ExecutionId, message: String) -> Self {
        let event = Event::ExecutionLog { execution: session.clone(), level: Level::Info, message };
        Self { means: Meaning::Waits, ..Self::own(session, event) }
    }

    /// A session has gone wrong, and nobody will tell how it went: nothing follows.
    #[must_use]
    pub fn lost(session: &ExecutionId, message: String) -> Self {
        let event = Event::Error { message, execution: Some(session.clone()) };
        Self { means: Meaning::Complete, ..Self::own(session, event) }
    }

    /// The same of the session that the event names, where it names one.
    #[must_use]
    pub fn of(event: Event) -> Option<Self> {
        let session = event.session()?.clone();
        Some(Self::own(&session, event))
    }

    /// As it came, where it came from a peer of this dialect.
    #[must_use]
    pub fn original(&self, protocol: Protocol) -> Option<&Raw> {
        self.raw.as_ref().filter(|raw| raw.protocol == protocol)
    }

    /// What happened; none where an agent said something that only peers of its own dialect may understand.
    pub fn event(&self) -> Option<&Event> {
        self.event.get_or_init(|| self.raw.as_ref().and_then(Protocol::event).map(Box::new)).as_deref()
    }

    /// The same with another payload.
    #[must_use]
    pub fn rewritten(&self, change: impl FnOnce(&mut Value)) -> Self {
        let Some(raw) = &self.raw else { return self.clone() };
        let Ok(mut payload) = serde_json::from_str(raw.payload.get()) else { return self.clone() };
        change(&mut payload);
        let raw = Raw { payload: json_text(&payload), ..raw.clone() };
        Self { agent: self.agent.clone(), ..Self::heard(self.session.clone(), self.means, raw) }
    }

    /// What it says where that is nothing that happens in the session.
    #[must_use]
    pub fn aside(&self) -> Option<Aside<'_>> {
        match (self.means, self.event()?) {
            (Meaning::Waits, Event::ExecutionLog { message, .. }) => Some(Aside::Waits(message)),
            (Meaning::Complete, Event::Error { message, .. }) => Some(Aside::Lost(message)),
            _ => None,
        }
    }

    /// What it weighs where it is kept, roughly, bytes.
    pub(super) fn bytes(&self) -> usize {
        match (&self.raw, self.event.get()) {
            (Some(raw), _) => raw.name.len() + raw.payload.get().len(),
            (None, Some(Some(event))) => match &**event {
                Event::ExecutionLog { message, .. } | Event::Error { message, .. } => message.len(),
                Event::ExecutionScreenshot { image, .. } | Event::RecordingFrame { frame: image, .. } => image.len(),
                Event::RecordingAction { code, .. } => code.len(),
                Event::Live { news, .. } => news.bytes(),
                _ => 0,
            },
            (None, _) => 0,
        }
    }
}
