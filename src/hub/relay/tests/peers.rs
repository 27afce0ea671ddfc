//! Who sees what, and what those get who say nonsense.

use super::*;

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
            "error r1 recording:start: `testFlowId` must be a string, got nothing",
        ),
        (
            "recording:start",
            json!({"executionId": "r1", "testFlowId": "f"}),
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
    let said = testflow::hub::decode("execution:start", None);
    w.step(Input::Received { peer: ada, name: "execution:start".to_owned(), said: Box::new(said) });
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
    assert_eq!(w.got(eve), ["hub:replayed"]);
    assert_eq!(
        w.got(late),
        [
            "hub:session e1 A running",
            "execution:log e1 info hi",
            "hub:session e2 waiting All agents are busy",
            "execution:log e2 info All agents are busy: this session is next",
            "hub:replayed",
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

#[test]
fn a_client_that_comes_back_gets_what_it_missed() {
    let mut w = World::new();
    let (ada, agent) = (w.connect("ada"), w.agent("A", 1));
    w.start(ada, "e1");
    let log = |text| json!({"executionId": "e1", "message": text, "level": "info"});
    w.says(agent, "execution:log", log("there"));
    w.gone(ada);
    w.says(agent, "execution:log", log("away"));
    w.says(agent, "execution:screenshot", json!({"executionId": "e1", "stepNumber": 1, "imageData": "/9j/"}));
    w.complete(agent, "e1");
    let eve = w.connect("eve");
    assert_eq!(w.got(eve), ["agent:status A online"]);
    let ada = w.connect("ada");
    assert_eq!(w.got(ada), ["execution:log e1 info away", "execution:complete e1 0", "agent:status A online"]);
    let second = w.connect("ada");
    w.gone(ada);
    w.start(second, "e2");
    w.complete(agent, "e2");
    let third = w.connect("ada");
    assert_eq!(w.got(third), ["agent:status A online"], "nothing was missed, nothing comes twice");
}

#[test]
fn who_turns_out_to_be_an_agent_is_no_reader() {
    let mut w = World::new();
    let (ada, agent) = (w.connect("ada"), w.agent("A", 1));
    let own = w.connect("ada");
    w.says(own, "agent:register", json!({"name": "B", "agentId": "B", "maxSessions": 0}));
    w.start(ada, "e1");
    w.gone(ada);
    w.complete(agent, "e1");
    w.gone(own);
    let ada = w.connect("ada");
    assert_eq!(w.got(ada)[0], "execution:complete e1 0");
}
