//! Megabytes from an agent of every protocol to the frontends of all, over real sockets: the hub drops whoever says more in one message
//! than it announces, and nobody is dropped.

use super::client::Client;
use super::matrix::{AGENTS, Bot, Frontend};
use super::{hub, noise, token};
use serde_json::{Value, json};
use std::time::Duration;
use understudy::hub::token::Role;
use understudy::model::{Event, ExecutionId, Level, SessionStep, StepState};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the hub takes in one message.
const LIMIT: usize = 1_000_000;

fn lines() -> String {
    (0..80_000).map(|line| format!("\"line\" {line}\n")).collect::<String>() + "the last"
}

fn story(execution: &ExecutionId, _: &str) -> Vec<Event> {
    let execution = || execution.clone();
    let long = "é\"\n".repeat(280_000);
    let step = |state, error| {
        let action = json!({"type": "fill", "selector": "#a", "value": long});
        let (explanation, duration_ms) = (format!("Fill it with ‘{long}’"), Some(1));
        let step = SessionStep { number: 1, state, action, explanation, location: None, duration_ms, error };
        Event::ExecutionStep { execution: execution(), step }
    };
    let log = |level, message| Event::ExecutionLog { execution: execution(), level, message };
    vec![
        Event::ExecutionPlanned { execution: execution(), steps: 1 },
        log(Level::Info, lines()),
        step(StepState::Running, None),
        step(StepState::Failed, Some(long.clone())),
        Event::ExecutionScreenshot { execution: execution(), step_number: 1, image: noise::png(600, 460) },
        log(Level::Error, long.clone()),
        Event::ExecutionComplete { execution: execution(), exit_code: 1, duration_ms: 12 },
    ]
}

/// Whether a message tells a frontend of this protocol that its session has failed.
fn is_end(protocol: &str, name: &str, payload: &Value) -> bool {
    match protocol {
        "000" => name == "execution:complete" && payload["exitCode"] == 1,
        "001" => name == "completion" && payload["status"] == "failed",
        "002" => name == "execution_event" && payload["type"] == "execution_complete",
        "003" => name == "workflow.failed",
        _ => name == "notification" && payload["data"]["level"] == "error" && payload["data"]["taskId"].is_string(),
    }
}

#[tokio::test]
async fn megabytes_pass_from_agents_of_all_protocols_to_frontends_of_all() {
    for (agents, spoken) in AGENTS {
        let hub = hub().await;
        let mut frontends = Vec::new();
        for protocol in ["000", "001", "003", "004"] {
            frontends.push(Frontend::open(&hub, protocol).await);
        }
        let auth = json!({"token": token("ada", Role::Client)});
        let mut testbro = Client::connect(&hub.url(), auth).await.unwrap();
        testbro.expect("connected").await;
        testbro.emit("subscribe_execution", json!("e")).await;
        testbro.expect("subscription_confirmed").await;
        let bot = Bot::telling(&hub, spoken, story);
        frontends[0].sees_agent().await;
        frontends[0].starts("e").await;
        let mut logged = String::new();
        for frontend in &mut frontends {
            let protocol = frontend.protocol;
            let hears = async {
                loop {
                    let (name, payload) = frontend.next().await.expect("the hub stays");
                    let bytes = payload.to_string().len();
                    assert!(bytes <= LIMIT, "{agents} to {protocol}: {name} has {bytes} bytes");
                    assert_ne!(payload["status"], "offline", "{agents} was dropped");
                    if name == "execution:log" {
                        logged += payload["message"].as_str().unwrap();
                    }
                    if is_end(protocol, &name, &payload) {
                        return;
                    }
                }
            };
            tokio::time::timeout(PATIENCE, hears).await.unwrap_or_else(|_| panic!("{agents} to {protocol}: no end"));
        }
        let end = testbro.first("the end", |name, payload| is_end("002", name, payload)).await.1;
        assert_eq!(end["data"]["metrics"]["failed_steps"], 1);
        let whole = format!("{}{}", lines(), "é\"\n".repeat(280_000)).replace('\n', "");
        assert!(logged.replace('\n', "") == whole, "{agents}: {} of {} bytes", logged.len(), whole.len());
        bot.end().await;
        hub.shutdown().await;
    }
}
