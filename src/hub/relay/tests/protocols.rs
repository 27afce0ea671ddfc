//! Peers of several protocols at once: each hears of the same things in its own words.

use super::*;
use crate::dialect::hub::Heard;
use crate::dialect::{ai_run, cloud};
use std::time::SystemTime;

/// What peers of raw WebSockets got, whole but for times and pictures.
fn told(w: &mut World, peer: PeerId) -> Vec<Value> {
    let inbox = w.inboxes.get_mut(&peer).unwrap();
    let payloads = std::iter::from_fn(|| inbox.next(true).now_or_never().flatten());
    let payload = |message: Message| -> Value {
        let mut payload: Value = serde_json::from_str(message.payload.get()).unwrap();
        payload.as_object_mut().unwrap().remove("timestamp");
        if let Some(data) = payload.get_mut("data").and_then(Value::as_object_mut) {
            data.remove("timestamp");
        }
        payload
    };
    payloads.map(payload).collect()
}

fn says_raw(w: &mut World, peer: PeerId, protocol: Protocol, message: &Value) {
    let heard = match protocol {
        Protocol::AiRun => ai_run::hub::hear(message, true),
        _ => cloud::hub::hear(message, SystemTime::UNIX_EPOCH),
    };
    let Heard::Said { name, said } = heard else { panic!("{message}: {heard:?}") };
    w.step(Input::Received { peer, name, said });
}

fn works(w: &mut World, agent: PeerId, id: &str) {
    let step = |status: &str| {
        json!({
            "executionId": id, "stepNumber": 1, "status": status, "explanation": "Click ‘#a’",
            "action": {"type": "click", "selector": "#a"},
        })
    };
    w.says(agent, "execution:step", step("running"));
    w.says(agent, "execution:step", step("passed"));
    w.says(agent, "execution:screenshot", json!({"executionId": id, "stepNumber": 1, "imageData": "AP8H"}));
    w.says(agent, "execution:complete", json!({"executionId": id, "exitCode": 0, "duration": 1500}));
}

fn status(state: &str) -> Value {
    json!({"type": "agent_status", "data": {"agentName": "A", "state": state, "agentId": "A"}})
}

#[test]
fn a_session_of_000_is_told_its_user_at_004_and_nobody_else() {
    let mut w = World::new();
    let (ada, agent) = (w.connect("ada"), w.agent("A", 1));
    let (hers, other) = (w.connect_with("ada", Protocol::Cloud), w.connect_with("eve", Protocol::Cloud));
    assert_eq!(told(&mut w, hers), [status("idle")], "on connect: how every agent stands");
    told(&mut w, other);
    w.start(ada, "e1");
    works(&mut w, agent, "e1");
    assert_eq!(
        told(&mut w, hers),
        [
            status("working"),
            json!({"type": "agent_status", "data": {"agentName": "A", "state": "working", "currentTask": "Click ‘#a’", "progress": 0}}),
            json!({"type": "chat_message", "data": {
                "conversationId": "e1", "messageId": "e1-1", "content": "Click ‘#a’", "sender": "A",
            }}),
            json!({"type": "notification", "data": {
                "level": "success", "message": "e1 passed: 1 steps in 1.5 s", "taskId": "e1",
            }}),
            status("idle"),
        ]
    );
    assert_eq!(told(&mut w, other), [status("working"), status("idle")]);
}

#[test]
fn a_task_of_004_runs_on_an_agent_of_000() {
    let mut w = World::new();
    let (client, agent) = (w.connect_with("ada", Protocol::Cloud), w.agent("A", 1));
    says_raw(&mut w, client, Protocol::Cloud, &json!({"type": "task", "data": {"taskId": "t1", "code": "…"}}));
    let start = w.inboxes.get_mut(&agent).unwrap().next(true).now_or_never().flatten().unwrap();
    let payload: Value = serde_json::from_str(start.payload.get()).unwrap();
    assert_eq!(
        (&*start.name, &payload["executionId"], &payload["code"]),
        ("execution:start", &json!("t1"), &json!("…"))
    );
    told(&mut w, client);
    w.says(agent, "execution:log", json!({"executionId": "t1", "message": "boom\nat a", "level": "error"}));
    w.says(agent, "execution:complete", json!({"executionId": "t1", "exitCode": 1, "duration": 7}));
    let end = json!({"level": "error", "message": "t1 failed with exit code 1: boom", "taskId": "t1"});
    assert_eq!(told(&mut w, client)[0], json!({"type": "notification", "data": end}));
    says_raw(&mut w, client, Protocol::Cloud, &json!({"type": "task", "data": {"taskId": "t2", "code": "…"}}));
    w.gone(agent);
}

