//! Protocol 002 with the official client against the hub; an agent of ours does the work.

use crate::process::{Agent, Hub, Peer, token};
use serde_json::{Value, json};

/// Counts, and has a button that more than one selector finds.
const PAGE: &str = "data:text/html,<title>Counter</title><h1>0</h1>\
    <button id=more onclick=\"document.querySelector('h1').textContent++\">More</button><input aria-label=Name>";

/// The next event of an execution of this type.
fn of_execution(client: &mut Peer, kind: &str) -> Value {
    client.event("execution_event", |event| event["type"] == kind)
}

/// The next news of this name whose `data` is as wanted.
fn of_browser(client: &mut Peer, name: &str, is: impl Fn(&Value) -> bool) -> Value {
    client.event(name, |event| event["session_id"] == "s1" && is(&event["data"]))["data"].take()
}

/// The page as it looks: one that stands still is told of once, and that may have been.
fn shown(client: &mut Peer) -> Value {
    let is = |line: &Value| {
        let data = &line["args"][0]["data"];
        (line["event"] == "live_preview" && data["url"].as_str()?.starts_with("data:")).then(|| data.clone())
    };
    match client.heard.iter().find_map(is) {
        Some(preview) => preview,
        None => client.until("live_preview", is),
    }
}

fn playback(client: &mut Peer, action: &str) -> Value {
    of_browser(client, "playback", |data| data["action"] == action)
}

fn control(client: &mut Peer, name: &str, action: &str, parameters: Value) {
    let field = if name == "browser_command" { "command" } else { "action" };
    client.emit(name, &[json!({"session_id": "s1", field: action, "parameters": parameters})]);
}

fn connected(url: &str) -> (Peer, Agent) {
    let agent = Agent::start(url, &token("agent", "machine"), &[]);
    let ada = token("client", "ada");
    Peer::client(url, &ada).event("agent:status", |payload| payload["status"] == "online");
    let mut client = Peer::client(url, &ada);
    assert_eq!(client.event("connected", |_| true)["user_id"], "ada");
    (client, agent)
}

#[test]
fn an_execution_is_seen_with_steps_progress_and_results() {
    let hub = Hub::start();
    let (mut client, _agent) = connected(&hub.url);
    client.emit("subscribe_execution", &[json!("e1")]);
    client.event("subscription_confirmed", |payload| payload["execution_id"] == "e1");
    let steps = json!([
        {"name": "openPage", "url": PAGE, "pageGuid": "page"},
        {"name": "click", "selector": "internal:role=button[name=\"Add\"i]", "alternatives": ["#more"], "pageGuid": "page"},
        {"name": "assertText", "selector": "h1", "text": "1", "substring": false, "pageGuid": "page"},
    ]);
    client.emit("execution_start", &[json!({"execution_id": "e1", "steps": steps})]);
    of_execution(&mut client, "execution_start");
    let complete = of_execution(&mut client, "execution_complete")["data"].take();
    assert_eq!(complete["status"], "completed", "{complete}");
    assert_eq!((&complete["metrics"]["total_steps"], &complete["metrics"]["passed_steps"]), (&json!(3), &json!(3)));
    let of = |kind: &'static str| {
        let events = client.heard.iter().filter(move |line| line["event"] == "execution_event");
        events.map(|line| &line["args"][0]).filter(move |event| event["type"] == kind).collect::<Vec<_>>()
    };
    assert_eq!(of("step_start").len(), 3);
    for (event, result) in of("step_complete").into_iter().zip(complete["results"].as_array().unwrap()) {
        assert_eq!((&event["data"]["step_id"], &event["data"]["status"]), (&result["step_id"], &result["status"]));
        // A picture that was slow comes by itself.
        let late = |line: &&Value| line["event"] == "screenshot" && line["args"][0]["step_id"] == result["step_id"];
        let late = client.heard.iter().find(late).map(|line| &line["args"][0]["data"]["screenshot_url"]);
        let picture = event["data"]["screenshot_url"].as_str().or_else(|| late.and_then(Value::as_str));
        assert!(picture.is_some_and(|url| url.starts_with("data:image/")), "{result}");
    }
    let progress: Vec<_> =
        of("execution_progress").iter().map(|event| event["data"]["progress"].as_f64().unwrap()).collect();
    assert!(progress.is_sorted() && progress.last() == Some(&100.0), "{progress:?}");
    let said: Vec<_> = of("execution_progress").iter().map(|event| event["data"]["current_step"].clone()).collect();
    assert!(
        said.iter().any(|step| step.as_str().is_some_and(|step| step.contains("locator('#more') instead of"))),
        "{said:?}"
    );
    client.emit("execution_start", &[json!({"execution_id": "e2", "code": "test("})]);
    assert_eq!(of_execution(&mut client, "execution_complete")["data"]["status"], "failed");
}

