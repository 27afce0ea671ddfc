//! Protocol 002 over real sockets, beside protocol 000 in the same namespace.

use super::{SECRET, agent, token, user};
use crate::client::{Client, Got};
use serde_json::{Value, json};
use std::time::Duration;
use understudy::hub::token::Role;
use understudy::hub::{HubHandle, HubOptions, serve};

async fn hub(keepalive: Duration) -> HubHandle {
    let listen = "127.0.0.1:0".parse().unwrap();
    serve(HubOptions { listen, secret: SECRET.to_vec(), keepalive, ..HubOptions::default() }).await.unwrap()
}

/// One that has spoken the protocol.
async fn watcher(hub: &HubHandle, name: &str, execution: &str) -> Client {
    let mut client = user(hub, name).await;
    client.emit("subscribe_execution", json!(execution)).await;
    assert_eq!(client.expect("subscription_confirmed").await, json!({"execution_id": execution}));
    client
}

fn is(kind: &'static str) -> impl Fn(&Value) -> bool {
    move |event| event["type"] == kind
}

#[tokio::test]
async fn clients_of_both_protocols_hear_of_one_session_each_in_its_own_words() {
    let hub = hub(Duration::from_secs(30)).await;
    let mut plain = user(&hub, "ada").await;
    let mut watcher = watcher(&hub, "ada", "e1").await;
    let mut agent = agent(&hub, "A").await;
    plain.expect("agent:status").await;
    plain.emit("execution:start", json!({"executionId": "e1", "target": "local", "code": "…"})).await;
    agent.expect("execution:start").await;
    agent.emit("execution:log", json!({"executionId": "e1", "message": "hi", "level": "info"})).await;
    agent.emit("execution:complete", json!({"executionId": "e1", "exitCode": 0, "duration": 3})).await;
    for kind in ["execution_start", "log", "execution_progress", "execution_complete"] {
        let Got::Event(name, event) = watcher.next().await else { panic!("an event") };
        assert_eq!((name.as_str(), event["type"].as_str()), ("execution_event", Some(kind)));
        assert_eq!(event["execution_id"], "e1");
    }
    for name in ["agent:status", "execution:log", "execution:complete", "agent:status"] {
        let Got::Event(told, _) = plain.next().await else { panic!("an event") };
        assert_eq!(told, name, "and nothing of the other protocol");
    }
    // One that speaks both hears both.
    watcher.emit("hub:replay", json!({})).await;
    watcher.expect("hub:session").await;
    watcher.emit("subscribe_playback", json!("s1")).await;
    assert_eq!(watcher.expect("playback_subscribed").await, json!({"session_id": "s1"}));
    hub.shutdown().await;
}

#[tokio::test]
async fn an_agent_gets_what_a_client_of_002_starts_and_its_browsers_too() {
    let hub = hub(Duration::from_secs(30)).await;
    let mut agent = agent(&hub, "A").await;
    let mut ada = user(&hub, "ada").await;
    ada.emit("execution_start", json!({"execution_id": "e1", "code": "…"})).await;
    assert_eq!(agent.expect("execution:start").await["code"], "…");
    agent.emit("execution:complete", json!({"executionId": "e1", "exitCode": 130, "duration": 3})).await;
    let complete = ada.expect_where("execution_event", is("execution_complete")).await;
    assert_eq!(complete["data"]["status"], "cancelled");
    let click = json!({"session_id": "s1", "command": "click", "parameters": {"selector": "#a"}});
    ada.emit("browser_command", click).await;
    let command = agent.expect("understudy:command").await["command"].take();
    assert_eq!((&command["type"], &command["execution"]), (&json!("live"), &json!("s1")));
    let view = json!({"of": "view", "is": {
        "url": "http://x/", "mouse": {"x": 3, "y": 4}, "viewport": {"width": 8, "height": 6}, "frame": "AP8H",
    }});
    agent.emit("understudy:event", json!({"event": {"type": "live", "execution": "s1", "news": view}})).await;
    let preview = ada.expect("live_preview").await;
    assert_eq!(
        preview["data"],
        json!({
            "url": "http://x/", "mouse_position": {"x": 3, "y": 4}, "viewport_size": {"width": 8, "height": 6}, "frame": "AP8H",
        })
    );
    hub.shutdown().await;
}

