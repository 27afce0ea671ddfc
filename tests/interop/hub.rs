//! `understudy serve` among official clients, with our agent or one of theirs behind it.

use crate::process::{Agent, Hub, Peer, token};
use serde_json::{Value, json};

const PASSING: &str = r#"
import { test, expect } from '@playwright/test';
test('counts', async ({ page }) => {
  await page.setContent('<button onclick="this.textContent++">1</button>');
  await page.getByRole('button').click();
  await expect(page.getByRole('button')).toHaveText('2');
  console.log('counted');
});"#;

fn online(client: &mut Peer) {
    client.event("agent:status", |payload| payload["status"] == "online");
}

fn runs_a_test(mut client: Peer, name: &str) {
    online(&mut client);
    assert_eq!(client.execute(name, PASSING), 0);
    assert!(client.log(name).contains("counted"));
    let steps = client.told("execution:step", name);
    assert_eq!(steps.iter().filter(|step| step["status"] == "passed").count(), 3, "{steps:?}");
    assert_eq!(client.told("execution:screenshot", name).len(), 3);
    client.start_execution(
        "cancelled",
        "import { test } from '@playwright/test'; test('x', () => new Promise(() => {}));",
    );
    client.event("agent:status", |payload| payload["status"] == "busy");
    client.emit("execution:cancel", &[json!({"executionId": "cancelled"})]);
    assert_eq!(client.complete("cancelled"), 130);
}

#[test]
fn the_official_client_runs_a_test_on_our_agent() {
    let hub = Hub::start();
    let _agent = Agent::start(&hub.url, &token("agent", "machine"), &[]);
    runs_a_test(Peer::client(&hub.url, &token("client", "ada")), "from-node");
}

#[test]
fn the_official_client_runs_a_test_over_polling() {
    let hub = Hub::start();
    let _agent = Agent::start(&hub.url, &token("agent", "machine"), &[]);
    runs_a_test(Peer::polling_client(&hub.url, &token("client", "ada")), "from-behind-a-proxy");
}

#[test]
fn the_python_client_runs_a_test_on_our_agent() {
    let hub = Hub::start();
    let _agent = Agent::start(&hub.url, &token("agent", "machine"), &[]);
    runs_a_test(Peer::python(&hub.url, &token("client", "ada")), "from-python");
}

/// An agent of the old kind: it knows nothing of ids, slots and acknowledgements.
#[test]
fn a_plain_agent_serves_a_plain_client() {
    let hub = Hub::start();
    let mut agent = Peer::client(&hub.url, &token("agent", "machine"));
    agent.until("a connection", |line| line.get("connected").cloned());
    agent.emit("agent:register", &[json!({"name": "plain", "systemInfo": {"platform": "linux", "arch": "x64"}})]);
    let mut client = Peer::client(&hub.url, &token("client", "ada"));
    online(&mut client);

    for execution in ["first", "second"] {
        client.start_execution(execution, "code");
    }
    for execution in ["first", "second"] {
        let start = agent.event("execution:start", |_| true);
        assert_eq!(start, json!({"executionId": execution, "target": "local", "code": "code"}));
        let log = json!({"executionId": execution, "message": "working", "level": "info"});
        agent.emit("execution:log", std::slice::from_ref(&log));
        assert_eq!(client.event("execution:log", |payload| payload["message"] == "working"), log);
        agent.emit("execution:complete", &[json!({"executionId": execution, "exitCode": 0, "duration": 5})]);
        assert_eq!(client.complete(execution), 0);
    }
    let starts = agent.heard.iter().filter(|line| line["event"] == "execution:start").count();
    assert_eq!(starts, 2, "one at a time");

    agent.disconnect();
    client.event("agent:status", |payload| payload["status"] == "offline");
    client.start_execution("third", "code");
    let error = client.event("error", |payload| payload["executionId"] == "third");
    assert!(error["message"].as_str().is_some_and(|text| text.contains("agent")), "{error}");
}

#[test]
fn who_may_not_come_in_is_told_why() {
    let hub = Hub::start();
    for token in ["", "hello", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ."] {
        let mut client = Peer::client(&hub.url, token);
        let words = client.until("a refusal", |line| line["refused"].as_str().map(str::to_owned));
        assert!(["Authentication error", "Invalid token"].contains(&words.as_str()), "{words}");
    }
}

#[test]
fn what_a_hub_cannot_understand_it_answers() {
    let hub = Hub::start();
    let mut client = Peer::client(&hub.url, &token("client", "ada"));
    client.until("a connection", |line| line.get("connected").cloned());
    for shape in [vec![], vec![Value::Null], vec![json!("x")], vec![json!([])], vec![json!({})]] {
        client.emit("execution:start", &shape);
        client.event("error", |payload| payload["message"].is_string());
    }
}

/// A client speaks before it is connected, and goes on while it changes from polling to WebSocket.
#[test]
fn a_burst_from_the_first_moment_on_is_answered_whole_and_in_order() {
    let hub = Hub::start();
    let mut client = Peer::client(&hub.url, &token("client", "ada"));
    for n in 0..1_000 {
        client.emit("execution:cancel", &[json!({"executionId": n.to_string()})]);
    }
    for n in 0..1_000 {
        let error = client.event("error", |_| true);
        assert_eq!(error["executionId"], n.to_string());
    }
}

#[test]
fn a_client_that_was_away_gets_the_verdict() {
    let hub = Hub::start();
    let mut agent = Peer::client(&hub.url, &token("agent", "machine"));
    agent.emit("agent:register", &[json!({"name": "plain", "systemInfo": {}})]);
    let mut client = Peer::client(&hub.url, &token("client", "ada"));
    online(&mut client);
    client.start_execution("first", "code");
    agent.event("execution:start", |_| true);
    client.disconnect();
    client.until("the end of the connection", |line| line.get("disconnected").cloned());
    let mut other = Peer::client(&hub.url, &token("client", "eve"));
    other.event("agent:status", |payload| payload["status"] == "busy");
    agent.emit("execution:complete", &[json!({"executionId": "first", "exitCode": 1, "duration": 5})]);
    other.event("agent:status", |payload| payload["status"] == "online");
    let mut again = Peer::client(&hub.url, &token("client", "ada"));
    assert_eq!(again.complete("first"), 1);
}
