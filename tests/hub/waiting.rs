//! What waits for an agent that has gone, as a person who looks sees it.

use super::client::Client;
use super::several::post;
use super::websocket::Peer;
use super::{http, hub, registration, token, user};
use serde_json::{Value, json};
use understudy::hub::token::Role;

#[tokio::test]
async fn a_run_says_why_it_waits() {
    let hub = hub().await;
    let ada = token("ada", Role::Client);
    let labels = json!({"gpu": "yes"});
    let mut agent = Client::connect(&hub.url(), json!({"token": token("bot", Role::Agent)})).await.unwrap();
    let mut about = registration("A");
    (about["labels"], about["maxSessions"]) = (labels.clone(), json!(1));
    agent.emit("agent:register", about).await;
    let mut watcher = user(&hub, "ada").await;
    watcher.expect_where("agent:status", |told| told["status"] == "online").await;
    watcher.emit("hub:replay", json!({})).await;
    watcher.emit("execution:start", json!({"executionId": "first", "code": "…"})).await;
    agent.expect("execution:start").await;
    let run = json!({"runId": "r", "code": "…", "labels": labels});
    assert_eq!(post(&hub, "/api/runs", &ada, &run).await, 201);
    let address = hub.address();
    let stands = async |phase: Option<&str>, reason: Option<&str>| {
        let (_, answer) = http(address, "GET", "/api/runs/r", &format!("authorization: Bearer {ada}\r\n")).await;
        let told: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        let mut expected = run.clone();
        for (key, value) in [("phase", phase), ("reason", reason)] {
            if let Some(value) = value {
                expected[key] = json!(value);
            }
        }
        assert_eq!(told, expected);
    };
    stands(None, None).await;
    let mut client = Peer::authenticate(&hub.url(), &ada).await;
    client.says(json!({"type": "start_agent", "runId": "r"}).to_string()).await;
    let busy = "All agents with the labels gpu=yes are busy";
    watcher.expect_where("hub:session", |told| told["executionId"] == "r" && told["reason"] == busy).await;
    stands(Some("waiting"), Some(busy)).await;
    drop(agent);
    let gone = "No agent with the labels gpu=yes is connected";
    watcher.expect_where("hub:session", |told| told["executionId"] == "r" && told["reason"] == gone).await;
    stands(Some("waiting"), Some(gone)).await;
    watcher.emit("execution:cancel", json!({"executionId": "r"})).await;
    let end = client.hears_of("completion").await;
    assert_eq!((&end["runId"], &end["status"]), (&json!("r"), &json!("failed")));
    stands(Some("ended"), None).await;
    hub.shutdown().await;
}
