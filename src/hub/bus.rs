//! Rooms: who gets what. Everything the hub routes goes through here, for every kind of peer alike.

mod queue;

pub(super) use queue::{Inbox, Outlet, WeakOutlet, queue};

use super::token::UserId;
use crate::dialect::Protocol;
use crate::dialect::hub::{Frame, Meaning, Translator, Word};
use crate::dialect::swe::rooms::Room as Topic;
use crate::model::{AgentId, ExecutionId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// One connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
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
    /// Everybody who is not an agent, but for peers of protocol 003, who have rooms for that.
    Clients,
    /// The connections that want to hear of an execution of this user.
    Execution(UserId, ExecutionId),
    /// The connections that want to hear of a browser of this user.
    Session(UserId, ExecutionId),
    /// A room of protocol 003 that peers enter and leave as they like: a project, what is told of an agent, `global`.
    Topic(Topic),
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
    /// What a word has become for peers of one dialect.
    fn of(word: &Word, Frame { name, payload }: Frame) -> Self {
        let stream = match word.report() {
            Some(report) if report.means == Meaning::Picture => Stream::Picture(report.session.clone()),
            Some(report) if report.means == Meaning::Complete => Stream::End(report.session.clone()),
            _ => Stream::Apart,
        };
        Self { name, payload, stream }
    }

    pub(super) fn is_picture(&self) -> bool {
        matches!(self.stream, Stream::Picture(_))
    }

    /// What it weighs in a queue.
    fn bytes(&self) -> usize {
        self.name.len() + self.payload.get().len()
    }
}

/// Rooms in the memory of this process.
#[derive(Default)]
pub(super) struct Bus {
    peers: HashMap<PeerId, Member>,
    rooms: HashMap<Room, BTreeSet<PeerId>>,
    translators: BTreeMap<Protocol, Box<dyn Translator>>,
}

#[derive(Debug)]
struct Member {
    protocol: Protocol,
    outlet: Outlet,
    rooms: BTreeSet<Room>,
}

impl Bus {
    /// Whether nobody has spoken this protocol yet.
    pub(super) fn is_new(&self, protocol: Protocol) -> bool {
        !self.translators.contains_key(&protocol)
    }

