//! The hub over real sockets, in this process.

#![expect(clippy::unwrap_used, reason = "tests; clippy exempts only functions marked #[test]")]

mod client;
#[path = "../support/crowd.rs"]
mod clients;
mod crowd;
mod door;
mod limits;
mod matrix;
#[path = "../support/noise.rs"]
mod noise;
mod nonsense;
mod program;
mod reach;
mod recording;
mod rediss;
mod renewal;
mod several;
#[path = "../support/site.rs"]
mod site;
mod testbro;
mod waiting;
mod websocket;

use client::{Client, Got};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use understudy::hub::token::{self, Identity, Role};
use understudy::hub::{HubHandle, HubOptions, serve};

const SECRET: &[u8] = b"a secret of the tests that is long enough";

async fn hub() -> HubHandle {
    serve(HubOptions { listen: "127.0.0.1:0".parse().unwrap(), secret: SECRET.to_vec(), ..HubOptions::default() })
        .await
        .unwrap()
}

fn token(user: &str, role: Role) -> String {
    let identity = Identity { user: user.into(), role, projects: None };
    token::mint(SECRET, &identity, Duration::from_secs(600), SystemTime::now()).unwrap()
}

async fn user(hub: &HubHandle, name: &str) -> Client {
    let mut user = Client::connect(&hub.url(), json!({"token": token(name, Role::Client)})).await.unwrap();
    user.expect("connected").await;
    user
}

async fn agent(hub: &HubHandle, name: &str) -> Client {
    let mut agent = Client::connect(&hub.url(), json!({"token": token("bot", Role::Agent)})).await.unwrap();
    agent.emit("agent:register", registration(name)).await;
    assert_eq!(agent.expect("agent:registered").await["agentId"], name);
    agent
}

fn registration(name: &str) -> Value {
    json!({"name": name, "agentId": name, "systemInfo": {"platform": "linux"}, "maxSessions": 2, "sessions": [],
        "extensions": ["understudy/1"]})
}

/// One HTTP request without a library: status and body.
async fn http(address: SocketAddr, method: &str, path: &str, headers: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer)
}

#[tokio::test]
async fn who_has_no_good_token_is_told_so_on_connect_error() {
    let hub = hub().await;
    let identity = Identity { user: "ada".into(), role: Role::Client, projects: None };
    let forged = token::mint(b"another secret", &identity, Duration::from_secs(60), SystemTime::now()).unwrap();
    let expired = token::mint(SECRET, &identity, Duration::from_secs(1), SystemTime::UNIX_EPOCH).unwrap();
    for (name, auth, words) in [
        ("no auth", json!(null), "Authentication error"),
        ("no token", json!({}), "Authentication error"),
        ("an empty token", json!({"token": ""}), "Authentication error"),
        ("a number", json!({"token": 1}), "Authentication error"),
        ("not a token", json!({"token": "hello"}), "Invalid token"),
        ("another secret", json!({"token": forged}), "Invalid token"),
        ("expired", json!({"token": expired}), "Invalid token"),
    ] {
        assert_eq!(Client::connect(&hub.url(), auth).await.err().as_deref(), Some(words), "{name}");
    }
    hub.shutdown().await;
}

#[tokio::test]
async fn a_session_goes_to_the_agent_and_its_events_come_back() {
    let hub = hub().await;
    let (mut ada, mut eve) = (user(&hub, "ada").await, user(&hub, "eve").await);
    let mut agent = agent(&hub, "A").await;
    assert_eq!(ada.next().await, Got::Event("agent:status".into(), json!({"agentId": "A", "status": "online"})));
    let start = json!({"executionId": "e1", "target": "local", "code": "…", "extra": {"kept": true}});
    ada.emit("execution:start", start.clone()).await;
    assert_eq!(agent.expect("execution:start").await, start);
    agent.emit("execution:log", json!({"executionId": "e1", "message": "hi", "level": "info"})).await;
    agent.emit_with_ack(7, "execution:complete", json!({"executionId": "e1", "exitCode": 0, "duration": 3})).await;
    assert_eq!(agent.next().await, Got::Ack(7, json!([{}])), "a receipt for what was relayed");
    assert_eq!(ada.expect("agent:status").await["status"], "busy");
    assert_eq!(
        ada.next().await,
        Got::Event("execution:log".into(), json!({"executionId": "e1", "message": "hi", "level": "info"}))
    );
    assert_eq!(ada.expect("execution:complete").await["exitCode"], 0);
    for status in ["online", "busy", "online"] {
        let told = eve.next().await;
        assert_eq!(
            told,
            Got::Event("agent:status".into(), json!({"agentId": "A", "status": status})),
            "and nothing else"
        );
    }
    hub.shutdown().await;
}

