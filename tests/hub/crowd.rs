//! One hub, many clients, one agent's log: `UNDERSTUDY_CROWD=10000 cargo test --release --test hub crowd` takes as many as protocol 003
//! promises.

use super::client::Client;
use super::several::started;
use super::{SECRET, registration, token};
use crate::clients::{Crowd, resident};
use serde_json::json;
use tokio::process::Command;
use understudy::hub::token::Role;

/// How many there are where nobody says otherwise.
const CLIENTS: usize = 1_000;

const LINES: usize = 20;

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stderr, reason = "figures, for whoever asks with --nocapture")]
async fn a_crowd_hears_every_line_of_one_agent_in_order() {
    let clients = std::env::var("UNDERSTUDY_CROWD").map_or(CLIENTS, |clients| clients.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_understudy"));
    let secret = String::from_utf8(SECRET.to_vec()).unwrap();
    command.args(["serve", "--listen", "127.0.0.1:0", "--log-level", "warn", "--jwt-secret", &secret]);
    command.env("XDG_CONFIG_HOME", folder.path());
    let (hub, url) = started(command).await;
    let ada = token("ada", Role::Client);
    let before = hub.id().and_then(resident);
    let mut crowd = Crowd::connect(&url, &ada, clients, LINES).await;
    let after = hub.id().and_then(resident);
    let mut agent = Client::connect(&url, json!({"token": token("bot", Role::Agent)})).await.unwrap();
    agent.emit("agent:register", registration("A")).await;
    let mut client = Client::connect(&url, json!({"token": ada})).await.unwrap();
    client.expect("agent:status").await;
    client.emit("execution:start", json!({"executionId": "e1", "target": "local", "code": "…"})).await;
    agent.expect("execution:start").await;
    let begun = std::time::Instant::now();
    let says = async {
        for line in 0..LINES {
            let message = format!("line {line} of what the agent says");
            agent.emit("execution:log", json!({"executionId": "e1", "message": message, "level": "info"})).await;
        }
    };
    tokio::join!(says, crowd.hears());
    let rate = (clients * LINES) as f64 / begun.elapsed().as_secs_f64();
    if let (Some(before), Some(after)) = (before, after) {
        let each = after.saturating_sub(before) / clients as u64;
        eprintln!("{clients} clients: {} kB each, {rate:.0} messages/s", each / 1_000);
        assert!(each < 100_000, "{each} bytes for each client");
    }
}
