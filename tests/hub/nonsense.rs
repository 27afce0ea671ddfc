//! Bad input of every kind on every protocol, while a session of somebody else is under way and somebody looks on.

use super::client::{Client, Got};
use super::websocket::Peer;
use super::{SECRET, agent, hub, token, user};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use understudy::hub::HubHandle;
use understudy::hub::token::{Identity, Role, mint};

/// The protocols, as their documents are numbered.
const PROTOCOLS: [&str; 5] = ["000", "001", "002", "003", "004"];

/// A text larger than the hub takes, and one that it does not even read.
const LARGE: usize = 1_500_000;
const HUGE: usize = 5_000_000;

/// One who talks nonsense, or looks on.
pub(crate) struct Line {
    protocol: &'static str,
    wire: Wire,
}

enum Wire {
    Io(Client),
    Raw(Peer),
}

/// What comes.
#[derive(Debug)]
enum Comes {
    /// An event's name, or a message's `type`, and all of it.
    Word(String, Value),
    /// The connection is closed, of a raw WebSocket with this code.
    Closed(Option<u16>),
}

impl Line {
    /// Connected and let in.
    pub(crate) async fn open(hub: &HubHandle, protocol: &'static str, user: &str) -> Self {
        let token = token(user, Role::Client);
        let wire = match protocol {
            "000" | "002" => Wire::Io(Client::connect(&hub.url(), json!({"token": token})).await.unwrap()),
            "003" => Wire::Io(Client::swe(&hub.url(), "", json!({"token": token})).await),
            "001" => Wire::Raw(Peer::authenticate(&hub.url(), &token).await),
            _ => Wire::Raw(Peer::connect_to(&hub.url(), &format!("?token={token}")).await),
        };
        let mut line = Self { protocol, wire };
        match protocol {
            "000" => drop(line.word("connected").await),
            "002" => {
                line.says("heartbeat_response", json!({})).await;
                drop(line.word("connected").await);
            }
            "003" => drop(line.word("connection_established").await),
            "004" => drop(line.word("notification").await),
            _ => {}
        }
        line
    }

    /// In the protocol's own frame.
    pub(crate) async fn says(&mut self, name: &str, payload: Value) {
        match &mut self.wire {
            Wire::Io(client) => client.emit(name, payload).await,
            Wire::Raw(peer) => peer.says(payload.to_string()).await,
        }
    }

    /// A command in words of no protocol.
    pub(crate) async fn commands(&mut self, command: Value) {
        let name = "understudy:command";
        let payload = match self.protocol {
            "001" => json!({"type": name, "command": command}),
            "004" => json!({"type": name, "data": {"command": command}}),
            _ => json!({"command": command}),
        };
        self.says(name, payload).await;
    }

    /// As it is.
    async fn sends(&mut self, message: Message) {
        match &mut self.wire {
            Wire::Io(client) => client.send(message).await,
            Wire::Raw(peer) => peer.says(message).await,
        }
    }

    async fn next(&mut self) -> Comes {
        match &mut self.wire {
            Wire::Io(client) => match client.next().await {
                Got::Event(name, payload) => Comes::Word(name, payload),
                Got::Ack(_, payload) => Comes::Word("acknowledgement".to_owned(), payload),
                Got::Closed => Comes::Closed(None),
            },
            Wire::Raw(peer) => match peer.comes().await {
                Ok(message) => Comes::Word(message["type"].as_str().unwrap_or_default().to_owned(), message),
                Err(code) => Comes::Closed(code),
            },
        }
    }

    /// What comes next that is not about who is there.
    async fn answer(&mut self) -> Comes {
        loop {
            match self.next().await {
                Comes::Word(name, payload) if is_presence(&name, &payload) => {}
                comes => return comes,
            }
        }
    }

    pub(crate) async fn word(&mut self, wanted: &str) -> Value {
        loop {
            match self.next().await {
                Comes::Word(name, payload) if name == wanted => return payload,
                Comes::Word(..) => {}
                Comes::Closed(code) => panic!("{}: closed ({code:?}) before {wanted}", self.protocol),
            }
        }
    }

    /// Whatever was said to it until now that is not about who is there.
    pub(crate) async fn overheard(&mut self) -> Vec<String> {
        let (asks, question, answer) = match self.protocol {
            "000" => ("execution:cancel", json!({"executionId": "the end"}), "error"),
            "001" => ("", json!({"type": "start_agent", "runId": "the end"}), "completion"),
            "002" => ("replay_control", json!({"execution_id": "the end", "action": "start"}), "execution_event"),
            "003" => ("workflow.cancel", json!({"workflow_id": "the end"}), "workflow.failed"),
            _ => ("", json!({"type": "ping"}), "pong"),
        };
        self.says(asks, question).await;
        let mut heard = Vec::new();
        loop {
            match self.answer().await {
                Comes::Word(name, _) if name == answer => return heard,
                comes => heard.push(format!("{comes:?}")),
            }
        }
    }
}

