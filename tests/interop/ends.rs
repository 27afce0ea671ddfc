//! `understudy agent` under servers of protocols 001, 003 and 004 that were written without it: on `ws` of Node.js, and on
//! `python-socketio`, the stack of 003's own document.

use crate::process::{Agent, Peer};
use serde_json::{Value, json};

/// What a recorder has a word for, step by step.
pub(crate) const GREETING: &str = r#"
import { test, expect } from '@playwright/test';
test('greets', async ({ page }) => {
  await page.goto('data:text/html,<label>Name <input></label><button onclick="hello.textContent=`Hello, ${document.querySelector(`input`).value}!`">Greet</button><p id="hello"></p>');
  await page.getByLabel('Name').fill('Ada');
  await page.getByRole('button', { name: 'Greet' }).click();
  await expect(page.locator('#hello')).toHaveText('Hello, Ada!');
});"#;

pub(crate) const FAILING: &str = "import { test, expect } from '@playwright/test';\n\
                       test('x', async ({ page }) => { await expect(page.locator('p')).toBeVisible({ timeout: 100 }); });";

/// A server of raw WebSockets and an agent that was let in.
fn raw(kind: &str, flags: &[&str]) -> (Peer, Agent) {
    let (mut server, url) = Peer::wire(kind);
    let agent = Agent::start(&url, "let me in", &[&["--protocol", kind], flags].concat());
    assert_eq!(server.until("a token", |line| line.get("authenticated").cloned()), true);
    (server, agent)
}

/// The next message of that type that is the right one.
fn message(server: &mut Peer, kind: &str, right: impl Fn(&Value) -> bool) -> Value {
    server.until(kind, |line| {
        let message = &line["message"];
        (message["type"] == kind && right(message)).then(|| message.clone())
    })
}

fn is_picture(base64: &Value) -> bool {
    base64.as_str().is_some_and(|text| text.starts_with("/9j/") || text.starts_with("iVBORw0K"))
}

#[test]
fn a_run_of_001_is_fetched_told_step_by_step_and_can_be_done_again() {
    let (mut server, _agent) = raw("ai-run", &["--heartbeat", "200ms", "--screenshots", "off"]);
    server.does(&json!({"run": {"runId": "first", "code": GREETING}}));
    server.does(&json!({"send": {"type": "start_agent", "runId": "first"}}));
    assert_eq!(server.until("a request", |line| line.get("authorization").cloned()), "Bearer let me in");
    for (n, kind, words) in [
        (1, "goto", "Go to data:text/html"),
        (2, "fill", "Fill the field ‘Name’ with ‘Ada’"),
        (3, "click", "Click the button ‘Greet’"),
        (4, "expect", "Expect"),
    ] {
        let update = message(&mut server, "step_update", |_| true);
        assert_eq!((&update["stepNumber"], &update["action"]["type"]), (&json!(n), &json!(kind)));
        assert!(update["explanation"].as_str().unwrap().starts_with(words), "{}", update["explanation"]);
        assert!(is_picture(&update["screenshot"]), "pictures are always there in 001");
    }
    let first = message(&mut server, "completion", |_| true);
    assert_eq!(first["status"], "success");
    let again = json!({"type": "start_agent", "runId": "again", "actions": first["commands"]});
    server.does(&json!({"send": again}));
    let second = message(&mut server, "completion", |told| told["runId"] == "again");
    assert_eq!(second["status"], "success", "{second}");
    assert_eq!(second["commands"].as_array().map(Vec::len), Some(4));
    server.until("a ping", |line| (line["text"] == "ping").then_some(()));
    server.does(&json!({"text": "ping"}));
    server.until("a pong", |line| (line["text"] == "pong").then_some(()));
    server.does(&json!({"send": {"type": "start_agent", "runId": "nobody's"}}));
    let none = message(&mut server, "completion", |told| told["runId"] == "nobody's");
    assert_eq!(
        (&none["status"], &none["error"]),
        (&json!("failed"), &json!("The server has no run nobody's (HTTP 404)"))
    );
}

#[test]
fn a_task_of_004_moves_presence_and_status_and_ends_with_a_notification() {
    let (mut server, agent) = raw("cloud", &["--heartbeat", "200ms"]);
    assert_eq!(message(&mut server, "user_presence", |_| true)["data"], "online");
    let idle = message(&mut server, "agent_status", |_| true);
    assert_eq!((&idle["data"]["agentName"], &idle["data"]["state"]), (&json!("the agent"), &json!("idle")));
    server.does(&json!({"send": {"type": "task", "data": {"taskId": "t-1", "code": GREETING}}}));
    message(&mut server, "user_presence", |told| told["data"] == "busy");
    let click = message(&mut server, "chat_message", |told| told["data"]["messageId"] == "t-1-3");
    assert_eq!(click["data"]["content"], "Click the button ‘Greet’");
    let end = message(&mut server, "notification", |told| told["data"]["taskId"] == "t-1");
    assert_eq!(end["data"]["level"], "success", "{end}");
    message(&mut server, "user_presence", |told| told["data"] == "online");
    server.does(&json!({"send": {"type": "task", "data": {"taskId": "t-2", "code": FAILING}}}));
    let end = message(&mut server, "notification", |told| told["data"]["taskId"] == "t-2");
    assert_eq!(end["data"]["level"], "error");
    server.does(&json!({"send": {"type": "ping"}}));
    message(&mut server, "pong", |_| true);
    message(&mut server, "ping", |_| true);
    agent.terminate();
    message(&mut server, "agent_status", |told| told["data"]["state"] == "stopped");
    message(&mut server, "user_presence", |told| told["data"] == "offline");
}

