//! What watchers see besides the events themselves: how each of a user's sessions stands, and what was said before they came.

use super::{Effect, Phase, Relay};
use crate::dialect::testflow::hub::{self as testflow, SessionPhase, SessionView};
use crate::hub::bus::{Message, PeerId, Room};
use crate::hub::token::UserId;
use crate::model::ExecutionId;
use std::time::Instant;

impl Relay {
    /// Makes the peer a watcher and tells it the stories so far; what happens from now on follows in order.
    pub(super) fn replay(&mut self, peer: PeerId, user: &UserId, now: Instant) {
        self.effects.push(Effect::Join(peer, Room::Watchers(user.clone())));
        let ids: Vec<_> = self.history.of_user(user).map(|(id, _)| id.clone()).collect();
        for id in ids {
            let Some(view) = self.view(&id, true, now) else { continue };
            self.effects.push(Effect::Publish(Room::Peer(peer), testflow::session(&view).into()));
            if let Some(story) = self.history.get(&id) {
                let events = story.told().map(|event| Effect::Publish(Room::Peer(peer), event.clone()));
                self.effects.extend(events);
            }
        }
    }

    /// Tells the watchers that a session has begun.
    pub(super) fn show_start(&mut self, id: &ExecutionId, now: Instant) {
        self.show_view(id, true, now);
    }

    /// Tells the watchers how a session stands.
    pub(super) fn show(&mut self, id: &ExecutionId, now: Instant) {
        self.show_view(id, false, now);
    }

    fn show_view(&mut self, id: &ExecutionId, with_start: bool, now: Instant) {
        let Some(story) = self.history.get(id) else { return };
        let room = Room::Watchers(story.owner.clone());
        if let Some(view) = self.view(id, with_start, now) {
            self.effects.push(Effect::Publish(room, testflow::session(&view).into()));
        }
    }

    fn view(&self, id: &ExecutionId, with_start: bool, now: Instant) -> Option<SessionView> {
        let story = self.history.get(id)?;
        let phase = match self.sessions.phase(id) {
            None => SessionPhase::Ended,
            Some(Phase::Waiting) => SessionPhase::Waiting,
            Some(Phase::Running(_)) => SessionPhase::Running,
            Some(Phase::Lost(_)) => SessionPhase::Lost,
        };
        let agent = story.agent.clone();
        let age = now.saturating_duration_since(story.began);
        let start = with_start.then(|| (story.start.name.to_string(), story.start.payload.to_owned()));
        Some(SessionView { id: id.clone(), phase, agent, age, start })
    }

    /// Tells the owner of a session something, and remembers it.
    pub(super) fn tell_of(&mut self, user: &UserId, id: &ExecutionId, message: impl Into<Message>) {
        let message = message.into();
        self.history.note(id, &message);
        self.mailbox.keep(user, &message);
        self.effects.push(Effect::Publish(Room::User(user.clone()), message));
    }
}
