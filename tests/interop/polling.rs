//! `understudy agent` where no WebSocket gets through: at official servers that have none, and behind a proxy that refuses them.

use crate::agent::{FAILING, PASSING};
use crate::process::{Agent, Hub, Peer, token};
use crate::proxy::Proxy;
use serde_json::{Value, json};

fn registered(server: &mut Peer) -> String {
    let transport = server.until("a connection", |line| line["transport"].as_str().map(str::to_owned));
    server.event("agent:register", |_| true);
    transport
}

fn steps_passed(server: &Peer, execution: &str) -> usize {
    server.told("execution:step", execution).iter().filter(|step| step["status"] == "passed").count()
}

#[test]
fn the_official_server_without_websockets_gets_everything() {
    const LONG: &str = r#"
import { test } from '@playwright/test';
test('much', async ({ page }) => {
  await page.setContent('<h1>Much</h1>');
  for (let n = 0; n < 300; n++) console.log(`line ${n} ${'x'.repeat(9_000)}`);
});"#;
    let (mut server, url) = Peer::polling_server();
    let agent = Agent::start(&url, "let me in", &["--heartbeat", "200ms"]);
    assert_eq!(registered(&mut server), "polling");
    assert_eq!(server.execute("e-1", PASSING), 0);
    assert_eq!((steps_passed(&server, "e-1"), server.told("execution:screenshot", "e-1").len()), (4, 4));
    assert_eq!(server.execute("e-2", FAILING), 1);
    assert_eq!(server.execute("long", LONG), 0);
    let log = server.log("long");
    for n in 0..300 {
        assert!(log.contains(&format!("line {n} x")), "line {n}");
    }
    assert!(!server.heard.iter().any(|line| line.get("disconnected").is_some()), "one connection, with all of it");

    server.disconnect();
    server.until("the end of the connection", |line| line.get("disconnected").cloned());
    assert_eq!(registered(&mut server), "polling");
    assert_eq!(server.execute("e-3", PASSING), 0);
    agent.terminate();
    let left = server.until("the end of the connection", |line| line.get("disconnected").cloned());
    assert_eq!(left, "client namespace disconnect");
}

#[test]
fn the_documents_own_stack_without_websockets_gets_a_workflow() {
    let (mut server, url) = Peer::swe_over(&["polling"]);
    let agent = Agent::start(&format!("{url}/ws"), "let me in", &["--protocol", "swe", "--heartbeat", "200ms"]);
    server.until("a connection", |line| line.get("connected").cloned());
    let room = server.event("subscribe", |_| true)["room"].as_str().unwrap().to_owned();
    server.event("agent.status_changed", |told| told["data"]["status"] == "idle");
    let start = json!({"workflow_id": "w-1", "code": PASSING});
    server.does(&json!({"emit": "workflow.start", "args": [start], "room": room}));
    server.event("workflow.started", |_| true);
    assert_eq!(server.event("workflow.completed", |_| true)["data"]["progress"], 100);
    server.event("ping", |_| true);
    agent.terminate();
    server.event("agent.disconnected", |_| true);
}

#[test]
fn behind_a_proxy_that_refuses_websockets_until_it_does_not() {
    let (mut server, url) = Peer::server();
    let proxy = Proxy::before(&url);
    let _agent = Agent::start(&proxy.url, "let me in", &[]);
    assert_eq!(registered(&mut server), "polling");
    assert_eq!(proxy.refused(), 1);
    assert_eq!(server.execute("e-1", PASSING), 0);
    assert_eq!((steps_passed(&server, "e-1"), server.told("execution:screenshot", "e-1").len()), (4, 4));

    // Whoever was refused asks again with every connection, once.
    server.disconnect();
    assert_eq!(registered(&mut server), "polling");
    assert_eq!(proxy.refused(), 2);
    proxy.open();
    server.disconnect();
    assert_eq!(registered(&mut server), "websocket", "the session was taken over by a WebSocket");
    assert_eq!(server.execute("e-2", PASSING), 0);
    server.disconnect();
    assert_eq!(registered(&mut server), "websocket");
    assert_eq!(proxy.refused(), 2);
}

#[test]
fn behind_that_proxy_our_hub_has_all_it_has_elsewhere() {
    let hub = Hub::start();
    let proxy = Proxy::before(&hub.url);
    let _agent = Agent::start(&proxy.url, &token("agent", "machine"), &[]);
    let mut client = Peer::client(&hub.url, &token("client", "ada"));
    client.event("agent:status", |payload| payload["status"] == "online");
    assert_eq!(client.execute("e-1", PASSING), 0);
    assert_eq!((steps_passed(&client, "e-1"), client.told("execution:screenshot", "e-1").len()), (4, 4));
    let start =
        json!({"testFlowId": "f", "executionId": "r", "url": "data:text/html,<input>", "language": "typescript"});
    client.emit("recording:start", &[start]);
    let mine = |payload: &Value| payload["executionId"] == "r";
    client.event("recording:ready", mine);
    client.event("recording:frame", mine);
    client.emit("recording:stop", &[json!({"testFlowId": "f", "executionId": "r"})]);
    assert_eq!(client.event("recording:complete", mine)["success"], true);
    assert!(proxy.refused() > 0);
}