    /// From now on this protocol is spoken. `told` is what was told of the sessions that go on.
    pub(super) fn learn<'a>(&mut self, protocol: Protocol, told: impl IntoIterator<Item = &'a Word>) {
        let (mut translator, now) = (protocol.translator(), SystemTime::now());
        for word in told {
            // Nobody of it was there to hear it.
            drop(translator.tell(word, now));
        }
        self.translators.insert(protocol, translator);
    }

    /// Makes the peer reachable, in its own room.
    pub(super) fn attach(&mut self, peer: PeerId, protocol: Protocol, outlet: Outlet) {
        if self.is_new(protocol) {
            self.learn(protocol, []);
        }
        self.peers.insert(peer, Member { protocol, outlet, rooms: BTreeSet::new() });
        self.join(peer, Room::Peer(peer));
    }

    /// Takes the peer out of all rooms and closes its queue; what is in it is still delivered.
    pub(super) fn detach(&mut self, peer: PeerId) {
        let Some(Member { rooms, .. }) = self.peers.remove(&peer) else { return };
        for room in rooms {
            self.remove_member(&room, peer);
        }
    }

    pub(super) fn join(&mut self, peer: PeerId, room: Room) {
        if let Some(member) = self.peers.get_mut(&peer) {
            member.rooms.insert(room.clone());
            self.rooms.entry(room).or_default().insert(peer);
        }
    }

    pub(super) fn leave(&mut self, peer: PeerId, room: &Room) {
        if let Some(member) = self.peers.get_mut(&peer) {
            member.rooms.remove(room);
            self.remove_member(room, peer);
        }
    }

    /// Tells everybody in the rooms, each once; in order for each member. Whoever cannot keep up is detached.
    pub(super) fn publish(&mut self, rooms: &[Room], word: &Word) {
        let now = SystemTime::now();
        let told: BTreeMap<Protocol, Vec<Message>> = self
            .translators
            .iter_mut()
            .map(|(protocol, translator)| {
                let frames = translator.tell(word, now).into_iter();
                (*protocol, frames.map(|frame| Message::of(word, frame)).collect())
            })
            .collect();
        let mut stuck = Vec::new();
        for (place, room) in rooms.iter().enumerate() {
            for peer in self.rooms.get(room).into_iter().flatten() {
                let Some(member) = self.peers.get(peer) else { continue };
                if rooms[..place].iter().any(|before| member.rooms.contains(before)) {
                    continue;
                }
                if !member.gets(told.get(&member.protocol).into_iter().flatten()) {
                    stuck.push(*peer);
                }
            }
        }
        self.disconnect(stuck);
    }

    /// Tells one peer what was told before it came.
    pub(super) fn replay<'a>(&mut self, peer: PeerId, words: impl IntoIterator<Item = &'a Word>) {
        let Some(member) = self.peers.get(&peer) else { return };
        let (mut translator, now) = (member.protocol.translator(), SystemTime::now());
        for word in words {
            let messages: Vec<_> =
                translator.tell(word, now).into_iter().map(|frame| Message::of(word, frame)).collect();
            if !member.gets(&messages) {
                return self.disconnect(vec![peer]);
            }
        }
    }

    /// How many peers there are, and how many in each room that has a name outside of the hub.
    pub(super) fn stats(&self) -> (usize, BTreeMap<String, usize>) {
        let name = |room: &Room| match room {
            Room::User(user) => Some(format!("user:{user}")),
            Room::Topic(topic) => Some(topic.to_string()),
            Room::Execution(_, id) => Some(format!("execution_{id}")),
            Room::Session(_, id) => Some(format!("session_{id}")),
            Room::Peer(_) | Room::Agent(_) | Room::Watchers(_) | Room::Clients => None,
        };
        let rooms = self.rooms.iter().filter_map(|(room, members)| Some((name(room)?, members.len())));
        (self.peers.len(), rooms.collect())
    }

    fn disconnect(&mut self, stuck: Vec<PeerId>) {
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

impl Member {
    /// Whether it keeps up.
    fn gets<'a>(&self, messages: impl IntoIterator<Item = &'a Message>) -> bool {
        messages.into_iter().all(|message| self.outlet.send(message))
    }
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bus")
            .field("peers", &self.peers.len())
            .field("rooms", &self.rooms.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Word {
        Word::Refused { message: text.to_owned(), session: None }
    }

    fn drain(inbox: &mut Inbox) -> Vec<String> {
        let message = |message: Message| serde_json::from_str::<serde_json::Value>(message.payload.get()).unwrap();
        let texts = std::iter::from_fn(|| inbox.waiting(true)).map(message);
        texts.map(|payload| payload["message"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn members_of_a_room_get_what_is_published_there_once_and_nobody_else() {
        let mut bus = Bus::default();
        let (a, mut in_a) = queue();
        let (b, mut in_b) = queue();
        bus.attach(PeerId(1), Protocol::Testflow, a);
        bus.attach(PeerId(2), Protocol::Testflow, b);
        let ada = Room::User("ada".into());
        bus.join(PeerId(1), ada.clone());
        bus.join(PeerId(1), Room::Clients);
        bus.join(PeerId(2), Room::Clients);
        bus.publish(std::slice::from_ref(&ada), &word("1"));
        bus.publish(&[Room::Clients], &word("2"));
        bus.publish(&[Room::Peer(PeerId(2))], &word("3"));
        bus.publish(&[ada, Room::Clients], &word("4"));
        bus.leave(PeerId(1), &Room::Clients);
        bus.publish(&[Room::Clients], &word("5"));
        bus.replay(PeerId(1), &[word("6"), word("7")]);
        assert_eq!(drain(&mut in_a), ["1", "2", "4", "6", "7"]);
        assert_eq!(drain(&mut in_b), ["2", "3", "4", "5"]);
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
        bus.attach(PeerId(1), Protocol::Testflow, slow);
        bus.attach(PeerId(2), Protocol::Testflow, quick);
        bus.join(PeerId(1), Room::Clients);
        bus.join(PeerId(2), Room::Clients);
        let large = word(&"x".repeat(16 << 20));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for _ in 0..6 {
            bus.publish(&[Room::Clients], &large);
            assert!(runtime.block_on(in_quick.next(true)).is_some());
        }
        assert!(in_slow.is_closed());
        assert!(!drain(&mut in_slow).is_empty(), "what was accepted before is still delivered");
        assert!(!in_quick.is_closed());
    }
}
