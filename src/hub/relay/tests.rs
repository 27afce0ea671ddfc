//! A world for the relay. What it does there is in the modules.

mod agents;
mod peers;
mod protocols;
mod recordings;
mod sessions;
mod testbro;
mod waiting;

use super::*;
use crate::dialect::{Protocol, testflow};
use crate::hub::bus::{Bus, Inbox, Message, queue};
use futures_util::FutureExt;
use serde_json::json;

/// A relay with its bus, a clock that only the test moves, and peers that note what they get.
struct World {
    relay: Relay,
    bus: Bus,
    inboxes: HashMap<PeerId, Inbox>,
    now: Instant,
    closed: Vec<PeerId>,
    answers: Vec<bool>,
}

impl World {
    fn new() -> Self {
        Self {
            relay: Relay::new(Duration::from_secs(60)),
            bus: Bus::default(),
            inboxes: HashMap::new(),
            now: Instant::default(),
            closed: Vec::new(),
            answers: Vec::new(),
        }
    }

    /// What happens and what is known go from hub to hub as text, and nothing may get lost on that way.
    fn step(&mut self, input: Input) {
        let input = serde_json::from_str(&serde_json::to_string(&input).unwrap()).unwrap();
        self.relay = serde_json::from_str(&serde_json::to_string(&self.relay).unwrap()).unwrap();
        for effect in self.relay.step(input, self.now) {
            match effect {
                Effect::Join(peer, room) => self.bus.join(peer, room),
                Effect::Leave(peer, room) => self.bus.leave(peer, &room),
                Effect::Publish(rooms, word) => self.bus.publish(&rooms, &word),
                Effect::Replay(peer, words) => self.bus.replay(peer, words.iter().map(|word| &**word)),
                Effect::Close(peer) => self.closed.push(peer),
                Effect::Answer(yes) => self.answers.push(yes),
            }
        }
    }

    fn connect_as(&mut self, user: &str, role: Role) -> PeerId {
        self.enter(user, role, Protocol::Testflow)
    }

    fn connect_with(&mut self, user: &str, protocol: Protocol) -> PeerId {
        self.enter(user, Role::Client, protocol)
    }

    fn enter(&mut self, user: &str, role: Role, protocol: Protocol) -> PeerId {
        let peer = PeerId(self.inboxes.len() as u64 + 1);
        let (outlet, inbox) = queue();
        self.bus.attach(peer, protocol, outlet);
        self.inboxes.insert(peer, inbox);
        let identity = Identity { user: user.into(), role, projects: None };
        self.step(Input::Connected { peer, protocol, identity, spare: AgentId(format!("spare-{}", peer.0)) });
        peer
    }

    fn connect(&mut self, user: &str) -> PeerId {
        self.connect_as(user, Role::Client)
    }

    fn agent(&mut self, id: &str, slots: u32) -> PeerId {
        let peer = self.connect_as("bot", Role::Agent);
        self.says(peer, "agent:register", json!({"name": id, "agentId": id, "maxSessions": slots}));
        peer
    }

    fn gone(&mut self, peer: PeerId) {
        self.bus.detach(peer);
        self.step(Input::Disconnected { peer });
    }

    fn says(&mut self, peer: PeerId, name: &str, payload: Value) {
        let said = testflow::hub::decode(name, Some(&payload));
        self.step(Input::Received { peer, name: name.to_owned(), said: Box::new(said) });
    }

    fn start(&mut self, peer: PeerId, id: &str) {
        self.says(
            peer,
            "execution:start",
            json!({"executionId": id, "target": "local", "code": "…", "config": {"x": 1}}),
        );
    }

    fn complete(&mut self, agent: PeerId, id: &str) {
        self.says(agent, "execution:complete", json!({"executionId": id, "exitCode": 0, "duration": 5}));
    }

    fn pass(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        while let Some(due) = self.relay.next_deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.step(Input::Tick);
            let next = self.relay.next_deadline();
            assert!(next.is_none_or(|next| next > due), "a tick must move the deadline");
        }
        self.now = end;
    }

    /// What the peer got since it was last asked: `name key=value …` with the payload's interesting fields.
    fn got(&mut self, peer: PeerId) -> Vec<String> {
        let inbox = self.inboxes.get_mut(&peer).unwrap();
        std::iter::from_fn(|| inbox.next(true).now_or_never().flatten()).map(|message| brief(&message)).collect()
    }
}

fn brief(message: &Message) -> String {
    let payload: Value = serde_json::from_str(message.payload.get()).unwrap();
    let mut text = message.name.clone().into_owned();
    for field in ["executionId", "agentId", "status", "phase", "exitCode", "success", "level", "message", "reason"] {
        match payload.get(field) {
            Some(Value::Null) | None => {}
            Some(Value::String(value)) => text += &format!(" {value}"),
            Some(value) => text += &format!(" {value}"),
        }
    }
    text
}

pub(super) const NOTHING: [&str; 0] = [];
