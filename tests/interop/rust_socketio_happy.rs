//! The happy path on the crate `rust_socketio`: the official Socket.IO server drives an agent that speaks by it.
//!
//! `cargo test --features rust-socketio --test rust_socketio_happy`; needs `./install.sh --deps`.

#![expect(clippy::unwrap_used, reason = "tests; clippy exempts only functions marked #[test]")]

#[expect(dead_code, reason = "shared with the tests of the agent's own client")]
mod process;

use process::{Agent, Peer};
use serde_json::json;

const CLIENT: [&str; 4] = ["--client", "rust-socketio", "--heartbeat", "100ms"];

const SPEC: &str = "import { test, expect } from '@playwright/test';
test('greets', async ({ page }) => {
  await page.setContent('<h1>Hello</h1>');
  await expect(page.locator('h1')).toHaveText('Hello');
  console.log('greeted');
});";

#[test]
fn register_heartbeat_execution() {
    let (mut server, url) = Peer::server();
    let _agent = Agent::start(&url, "let me in", &CLIENT);
    let auth = server.until("a connection", |line| line.get("connected").cloned());
    assert_eq!(auth["token"], "let me in");
    assert_eq!(server.event("agent:register", |_| true)["name"], "the agent");
    for _ in 0..2 {
        server.until("a heartbeat", |line| (line["event"] == "agent:heartbeat").then_some(()));
    }
    assert_eq!(server.execute("passes", SPEC), 0);
    assert!(server.log("passes").contains("greeted"), "{}", server.log("passes"));
    assert!(!server.told("execution:step", "passes").is_empty());
    assert_eq!(server.execute("fails", &SPEC.replace("toHaveText('Hello')", "toHaveText('Bye', { timeout: 100 })")), 1);
    assert_eq!(server.execute("is broken", "const = 1;"), 2);
    server.emit("execution:cancel", &[json!({"executionId": "never"})]);
    assert_eq!(server.event("error", |_| true)["executionId"], "never");
}

#[test]
fn an_agent_comes_back() {
    let (mut server, url) = Peer::server();
    let _agent = Agent::start(&url, "let me in", &CLIENT);
    for _ in 0..2 {
        server.event("agent:register", |_| true);
        server.disconnect();
    }
    server.event("agent:register", |_| true);
    assert_eq!(server.execute("passes", SPEC), 0);
}

#[test]
fn a_refused_token_is_read_again_for_the_next_attempt() {
    let (mut server, url) = Peer::server();
    let agent = Agent::start(&url, "refused", &CLIENT);
    server.until("a refusal", |line| line.get("refused").cloned());
    agent.set_token("a better one");
    server.event("agent:register", |_| true);
    let refusals = server.heard.iter().filter(|line| line.get("refused").is_some()).count();
    assert!(refusals <= 2, "{refusals} attempts with a token that was refused");
}