#[test]
fn what_makes_no_sense_is_answered_and_a_broken_line_is_mended() {
    for (kind, start) in [
        ("ai-run", json!({"type": "start_agent", "runId": "r", "code": "test"})),
        ("cloud", json!({"type": "task", "data": {"taskId": "r", "code": "test"}})),
    ] {
        let (mut server, _agent) = raw(kind, &[]);
        for nonsense in [
            json!({"text": "hello"}),
            json!({"text": "[".repeat(100_000)}),
            json!({"text": format!("{{\"type\":{}", "x".repeat(3_000_000))}),
            json!({"binary": [0, 159, 146, 150]}),
            json!({"send": {"type": 7}}),
        ] {
            server.does(&nonsense);
            message(&mut server, "error", |_| true);
        }
        // No WebSocket lives on with a text that is none.
        server.does(&json!({"invalid": true}));
        server.until("the end of the connection", |line| line.get("closed").cloned());
        assert_eq!(server.until("the agent again", |line| line.get("authenticated").cloned()), true);
        server.does(&json!({"send": start}));
        let failed = |line: &Value| {
            let message = &line["message"];
            let ai_run = message["type"] == "completion" && message["status"] == "failed";
            (ai_run || message["data"]["level"] == "error" && message["data"]["taskId"] == "r").then_some(())
        };
        server.until("an end", failed);
    }
}

#[test]
fn a_token_that_was_refused_is_read_again() {
    for kind in ["ai-run", "cloud"] {
        let (mut server, url) = Peer::wire(kind);
        let agent = Agent::start(&url, "too old", &["--protocol", kind]);
        assert_eq!(server.until("a token", |line| line.get("authenticated").cloned()), false);
        agent.set_token("let me in");
        assert_eq!(server.until("a token", |line| line.get("authenticated").cloned()), true);
    }
    let (mut server, url) = Peer::swe();
    let agent = Agent::start(&url, "too old", &["--protocol", "swe"]);
    server.until("a refusal", |line| line.get("refused").cloned());
    agent.set_token("let me in");
    server.until("a connection", |line| line.get("connected").cloned());
}

#[test]
fn a_workflow_of_003_is_told_to_the_documents_own_stack() {
    let (mut server, url) = Peer::swe();
    let flags =
        ["--protocol", "swe", "--project", "p-1", "--project", "secret", "--heartbeat", "200ms", "--max-sessions", "2"];
    let agent = Agent::start(&format!("{url}/ws"), "let me in", &flags);
    server.until("a connection", |line| line.get("connected").cloned());
    let room = server.event("subscribe", |_| true)["room"].as_str().unwrap().to_owned();
    let id = room.strip_prefix("agent:").unwrap().to_owned();
    for project in ["project:p-1", "project:secret"] {
        assert_eq!(server.event("subscribe", |_| true)["room"], project);
    }
    let connected = server.event("agent.connected", |_| true);
    assert_eq!((&connected["type"], &connected["data"]["agent_id"]), (&json!("agent.connected"), &json!(id)));
    let status = |of: &'static str| move |told: &Value| told["data"]["status"] == of;
    let idle = server.event("agent.status_changed", status("idle"));
    assert_eq!((&idle["data"]["availability"], &idle["data"]["agent_name"]), (&json!(100), &json!("the agent")));
    server.event("ping", |_| true);
    let measured = server.event("agent.status_changed", |told| told["data"]["metadata"]["cpu_usage"].is_number());
    assert!(measured["data"]["metadata"]["memory_usage"].as_f64().unwrap() > 0.0, "{measured}");

    let data = json!({"workflow_id": "w-1", "code": GREETING, "project_id": "p-1"});
    let start = json!({"type": "workflow.start", "timestamp": "2024-11-08T10:30:00Z", "source": "api", "data": data});
    server.does(&json!({"emit": "workflow.start", "args": [start], "room": room}));
    assert_eq!(server.event("workflow.started", |_| true)["data"]["project_id"], "p-1");
    let busy = server.event("agent.status_changed", status("online"));
    assert_eq!(busy["data"]["availability"], 50);
    let mut last = 0.0;
    loop {
        let (name, told) = server.until("the workflow", |line| {
            let name = line["event"].as_str().filter(|name| name.starts_with("workflow."))?;
            Some((name.to_owned(), line["args"][0].clone()))
        });
        let progress = told["data"]["progress"].as_f64().unwrap();
        assert!(progress >= last, "it never falls: {last} and then {progress}");
        last = progress;
        if name != "workflow.progress" {
            assert_eq!((name.as_str(), progress), ("workflow.completed", 100.0), "{told}");
            break;
        }
        assert!(progress < 100.0, "{told}");
    }
    server.event("agent.status_changed", status("idle"));
    server.emit("workflow.start", &[json!({"workflow_id": "w-2"})]);
    let failed = server.event("workflow.failed", |_| true);
    assert_eq!(failed["data"]["error"], "workflow.start: it has neither `code` nor `steps`");
    server.emit("workflow.start", &[json!("nothing")]);
    assert!(server.event("error", |_| true)["message"].as_str().unwrap().starts_with("workflow.start: "));
    agent.terminate();
    server.event("agent.disconnected", |_| true);
}
