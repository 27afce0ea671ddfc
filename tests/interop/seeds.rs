//! The client code that the protocols' documents print, unchanged, against the hub; an agent of ours does the work.

use crate::process::{Agent, Hub, Peer, post, token};
use serde_json::{Value, json};

const PASSING: &str = r#"
import { test, expect } from '@playwright/test';
test('counts', async ({ page }) => {
  await page.setContent('<button onclick="this.textContent++">1</button>');
  await page.getByRole('button').click();
  await expect(page.getByRole('button')).toHaveText('2');
});"#;

fn handler<'a>(name: &'static str, is: impl Fn(&Value) -> bool + 'a) -> impl FnMut(&Value) -> Option<Value> + 'a {
    move |line| (line["handler"] == name && is(&line["args"][0])).then(|| line["args"][0].clone())
}

#[test]
fn the_client_of_001_starts_a_run_and_sees_each_of_its_steps() {
    let hub = Hub::start();
    let _agent = Agent::start(&hub.url, &token("agent", "machine"), &["--screenshots", "off"]);
    let ada = token("client", "ada");
    let mut client = Peer::seed("001", &hub.url, &ada);
    let authenticated = client.until("a yes", handler("handleAuthenticationResponse", |_| true));
    assert_eq!(authenticated["status"], "success");
    let mut agents = Peer::client(&hub.url, &ada);
    agents.event("agent:status", |payload| payload["status"] == "online");

    let run = json!({"runId": "run-123", "code": PASSING});
    assert_eq!(post(&hub.url, "/api/runs", &ada, &run).0, 201);
    assert_eq!(post(&hub.url, "/api/runs", &ada, &run).0, 409, "the id is taken");
    client.call("startAgent", &[json!("run-123")]);
    let completion = client.until("a completion", handler("handleCompletion", |_| true));
    let updates: Vec<&Value> =
        client.heard.iter().filter(|line| line["handler"] == "handleStepUpdate").map(|line| &line["args"][0]).collect();
    let told: Vec<_> = updates
        .iter()
        .map(|update| (update["stepNumber"].as_u64().unwrap(), update["action"]["type"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [(1, "setContent"), (2, "click"), (3, "expect")]);
    for update in &updates {
        let picture = update["screenshot"].as_str().unwrap();
        assert!(picture.starts_with("/9j/") || picture.starts_with("iVBOR"), "a picture: {picture:.20}");
        assert!(picture.len() > 1_000, "of the page, whatever --screenshots says");
        assert!(!update["explanation"].as_str().unwrap().is_empty());
    }
    assert_eq!(completion["status"], "success", "{completion}");
    let commands = completion["commands"].as_array().unwrap();
    assert_eq!(commands.len(), 3);

    // What was done can be done again, but for the page's content: no recorder writes that down.
    let actions: Vec<Value> = commands.iter().filter(|command| command.get("name").is_some()).cloned().collect();
    assert_eq!(actions.len(), 2, "{commands:?}");
    let page = json!({"name": "navigate", "url": "data:text/html,<button onclick='this.textContent++'>1</button>", "pageGuid": "page"});
    let again: Vec<Value> = [page].into_iter().chain(actions).collect();
    assert_eq!(post(&hub.url, "/api/runs", &ada, &json!({"runId": "again", "actions": again})).0, 201);
    client.call("startAgent", &[json!("again")]);
    let completion = client.until("a completion", handler("handleCompletion", |its| its["runId"] == "again"));
    assert_eq!(completion["status"], "success", "{completion}");
}

#[test]
fn the_client_of_001_is_told_what_cannot_be() {
    let hub = Hub::start();
    let mut stranger = Peer::seed("001", &hub.url, "hello");
    let refused = stranger.until("a no", handler("handleAuthenticationResponse", |_| true));
    assert_eq!((&refused["status"], refused["error"].is_string()), (&json!("failed"), true));
    stranger.call("startAgent", &[json!("run-1")]);
    stranger.until("an error", handler("handleError", |its| its["error"].as_str().unwrap().contains("authenticate")));

    let mut client = Peer::seed("001", &hub.url, &token("client", "ada"));
    client.until("a yes", handler("handleAuthenticationResponse", |_| true));
    client.call("startAgent", &[json!("nope")]);
    let completion = client.until("a completion", handler("handleCompletion", |_| true));
    assert_eq!(completion["status"], "failed");
    assert!(completion["error"].as_str().unwrap().contains("no run nope"), "{completion}");
}

#[test]
fn the_clients_of_004_see_agents_people_and_how_work_ends() {
    let hub = Hub::start();
    let ada = token("client", "ada");
    let mut browser = Peer::seed("004-browser", &hub.url, &ada);
    // As soon as it is connected, it says that it is there, and hears so of itself.
    let mut node = Peer::seed("004-node", &hub.url, &ada);
    let mine = |line: &Value| (line["log"][1]["type"] == "user_presence").then(|| line["log"][1]["data"].clone());
    assert_eq!(node.until("its own presence", mine), json!({"userId": "ada", "status": "online"}));
    assert!(
        node.heard.iter().any(|line| line["log"][1]["type"] == "auth" && line["log"][1]["data"]["success"] == true)
    );

    let _agent = Agent::start(&hub.url, &token("agent", "machine"), &[]);
    let idle = browser.until("an agent", handler("onAgentStatus", |_| true));
    assert_eq!((&idle["agentName"], &idle["state"]), (&json!("the agent"), &json!("idle")));
    browser.call("setPresence", &[json!("busy")]);
    let presence = browser.until("presence", handler("onUserPresence", |its| its["status"] == "busy"));
    assert_eq!(presence["userId"], "ada");

    browser.call("send", &[json!({"type": "task", "data": {"taskId": "t1", "code": PASSING}})]);
    let chat =
        browser.until("a word", handler("onChatMessage", |its| its["content"].as_str().unwrap().contains("Click")));
    assert_eq!((&chat["conversationId"], &chat["sender"]), (&json!("t1"), &json!("the agent")));
    let end = browser.until("the end", handler("onNotification", |its| its["taskId"] == "t1"));
    assert_eq!(end["level"], "success", "{end}");
    let working = |line: &&Value| line["args"][0]["state"] == "working" && line["args"][0]["currentTask"].is_string();
    assert!(browser.heard.iter().any(|line| working(&line)));

    node.until("the same end", |line| (line["log"][1]["data"]["taskId"] == "t1").then_some(()));
    drop(browser);
    let mut eve = Peer::seed("004-node", &hub.url, "no-token-of-this-hub");
    let refused = eve.until("a no", |line| (line["log"][1]["type"] == "auth").then(|| line["log"][1]["data"].clone()));
    assert_eq!((&refused["success"], refused["error"].is_string()), (&json!(false), true));
}

/// What the document prints of an event.
pub(crate) fn printed(kind: &str) -> Value {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../../fixtures/wire/swe/printed.json")).unwrap();
    cases.iter().find(|case| case["payload"]["type"] == kind).unwrap()["payload"].clone()
}

#[test]
fn the_client_of_003_hears_what_services_tell_in_its_rooms() {
    let hub = Hub::start();
    let (ada, service) = (token("client", "ada"), token("service", "api"));
    let mut client = Peer::seed("003-node", &hub.url, &ada);
    client.until("a yes", |line| (line["log"][0] == "Connected:").then_some(()));
    client.until("the room", |line| (line["log"][0] == "Subscribed to project").then_some(()));
    // Another one hears what is for all.
    let mut other = Peer::client(&format!("{}/ws", hub.url), &token("client", "eve"));
    let established = other.event("connection_established", |_| true);
    assert_eq!(
        (&established["data"]["user_id"], &established["data"]["protocol_version"]),
        (&json!("eve"), &json!("1.0"))
    );

    let updated = printed("project.updated");
    assert_eq!(post(&hub.url, "/api/v1/events", &ada, &updated).0, 403, "only services tell events");
    let mut wrong = updated.clone();
    wrong["data"]["project_id"] = json!(7);
    assert_eq!(post(&hub.url, "/api/v1/events", &service, &wrong).0, 400);
    assert_eq!(post(&hub.url, "/api/v1/events", &service, &updated).0, 202);
    let log = client.until("the event", |line| (line["log"][0] == "Project updated:").then(|| line["log"][1].clone()));
    assert_eq!(log, updated["data"]);
    assert_eq!(post(&hub.url, "/api/v1/events", &service, &printed("workflow.progress")).0, 202);
    client.until("progress", |line| (line["log"] == json!(["Progress:", "45%"])).then_some(()));
    assert_eq!(other.event("workflow.progress", |_| true), printed("workflow.progress"), "as it was told");
    assert!(other.heard.iter().all(|line| line["event"] != "project.updated"), "not in the room");

    for (request, room, status, code) in [
        ("subscribe", "user:ada", "error", json!("ROOM_ACCESS_DENIED")),
        ("subscribe", "kitchen", "error", json!("INVALID_ROOM")),
        ("subscribe", "project:550e8400-e29b-41d4-a716-446655440000", "success", Value::Null),
        ("subscribe", "user:eve", "success", Value::Null),
        ("unsubscribe", "global", "success", Value::Null),
    ] {
        let answer = other.ask(request, &[json!({"room": room})]);
        let seen = (&answer[0]["status"], &answer[0]["room"], &answer[0]["error_code"]);
        assert_eq!(seen, (&json!(status), &json!(room), &code), "{request} {room}");
    }
    assert_eq!(other.ask("ping", &[json!({})]), json!([{"status": "pong"}]));
    post(&hub.url, "/api/v1/events", &service, &printed("workflow.progress"));
    post(&hub.url, "/api/v1/events", &service, &updated);
    other.event("project.updated", |_| true);
    let told = other.heard.iter().filter(|line| line["event"] == "workflow.progress").count();
    assert_eq!(told, 1, "it has left the room of all");
}

#[test]
fn a_workflow_of_003_runs_on_an_agent_of_ours() {
    let hub = Hub::start();
    let mut client = Peer::client(&format!("{}/ws", hub.url), &token("client", "ada"));
    client.event("connection_established", |_| true);
    let _agent = Agent::start(&hub.url, &token("agent", "machine"), &[]);
    let online = client.event("agent.status_changed", |its| its["data"]["status"] == "online");
    assert_eq!(online["data"]["agent_name"], "the agent");
    client.emit("workflow.start", &[json!({"workflow_id": "w1", "code": PASSING})]);
    let started = client.event("workflow.started", |_| true);
    assert_eq!((&started["data"]["workflow_id"], &started["data"]["progress"]), (&json!("w1"), &json!(0)));
    let done = client.event("workflow.completed", |_| true);
    assert_eq!((&done["data"]["status"], &done["data"]["progress"]), (&json!("completed"), &json!(100)));
    let progress: Vec<f64> = client
        .heard
        .iter()
        .filter(|line| line["event"] == "workflow.progress")
        .map(|line| line["args"][0]["data"]["progress"].as_f64().unwrap())
        .collect();
    assert_eq!(progress, [0.0, 33.0, 66.0, 99.0]);
    client.emit("workflow.start", &[json!({"workflow_id": "w2", "code": "no code"})]);
    let failed = client.event("workflow.failed", |its| its["data"]["workflow_id"] == "w2");
    assert!(failed["data"]["error"].is_string(), "{failed}");
}

#[test]
fn a_bad_token_of_003_is_told_and_the_connection_ended() {
    let hub = Hub::start();
    for (token, code) in [("hello", "AUTH_FAILED"), ("", "AUTH_MISSING")] {
        let mut client = Peer::client(&format!("{}/ws", hub.url), token);
        let refused = client.event("connection_error", |_| true);
        assert_eq!((&refused["data"]["error_code"], &refused["data"]["connection_id"]), (&json!(code), &Value::Null));
        client.until("the end", |line| line.get("disconnected").cloned());
    }
}
