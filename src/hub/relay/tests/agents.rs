//! Agents that go, come back, fall silent, or are not who they say.

use super::*;

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
fn what_is_started_while_an_agent_drains_goes_to_others_or_waits_for_it() {
    let leaves = |sessions: &[&str]| {
        json!({
            "name": "A", "agentId": "A", "maxSessions": 2, "sessions": sessions, "extensions": ["understudy/1"],
            "draining": true,
        })
    };
    let mut w = World::new();
    let (ada, a) = (w.connect("ada"), w.agent("A", 2));
    w.start(ada, "runs");
    w.says(a, "execution:log", json!({"executionId": "runs", "message": "one", "level": "info"}));
    w.start(ada, "crosses");
    w.says(a, "agent:register", leaves(&["runs"]));
    w.says(a, "error", json!({"executionId": "crosses", "message": "The agent is shutting down"}));
    w.start(ada, "later");
    assert_eq!(w.got(a), ["execution:start runs", "execution:start crosses", "agent:registered A"]);
    let told = w.got(ada);
    assert!(!told.iter().any(|word| word.starts_with("error")), "{told:?}");
    let waits: Vec<_> = told.iter().filter(|word| word.contains("All agents are busy")).collect();
    assert_eq!(
        waits,
        [
            "execution:log crosses info All agents are busy: this session is next",
            "execution:log later info All agents are busy: 1 session is before this one",
        ]
    );
    let b = w.agent("B", 1);
    assert_eq!(w.got(b), ["execution:start crosses"], "it was the first");
    w.complete(b, "crosses");
    assert_eq!(w.got(b), ["execution:start later"]);
    w.start(ada, "last");
    w.complete(a, "runs");
    w.gone(a);
    assert_eq!(w.got(a), NOTHING, "an agent that drains gets nothing new");
    let a = w.agent("A", 2);
    assert_eq!(w.got(a), ["execution:start last"], "another start of the same agent takes work");
}

#[test]
fn a_cancel_that_crosses_with_a_drain_is_not_undone() {
    let mut w = World::new();
    let (ada, a, b) = (w.connect("ada"), w.agent("A", 1), w.agent("B", 1));
    w.start(ada, "e");
    w.says(ada, "execution:cancel", json!({"executionId": "e"}));
    w.says(a, "agent:register", json!({"name": "A", "agentId": "A", "sessions": [], "draining": true}));
    assert_eq!(w.got(b), NOTHING);
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
fn a_session_may_want_one_agent_and_holds_up_nobody() {
    let mut w = World::new();
    let (ada, a, b) = (w.connect("ada"), w.agent("A", 1), w.agent("B", 1));
    let start = |w: &mut World, id: &str, agent: Value| {
        w.says(ada, "execution:start", json!({"executionId": id, "code": "…", "agentId": agent}));
    };
    start(&mut w, "e1", json!("B"));
    start(&mut w, "e2", json!("B"));
    start(&mut w, "e3", Value::Null);
    assert_eq!((w.got(a), w.got(b)), (vec!["execution:start e3".to_owned()], vec!["execution:start e1 B".to_owned()]));
    w.complete(a, "e3");
    assert_eq!(w.got(a), NOTHING);
    w.complete(b, "e1");
    assert_eq!(w.got(b), ["execution:start e2 B"]);
    assert!(w.got(ada).contains(&"execution:log e2 info The agent is busy: this session waits for it".to_owned()));
    start(&mut w, "e4", json!("C"));
    start(&mut w, "e5", json!(7));
    assert_eq!(
        w.got(ada),
        [
            "error e4 The agent C is not connected: start it, or leave the choice to the hub",
            "error e5 execution:start: `agentId` must be a string, got a number",
        ]
    );
}

#[test]
fn a_session_may_ask_for_labels_and_holds_up_nobody() {
    let mut w = World::new();
    let (ada, plain) = (w.connect("ada"), w.agent("A", 1));
    let strong = w.connect_as("bot", Role::Agent);
    let labels = json!({"gpu": "yes", "site": "berlin"});
    w.says(strong, "agent:register", json!({"name": "B", "agentId": "B", "maxSessions": 1, "labels": labels}));
    let start = |w: &mut World, id: &str, labels: Value| {
        w.says(ada, "execution:start", json!({"executionId": id, "code": "…", "labels": labels}));
    };
    start(&mut w, "e1", json!({"gpu": "yes"}));
    start(&mut w, "e2", json!({"site": "berlin", "gpu": "yes"}));
    start(&mut w, "e3", Value::Null);
    assert_eq!(
        (w.got(plain), w.got(strong)),
        (vec!["execution:start e3".to_owned()], vec!["execution:start e1".to_owned()])
    );
    w.complete(plain, "e3");
    assert_eq!(w.got(plain), NOTHING);
    w.complete(strong, "e1");
    assert_eq!(w.got(strong), ["execution:start e2"]);
    let waits =
        "execution:log e2 info All agents with the labels gpu=yes, site=berlin are busy: this session waits for one";
    assert!(w.got(ada).contains(&waits.to_owned()));
    start(&mut w, "e4", json!({"gpu": "no"}));
    start(&mut w, "e5", json!(["gpu"]));
    assert_eq!(
        w.got(ada),
        [
            "error e4 No agent with the labels gpu=no is connected: start one with --label, or ask for others",
            "error e5 execution:start: `labels` must be an object, got an array",
        ]
    );
    assert_eq!(json!(w.relay.agents(w.now)[1])["labels"], labels);
    // Who has labels also takes what asks for none.
    w.complete(strong, "e2");
    start(&mut w, "e6", json!({}));
    start(&mut w, "e7", json!({}));
    assert_eq!(
        (w.got(plain), w.got(strong)),
        (vec!["execution:start e6".to_owned()], vec!["execution:start e7".to_owned()])
    );
    // One that comes back without them has them no more.
    w.says(strong, "agent:register", json!({"name": "B", "agentId": "B", "labels": {"gpu": 1}}));
    start(&mut w, "e8", json!({"gpu": "yes"}));
    let last = w.got(ada).pop().unwrap();
    assert!(last.starts_with("error e8 No agent with the labels gpu=yes is connected"), "{last}");
}
