//! Peers of protocol 002: they hear of what they watch, and of nothing else.

use super::*;
use crate::dialect::hub::Heard;
use crate::dialect::testbro;

fn asks(w: &mut World, peer: PeerId, name: &str, payload: Value) {
    let Heard::Said { name, said } = testbro::hub::hear(name, Some(&payload)) else { panic!("{name}: {payload}") };
    w.step(Input::Received { peer, name, said });
}

/// What a peer got: the event, its type where it is another one, and what matters of the rest.
fn told(w: &mut World, peer: PeerId) -> Vec<Value> {
    let inbox = w.inboxes.get_mut(&peer).unwrap();
    let messages: Vec<Message> = std::iter::from_fn(|| inbox.next(true).now_or_never().flatten()).collect();
    let essence = |message: Message| {
        let mut payload: Value = serde_json::from_str(message.payload.get()).unwrap();
        if let Some(fields) = payload.as_object_mut() {
            fields.remove("timestamp");
            if fields.get("type").is_some_and(|kind| *kind == *message.name) {
                fields.remove("type");
            }
        }
        json!([message.name, payload])
    };
    messages.into_iter().map(essence).collect()
}

fn event(kind: &str, data: Value) -> Value {
    let mut payload = json!({"type": kind, "execution_id": "e1", "data": data});
    if let Some(step) = payload["data"].get("step_id").cloned() {
        payload["step_id"] = step;
    }
    json!(["execution_event", payload])
}

fn error(id: &str, message: &str) -> Value {
    json!(["execution_event", {"type": "error", "execution_id": id, "data": {"error_message": message}}])
}

fn progress(percent: u32, step: Option<&str>, logs: &[&str]) -> Value {
    let mut data = json!({"progress": percent, "logs": logs});
    if let Some(step) = step {
        data["current_step"] = json!(step);
    }
    event("execution_progress", data)
}

fn step(w: &mut World, agent: PeerId, number: u32, status: &str, error: Option<&str>) {
    let mut payload = json!({
        "executionId": "e1", "stepNumber": number, "status": status, "action": {"type": "click"},
        "explanation": format!("Step {number}"),
    });
    if status != "running" {
        payload["duration"] = json!(250 * number);
    }
    if let Some(error) = error {
        payload["error"] = json!(error);
    }
    w.says(agent, "execution:step", payload);
}

#[test]
fn an_execution_is_told_with_its_steps_its_progress_and_its_results() {
    let mut w = World::new();
    let (ada, agent) = (w.connect_with("ada", Protocol::Testbro), w.agent("A", 1));
    assert_eq!(told(&mut w, ada), NOTHING, "it hears of what it watches");
    asks(&mut w, ada, "execution_start", json!({"execution_id": "e1", "code": "…"}));
    assert_eq!(w.got(agent).last().unwrap(), "execution:start e1");
    w.says(agent, "execution:log", json!({"executionId": "e1", "message": "Running 1 test", "level": "info"}));
    step(&mut w, agent, 1, "running", None);
    step(&mut w, agent, 1, "passed", None);
    w.says(agent, "execution:screenshot", json!({"executionId": "e1", "stepNumber": 1, "imageData": "AP8H"}));
    step(&mut w, agent, 2, "running", None);
    step(&mut w, agent, 2, "failed", Some("no such button"));
    w.says(agent, "execution:complete", json!({"executionId": "e1", "exitCode": 1, "duration": 900}));
    let picture = "data:image/jpeg;base64,AP8H";
    assert_eq!(
        told(&mut w, ada),
        [
            event("execution_start", json!({})),
            event("log", json!({"level": "info", "message": "Running 1 test"})),
            event("step_start", json!({"step_id": "step-1", "step_order": 1, "status": "running"})),
            progress(0, Some("Step 1"), &["Running 1 test"]),
            event(
                "step_complete",
                json!({
                    "step_id": "step-1", "step_order": 1, "status": "passed", "duration_seconds": 0.25,
                    "screenshot_url": picture,
                })
            ),
            progress(50, Some("Step 1"), &[]),
            event("step_start", json!({"step_id": "step-2", "step_order": 2, "status": "running"})),
            progress(50, Some("Step 2"), &[]),
            event(
                "step_complete",
                json!({
                    "step_id": "step-2", "step_order": 2, "status": "failed", "duration_seconds": 0.5,
                    "error_message": "no such button",
                })
            ),
            progress(66, Some("Step 2"), &[]),
            event(
                "execution_complete",
                json!({
                    "status": "failed",
                    "results": [
                        {"step_id": "step-1", "status": "passed", "duration": 250},
                        {"step_id": "step-2", "status": "failed", "duration": 500, "error_message": "no such button"},
                    ],
                    "metrics": {
                        "total_steps": 2, "passed_steps": 1, "failed_steps": 1, "average_step_duration": 375,
                        "total_duration": 900,
                    },
                })
            ),
        ]
    );
}

