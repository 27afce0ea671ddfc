use super::*;
use crate::hub::bus::{Bus, Inbox, queue};
use futures_util::FutureExt;
use serde_json::json;

/// A relay with its bus, a clock that only the test moves, and peers that note what they get.
struct World {
    relay: Relay,
    bus: Bus,
    inboxes: HashMap<PeerId, Inbox>,
    now: Instant,
    closed: Vec<PeerId>,
}

impl World {
    fn new() -> Self {
        Self {
            relay: Relay::new(Duration::from_secs(60)),
            bus: Bus::default(),
            inboxes: HashMap::new(),
            now: Instant::now(),
            closed: Vec::new(),
        }
    }

    fn step(&mut self, input: Input) {
        for effect in self.relay.step(input, self.now) {
            match effect {
                Effect::Join(peer, room) => self.bus.join(peer, room),
                Effect::Leave(peer, room) => self.bus.leave(peer, &room),
                Effect::Publish(room, message) => self.bus.publish(&room, &message),
                Effect::Close(peer) => self.closed.push(peer),
            }
        }
    }

    fn connect_as(&mut self, user: &str, role: Role) -> PeerId {
        let peer = PeerId(self.inboxes.len() as u64 + 1);
        let (outlet, inbox) = queue();
        self.bus.attach(peer, outlet);
        self.inboxes.insert(peer, inbox);
        let identity = Identity { user: user.into(), role, projects: None };
        self.step(Input::Connected { peer, identity, spare: AgentId(format!("spare-{}", peer.0)) });
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
        self.step(Input::Received { peer, name: name.to_owned(), payload: Some(payload) });
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
        std::iter::from_fn(|| inbox.next().now_or_never().flatten()).map(|message| brief(&message)).collect()
    }
}

fn brief(message: &Message) -> String {
    let payload: Value = serde_json::from_str(message.payload.get()).unwrap();
    let mut text = message.name.clone().into_owned();
    for field in ["executionId", "agentId", "status", "phase", "exitCode", "success", "level", "message"] {
        match payload.get(field) {
            Some(Value::Null) | None => {}
            Some(Value::String(value)) => text += &format!(" {value}"),
            Some(value) => text += &format!(" {value}"),
        }
    }
    text
}

const NOTHING: [&str; 0] = [];

#[test]
fn the_execution_flow_of_the_seed() {
    let mut w = World::new();
    let ada = w.connect("ada");
    let agent = w.agent("A", 1);
    assert_eq!(w.got(ada), ["agent:status A online"]);
    w.start(ada, "e1");
    assert_eq!(w.got(agent), ["execution:start e1"]);
    w.says(agent, "execution:log", json!({"executionId": "e1", "message": "hi", "level": "info"}));
    w.says(agent, "execution:step", json!({"executionId": "e1", "stepNumber": 1, "status": "running"}));
    w.says(agent, "execution:screenshot", json!({"executionId": "e1", "stepNumber": 1, "imageData": "AA"}));
    w.complete(agent, "e1");
    assert_eq!(
        w.got(ada),
        [
            "agent:status A busy",
            "execution:log e1 info hi",
            "execution:step e1 running",
            "execution:screenshot e1",
            "execution:complete e1 0",
            "agent:status A online",
        ]
    );
    assert_eq!(w.got(agent), NOTHING);
}