#[test]
fn presence_is_told_everybody_also_when_the_last_connection_of_a_user_is_gone() {
    let mut w = World::new();
    let [phone, desk] = [(); 2].map(|()| w.connect_with("ada", Protocol::Cloud));
    let eve = w.connect_with("eve", Protocol::Cloud);
    let of = |status: &str| json!({"type": "user_presence", "data": {"userId": "ada", "status": status}});
    for peer in [phone, desk] {
        says_raw(&mut w, peer, Protocol::Cloud, &json!({"type": "user_presence", "data": "busy"}));
    }
    assert_eq!(told(&mut w, eve), [of("busy"), of("busy")]);
    assert_eq!(told(&mut w, phone), [of("busy"), of("busy")], "the sender too");
    w.gone(phone);
    assert_eq!(told(&mut w, eve), Vec::<Value>::new());
    w.gone(desk);
    assert_eq!(told(&mut w, eve), [of("offline")]);
}

#[test]
fn a_run_of_001_tells_each_step_with_its_picture_and_what_was_done() {
    let mut w = World::new();
    let (client, agent) = (w.connect_with("ada", Protocol::AiRun), w.agent("A", 1));
    let actions = json!([{"name": "navigate", "url": "/", "pageGuid": "page"}]);
    let asked = json!({"runId": "r1", "actions": actions});
    let asked: ai_run::messages::StartAgent = serde_json::from_value(asked).unwrap();
    w.relay.runs().make(&"ada".into(), asked.clone()).unwrap();
    assert!(w.relay.runs().make(&"eve".into(), asked).is_err(), "the id is taken");
    says_raw(&mut w, client, Protocol::AiRun, &json!({"type": "start_agent", "runId": "r1"}));
    let start = w.inboxes.get_mut(&agent).unwrap().next(true).now_or_never().flatten().unwrap();
    let payload: Value = serde_json::from_str(start.payload.get()).unwrap();
    assert_eq!(payload["config"]["screenshots"], json!(true), "whatever the agent does else");
    assert!(payload["code"].as_str().unwrap().contains("\"navigate\""));
    works(&mut w, agent, "r1");
    let command = json!({
        "type": "click", "selector": "#a", "name": "click", "button": "left", "clickCount": 1, "pageGuid": "page",
    });
    assert_eq!(
        told(&mut w, client),
        [
            json!({
                "type": "step_update", "stepNumber": 1, "screenshot": "AP8H", "explanation": "Click ‘#a’",
                "action": {"type": "click", "selector": "#a"}, "runId": "r1",
            }),
            json!({"type": "completion", "status": "success", "commands": [command], "runId": "r1"}),
        ]
    );
}

#[test]
fn runs_that_cannot_be_are_completed_at_once() {
    let mut w = World::new();
    let client = w.connect_with("ada", Protocol::AiRun);
    let mut failed = |asked: Value| {
        says_raw(&mut w, client, Protocol::AiRun, &asked);
        let mut told = told(&mut w, client);
        assert_eq!(told.len(), 1, "{told:?}");
        let last = told.remove(0);
        assert_eq!((&last["type"], &last["status"]), (&json!("completion"), &json!("failed")));
        (last["runId"].as_str().unwrap().to_owned(), last["error"].as_str().unwrap().to_owned())
    };
    let (run, why) = failed(json!({"type": "start_agent", "runId": "nope"}));
    assert_eq!(run, "nope");
    assert!(why.starts_with("There is no run nope"), "{why}");
    let (_, why) = failed(json!({"type": "start_agent", "runId": "r", "code": "…"}));
    assert!(why.starts_with("No agent is connected"), "{why}");
}

#[test]
fn what_an_agent_of_001_gets_has_the_run_in_it() {
    let asked = json!({"type": "start_agent", "runId": "r1", "code": "…"});
    let Ok(order) = ai_run::hub::order(serde_json::from_value(asked.clone()).unwrap()) else { panic!("an order") };
    assert_eq!(serde_json::from_str::<Value>(order.raw.payload.get()).unwrap(), asked);
    for (asked, why) in [
        (json!({"runId": "r", "goal": "buy a lamp"}), "not there yet"),
        (json!({"runId": "r"}), "neither"),
        (json!({"runId": "r", "actions": [{"name": "fly"}]}), "no actions"),
    ] {
        let Err(refusal) = ai_run::hub::order(serde_json::from_value(asked).unwrap()) else { panic!("{why}") };
        assert!(refusal.payload.get().contains(why), "{}", refusal.payload);
    }
}