#[test]
fn who_comes_later_is_told_the_whole_story_and_who_has_enough_nothing_more() {
    let mut w = World::new();
    let (ada, agent) = (w.connect("ada"), w.agent("A", 1));
    w.start(ada, "e1");
    w.says(agent, "execution:log", json!({"executionId": "e1", "message": "hi", "level": "info"}));
    let late = w.connect_with("ada", Protocol::Testbro);
    assert_eq!(told(&mut w, late), NOTHING);
    asks(&mut w, late, "subscribe_execution", json!("e1"));
    let confirmed = json!(["subscription_confirmed", {"execution_id": "e1"}]);
    let begun = [event("execution_start", json!({})), event("log", json!({"level": "info", "message": "hi"}))];
    assert_eq!(told(&mut w, late), [std::slice::from_ref(&confirmed), &begun[..]].concat());
    asks(&mut w, late, "subscribe_execution", json!("e1"));
    assert_eq!(told(&mut w, late), [confirmed], "it is there already");
    asks(&mut w, late, "unsubscribe_execution", json!("e1"));
    w.says(agent, "execution:log", json!({"executionId": "e1", "message": "more", "level": "info"}));
    assert_eq!(told(&mut w, late), NOTHING);
    asks(&mut w, late, "replay_control", json!({"execution_id": "e1", "action": "start"}));
    let more = event("log", json!({"level": "info", "message": "more"}));
    assert_eq!(told(&mut w, late), [&begun[..], &[more]].concat());
    w.complete(agent, "e1");
    assert_eq!(told(&mut w, late), NOTHING);
}

#[test]
fn subscriptions_to_one_browser_end_with_the_last_of_them() {
    let mut w = World::new();
    let (ada, agent) = (w.connect_with("ada", Protocol::Testbro), w.agent("A", 1));
    for (subject, confirmed) in
        [("browser_session", "browser_session"), ("recording", "recording"), ("playback", "playback")]
    {
        asks(&mut w, ada, &format!("subscribe_{subject}"), json!("s1"));
        assert_eq!(told(&mut w, ada), [json!([format!("{confirmed}_subscribed"), {"session_id": "s1"}])]);
    }
    let navigate = json!({"session_id": "s1", "command": "navigate", "parameters": {"url": "http://x/"}});
    asks(&mut w, ada, "browser_command", navigate);
    assert_eq!(w.got(agent).last().unwrap(), "understudy:command");
    let live = |news: Value| json!({"event": {"type": "live", "execution": "s1", "news": news}});
    let did = live(json!({"of": "did", "is": {"do": "navigate", "url": "http://x/"}}));
    let heard = json!(["browser_control", {
        "session_id": "s1", "data": {"action": "navigate", "parameters": {"url": "http://x/"}},
    }]);
    w.says(agent, "understudy:event", did.clone());
    assert_eq!(told(&mut w, ada), std::slice::from_ref(&heard));
    asks(&mut w, ada, "unsubscribe_recording", json!("s1"));
    asks(&mut w, ada, "unsubscribe_playback", json!("s1"));
    w.says(agent, "understudy:event", did.clone());
    assert_eq!(told(&mut w, ada), [heard]);
    asks(&mut w, ada, "unsubscribe_browser_session", json!("s1"));
    w.says(agent, "understudy:event", did);
    assert_eq!(told(&mut w, ada), NOTHING);
}