#[test]
fn the_recording_flow_of_the_seed_and_its_extensions() {
    let mut w = World::new();
    let (ada, agent) = (w.connect("ada"), w.agent("A", 1));
    let ids = json!({"testFlowId": "f", "executionId": "r"});
    let with = |more: Value| {
        let mut all = ids.clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    w.says(ada, "recording:start", with(json!({"url": "https://example.com", "language": "typescript"})));
    w.says(agent, "recording:ready", ids.clone());
    for name in ["recording:pause", "recording:resume", "recording:input", "recording:stop"] {
        w.says(ada, name, ids.clone());
    }
    w.says(agent, "recording:action", with(json!({"action": {"type": "click"}, "code": "…"})));
    w.says(agent, "recording:frame", with(json!({"frame": "AA", "width": 1, "height": 1})));
    w.says(agent, "recording:complete", with(json!({"success": true, "code": "…"})));
    assert_eq!(
        w.got(agent),
        ["recording:start r", "recording:pause r", "recording:resume r", "recording:input r", "recording:stop r"]
    );
    assert_eq!(
        w.got(ada),
        [
            "agent:status A online",
            "agent:status A busy",
            "recording:ready r",
            "recording:action r",
            "recording:frame r",
            "recording:complete r true",
            "agent:status A online",
        ]
    );
}

#[test]
fn payloads_are_relayed_as_they_came() {
    let mut w = World::new();
    let (ada, agent) = (w.connect("ada"), w.agent("A", 1));
    let odd = json!({"executionId": "e1", "code": "c", "config": {"deep": [1, null, "ž"]}, "unknown": true});
    w.says(ada, "execution:start", odd.clone());
    let message = w.inboxes.get_mut(&agent).unwrap().next().now_or_never().flatten().unwrap();
    assert_eq!(serde_json::from_str::<Value>(message.payload.get()).unwrap(), odd);
}

#[test]
fn nobody_sees_or_touches_the_sessions_of_another_user() {
    let mut w = World::new();
    let (ada, ada_too, eve) = (w.connect("ada"), w.connect("ada"), w.connect("eve"));
    let (agent, other) = (w.agent("A", 1), w.agent("B", 1));
    w.start(ada, "e1");
    for peer in [ada, ada_too, eve, agent, other] {
        w.got(peer);
    }
    w.says(eve, "execution:cancel", json!({"executionId": "e1"}));
    w.start(eve, "e1");
    w.says(eve, "execution:log", json!({"executionId": "e1", "message": "forged", "level": "info"}));
    w.says(other, "execution:complete", json!({"executionId": "e1", "exitCode": 0, "duration": 1}));
    w.says(agent, "execution:log", json!({"executionId": "e1", "message": "true", "level": "info"}));
    w.complete(agent, "e1");
    assert_eq!(w.got(ada), ["execution:log e1 info true", "execution:complete e1 0", "agent:status A online"]);
    assert_eq!(w.got(ada_too), ["execution:log e1 info true", "execution:complete e1 0", "agent:status A online"]);
    w.start(eve, "e1");
    assert_eq!(
        w.got(eve),
        [
            "error e1 execution:cancel: no session of yours has this id",
            "error e1 This id is in use: choose another",
            "error e1 execution:log: only a registered agent may send this",
            "agent:status A online",
            "error e1 This id is in use: choose another",
        ]
    );
    assert_eq!((w.got(agent), w.got(other)), (vec![], vec![]));
}

#[test]
fn an_agent_with_the_same_user_gets_commands_only() {
    let mut w = World::new();
    let ada = w.connect("ada");
    let agent = w.connect("ada");
    w.says(agent, "agent:register", json!({"name": "laptop", "systemInfo": {}}));
    w.got(agent);
    w.start(ada, "e1");
    w.says(agent, "execution:log", json!({"executionId": "e1", "message": "hi", "level": "info"}));
    assert_eq!(w.got(agent), ["execution:start e1"]);
    assert_eq!(w.got(ada).last().unwrap(), "execution:log e1 info hi");
}

#[test]
fn without_an_agent_a_start_is_answered_and_can_be_tried_again() {
    let mut w = World::new();
    let ada = w.connect("ada");
    w.start(ada, "e1");
    assert_eq!(w.got(ada), ["error e1 No agent is connected: start one with `understudy agent` and try again"]);
    let agent = w.agent("A", 1);
    w.start(ada, "e1");
    assert_eq!(w.got(agent), ["execution:start e1"]);
}

#[test]
fn a_new_client_is_told_of_every_agent() {
    let mut w = World::new();
    let (first, _free, away) = (w.agent("A", 1), w.agent("B", 1), w.agent("C", 1));
    let ada = w.connect("ada");
    w.start(ada, "e1");
    w.gone(away);
    assert_eq!(w.got(first), ["execution:start e1"]);
    let late = w.connect("eve");
    assert_eq!(w.got(late), ["agent:status A busy", "agent:status B online", "agent:status C offline"]);
}

#[test]
fn sessions_wait_for_a_free_slot_first_in_first_out() {
    let mut w = World::new();
    let (ada, agent) = (w.connect("ada"), w.agent("A", 2));
    for id in ["e1", "e2", "e3", "e4"] {
        w.start(ada, id);
    }
    assert_eq!(w.got(agent), ["execution:start e1", "execution:start e2"]);
    let told = w.got(ada);
    assert_eq!(
        told[2..],
        [
            "execution:log e3 info All agents are busy: this session is next",
            "execution:log e4 info All agents are busy: 1 session is before this one",
        ]
    );
    w.complete(agent, "e2");
    assert_eq!(w.got(agent), ["execution:start e3"]);
    w.says(ada, "execution:cancel", json!({"executionId": "e4"}));
    w.says(ada, "execution:cancel", json!({"executionId": "e4"}));
    assert_eq!(w.got(ada), ["execution:complete e2 0", "execution:complete e4 130"]);
    let second = w.agent("B", 1);
    assert_eq!(w.got(second), NOTHING, "a cancelled session is not started");
    w.complete(agent, "e1");
    w.complete(agent, "e3");
    assert_eq!(
        w.got(ada),
        ["agent:status B online", "execution:complete e1 0", "execution:complete e3 0", "agent:status A online"]
    );
}

#[test]
fn work_goes_where_least_is_done() {
    let mut w = World::new();
    let ada = w.connect("ada");
    let (a, b) = (w.agent("A", 3), w.agent("B", 2));
    for id in ["e1", "e2", "e3", "e4"] {
        w.start(ada, id);
    }
    assert_eq!(w.got(a), ["execution:start e1", "execution:start e3"]);
    assert_eq!(w.got(b), ["execution:start e2", "execution:start e4"]);
}

#[test]
fn a_start_that_comes_twice_runs_once() {
    let mut w = World::new();
    let (ada, agent) = (w.connect("ada"), w.agent("A", 9));
    w.start(ada, "e1");
    w.start(ada, "e1");
    w.complete(agent, "e1");
    w.start(ada, "e1");
    w.says(ada, "execution:cancel", json!({"executionId": "e1"}));
    w.says(agent, "execution:log", json!({"executionId": "e1", "message": "late", "level": "info"}));
    w.complete(agent, "e1");
    assert_eq!(w.got(agent), ["execution:start e1"]);
    let completes = w.got(ada).iter().filter(|line| line.contains("e1")).count();
    assert_eq!(completes, 1, "nothing follows a complete");
}

#[test]
fn an_agent_that_comes_back_in_time_goes_on() {
    let mut w = World::new();
    let (ada, agent) = (w.connect("ada"), w.agent("A", 1));
    w.start(ada, "e1");
    w.says(agent, "execution:log", json!({"executionId": "e1", "message": "one", "level": "info"}));
    w.gone(agent);
    w.pass(59);
    w.says(ada, "execution:cancel", json!({"executionId": "e1"}));
    assert_eq!(w.got(ada)[2..], ["execution:log e1 info one", "agent:status A offline"]);
    let agent = w.connect_as("bot", Role::Agent);
    w.says(
        agent,
        "agent:register",
        json!({
            "name": "A", "agentId": "A", "sessions": ["e1"], "extensions": ["understudy/1"],
        }),
    );
    assert_eq!(w.got(agent), ["agent:registered A", "execution:cancel e1"], "what was said meanwhile is handed over");
    w.complete(agent, "e1");
    assert_eq!(w.got(ada), ["agent:status A busy", "execution:complete e1 0", "agent:status A online"]);
}

#[test]
fn an_agent_of_others_that_comes_back_is_recognised_by_its_name() {
    let mut w = World::new();
    let ada = w.connect("ada");
    let agent = w.connect("node");
    w.says(agent, "agent:register", json!({"name": "My Local Agent", "systemInfo": {}}));
    w.start(ada, "e1");
    w.gone(agent);
    let agent = w.connect("node");
    w.says(agent, "agent:register", json!({"name": "My Local Agent", "systemInfo": {}}));
    w.complete(agent, "e1");
    let told = w.got(ada);
    assert_eq!(told.last().unwrap(), "agent:status spare-2 online");
    assert!(told.contains(&"execution:complete e1 0".to_owned()), "{told:?}");
    let twin = w.connect("node");
    w.says(twin, "agent:register", json!({"name": "My Local Agent", "systemInfo": {}}));
    assert_eq!(w.got(ada), ["agent:status spare-4 online"], "a second one at the same time is another agent");
}

#[test]
fn an_agent_that_stays_away_is_given_up_but_its_word_still_counts() {
    let mut w = World::new();
    let (ada, agent) = (w.connect("ada"), w.agent("A", 1));
    w.start(ada, "e1");
    w.gone(agent);
    w.got(ada);
    w.pass(60);
    assert_eq!(
        w.got(ada),
        ["error e1 The agent A has not been heard for 60 s: the outcome of this session is unknown"]
    );
    w.pass(600);
    let agent = w.agent("A", 1);
    w.complete(agent, "e1");
    assert_eq!(w.got(ada), ["agent:status A online", "execution:complete e1 0"]);
}

#[test]
fn an_agent_that_falls_silent_is_offline_until_it_speaks() {
    let mut w = World::new();
    let (ada, agent) = (w.connect("ada"), w.agent("A", 1));
    w.pass(59);
    w.says(agent, "agent:heartbeat", Value::Null);
    w.pass(59);
    assert_eq!(w.got(ada), ["agent:status A online"]);
    w.pass(1);
    assert_eq!(w.got(ada), ["agent:status A offline"]);
    w.start(ada, "e1");
    assert_eq!(w.got(ada).len(), 1, "an agent that is not heard gets no work");
    w.says(agent, "agent:heartbeat", Value::Null);
    w.start(ada, "e1");
    assert_eq!(w.got(ada), ["agent:status A online", "agent:status A busy"]);
    w.pass(60);
    w.says(agent, "execution:log", json!({"executionId": "e1", "message": "still here", "level": "info"}));
    assert_eq!(
        w.got(ada),
        [
            "error e1 The agent A has not been heard for 60 s: the outcome of this session is unknown",
            "agent:status A offline",
            "agent:status A online",
            "execution:log e1 info still here",
            "agent:status A busy",
        ]
    );
}

#[test]
fn a_restarted_agent_says_what_it_still_has() {
    let mut w = World::new();
    let (ada, agent) = (w.connect("ada"), w.agent("A", 3));
    for id in ["kept", "lost", "never-arrived"] {
        w.start(ada, id);
    }
    for id in ["kept", "lost"] {
        w.says(agent, "execution:log", json!({"executionId": id, "message": "m", "level": "info"}));
    }
    w.gone(agent);
    w.got(ada);
    let agent = w.connect_as("bot", Role::Agent);
    w.says(agent, "agent:register", json!({"name": "A", "agentId": "A", "maxSessions": 3, "sessions": ["kept"]}));
    assert_eq!(w.got(agent), ["execution:start never-arrived"]);
    assert_eq!(w.got(ada), ["error lost The agent A was restarted and has lost this session", "agent:status A busy"]);
    w.complete(agent, "lost");
    w.complete(agent, "kept");
    w.complete(agent, "never-arrived");
    assert_eq!(
        w.got(ada),
        ["execution:complete kept 0", "execution:complete never-arrived 0", "agent:status A online"]
    );
}

#[test]
fn waiting_sessions_outlive_their_last_agent_for_a_while() {
    let mut w = World::new();
    let (ada, agent) = (w.connect("ada"), w.agent("A", 1));
    w.start(ada, "e1");
    w.start(ada, "e2");
    w.gone(agent);
    w.got(ada);
    w.pass(30);
    let other = w.agent("B", 1);
    assert_eq!(w.got(other), ["execution:start e2"]);
    w.start(ada, "e3");
    w.gone(other);
    w.got(ada);
    w.pass(60);
    let told = w.got(ada);
    assert!(
        told.contains(
            &"error e3 No agent came back within 60 s to take this session: connect one and start it again".to_owned()
        ),
        "{told:?}"
    );
    let third = w.agent("C", 1);
    w.start(ada, "e3");
    assert_eq!(w.got(third), ["execution:start e3"]);
}

#[test]
fn a_session_that_an_agent_refuses_frees_its_slot() {
    let mut w = World::new();
    let (ada, agent) = (w.connect("ada"), w.agent("A", 1));
    w.start(ada, "e1");
    w.start(ada, "e2");
    w.got(agent);
    w.says(agent, "error", json!({"message": "recordings are not supported yet", "executionId": "e1"}));
    assert_eq!(w.got(agent), ["execution:start e2"]);
    w.says(agent, "error", json!({"message": "one step went wrong", "executionId": "e2"}));
    assert_eq!(w.got(agent), NOTHING);
    w.complete(agent, "e1");
    let told = w.got(ada);
    assert_eq!(told.iter().filter(|line| line.starts_with("error e")).count(), 2, "{told:?}");
    assert!(told.contains(&"execution:complete e1 0".to_owned()), "the truth may still come: {told:?}");
}

#[test]
fn one_connection_per_agent_and_one_user() {
    let mut w = World::new();
    let (ada, old) = (w.connect("ada"), w.agent("A", 1));
    w.start(ada, "e1");
    let new = w.agent("A", 1);
    assert_eq!(w.closed, [old]);
    w.got(ada);
    w.complete(old, "e1");
    assert_eq!(w.got(ada), NOTHING, "a connection that was replaced has no say");
    w.gone(old);
    w.complete(new, "e1");
    assert_eq!(w.got(ada), ["execution:complete e1 0", "agent:status A online"]);

    let eve = w.connect("eve");
    w.says(eve, "agent:register", json!({"name": "A", "agentId": "A"}));
    let answer = w.got(eve).pop().unwrap();
    assert!(answer.starts_with("error the agent id A belongs to another user"), "{answer}");
    let service = w.connect_as("svc", Role::Service);
    w.says(service, "agent:register", json!({"name": "S"}));
    assert!(w.got(service).last().unwrap().starts_with("error agent:register"));
}

#[test]
fn redelivered_events_are_relayed_once() {
    let mut w = World::new();
    let (ada, agent) = (w.connect("ada"), w.agent("A", 1));
    w.start(ada, "e1");
    w.got(ada);
    let log =
        |n: u32| json!({"executionId": "e1", "message": n.to_string(), "level": "info", "eventId": format!("v{n}")});
    w.says(agent, "execution:log", log(1));
    w.says(agent, "execution:log", log(2));
    w.gone(agent);
    let agent = w.agent("A", 1);
    w.says(agent, "execution:log", log(2));
    w.says(agent, "execution:log", log(3));
    let logs: Vec<_> = w.got(ada).into_iter().filter(|line| line.starts_with("execution:log")).collect();
    assert_eq!(logs, ["execution:log e1 info 1", "execution:log e1 info 2", "execution:log e1 info 3"]);
}

#[test]
fn bad_input_is_answered_and_changes_nothing() {
    let mut w = World::new();
    let (ada, agent) = (w.connect("ada"), w.agent("A", 1));
    w.got(ada);
    for (name, payload, answer) in [
        ("execution:start", json!(null), "error execution:start: the payload must be an object, got null"),
        ("execution:start", json!("e1"), "error execution:start: the payload must be an object, got a string"),
        ("execution:start", json!([{}]), "error execution:start: the payload must be an object, got an array"),
        ("execution:start", json!({}), "error execution:start: `executionId` must be a string, got nothing"),
        (
            "execution:start",
            json!({"executionId": 7, "code": ""}),
            "error execution:start: `executionId` must be a string, got a number",
        ),
        (
            "execution:start",
            json!({"executionId": "", "code": ""}),
            "error execution:start: `executionId` must not be empty",
        ),
        (
            "execution:start",
            json!({"executionId": "x".repeat(513), "code": ""}),
            "error execution:start: `executionId` has 513 bytes, at most 512 are allowed",
        ),
        (
            "execution:start",
            json!({"executionId": "e1"}),
            "error e1 execution:start: `code` must be a string, got nothing",
        ),
        (
            "execution:start",
            json!({"executionId": "e1", "code": {}}),
            "error e1 execution:start: `code` must be a string, got an object",
        ),
        (
            "execution:cancel",
            json!({"executionId": "nope"}),
            "error nope execution:cancel: no session of yours has this id",
        ),
        ("execution:cancel", json!(true), "error execution:cancel: the payload must be an object, got a boolean"),
        (
            "recording:start",
            json!({"executionId": "r1"}),
            "error r1 recording:start: `url` must be a string, got nothing",
        ),
        ("recording:cancel", json!({}), "error recording:cancel: `executionId` must be a string, got nothing"),
        ("agent:register", json!({"name": 5}), "error agent:register: `name` must be a string, got a number"),
        (
            "agent:register",
            json!({"name": "x", "agentId": []}),
            "error agent:register: `agentId` must be a string, got an array",
        ),
        (
            "execution:complete",
            json!({"executionId": "e1"}),
            "error e1 execution:complete: only a registered agent may send this",
        ),
    ] {
        w.says(ada, name, payload.clone());
        assert_eq!(w.got(ada), [answer], "{name} {payload}");
    }
    w.step(Input::Received { peer: ada, name: "execution:start".to_owned(), payload: None });
    assert_eq!(w.got(ada), ["error execution:start: the payload must be an object, got nothing"]);
    for (name, payload) in
        [("no:such:event", json!({})), ("agent:heartbeat", json!(1)), ("error", json!({"message": "x"}))]
    {
        w.says(ada, name, payload);
        assert_eq!(w.got(ada), NOTHING, "{name}");
    }
    w.start(agent, "e1");
    assert_eq!(
        w.got(agent),
        ["error e1 execution:start: an agent takes sessions and starts none: connect once more as a client"]
    );
    w.start(ada, "e1");
    assert_eq!(w.got(agent), ["execution:start e1"]);
}

#[test]
fn who_watches_sees_what_was_said_before_and_how_sessions_stand() {
    let mut w = World::new();
    let (ada, agent) = (w.connect("ada"), w.agent("A", 1));
    w.start(ada, "e1");
    w.start(ada, "e2");
    w.says(agent, "execution:log", json!({"executionId": "e1", "message": "hi", "level": "info"}));
    let (late, eve) = (w.connect("ada"), w.connect("eve"));
    for peer in [ada, late, eve] {
        w.got(peer);
        if peer != ada {
            w.says(peer, "hub:replay", json!({}));
        }
    }
    assert_eq!(w.got(eve), NOTHING);
    assert_eq!(
        w.got(late),
        [
            "hub:session e1 A running",
            "execution:log e1 info hi",
            "hub:session e2 waiting",
            "execution:log e2 info All agents are busy: this session is next",
        ]
    );
    w.complete(agent, "e1");
    w.gone(agent);
    w.pass(60);
    w.start(late, "e3");
    assert_eq!(
        w.got(late),
        [
            "execution:complete e1 0",
            "hub:session e1 A ended",
            "hub:session e2 A running",
            "agent:status A offline",
            "error e2 The agent A has not been heard for 60 s: the outcome of this session is unknown",
            "hub:session e2 A lost",
            "error e3 No agent is connected: start one with `understudy agent` and try again",
        ]
    );
    assert!(w.got(ada).iter().all(|line| !line.starts_with("hub:")), "who did not ask is told nothing new");
    w.agent("B", 1);
    w.start(late, "e4");
    assert_eq!(w.got(late)[1..3], ["hub:session e4 waiting", "hub:session e4 B running"]);
}
