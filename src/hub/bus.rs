//! Rooms: who gets what. Everything the hub routes goes through here, for every kind of peer alike.

mod queue;

pub(super) use queue::{Inbox, Outlet, queue};

use super::token::UserId;
use crate::dialect::testflow::hub::Outbound;
use crate::model::{AgentId, ExecutionId};
use serde_json::value::{RawValue, to_raw_value};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// One connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct PeerId(pub(super) u64);

/// What a message can be addressed to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Room {
    /// One connection.
    Peer(PeerId),
    /// All connections of a user.
    User(UserId),
    /// The connection of an agent.
    Agent(AgentId),
    /// The connections of a user that asked to be told how sessions stand.
    Watchers(UserId),
    /// Everybody who is not an agent.
    Clients,
}

/// An event with its payload as JSON text, encoded once however many read it.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) name: Cow<'static, str>,
    pub(super) payload: Arc<RawValue>,
    stream: Stream,
}

/// How a message stands to the pictures of its session.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stream {
    /// It is none, and comes whatever happens.
    Apart,
    /// It is one: a newer one takes its place where it still waits.
    Picture(ExecutionId),
    /// After it there are none.
    End(ExecutionId),
}

impl Message {
    /// The payload as it will be sent.
    pub(super) fn new(name: impl Into<Cow<'static, str>>, payload: &serde_json::Value) -> Self {
        // A `Value` has string keys and finite numbers: it always serializes.
        let payload = to_raw_value(payload).unwrap_or_else(|_| RawValue::NULL.to_owned());
        Self { name: name.into(), payload: payload.into(), stream: Stream::Apart }
    }

    /// The same as a picture of a session: only the newest counts.
    pub(super) fn picture_of(self, session: &ExecutionId) -> Self {
        Self { stream: Stream::Picture(session.clone()), ..self }
    }

    /// The same as the last word on a session: no picture comes after it.
    pub(super) fn end_of(self, session: &ExecutionId) -> Self {
        Self { stream: Stream::End(session.clone()), ..self }
    }

    pub(super) fn is_picture(&self) -> bool {
        matches!(self.stream, Stream::Picture(_))
    }

    /// What it weighs in a queue.
    pub(super) fn bytes(&self) -> usize {
        self.name.len() + self.payload.get().len()
    }
}

impl From<Outbound> for Message {
    fn from((name, payload): Outbound) -> Self {
        Self::new(name, &payload)
    }
}

/// Rooms in the memory of this process.
#[derive(Debug, Default)]
pub(super) struct Bus {
    peers: HashMap<PeerId, (Outlet, BTreeSet<Room>)>,
    rooms: HashMap<Room, BTreeSet<PeerId>>,
}

impl Bus {
    /// Makes the peer reachable, in its own room.
    pub(super) fn attach(&mut self, peer: PeerId, outlet: Outlet) {
        self.peers.insert(peer, (outlet, BTreeSet::new()));
        self.join(peer, Room::Peer(peer));
    }

    /// Takes the peer out of all rooms and closes its queue; what is in it is still delivered.
    pub(super) fn detach(&mut self, peer: PeerId) {
        let Some((_, rooms)) = self.peers.remove(&peer) else { return };
        for room in rooms {
            self.remove_member(&room, peer);
        }
    }

    pub(super) fn join(&mut self, peer: PeerId, room: Room) {
        if let Some((_, rooms)) = self.peers.get_mut(&peer) {
            rooms.insert(room.clone());
            self.rooms.entry(room).or_default().insert(peer);
        }
    }

    pub(super) fn leave(&mut self, peer: PeerId, room: &Room) {
        if let Some((_, rooms)) = self.peers.get_mut(&peer) {
            rooms.remove(room);
            self.remove_member(room, peer);
        }
    }

    /// Sends to everybody in the room; in order for each member. Whoever cannot keep up is detached.
    pub(super) fn publish(&mut self, room: &Room, message: &Message) {
        let Some(members) = self.rooms.get(room) else { return };
        let mut stuck = Vec::new();
        for peer in members {
            let Some((outlet, _)) = self.peers.get(peer) else { continue };
            if !outlet.send(message) {
                stuck.push(*peer);
            }
        }
        for peer in stuck {
            tracing::warn!(peer = peer.0, "disconnecting a peer that does not read what it is sent");
            self.detach(peer);
        }
    }

    fn remove_member(&mut self, room: &Room, peer: PeerId) {
        if let Some(members) = self.rooms.get_mut(room) {
            members.remove(&peer);
            if members.is_empty() {
                self.rooms.remove(room);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn drain(inbox: &mut Inbox) -> Vec<String> {
        std::iter::from_fn(|| inbox.waiting(true)).map(|m| m.payload.get().to_owned()).collect()
    }

    #[test]
    fn members_of_a_room_get_what_is_published_there_and_nobody_else() {
        let mut bus = Bus::default();
        let (a, mut in_a) = queue();
        let (b, mut in_b) = queue();
        bus.attach(PeerId(1), a);
        bus.attach(PeerId(2), b);
        let ada = Room::User("ada".into());
        bus.join(PeerId(1), ada.clone());
        bus.join(PeerId(1), Room::Clients);
        bus.join(PeerId(2), Room::Clients);
        bus.publish(&ada, &Message::new("x", &json!(1)));
        bus.publish(&Room::Clients, &Message::new("x", &json!(2)));
        bus.publish(&Room::Peer(PeerId(2)), &Message::new("x", &json!(3)));
        bus.leave(PeerId(1), &Room::Clients);
        bus.publish(&Room::Clients, &Message::new("x", &json!(4)));
        assert_eq!(drain(&mut in_a), ["1", "2"]);
        assert_eq!(drain(&mut in_b), ["2", "3", "4"]);
        bus.detach(PeerId(1));
        bus.detach(PeerId(2));
        assert!(bus.rooms.is_empty(), "rooms without members are forgotten");
        assert!(in_a.is_closed() && in_b.is_closed());
    }

    #[test]
    fn who_does_not_read_is_disconnected_and_the_others_are_not() {
        let mut bus = Bus::default();
        let (slow, mut in_slow) = queue();
        let (quick, mut in_quick) = queue();
        bus.attach(PeerId(1), slow);
        bus.attach(PeerId(2), quick);
        bus.join(PeerId(1), Room::Clients);
        bus.join(PeerId(2), Room::Clients);
        let large = Message::new("x", &json!("x".repeat(16 << 20)));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for _ in 0..6 {
            bus.publish(&Room::Clients, &large);
            assert!(runtime.block_on(in_quick.next(true)).is_some());
        }
        assert!(in_slow.is_closed());
        assert!(!drain(&mut in_slow).is_empty(), "what was accepted before is still delivered");
        assert!(!in_quick.is_closed());
    }
}