#[tokio::test]
async fn who_speaks_002_is_asked_whether_it_is_there_and_the_others_are_not() {
    let hub = hub(Duration::from_millis(50)).await;
    let mut plain = user(&hub, "ada").await;
    let mut watcher = watcher(&hub, "ada", "e1").await;
    for _ in 0..3 {
        assert!(watcher.expect("heartbeat").await["timestamp"].is_string());
        watcher.emit("heartbeat_response", json!({})).await;
    }
    let _agent = agent(&hub, "A").await;
    let Got::Event(first, _) = plain.next().await else { panic!("an event") };
    assert_eq!(first, "agent:status");
    hub.shutdown().await;
}

#[tokio::test]
async fn the_token_may_be_in_the_address() {
    let hub = hub(Duration::from_secs(30)).await;
    let url = format!("&token={}", token("ada", Role::Client));
    let mut ada = Client::connect_with(&hub.url(), &url, json!({})).await.unwrap();
    let connected = ada.expect("connected").await;
    assert_eq!((&connected["user_id"], &connected["extensions"]), (&json!("ada"), &json!(["understudy/1"])));
    let refused = Client::connect_with(&hub.url(), "&token=nonsense", json!({})).await.err();
    assert_eq!(refused.as_deref(), Some("Invalid token"));
    hub.shutdown().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_answered_and_tells_nobody_else_anything() {
    let hub = hub(Duration::from_secs(30)).await;
    let mut eve = watcher(&hub, "eve", "e1").await;
    let mut ada = watcher(&hub, "ada", "e1").await;
    let mut agent = agent(&hub, "A").await;
    ada.emit("execution_start", json!({"execution_id": "e1", "code": "…"})).await;
    agent.expect("execution:start").await;
    let deep = format!(r#"["browser_command",{}1{}]"#, "[".repeat(5_000), "]".repeat(5_000));
    let huge = json!(["subscribe_recording", "x".repeat(900_000)]).to_string();
    let many = json!(["execution_start", {"execution_id": "e2", "steps": vec![json!({}); 50_000]}]).to_string();
    for (name, event) in [
        ("no payload", r#"["subscribe_execution"]"#.to_owned()),
        ("another kind", r#"["subscribe_execution",{"id":"e1"}]"#.to_owned()),
        ("several", r#"["browser_command","s1","navigate"]"#.to_owned()),
        ("missing fields", r#"["recording_control",{}]"#.to_owned()),
        ("an unknown word", r#"["playback_control",{"session_id":"s1","action":"rewind"}]"#.to_owned()),
        ("an unknown room", r#"["replay_control",{"execution_id":"nobody's","action":"start"}]"#.to_owned()),
        ("another's", r#"["execution_cancel",{"execution_id":"e1"}]"#.to_owned()),
        ("an agent's word", r#"["understudy:event",{"event":{"type":"execution_complete","execution":"e1","exit_code":0,"duration_ms":1}}]"#.to_owned()),
        ("nested deeply", deep),
        ("huge", huge),
        ("many", many),
    ] {
        eve.write(&format!("42{event}")).await;
        let Got::Event(told, answer) = eve.next().await else { panic!("{name}: an answer") };
        assert_eq!((told.as_str(), answer["type"].as_str()), ("execution_event", Some("error")), "{name}: {answer}");
        assert!(answer["data"]["error_message"].as_str().unwrap().len() < 500, "{name}: {answer}");
        assert!(!answer.to_string().contains("ada"), "{name}: {answer}");
    }
    // What is not of the protocol is passed over.
    eve.emit(
        "recording",
        json!({"type": "recording", "session_id": "s1", "data": {"action": "start"}, "timestamp": "now"}),
    )
    .await;
    eve.emit("nonsense", json!({})).await;
    // A start that comes twice runs once, also from elsewhere.
    ada.emit("execution_start", json!({"execution_id": "e1", "code": "…"})).await;
    agent.emit("execution:complete", json!({"executionId": "e1", "exitCode": 0, "duration": 3})).await;
    ada.expect_where("execution_event", is("execution_complete")).await;
    ada.emit("execution_start", json!({"execution_id": "e1", "code": "…"})).await;
    ada.emit("execution_start", json!({"execution_id": "e3", "code": "…"})).await;
    assert_eq!(agent.expect("execution:start").await["executionId"], "e3");
    eve.emit("subscribe_browser_session", json!("s9")).await;
    let Got::Event(told, _) = eve.next().await else { panic!("an event") };
    assert_eq!(told, "browser_session_subscribed", "and nothing of the other's execution");
    hub.shutdown().await;
}