#[test]
fn a_browser_is_driven_recorded_and_played() {
    let hub = Hub::start();
    let (mut client, _agent) = connected(&hub.url);
    client.emit("subscribe_browser_session", &[json!("s1")]);
    client.event("browser_session_subscribed", |payload| payload["session_id"] == "s1");
    control(&mut client, "recording_control", "start", json!({"url": PAGE, "language": "python"}));
    of_browser(&mut client, "recording", |data| data["action"] == "start");
    let preview = shown(&mut client);
    assert!(preview["frame"].as_str().unwrap().starts_with("/9j/"), "a JPEG");
    control(&mut client, "browser_command", "click", json!({"selector": "#more"}));
    control(&mut client, "browser_command", "type", json!({"text": "Ada", "selector": "input"}));
    control(&mut client, "recording_control", "stop", json!({}));
    of_browser(&mut client, "browser_control", |data| data["action"] == "type");
    let mut session = of_browser(&mut client, "recording", |data| data["action"] == "stop")["recording_session"].take();
    let actions: Vec<_> = session["actions"].as_array().unwrap().iter().map(|its| its["action_type"].clone()).collect();
    assert_eq!(actions, ["navigate", "navigate", "click", "type"], "{}", session["code"]);
    assert!(session["code"].as_str().unwrap().contains("page.get_by_role"), "{}", session["code"]);
    let told = client
        .heard
        .iter()
        .filter(|line| line["event"] == "recording" && line["args"][0]["data"]["action"] == "action_recorded");
    assert_eq!(told.count(), 4, "each once");

    // As a front end of the protocol keeps it: without what is ours, and the page has changed meanwhile.
    let actions = session["actions"].as_array_mut().unwrap();
    for action in actions.iter_mut() {
        action.as_object_mut().unwrap().remove("recorded");
    }
    actions[2]["element"] = json!({"selector": "#gone", "xpath": "//button[1]", "text_content": "More"});
    control(&mut client, "playback_control", "start", json!({"actions": actions, "paused": true}));
    assert_eq!(playback(&mut client, "pause")["step_order"], 1);
    control(&mut client, "playback_control", "step", json!({}));
    assert_eq!(playback(&mut client, "step_completed")["step_order"], 1);
    playback(&mut client, "pause");
    control(&mut client, "playback_control", "seek", json!({"step_order": 3}));
    assert_eq!(playback(&mut client, "seek")["step_order"], 3);
    control(&mut client, "playback_control", "resume", json!({}));
    let healed = playback(&mut client, "step_completed");
    assert_eq!(healed["healed_selector"], "xpath=//button[1]", "{healed}");
    assert!(healed["explanation"].as_str().unwrap().contains("locator('#gone') finds no element"), "{healed}");
    let picture = of_browser(&mut client, "screenshot", |data| data["step_order"] == 3);
    assert!(picture["screenshot_url"].as_str().unwrap().starts_with("data:image/jpeg;base64,"));
    playback(&mut client, "stop");
    control(&mut client, "browser_command", "click", json!({"selector": "#gone"}));
    let error = client.event("execution_event", |event| event["type"] == "error");
    assert!(error["data"]["error_message"].as_str().unwrap().starts_with("click: Timeout"), "{error}");
    control(&mut client, "browser_command", "close", json!({}));
    of_browser(&mut client, "browser_control", |data| data["action"] == "close");
}
