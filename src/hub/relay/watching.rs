//! Peers that choose what they hear of, and browsers, which are opened by the first word to them.

use super::{Effect, Known, Phase, Relay, Story};
use crate::dialect::hub::{Order, Subject, Wanted, Word};
use crate::hub::bus::{PeerId, Room};
use crate::hub::clock::Instant;
use crate::hub::token::UserId;
use crate::model::{Command, ExecutionId};
use std::sync::Arc;

/// How much one peer may want to hear of at a time.
const WATCHED_MAX: usize = 1_000;

/// Where what is told of it is told. Only its owner's peers are ever in that room: whoever watches an id that somebody else uses
/// later hears nothing.
fn room(user: &UserId, subject: Subject, id: &ExecutionId) -> Room {
    match subject {
        Subject::Execution => Room::Execution(user.clone(), id.clone()),
        Subject::Browser | Subject::Recording | Subject::Playback => Room::Session(user.clone(), id.clone()),
    }
}

impl Relay {
    /// From now on the peer hears of it, and at once what was told so far.
    pub(super) fn watch(&mut self, peer: PeerId, user: &UserId, subject: Subject, id: &ExecutionId) {
        if matches!(self.sessions.look_up(id, user), Known::Foreign) {
            return self.refuse(peer, "No session of yours has this id", Some(id));
        }
        if self.peers.get(&peer).is_some_and(|peer| peer.watched.len() >= WATCHED_MAX) {
            let message = format!("{WATCHED_MAX} subscriptions are enough: end one that is not needed any more");
            return self.refuse(peer, &message, Some(id));
        }
        self.publish(Room::Peer(peer), Word::Watched(subject, id.clone()));
        if self.note(peer, user, subject, id) {
            let story = self.history.get(id).filter(|story| story.owner == *user);
            let told = story.into_iter().flat_map(Story::told).cloned().collect();
            self.effects.push(Effect::Replay(peer, told));
            self.effects.push(Effect::Join(peer, room(user, subject, id)));
        }
    }

    /// Whoever starts something hears of it.
    pub(super) fn watch_own(&mut self, peer: PeerId, user: &UserId, subject: Subject, id: &ExecutionId) {
        if self.note(peer, user, subject, id) {
            self.effects.push(Effect::Join(peer, room(user, subject, id)));
        }
    }

    /// Whether that brings the peer into another room.
    fn note(&mut self, peer: PeerId, user: &UserId, subject: Subject, id: &ExecutionId) -> bool {
        let room = room(user, subject, id);
        let Some(peer) = self.peers.get_mut(&peer) else { return false };
        let is_there = peer.watches(&room, user, id);
        peer.watched.insert((subject, id.clone()));
        !is_there
    }

    /// The peer stays in the room as long as anything that is told there is wanted.
    pub(super) fn unwatch(&mut self, peer: PeerId, user: &UserId, subject: Subject, id: &ExecutionId) {
        let room = room(user, subject, id);
        let Some(known) = self.peers.get_mut(&peer) else { return };
        known.watched.remove(&(subject, id.clone()));
        if !known.watches(&room, user, id) {
            self.effects.push(Effect::Leave(peer, room));
        }
    }

    /// Tells a peer what was told of a session, once more.
    pub(super) fn retell(&mut self, peer: PeerId, user: &UserId, id: &ExecutionId) {
        match self.history.get(id).filter(|story| story.owner == *user) {
            Some(story) => {
                let told = story.told().cloned().collect();
                self.effects.push(Effect::Replay(peer, told));
            }
            None => self.refuse(peer, "No session of yours that is remembered has this id", Some(id)),
        }
    }

    /// Something for a browser; where it opens one, of the agents that are wanted.
    pub(super) fn live(&mut self, peer: PeerId, user: UserId, order: Arc<Order>, wanted: Wanted, now: Instant) {
        let id = order.command.session().clone();
        let opens = matches!(&order.command, Command::Live { control, .. } if control.opens());
        match self.sessions.look_up(&id, &user) {
            Known::Live(session) => match session.phase.clone() {
                Phase::Running(agent) | Phase::Lost(agent) => self.command(&agent, order),
                Phase::Waiting => {
                    if !session.then(order) {
                        let message = "This browser still waits for an agent, and too much waits for it already";
                        self.refuse(peer, message, Some(&id));
                    }
                }
            },
            Known::Unknown | Known::Ended if opens => {
                // An id names a browser, not one life of it.
                self.sessions.forget(&id);
                if self.peers.get(&peer).is_some_and(|peer| peer.chooses) {
                    self.watch_own(peer, &user, Subject::Browser, &id);
                }
                self.start(peer, user, order, wanted, now);
            }
            Known::Foreign => self.refuse(peer, "This id is in use: choose another", Some(&id)),
            Known::Unknown | Known::Ended => {
                let message = format!("{}: no browser of yours has this id", order.raw.name);
                self.refuse(peer, &message, Some(&id));
            }
        }
    }
}

impl super::Peer {
    fn watches(&self, wanted: &Room, user: &UserId, id: &ExecutionId) -> bool {
        self.watched.iter().any(|(subject, watched)| watched == id && room(user, *subject, id) == *wanted)
    }
}
