//! `understudy agent --protocol testbro` under the official Socket.IO server, which knows nothing of ours: executions, and browsers that
//! are driven, recorded and played.

use crate::ends::{FAILING, GREETING};
use crate::process::{Agent, Peer};
use serde_json::{Value, json};

const COUNTER: &str = "data:text/html,<title>Counter</title><h1>0</h1>\
    <button id=more onclick=\"document.querySelector('h1').textContent++\">More</button><input aria-label=Name>";

/// How long a step looks for what is not there, ms: longer than a `pause` is under way.
const IN_VAIN: u64 = 6_000;

/// The server, with an agent that it has welcomed.
fn line(flags: &[&str]) -> (Peer, Agent) {
    let (mut server, url) = Peer::server();
    let agent = Agent::start(&url, "let me in", &[&["--protocol", "testbro"], flags].concat());
    let auth = server.until("a connection", |line| line.get("connected").cloned());
    assert_eq!(auth["token"], "let me in");
    let welcome = json!({"message": "Connected", "user_id": "u-1", "timestamp": "2026-01-02T03:04:05Z"});
    server.emit("connected", &[welcome]);
    server.emit("heartbeat", &[json!({"timestamp": "2026-01-02T03:04:05Z"})]);
    server.event("heartbeat_response", |_| true);
    (server, agent)
}

/// The next event of that execution and type.
fn told(server: &mut Peer, execution: &str, kind: &str) -> Value {
    server.event("execution_event", |event| event["execution_id"] == execution && event["type"] == kind)["data"].take()
}

/// The next news of the browser whose `data` is as wanted.
fn news(server: &mut Peer, name: &str, is: impl Fn(&Value) -> bool) -> Value {
    server.event(name, |event| event["session_id"] == "s1" && event["type"] == name && is(&event["data"]))["data"]
        .take()
}

fn recording(server: &mut Peer, action: &str) -> Value {
    news(server, "recording", |data| data["action"] == action)
}

fn playback(server: &mut Peer, action: &str) -> Value {
    let told = news(server, "playback", |data| {
        // Nothing else may come before it.
        assert!(data["action"] == action || data["action"] == "step_completed", "{data} in place of {action}");
        data["action"] == action
    });
    told["step_order"].clone()
}

/// A request as such servers hand it on.
fn ask(server: &mut Peer, name: &str, what: &str, parameters: Value) {
    let field = if name.starts_with("browser_command") { "command" } else { "action" };
    server.emit(name, &[json!({"session_id": "s1", field: what, "parameters": parameters})]);
}

