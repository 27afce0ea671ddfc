//! A small Socket.IO v5 client of the tests' own, so that what the hub says is read by other code than the agent's.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Longer than anything here takes; a hang becomes a failure that says what was waited for.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// What stands in its packets, such as `/ws,`; nothing for `/`.
    namespace: &'static str,
    /// The acknowledgement that was asked for last.
    owed: Option<String>,
}

/// One event, or what ends a conversation.
#[derive(Debug, PartialEq)]
pub(crate) enum Got {
    Event(String, Value),
    Ack(u64, Value),
    Closed,
}

impl Client {
    /// Connects; an error is the hub's own words on CONNECT_ERROR.
    pub(crate) async fn connect(url: &str, auth: Value) -> Result<Self, String> {
        Self::enter(url, "", "", auth).await
    }

    /// One of protocol 003.
    pub(crate) async fn swe(url: &str, query: &str, auth: Value) -> Self {
        Self::enter(url, "/ws,", query, auth).await.unwrap()
    }

    /// Of protocol 000 or 002, with more in the address.
    pub(crate) async fn connect_with(url: &str, query: &str, auth: Value) -> Result<Self, String> {
        Self::enter(url, "", query, auth).await
    }

    async fn enter(url: &str, namespace: &'static str, query: &str, auth: Value) -> Result<Self, String> {
        let url = format!("{}/socket.io/?EIO=4&transport=websocket{query}", url.replacen("http", "ws", 1));
        let (socket, _) = connect_async(url).await.map_err(|error| error.to_string())?;
        let mut client = Self { socket, namespace, owed: None };
        let open = client.frame().await.ok_or("closed before the handshake")?;
        assert!(open.starts_with('0'), "{open}");
        client.write(&format!("40{namespace}{auth}")).await;
        match client.frame().await {
            Some(frame) if frame.starts_with("40") => Ok(client),
            Some(frame) if frame.starts_with("44") => {
                let error: Value = serde_json::from_str(&frame[2..]).map_err(|e| e.to_string())?;
                Err(error["message"].as_str().unwrap_or_default().to_owned())
            }
            other => Err(format!("unexpected {other:?}")),
        }
    }

    pub(crate) async fn emit(&mut self, name: &str, payload: Value) {
        let namespace = self.namespace;
        self.write(&format!("42{namespace}{}", json!([name, payload]))).await;
    }

    pub(crate) async fn emit_with_ack(&mut self, id: u64, name: &str, payload: Value) {
        let namespace = self.namespace;
        self.write(&format!("42{namespace}{id}{}", json!([name, payload]))).await;
    }

    /// Acknowledges the last event that wanted it.
    pub(crate) async fn acknowledge(&mut self) {
        let id = self.owed.take().expect("an event that wants to be acknowledged");
        self.write(&format!("43{id}[]")).await;
    }

    /// Writes a raw Engine.IO frame.
    pub(crate) async fn write(&mut self, frame: &str) {
        let _closed = self.socket.send(Message::text(frame.to_owned())).await;
    }

    /// Sends what is no frame of Engine.IO, perhaps.
    pub(crate) async fn send(&mut self, message: Message) {
        let _closed = self.socket.send(message).await;
    }

    async fn frame(&mut self) -> Option<String> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("the hub says nothing");
            match next {
                Some(Ok(Message::Text(text))) if text.as_str() == "2" => self.write("3").await,
                Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    pub(crate) async fn next(&mut self) -> Got {
        let Some(frame) = self.frame().await else { return Got::Closed };
        let Some(packet) = frame.strip_prefix('4') else { return Got::Closed };
        let packet = packet.replacen(self.namespace, "", 1);
        let id_end = packet[1..].find(|c: char| !c.is_ascii_digit()).map_or(packet.len(), |at| at + 1);
        let body = || serde_json::from_str::<Value>(&packet[id_end..]).expect("JSON");
        match &packet[..1] {
            "2" => {
                self.owed = Some(packet[1..id_end].to_owned()).filter(|id| !id.is_empty()).or(self.owed.take());
                let mut event = body();
                Got::Event(event[0].as_str().unwrap_or_default().to_owned(), event[1].take())
            }
            "3" => Got::Ack(packet[1..id_end].parse().expect("a number"), body()),
            "1" => Got::Closed,
            other => panic!("unexpected packet type {other}"),
        }
    }

    /// The same, where it comes before long; what comes is not lost otherwise.
    pub(crate) async fn next_within(&mut self, patience: Duration) -> Option<Got> {
        tokio::time::timeout(patience, self.next()).await.ok()
    }

    /// The payload of the next event of this name; others are passed over.
    pub(crate) async fn expect(&mut self, name: &str) -> Value {
        self.expect_where(name, |_| true).await
    }

    /// The payload of the next event of this name that satisfies the condition; others are passed over.
    pub(crate) async fn expect_where(&mut self, name: &str, condition: impl Fn(&Value) -> bool) -> Value {
        self.first(name, |its, payload| its == name && condition(payload)).await.1
    }

    /// Name and payload of the next event that satisfies the condition; `what` is said where none comes.
    pub(crate) async fn first(&mut self, what: &str, condition: impl Fn(&str, &Value) -> bool) -> (String, Value) {
        let mut passed = Vec::new();
        loop {
            match tokio::time::timeout(PATIENCE, self.next()).await {
                Ok(Got::Event(name, payload)) if condition(&name, &payload) => return (name, payload),
                Ok(Got::Closed) => panic!("closed while waiting for {what}; before it: {passed:#?}"),
                Ok(other) => passed.push(format!("{other:?}").chars().take(200).collect::<String>()),
                Err(_) => panic!("{what} does not come; before it: {passed:#?}"),
            }
        }
    }
}