/// Told to all: how agents stand.
fn is_presence(name: &str, payload: &Value) -> bool {
    matches!(name, "agent:status" | "agent.status_changed" | "agent_status" | "heartbeat" | "connected")
        || name == "notification" && payload["data"]["level"] == "info"
}

fn text(text: impl Into<String>) -> Message {
    Message::text(text.into())
}

/// A text that is none.
fn invalid() -> Message {
    Message::Frame(Frame::message(vec![b'{', 0xc3, 0x28, b'}'], OpCode::Data(Data::Text), true))
}

/// What is sent, of which kind. `event` writes a Socket.IO event of that name and JSON, and for a raw WebSocket the JSON alone.
fn kinds(protocol: &str) -> Vec<(&'static str, Message)> {
    let event = |name: &str, json: &str| match protocol {
        "000" | "002" => text(format!("42[{name:?},{json}]")),
        "003" => text(format!("42/ws,[{name:?},{json}]")),
        _ => text(json),
    };
    let start = match protocol {
        "000" => "execution:start",
        "002" => "execution_start",
        "003" => "workflow.start",
        _ => "",
    };
    let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
    let huge = format!("{{\"type\":{:?}}}", "x".repeat(HUGE));
    let (wrong, missing, room, again) = match protocol {
        "000" => (
            r#"{"executionId":7,"code":["x"]}"#,
            "{}",
            ("execution:cancel", r#"{"executionId":"nobody's"}"#),
            r#"{"executionId":"secret","target":"local","code":"…"}"#,
        ),
        "001" => (
            r#"{"type":"start_agent","runId":7}"#,
            r#"{"type":"start_agent"}"#,
            ("", r#"{"type":"start_agent","runId":"nobody's"}"#),
            r#"{"type":"start_agent","runId":"secret","code":"…"}"#,
        ),
        "002" => (
            r#"{"execution_id":7,"code":["x"]}"#,
            r#"{"code":"…"}"#,
            ("replay_control", r#"{"execution_id":"nobody's","action":"start"}"#),
            r#"{"execution_id":"secret","code":"…"}"#,
        ),
        "003" => (
            r#"{"workflow_id":7,"code":["x"]}"#,
            "{}",
            ("workflow.cancel", r#"{"workflow_id":"nobody's"}"#),
            r#"{"workflow_id":"secret","code":"…"}"#,
        ),
        _ => (
            r#"{"type":"task","data":{"taskId":7,"code":["x"]}}"#,
            r#"{"type":"task","data":{}}"#,
            (
                "",
                r#"{"type":"understudy:command","data":{"command":{"type":"cancel_execution","execution":"nobody's"}}}"#,
            ),
            r#"{"type":"task","data":{"taskId":"secret","code":"…"}}"#,
        ),
    };
    vec![
        ("not JSON", event(start, "nonsense")),
        ("wrong types", event(start, wrong)),
        ("missing fields", event(start, missing)),
        ("nested deeply", event(start, &deep)),
        ("an unknown room", event(room.0, room.1)),
        ("somebody else's start again", event(start, again)),
        ("bytes", Message::binary(vec![0, 159, 146, 150])),
        ("too large", event(start, &format!("{{\"type\":{:?}}}", "x".repeat(LARGE)))),
        ("huge", event(start, &huge)),
        ("invalid UTF-8", invalid()),
    ]
}

/// What the answer has to be: words of the protocol, and whether the connection ends after them.
fn is_right(protocol: &str, kind: &str, answer: &Comes) -> bool {
    // No packet of Socket.IO: the transport has a word for that, and it is the last one.
    let no_packet = matches!(kind, "not JSON" | "bytes" | "huge" | "too large" | "invalid UTF-8");
    let Comes::Word(name, payload) = answer else {
        return no_packet && matches!(protocol, "000" | "002" | "003");
    };
    let known = matches!(kind, "an unknown room" | "somebody else's start again");
    let told = match protocol {
        "000" => name == "error" && payload["message"].is_string(),
        "001" if known => name == "completion" && payload["status"] == "failed" && payload["error"].is_string(),
        "001" => name == "error" && payload["error"].is_string(),
        "002" => {
            name == "execution_event" && payload["type"] == "error" && payload["data"]["error_message"].is_string()
        }
        "003" if known => name == "workflow.failed" && payload["data"]["error"].is_string(),
        "003" => name == "error" && payload["message"].is_string(),
        _ if known => name == "notification" && payload["data"]["level"] == "error",
        _ => name == "error" && payload["data"]["error"] == "Invalid message format",
    };
    let words = payload.to_string();
    told && words.len() < 1_000 && !words.contains("ada")
}

/// Whether a raw WebSocket cannot go on after it, and how it is closed.
fn last(protocol: &str, kind: &str) -> Option<u16> {
    match kind {
        "huge" if matches!(protocol, "001" | "004") => Some(1009),
        "invalid UTF-8" if matches!(protocol, "001" | "004") => Some(1007),
        _ => None,
    }
}

/// Mallory's, of every protocol: good once, and no more.
async fn refuses_an_expired_token(hub: &HubHandle) {
    let identity = Identity { user: "ada".into(), role: Role::Client, projects: None };
    let old = mint(SECRET, &identity, Duration::from_secs(1), SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(Client::connect(&hub.url(), json!({"token": old})).await.err().as_deref(), Some("Invalid token"));
    let mut swe = Client::swe(&hub.url(), "", json!({"token": old})).await;
    assert_eq!(swe.expect("connection_error").await["data"]["error_code"], "AUTH_FAILED");
    let mut run = Peer::connect_to(&hub.url(), "").await;
    run.says(json!({"type": "authenticate", "token": old}).to_string()).await;
    assert_eq!(run.hears_of("authentication").await["status"], "failed");
    let mut cloud = Peer::connect_to(&hub.url(), &format!("?token={old}")).await;
    assert_eq!(cloud.hears_of("auth").await["data"]["success"], false);
}

/// The start of the session that is under way, by its own user, in every protocol.
async fn starts_again(hub: &HubHandle) {
    for (protocol, name, payload) in [
        ("000", "execution:start", json!({"executionId": "secret", "code": "…"})),
        ("001", "", json!({"type": "start_agent", "runId": "secret", "code": "…"})),
        ("002", "execution_start", json!({"execution_id": "secret", "code": "…"})),
        ("003", "workflow.start", json!({"workflow_id": "secret", "code": "…"})),
        ("004", "", json!({"type": "task", "data": {"taskId": "secret", "code": "…"}})),
    ] {
        let mut ada = Line::open(hub, protocol, "ada").await;
        ada.says(name, payload).await;
        // What comes after it was heard after it.
        ada.overheard().await;
    }
}

#[tokio::test]
async fn nonsense_is_answered_in_each_protocols_form_and_neither_lost_nor_told_to_others() {
    let hub = hub().await;
    let mut ada = user(&hub, "ada").await;
    let mut agent = agent(&hub, "A").await;
    ada.emit("execution:start", json!({"executionId": "secret", "code": "…"})).await;
    agent.expect("execution:start").await;
    for protocol in PROTOCOLS {
        let mut eve = Line::open(&hub, protocol, "eve").await;
        let mut mallory = Line::open(&hub, protocol, "mallory").await;
        for (kind, message) in kinds(protocol) {
            mallory.sends(message).await;
            let answer = mallory.answer().await;
            assert!(is_right(protocol, kind, &answer), "{protocol}, {kind}: {answer:?}");
            if let Some(code) = last(protocol, kind) {
                let end = mallory.answer().await;
                assert!(matches!(end, Comes::Closed(Some(its)) if its == code), "{protocol}, {kind}: {end:?}");
                mallory = Line::open(&hub, protocol, "mallory").await;
            } else if matches!(answer, Comes::Closed(_)) {
                mallory = Line::open(&hub, protocol, "mallory").await;
            }
        }
        assert_eq!(mallory.overheard().await, Vec::<String>::new(), "{protocol}: each is answered once");
        agent.emit("execution:log", json!({"executionId": "secret", "message": protocol, "level": "info"})).await;
        assert_eq!(ada.expect("execution:log").await["message"], protocol);
        assert_eq!(eve.overheard().await, Vec::<String>::new(), "{protocol}: others hear nothing of it");
    }
    refuses_an_expired_token(&hub).await;
    starts_again(&hub).await;
    ada.emit("execution:start", json!({"executionId": "after", "code": "…"})).await;
    assert_eq!(agent.expect("execution:start").await["executionId"], "after", "nothing was started twice");
    agent.emit("execution:complete", json!({"executionId": "secret", "exitCode": 0, "duration": 3})).await;
    assert_eq!(ada.expect("execution:complete").await["executionId"], "secret");
    hub.shutdown().await;
}