#[test]
fn a_browser_is_opened_by_the_first_word_to_it_and_opened_again_once_it_is_closed() {
    let mut w = World::new();
    let ada = w.connect_with("ada", Protocol::Testbro);
    let reload = json!({"session_id": "s1", "command": "reload"});
    asks(&mut w, ada, "browser_command", reload.clone());
    let nobody = "No agent is connected: start one with `understudy agent` and try again";
    assert_eq!(told(&mut w, ada), [error("s1", nobody)]);
    asks(&mut w, ada, "recording_control", json!({"session_id": "s1", "action": "stop"}));
    assert_eq!(told(&mut w, ada), [error("s1", "recording_control: no browser of yours has this id")]);
    let agent = w.agent("A", 1);
    w.got(agent);
    asks(&mut w, ada, "browser_command", json!({"session_id": "busy", "command": "reload"}));
    assert_eq!(w.got(agent), ["understudy:command"]);
    // Words to one that waits are in order behind the first.
    asks(&mut w, ada, "browser_command", reload.clone());
    asks(&mut w, ada, "recording_control", json!({"session_id": "s1", "action": "start"}));
    assert_eq!(w.got(agent), NOTHING);
    told(&mut w, ada);
    let closed = |id: &str| json!({"event": {"type": "live", "execution": id, "news": {"of": "closed", "is": null}}});
    w.says(agent, "understudy:event", closed("busy"));
    assert_eq!(w.got(agent), ["understudy:command", "understudy:command"]);
    assert_eq!(told(&mut w, ada), [json!(["browser_control", {"session_id": "busy", "data": {"action": "close"}}])]);
    w.says(agent, "understudy:event", closed("s1"));
    told(&mut w, ada);
    asks(&mut w, ada, "browser_command", reload);
    assert_eq!(w.got(agent), ["understudy:command"], "an id names a browser, not one life of it");
}

#[test]
fn a_browser_is_opened_by_an_agent_with_the_labels_that_its_first_word_asks_for() {
    let mut w = World::new();
    let (ada, plain) = (w.connect_with("ada", Protocol::Testbro), w.agent("A", 9));
    let strong = w.connect_as("bot", Role::Agent);
    let labels = json!({"gpu": "yes"});
    w.says(strong, "agent:register", json!({"name": "B", "agentId": "B", "maxSessions": 9, "labels": labels}));
    for (name, first) in [
        ("browser_command", json!({"session_id": "s1", "command": "reload"})),
        ("recording_control", json!({"session_id": "s2", "action": "start"})),
        ("playback_control", json!({"session_id": "s3", "action": "start", "parameters": {"actions": []}})),
        (
            "understudy:command",
            json!({"command": {"type": "live", "execution": "s4", "control": {"of": "browser", "ask": {"do": "reload"}}}}),
        ),
    ] {
        let mut asking = first.clone();
        asking["labels"] = labels.clone();
        asks(&mut w, ada, name, asking);
        assert_eq!(w.got(strong), ["understudy:command"], "{name}");
        // Where it is decided already, nothing is asked of labels any more.
        asks(&mut w, ada, name, first);
        assert_eq!((w.got(strong), w.got(plain)), (vec!["understudy:command".to_owned()], vec![]), "{name}");
    }
    let none = json!({"session_id": "s5", "command": "reload", "labels": {"gpu": "no"}});
    asks(&mut w, ada, "browser_command", none);
    let wrong = json!({"session_id": "s6", "command": "reload", "labels": ["gpu"]});
    asks(&mut w, ada, "browser_command", wrong);
    let told = told(&mut w, ada);
    assert_eq!(
        told,
        [
            error("s5", "No agent with the labels gpu=no is connected: start one with --label, or ask for others"),
            error("s6", "browser_command: `labels` must be an object, got an array"),
        ]
    );
}