#[test]
fn an_execution_of_002_is_told_in_its_events() {
    let (mut server, agent) = line(&["--max-sessions", "1"]);
    server.emit("execution_start", &[json!({"execution_id": "e-1", "code": GREETING})]);
    told(&mut server, "e-1", "execution_start");
    for order in 1..=4 {
        let begun = told(&mut server, "e-1", "step_start");
        assert_eq!((&begun["step_order"], &begun["status"]), (&json!(order), &json!("running")));
    }
    let complete = told(&mut server, "e-1", "execution_complete");
    assert_eq!((&complete["status"], &complete["metrics"]["passed_steps"]), (&json!("completed"), &json!(4)));
    let ended: Vec<&Value> = server
        .heard
        .iter()
        .map(|line| &line["args"][0])
        .filter(|event| event["type"] == "step_complete")
        .map(|event| &event["data"])
        .collect();
    assert_eq!(ended.iter().map(|step| step["step_order"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4]);

    server.emit("execution_start", &[json!({"execution_id": "e-2", "code": FAILING})]);
    let failed = told(&mut server, "e-2", "execution_complete");
    assert_eq!(failed["status"], "failed");
    assert!(failed["results"][0]["error_message"].as_str().unwrap().contains("toBeVisible"), "{failed}");

    let endless = "import { test } from '@playwright/test';\n\
                   test('x', async () => { console.log('ready'); await new Promise(() => {}); });";
    server.emit("execution_start", &[json!({"execution_id": "e-3", "code": endless})]);
    server.event("execution_event", |event| event["execution_id"] == "e-3" && event["data"]["message"] == "ready");
    server.emit("execution_cancel", &[json!({"execution_id": "e-3"})]);
    assert_eq!(told(&mut server, "e-3", "execution_complete")["status"], "cancelled");

    // A replayed start changes nothing, and what cannot be understood is answered.
    server.emit("execution_start", &[json!({"execution_id": "e-1", "code": GREETING})]);
    server.emit("execution_start", &[json!({"execution_id": "e-4", "code": 7})]);
    assert!(told(&mut server, "e-4", "error")["error_message"].as_str().unwrap().starts_with("execution_start: "));
    server.emit("execution_start", &[json!({"execution_id": "e-5", "code": "test("})]);
    assert_eq!(told(&mut server, "e-5", "execution_complete")["status"], "failed");
    let ends = server.heard.iter().filter(|line| line["args"][0]["type"] == "execution_complete").count();
    assert_eq!(ends, 4, "each once");
    agent.terminate();
    server.until("the end of the connection", |line| line.get("disconnected").cloned());
}

#[test]
fn a_browser_of_002_is_driven_recorded_and_played() {
    let (mut server, _agent) = line(&[]);
    ask(&mut server, "browser_command_received", "navigate", json!({"url": COUNTER}));
    news(&mut server, "browser_control", |data| data["action"] == "navigate");
    let shown = |data: &Value| data["url"].as_str().is_some_and(|url| url.starts_with("data:"));
    let of_counter = |line: &Value| line["event"] == "live_preview" && shown(&line["args"][0]["data"]);
    let earlier = server.heard.iter().rfind(|line| of_counter(line)).map(|line| line["args"][0]["data"].clone());
    let preview = earlier.unwrap_or_else(|| news(&mut server, "live_preview", shown));
    assert!(preview["frame"].as_str().unwrap().starts_with("/9j/"), "a JPEG: {preview}");
    assert_eq!(preview["viewport_size"], json!({"width": 1280, "height": 720}));

    ask(&mut server, "recording_control_received", "start", json!({}));
    recording(&mut server, "start");
    // By its other name, which servers do not use when they hand it on.
    ask(&mut server, "browser_command", "click", json!({"selector": "#more"}));
    news(&mut server, "browser_control", |data| data["action"] == "click");
    ask(&mut server, "recording_control_received", "pause", json!({}));
    recording(&mut server, "pause");
    ask(&mut server, "browser_command_received", "click", json!({"selector": "#more"}));
    ask(&mut server, "recording_control_received", "resume", json!({}));
    recording(&mut server, "resume");
    ask(&mut server, "browser_command_received", "type", json!({"selector": "input", "text": "Ada"}));
    ask(&mut server, "recording_control_received", "stop", json!({}));
    let session = recording(&mut server, "stop")["recording_session"].take();
    let actions: Vec<&str> =
        session["actions"].as_array().unwrap().iter().map(|action| action["action_type"].as_str().unwrap()).collect();
    assert_eq!(actions, ["navigate", "navigate", "click", "type"], "{session}");
    assert!(
        session["code"].as_str().unwrap().contains("getByLabel('Name').fill('Ada')") || {
            session["code"].as_str().unwrap().contains("name: 'Name' }).fill('Ada')")
        },
        "{session}"
    );

    // What was recorded, and then something that nothing finds.
    let mut actions = session["actions"].as_array().unwrap().clone();
    actions.push(json!({"id": "action-5", "order": 5, "action_type": "click", "element": {"selector": "#never"}}));
    ask(&mut server, "playback_control_received", "start", json!({"actions": actions, "timeout": IN_VAIN}));
    news(&mut server, "playback", |data| data["action"] == "start" && data["total_steps"] == 5);
    news(&mut server, "playback", |data| data["action"] == "step_completed" && data["step_order"] == 4);
    ask(&mut server, "playback_control_received", "pause", json!({}));
    news(&mut server, "playback", |data| data["action"] == "step_failed" && data["step_order"] == 5);
    assert_eq!(playback(&mut server, "pause"), 5);
    ask(&mut server, "playback_control_received", "seek", json!({"step_order": 3}));
    assert_eq!(playback(&mut server, "seek"), 3);
    ask(&mut server, "playback_control_received", "step", json!({}));
    assert_eq!(playback(&mut server, "step_completed"), 3);
    assert_eq!(playback(&mut server, "pause"), 4);
    ask(&mut server, "playback_control_received", "resume", json!({}));
    playback(&mut server, "resume");
    assert_eq!(playback(&mut server, "step_completed"), 4);
    ask(&mut server, "playback_control_received", "stop", json!({}));
    playback(&mut server, "stop");

    ask(&mut server, "playback_control_received", "rewind", json!({}));
    server.event("execution_event", |event| event["type"] == "error");
    ask(&mut server, "browser_command_received", "close", json!({}));
    news(&mut server, "browser_control", |data| data["action"] == "close");
}
