//! What watchers see besides the events themselves: how each of a user's sessions stands, and what was said before they came.

use super::{Effect, Phase, Relay, Session, Story};
use crate::dialect::hub::{Report, SessionPhase, SessionView, Word};
use crate::hub::bus::{PeerId, Room};
use crate::hub::clock::Instant;
use crate::hub::token::UserId;
use crate::model::{Event, ExecutionId};
use std::sync::Arc;

/// A phase as watchers are told it.
pub(super) fn told_phase(phase: &Phase) -> SessionPhase {
    match phase {
        Phase::Waiting => SessionPhase::Waiting,
        Phase::Running(_) => SessionPhase::Running,
        Phase::Lost(_) => SessionPhase::Lost,
    }
}

impl Relay {
    /// Makes the peer a watcher and tells it the stories so far; what happens from now on follows in order.
    pub(super) fn replay(&mut self, peer: PeerId, user: &UserId, now: Instant) {
        self.effects.push(Effect::Join(peer, Room::Watchers(user.clone())));
        let ids: Vec<_> = self.history.of_user(user).map(|(id, _)| id.clone()).collect();
        for id in ids {
            let Some(view) = self.view(&id, true, now) else { continue };
            let mut words = vec![Arc::new(Word::View(view))];
            words.extend(self.history.get(&id).into_iter().flat_map(Story::told).cloned());
            self.effects.push(Effect::Replay(peer, words));
        }
        self.effects.push(Effect::Replay(peer, vec![Arc::new(Word::Replayed)]));
    }

    /// What was told of the sessions that have not ended.
    pub(in crate::hub) fn told(&self) -> impl Iterator<Item = &Arc<Word>> {
        let goes_on = |(id, _): &(&ExecutionId, &Story)| self.sessions.phase(id).is_some();
        self.history.all().filter(goes_on).flat_map(|(_, story)| story.told())
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
            self.publish(room, Word::View(view));
        }
    }

    fn view(&self, id: &ExecutionId, with_start: bool, now: Instant) -> Option<SessionView> {
        let story = self.history.get(id)?;
        let phase = self.sessions.phase(id).map_or(SessionPhase::Ended, told_phase);
        let agent = story.agent.clone();
        let age = now.saturating_duration_since(story.began);
        let reason = self.sessions.get(id).and_then(Session::reason).map(str::to_owned);
        let start = with_start.then(|| story.start.clone());
        Some(SessionView { id: id.clone(), phase, agent, age, reason, start })
    }

    /// Tells the owner of a session something, and remembers it.
    pub(super) fn tell_of(&mut self, user: &UserId, report: Report) {
        let id = report.session.clone();
        let word = Arc::new(Word::Session(report));
        self.history.note(&id, &word);
        self.mailbox.keep(user, &word);
        let rooms =
            vec![Room::User(user.clone()), Room::Execution(user.clone(), id.clone()), Room::Session(user.clone(), id)];
        self.effects.push(Effect::Publish(rooms, word));
    }

    /// Tells the owner of a session that it has gone wrong.
    pub(super) fn tell_error(&mut self, user: &UserId, id: &ExecutionId, message: String) {
        self.tell_of(user, Report::own(id, Event::Error { message, execution: Some(id.clone()) }));
    }
}
