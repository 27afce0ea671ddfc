//! Sessions: from start to end, in order, once.

use super::*;

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
fn what_an_execution_reads_is_for_its_agent_alone() {
    let mut w = World::new();
    let (ada, agent) = (w.connect("ada"), w.agent("A", 1));
    w.says(ada, "hub:replay", json!({}));
    let config = json!({"env": {"PASSWORD": "engine"}, "retries": 1});
    w.says(ada, "execution:start", json!({"executionId": "e1", "code": "…", "config": config}));
    let late = w.connect("ada");
    w.says(late, "hub:replay", json!({}));
    let mut told = |peer| {
        let inbox = w.inboxes.get_mut(&peer).unwrap();
        std::iter::from_fn(|| inbox.next(true).now_or_never().flatten())
            .map(|message| message.payload.get().to_owned())
            .collect::<String>()
    };
    assert!(told(agent).contains("engine"));
    for peer in [ada, late] {
        let text = told(peer);
        assert!(text.contains("retries") && !text.contains("engine"), "{text}");
    }
}

#[test]
fn payloads_are_relayed_as_they_came() {
    let mut w = World::new();
    let (ada, agent) = (w.connect("ada"), w.agent("A", 1));
    let odd = json!({"executionId": "e1", "code": "c", "config": {"deep": [1, null, "ž"]}, "unknown": true});
    w.says(ada, "execution:start", odd.clone());
    let message = w.inboxes.get_mut(&agent).unwrap().next(true).now_or_never().flatten().unwrap();
    assert_eq!(serde_json::from_str::<Value>(message.payload.get()).unwrap(), odd);
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
