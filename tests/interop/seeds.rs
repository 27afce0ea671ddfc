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