#[tokio::test]
async fn the_first_events_of_a_peer_are_heard_however_early_they_come() {
    let hub = hub().await;
    let mut ada = user(&hub, "ada").await;
    for n in 0..50 {
        let id = format!("A{n}");
        let mut agent = Client::connect(&hub.url(), json!({"token": token("bot", Role::Agent)})).await.unwrap();
        agent.emit("agent:register", registration(&id)).await;
        ada.expect_where("agent:status", |told| told["agentId"] == *id && told["status"] == "online").await;
        drop(agent);
        ada.expect_where("agent:status", |told| told["agentId"] == *id && told["status"] == "offline").await;
    }
    hub.shutdown().await;
}

#[tokio::test]
async fn a_burst_arrives_whole_and_in_order() {
    const LINES: u64 = 20_000;
    let hub = hub().await;
    let mut ada = user(&hub, "ada").await;
    let mut agent = agent(&hub, "A").await;
    ada.emit("execution:start", json!({"executionId": "e1", "code": "…"})).await;
    agent.expect("execution:start").await;
    let sends = async {
        for n in 0..LINES {
            agent.emit("execution:log", json!({"executionId": "e1", "message": n, "level": "info"})).await;
        }
    };
    let reads = async {
        for n in 0..LINES {
            assert_eq!(ada.expect("execution:log").await["message"], n);
        }
    };
    tokio::join!(sends, reads);
    hub.shutdown().await;
}

#[tokio::test]
async fn an_event_just_below_the_limit_is_relayed_byte_for_byte() {
    let hub = hub().await;
    let mut ada = user(&hub, "ada").await;
    let mut agent = agent(&hub, "A").await;
    ada.emit("execution:start", json!({"executionId": "e1", "code": "…"})).await;
    agent.expect("execution:start").await;
    let picture = json!({"executionId": "e1", "stepNumber": 1, "imageData": "/9j/".repeat(249_900)});
    for _ in 0..3 {
        agent.emit("execution:screenshot", picture.clone()).await;
        assert!(ada.expect("execution:screenshot").await == picture, "it is another one");
    }
    hub.shutdown().await;
}

#[tokio::test]
async fn bad_input_is_answered_and_the_connection_stays() {
    let hub = hub().await;
    let mut ada = user(&hub, "ada").await;
    for (payload, answer) in [
        (json!(null), "execution:start: the payload must be an object, got null"),
        (json!([1, 2]), "execution:start: the payload must be an object, got an array"),
        (json!({"executionId": {}}), "execution:start: `executionId` must be a string, got an object"),
        (json!({"executionId": "e"}), "execution:start: `code` must be a string, got nothing"),
    ] {
        ada.emit("execution:start", payload).await;
        assert_eq!(ada.expect("error").await["message"], answer);
    }
    for frame in [r#"42["execution:start"]"#, r#"42["execution:start",{},{}]"#] {
        ada.write(frame).await;
        let answer = ada.expect("error").await;
        assert!(answer["message"].as_str().unwrap().starts_with("execution:start: "), "{frame}: {answer}");
    }
    for frame in [r#"42["nothing:known",{}]"#, r#"42["agent:heartbeat"]"#] {
        ada.write(frame).await;
    }
    ada.emit("execution:cancel", json!({"executionId": "still here"})).await;
    assert_eq!(ada.expect("error").await["executionId"], "still here");
    hub.shutdown().await;
}

#[tokio::test]
async fn nonsense_ends_the_connection_of_who_sends_it_and_no_other() {
    let hub = hub().await;
    let mut ada = user(&hub, "ada").await;
    for frame in [
        "hello".to_owned(),
        "42[".to_owned(),
        "42".to_owned(),
        "4251-[\"x\"]".to_owned(),
        format!("42[\"execution:start\",\"{}\"]", "x".repeat(1_100_000)),
        format!("42[\"execution:start\",{}", "[".repeat(200_000)),
    ] {
        let mut mallory = user(&hub, "mallory").await;
        mallory.write(&frame).await;
        while mallory.next().await != Got::Closed {}
    }
    ada.emit("execution:cancel", json!({"executionId": "e"})).await;
    ada.expect("error").await;
    hub.shutdown().await;
}