#[test]
fn nobody_hears_of_or_lays_hands_on_what_is_anothers_whoever_came_first() {
    let mut w = World::new();
    let (ada, eve) = (w.connect_with("ada", Protocol::Testbro), w.connect_with("eve", Protocol::Testbro));
    let agent = w.agent("A", 2);
    // Before there is anything of that id.
    asks(&mut w, eve, "subscribe_execution", json!("e1"));
    asks(&mut w, eve, "subscribe_browser_session", json!("s1"));
    told(&mut w, eve);
    asks(&mut w, ada, "execution_start", json!({"execution_id": "e1", "code": "…"}));
    asks(&mut w, ada, "browser_command", json!({"session_id": "s1", "command": "reload"}));
    w.says(agent, "execution:log", json!({"executionId": "e1", "message": "secret", "level": "info"}));
    w.got(agent);
    assert_eq!(told(&mut w, eve), NOTHING);
    for (name, payload, words) in [
        ("subscribe_execution", json!("e1"), "No session of yours has this id"),
        ("subscribe_recording", json!("s1"), "No session of yours has this id"),
        ("execution_cancel", json!({"execution_id": "e1"}), "execution_cancel: no session of yours has this id"),
        ("execution_start", json!({"execution_id": "e1", "code": "…"}), "This id is in use: choose another"),
        ("browser_command", json!({"session_id": "s1", "command": "close"}), "This id is in use: choose another"),
        ("playback_control", json!({"session_id": "s1", "action": "stop"}), "This id is in use: choose another"),
        (
            "replay_control",
            json!({"execution_id": "e1", "action": "start"}),
            "No session of yours that is remembered has this id",
        ),
        (
            "understudy:event",
            json!({"event": {"type": "execution_complete", "execution": "e1", "exit_code": 0, "duration_ms": 1}}),
            "understudy:event: only a registered agent may send this",
        ),
    ] {
        asks(&mut w, eve, name, payload.clone());
        let id = payload.as_str().or(payload["execution_id"].as_str()).or(payload["session_id"].as_str());
        let id = id.unwrap_or("e1");
        assert_eq!(told(&mut w, eve), [error(id, words)], "{name}");
        assert_eq!(w.got(agent), NOTHING, "{name}");
    }
    told(&mut w, ada);
    w.complete(agent, "e1");
    assert_eq!(told(&mut w, ada).last().unwrap()[1]["type"], "execution_complete");
    assert_eq!(told(&mut w, eve), NOTHING);
}

#[test]
fn what_makes_no_sense_is_answered_in_the_protocols_form() {
    let mut w = World::new();
    let ada = w.connect_with("ada", Protocol::Testbro);
    for (name, payload, id, words) in [
        (
            "execution_start",
            json!({"execution_id": "e1", "code": 7}),
            Some("e1"),
            "`code` must be a string, got a number",
        ),
        ("execution_start", json!({"execution_id": "e1", "steps": [{}]}), Some("e1"), "`steps` are no actions"),
        ("execution_cancel", json!({}), None, "`execution_id` is missing"),
        ("browser_command", json!({"session_id": "s1", "command": "fly"}), Some("s1"), "`command` must be one of"),
        ("browser_command", json!({"session_id": "s1", "command": "click"}), Some("s1"), "`parameters` must have"),
        (
            "playback_control",
            json!({"session_id": "s1", "action": "seek"}),
            Some("s1"),
            "`parameters.step_order` is missing",
        ),
        ("recording_control", json!([1]), None, "the payload must be an object, got an array"),
        (
            "subscribe_execution",
            json!({"execution_id": "e1"}),
            Some("e1"),
            "the payload must be a string, got an object",
        ),
        ("subscribe_execution", json!("x".repeat(600)), None, "the payload has 600 bytes"),
        ("execution_event", json!({"type": "log", "execution_id": "e1"}), Some("e1"), "`data` must be an object"),
    ] {
        asks(&mut w, ada, name, payload);
        let told = told(&mut w, ada);
        assert_eq!(told.len(), 1, "{name}: {told:?}");
        let answer = &told[0][1];
        let message = answer["data"]["error_message"].as_str().unwrap();
        assert!(message.starts_with(&format!("{name}: {words}")), "{message}");
        assert_eq!((answer["type"].as_str(), answer["execution_id"].as_str()), (Some("error"), id), "{name}");
    }
}
