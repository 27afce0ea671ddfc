//! Raw WebSocket peers: what they say that makes no sense, and when they say nothing.

use super::{SECRET, token};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use understudy::hub::token::Role;
use understudy::hub::{HubHandle, HubOptions, serve};

/// A raw WebSocket.
pub(crate) struct Peer(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Peer {
    pub(crate) async fn connect(hub: &HubHandle, query: &str) -> Self {
        Self::connect_to(&hub.url(), query).await
    }

    pub(crate) async fn connect_to(url: &str, query: &str) -> Self {
        Self(connect_async(format!("{}/ws{query}", url.replacen("http", "ws", 1))).await.unwrap().0)
    }

    /// One of protocol 001.
    pub(crate) async fn authenticate(url: &str, token: &str) -> Self {
        let mut peer = Self::connect_to(url, "").await;
        peer.says(json!({"type": "authenticate", "token": token}).to_string()).await;
        assert_eq!(peer.hears_of("authentication").await["status"], "success");
        peer
    }

    pub(crate) async fn says(&mut self, message: impl Into<Message>) {
        // A connection that is closed shows when it is read.
        let _closed = self.0.send(message.into()).await;
    }

    /// The next text; none when the hub has closed the connection.
    pub(crate) async fn hears(&mut self) -> Option<Value> {
        while let Some(Ok(message)) = self.0.next().await {
            if let Message::Text(text) = message {
                return Some(serde_json::from_str(&text).unwrap());
            }
        }
        None
    }

    /// The next text, or how the hub closed the connection.
    pub(crate) async fn comes(&mut self) -> Result<Value, Option<u16>> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => return Err(frame.map(|frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    pub(crate) async fn hears_of(&mut self, kind: &str) -> Value {
        loop {
            let message = self.hears().await.expect("a connection");
            if message["type"] == kind {
                return message;
            }
        }
    }
}

async fn hub(keepalive: Duration) -> HubHandle {
    let listen = "127.0.0.1:0".parse().unwrap();
    serve(HubOptions { listen, secret: SECRET.to_vec(), keepalive, ..HubOptions::default() }).await.unwrap()
}

fn nonsense() -> Vec<(&'static str, Message)> {
    vec![
        ("no JSON", Message::text("hello")),
        ("no object", Message::text("[1]")),
        ("no type", Message::text("{}")),
        ("a type of another kind", Message::text(r#"{"type":7}"#)),
        ("fields of another kind", Message::text(r#"{"type":"start_agent","runId":7}"#)),
        ("nested deeply", Message::text("[".repeat(100_000))),
        ("bytes", Message::binary(vec![0, 159, 146, 150])),
        ("large", Message::text(format!(r#"{{"type":{:?}}}"#, "x".repeat(900_000)))),
    ]
}

#[tokio::test]
async fn what_makes_no_sense_is_answered_in_the_words_of_each_protocol_and_costs_nothing() {
    let hub = hub(Duration::from_secs(30)).await;
    let token = token("ada", Role::Client);
    let mut cloud = Peer::connect(&hub, &format!("?token={token}")).await;
    cloud.hears_of("notification").await;
    let mut run = Peer::authenticate(&hub.url(), &token).await;
    for (name, message) in nonsense() {
        if name != "fields of another kind" && name != "large" {
            cloud.says(message.clone()).await;
            assert_eq!(cloud.hears_of("error").await["data"]["error"], "Invalid message format", "{name}");
        }
        if name != "large" {
            run.says(message).await;
            assert!(run.hears_of("error").await["error"].is_string(), "{name}");
        }
    }
    // A type of another version, and what protocol 001 sends that is no JSON.
    for message in [nonsense().pop().unwrap().1, Message::text("ping")] {
        run.says(message).await;
    }
    cloud.says(r#"{"type":"ping"}"#).await;
    assert!(cloud.hears_of("pong").await["timestamp"].is_string());
    run.says(json!({"type": "start_agent", "runId": "r", "code": "…"}).to_string()).await;
    assert_eq!(run.hears().await.unwrap()["type"], "completion", "nothing else was said");
    hub.shutdown().await;
}

#[tokio::test]
async fn without_a_token_a_peer_of_004_stays_and_learns_nothing() {
    let hub = hub(Duration::from_secs(30)).await;
    let mut stranger = Peer::connect(&hub, "").await;
    stranger.says(r#"{"type":"user_presence","data":"online"}"#).await;
    assert_eq!(stranger.hears_of("auth").await["data"]["success"], false);
    assert!(stranger.hears_of("error").await["data"]["error"].as_str().unwrap().contains("?token="));
    let mut client = Peer::connect(&hub, &format!("?token={}", token("ada", Role::Client))).await;
    client.says(r#"{"type":"user_presence","data":"online"}"#).await;
    client.hears_of("user_presence").await;
    stranger.says(r#"{"type":"ping"}"#).await;
    assert_eq!(stranger.hears().await.unwrap()["type"], "pong", "and nothing of the other's presence");
    hub.shutdown().await;
}

#[tokio::test]
async fn a_client_of_001_may_take_its_time() {
    let hub = hub(Duration::from_secs(30)).await;
    let mut late = Peer::connect(&hub, "").await;
    // Until then it might have been one of 004.
    assert_eq!(late.hears_of("auth").await["data"]["success"], false);
    let token = token("ada", Role::Client);
    late.says(json!({"type": "authenticate", "token": token}).to_string()).await;
    assert_eq!(late.hears_of("authentication").await["status"], "success");
    late.says(json!({"type": "start_agent", "runId": "r"}).to_string()).await;
    assert_eq!(late.hears().await.unwrap()["type"], "completion");
    // With a token in the address it is of 004 for good.
    let mut cloud = Peer::connect(&hub, "?token=hello").await;
    assert_eq!(cloud.hears_of("auth").await["data"]["success"], false);
    cloud.says(json!({"type": "authenticate", "token": token}).to_string()).await;
    cloud.says(r#"{"type":"ping"}"#).await;
    assert_eq!(cloud.hears().await.unwrap()["type"], "pong");
    hub.shutdown().await;
}

#[tokio::test]
async fn who_is_there_is_asked_and_who_does_not_answer_is_gone() {
    let hub = hub(Duration::from_millis(200)).await;
    let token = token("ada", Role::Client);
    let mut deaf = Peer::connect(&hub, &format!("?token={token}")).await;
    deaf.says(r#"{"type":"user_presence","data":"online"}"#).await;
    // Its socket is read by nobody, so that nothing answers the hub's pings.
    let mut client = Peer::connect(&hub, &format!("?token={token}")).await;
    client.hears_of("ping").await;
    while client.hears_of("user_presence").await["data"]["status"] != "offline" {}
    hub.shutdown().await;
}