#[tokio::test]
async fn health_needs_no_token_and_the_rest_does() {
    let hub = hub().await;
    let _agent = agent(&hub, "A").await;
    let bearer = format!("authorization: Bearer {}\r\n", token("ada", Role::Client));
    for (path, headers, status, body) in [
        ("/healthz", "", 200, "\"status\":\"ok\""),
        ("/api/v1/agents", "", 401, "there is none"),
        ("/api/v1/agents", "authorization: Bearer x\r\n", 401, "error"),
        ("/api/v1/agents", bearer.as_str(), 200, "\"agentId\":\"A\""),
        ("/", "", 200, "content-security-policy: default-src 'none'; script-src 'self'"),
        ("/dashboard/app.js", "", 200, "content-type: text/javascript"),
        ("/nowhere", "", 404, ""),
    ] {
        let (got, answer) = http(hub.address(), "GET", path, headers).await;
        assert_eq!(got, status, "{path} {headers} {answer}");
        assert!(answer.contains(body), "{path}: {answer}");
    }
    hub.shutdown().await;
}

#[tokio::test]
async fn shutting_down_ends_connections_and_frees_the_port() {
    let first = hub().await;
    let mut ada = user(&first, "ada").await;
    let address = first.address();
    // In the middle of a request: must not hold up the end.
    let mut halfway = TcpStream::connect(address).await.unwrap();
    halfway.write_all(b"GET /healthz HTTP/1.1\r\nhost").await.unwrap();
    first.shutdown().await;
    assert_eq!(ada.next().await, Got::Closed);
    let again = serve(HubOptions { listen: address, secret: SECRET.to_vec(), ..HubOptions::default() }).await.unwrap();
    user(&again, "ada").await;
    again.shutdown().await;
    let empty = HubOptions { secret: Vec::new(), ..HubOptions::default() };
    assert_eq!(serve(empty).await.unwrap_err().to_string(), "start the hub: the secret for tokens is empty");
}

#[tokio::test]
async fn pages_of_allowed_origins_may_use_the_hub() {
    let hub = serve(HubOptions {
        secret: SECRET.to_vec(),
        cors_origins: vec!["https://tests.example.com/".to_owned()],
        ..HubOptions::default()
    })
    .await
    .unwrap();
    let preflight = "access-control-request-method: GET\r\n";
    for (name, method, path, origin, asks, allowed) in [
        ("ours", "GET", "/healthz", "https://tests.example.com", "", true),
        ("ours, polling", "GET", "/socket.io/?EIO=4&transport=polling", "https://tests.example.com", "", true),
        ("ours, asking first", "OPTIONS", "/api/v1/agents", "https://tests.example.com", preflight, true),
        ("another", "GET", "/healthz", "https://evil.example.com", "", false),
        ("ours by its beginning", "GET", "/healthz", "https://tests.example.com.evil.com", "", false),
    ] {
        let (_, answer) = http(hub.address(), method, path, &format!("origin: {origin}\r\n{asks}")).await;
        let line = format!("access-control-allow-origin: {origin}\r\n");
        assert_eq!(answer.contains(&line), allowed, "{name}: {answer}");
    }
    hub.shutdown().await;
}

#[tokio::test]
async fn a_client_and_an_agent_that_lose_their_connections_lose_no_result() {
    let hub = hub().await;
    let mut ada = user(&hub, "ada").await;
    let mut first = agent(&hub, "A").await;
    for id in ["e1", "e2"] {
        ada.emit("execution:start", json!({"executionId": id, "target": "local", "code": "…"})).await;
        first.expect("execution:start").await;
    }
    first.emit("execution:log", json!({"executionId": "e1", "message": "hi", "level": "info"})).await;
    ada.expect("execution:log").await;
    let mut eve = user(&hub, "eve").await;
    drop(first);
    eve.expect_where("agent:status", |told| told["status"] == "offline").await;
    ada.write("1").await;
    while ada.next().await != Got::Closed {}
    // It has e1 still, and has never heard of e2.
    let mut again = Client::connect(&hub.url(), json!({"token": token("bot", Role::Agent)})).await.unwrap();
    let mut registration = registration("A");
    registration["sessions"] = json!(["e1"]);
    again.emit("agent:register", registration).await;
    assert_eq!(again.expect("execution:start").await["executionId"], "e2", "what got lost on its way comes again");
    for id in ["e1", "e2"] {
        let complete = json!({"executionId": id, "exitCode": 0, "duration": 3, "eventId": id});
        for number in [1, 2] {
            again.emit_with_ack(number, "execution:complete", complete.clone()).await;
            while again.next().await != Got::Ack(number, json!([{}])) {}
        }
    }
    let mut ada = user(&hub, "ada").await;
    for id in ["e1", "e2"] {
        let (name, payload) = ada.first("a verdict", |name, _| name.starts_with("execution:")).await;
        assert_eq!((name.as_str(), &payload["executionId"]), ("execution:complete", &json!(id)), "once each");
    }
    hub.shutdown().await;
}
