//! What our own ends say to each other in every protocol, once both have announced [`EXTENSION`].

use super::agent::Registration;
use super::hub::{self, Order, Said};
use super::values::{Id, OurCommand, OurEvent, OurRegistration};
use crate::model::Event;
use crate::model::live::{LiveNews, PlaybackNews};
use serde_json::Value;

pub(super) use super::testflow::EXTENSION;

/// Whether it is among what a peer announced.
pub(super) fn announced(extensions: &[String]) -> bool {
    extensions.iter().any(|one| one == EXTENSION)
}

/// An event for a hub of ours.
pub(super) fn event(event: &Event, event_id: Option<&str>) -> OurEvent {
    OurEvent { event: event.clone(), event_id: event_id.map(Id::from) }
}

/// What a client hears of recordings and of browsers, in a protocol that has no words for them. Pictures are left out: without
/// acknowledgements nobody knows whether they arrive.
pub(super) fn beyond(happened: &Event) -> Option<OurEvent> {
    let told = match happened {
        Event::RecordingReady { .. }
        | Event::RecordingAction { .. }
        | Event::RecordingDialog { .. }
        | Event::RecordingPicker { .. }
        | Event::RecordingPicked { .. }
        | Event::RecordingMode { .. }
        | Event::RecordingComplete { .. } => true,
        Event::Live { news, .. } => {
            !matches!(news, LiveNews::View(_) | LiveNews::Playback(PlaybackNews::Picture { .. }))
        }
        _ => false,
    };
    told.then(|| event(happened, None))
}

/// An agent of ours for a hub of ours.
pub(super) fn registration(me: &Registration) -> OurRegistration {
    OurRegistration {
        agent_id: Id::from(me.agent.as_str()),
        name: me.name.clone(),
        system_info: me.system_info.clone(),
        labels: me.labels.clone(),
        max_sessions: u32::try_from(me.max_sessions).unwrap_or(u32::MAX),
        sessions: me.sessions.iter().map(|session| Id::from(session.as_str())).collect(),
        draining: me.draining,
    }
}

/// The same as a hub hears it.
pub(super) fn registered(said: OurRegistration) -> Said {
    Said::Register(hub::Registration {
        agent: Some(said.agent_id.into()),
        name: said.name,
        system_info: Value::Object(said.system_info),
        labels: said.labels,
        max_sessions: Some(said.max_sessions),
        sessions: Some(said.sessions.into_iter().map(Into::into).collect()),
        draining: said.draining,
        extended: true,
    })
}

/// What an agent reports.
pub(super) fn reported(OurEvent { event, event_id }: OurEvent) -> Said {
    match hub::Report::of(event) {
        Some(report) => Said::Event { report, event_id: event_id.map(|id| id.to_string()) },
        None => Said::AgentError,
    }
}

/// For an agent.
pub(super) fn command(order: &Order) -> OurCommand {
    order.command.clone().into()
}
