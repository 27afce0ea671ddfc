//! Who is let in, for how long, how much they may say, and what is written down about it.

use super::client::{Client, Got};
use super::websocket::Peer;
use super::{SECRET, agent, token};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;
use understudy::hub::token::{Identity, Role, mint};
use understudy::hub::{HubHandle, HubOptions, TlsFiles, serve};

async fn hub(options: HubOptions) -> HubHandle {
    serve(HubOptions { secret: SECRET.to_vec(), ..options }).await.unwrap()
}

/// It expires now by the letter, and in five seconds by the hub's patience with clocks.
fn short_token(user: &str) -> String {
    let identity = Identity { user: user.into(), role: Role::Client, projects: None };
    mint(SECRET, &identity, Duration::ZERO, SystemTime::now()).unwrap()
}

/// A peer of every protocol.
struct Everybody {
    testflow: Client,
    swe: Client,
    run: Peer,
    cloud: Peer,
}

impl Everybody {
    async fn connect(url: &str, token: &str) -> Self {
        let mut swe = Client::swe(url, "", json!({"token": token})).await;
        swe.expect("connection_established").await;
        Self {
            testflow: Client::connect(url, json!({"token": token})).await.unwrap(),
            swe,
            run: Peer::authenticate(url, token).await,
            cloud: Peer::connect_to(url, &format!("?token={token}")).await,
        }
    }
}

async fn is_closed(client: &mut Client) {
    while client.next().await != Got::Closed {}
}

async fn is_over(peer: &mut Peer) {
    while peer.hears().await.is_some() {}
}

#[tokio::test]
async fn who_says_too_much_is_told_in_the_words_of_each_protocol_and_disconnected() {
    /// However slowly they are sent, there are more of them than seconds.
    const MESSAGES: usize = 100;
    let hub = hub(HubOptions { rate_limit: "1/s".parse().unwrap(), ..HubOptions::default() }).await;
    let mut all = Everybody::connect(&hub.url(), &token("ada", Role::Client)).await;
    let mut agent = agent(&hub, "A").await;
    for _ in 0..2 * MESSAGES {
        agent.emit("agent:heartbeat", json!({})).await;
    }
    for _ in 0..MESSAGES {
        all.testflow.emit("what is this", json!({})).await;
        all.swe.emit("ping", json!({})).await;
        all.run.says("ping").await;
        all.cloud.says(r#"{"type":"pong"}"#).await;
    }
    let words = "Too many messages: 1/s are allowed";
    assert_eq!(all.testflow.expect("error").await["message"], words);
    is_closed(&mut all.testflow).await;
    assert_eq!(all.swe.expect("error").await["message"], words);
    is_closed(&mut all.swe).await;
    // The word of authentication was one, too.
    assert_eq!(all.run.hears_of("error").await["error"], words);
    is_over(&mut all.run).await;
    assert_eq!(all.cloud.hears_of("error").await["data"]["error"], words);
    is_over(&mut all.cloud).await;
    agent.emit_with_ack(1, "agent:heartbeat", json!({})).await;
    assert_eq!(agent.next().await, Got::Ack(1, json!([{}])), "agents are not limited");
    hub.shutdown().await;
}

#[tokio::test]
async fn a_token_that_expires_ends_its_connection_unless_it_is_renewed() {
    let hub = hub(HubOptions::default()).await;
    let url = hub.url();
    let mut kept = Everybody::connect(&url, &short_token("ada")).await;
    let good = token("ada", Role::Client);
    kept.testflow.expect("connected").await;
    kept.testflow.emit_with_ack(1, "authenticate", json!({"token": good})).await;
    assert_eq!(kept.testflow.next().await, Got::Ack(1, json!([{"status": "success"}])));
    kept.swe.emit_with_ack(1, "authenticate", json!({"token": good})).await;
    assert_eq!(kept.swe.next().await, Got::Ack(1, json!([{"status": "success"}])));
    kept.run.says(json!({"type": "authenticate", "token": good}).to_string()).await;
    assert_eq!(kept.run.hears_of("authentication").await["status"], "success");

    let mut left = Everybody::connect(&url, &short_token("ada")).await;
    left.testflow.expect("connected").await;
    let (eves, nonsense) = (token("eve", Role::Client), json!(7));
    for (id, token) in [(1, json!(eves)), (2, json!(token("ada", Role::Agent))), (3, nonsense)] {
        left.testflow.emit_with_ack(id, "authenticate", json!({"token": token})).await;
        let Got::Ack(_, answer) = left.testflow.next().await else { panic!("no answer to {token}") };
        assert_eq!(answer[0]["error_code"], "AUTH_FAILED", "{token}");
    }
    let expired = "The token has expired: connect again with a new one";
    assert_eq!(left.testflow.expect("error").await["message"], expired);
    is_closed(&mut left.testflow).await;
    assert_eq!(left.swe.expect("connection_error").await["data"]["error_code"], "AUTH_FAILED");
    is_closed(&mut left.swe).await;
    let told = left.run.hears_of("authentication").await;
    assert_eq!((&told["status"], &told["error"]), (&json!("failed"), &json!(expired)));
    is_over(&mut left.run).await;
    while left.cloud.hears_of("auth").await["data"]["success"] == true {}
    is_over(&mut left.cloud).await;

    kept.testflow.emit_with_ack(2, "hub:replay", json!({})).await;
    assert_eq!(kept.testflow.next().await, Got::Ack(2, json!([{}])));
    kept.swe.emit_with_ack(2, "ping", json!({})).await;
    assert_eq!(kept.swe.next().await, Got::Ack(2, json!([{"status": "pong"}])));
    kept.run.says(json!({"type": "start_agent", "runId": "r", "code": "…"}).to_string()).await;
    assert_eq!(kept.run.hears().await.unwrap()["type"], "completion");
    hub.shutdown().await;
}

#[tokio::test]
async fn with_dev_tokens_whoever_is_on_this_machine_is_let_in_by_any_name() {
    let strict = hub(HubOptions::default()).await;
    let mut refused = Peer::connect(&strict, "?token=test-123").await;
    assert_eq!(refused.hears_of("auth").await["data"]["success"], false);
    strict.shutdown().await;

    let hub = hub(HubOptions { dev_tokens: true, ..HubOptions::default() }).await;
    let mut peer = Peer::connect(&hub, "?token=test-123").await;
    assert_eq!(
        peer.hears_of("auth").await["data"],
        json!({"success": true, "userId": "user_test-123", "extensions": ["understudy/1"]})
    );
    let mut swe = Client::swe(&hub.url(), "&token=test-123", json!({})).await;
    assert_eq!(swe.expect("connection_established").await["data"]["user_id"], "user_test-123");
    let nowhere_else = Client::connect(&hub.url(), json!({"token": "test-123"})).await;
    assert_eq!(nowhere_else.err().as_deref(), Some("Invalid token"), "in the address only");
    hub.shutdown().await;
}

/// A certificate for `localhost` in the files.
fn write(files: &TlsFiles) -> CertificateDer<'static> {
    let CertifiedKey::<KeyPair> { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&files.key, signing_key.serialize_pem()).unwrap();
    std::fs::write(&files.cert, cert.pem()).unwrap();
    cert.into()
}

/// What the hub answers a client that trusts this certificate alone; an error is the handshake's.
async fn answer(hub: &HubHandle, trusted: &CertificateDer<'static>) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(hub.address()).await.unwrap();
    let name = "localhost".try_into().unwrap();
    let mut stream = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await?;
    let mut answer = Vec::new();
    // Some close without a word of TLS about it.
    let _end = stream.read_to_end(&mut answer).await;
    Ok(String::from_utf8(answer).unwrap())
}

#[tokio::test]
async fn with_a_certificate_it_speaks_https_and_reads_a_newer_one_when_it_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let files = TlsFiles { cert: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
    let first = write(&files);
    let hub = hub(HubOptions { tls: Some(files.clone()), ..HubOptions::default() }).await;
    assert!(hub.url().starts_with("https://127.0.0.1:"), "{}", hub.url());
    // Somebody who never shakes hands holds up nobody.
    let _silent = TcpStream::connect(hub.address()).await.unwrap();
    assert!(answer(&hub, &first).await.unwrap().starts_with("HTTP/1.1 200 OK"));
    let second = write(&files);
    while answer(&hub, &second).await.is_err() {}
    assert!(answer(&hub, &first).await.is_err(), "the first one is gone");
    hub.shutdown().await;
}

/// A line of the log about connections.
async fn line(lines: &mut tokio::io::Lines<impl tokio::io::AsyncBufRead + Unpin>, message: &str) -> Value {
    loop {
        let line = lines.next_line().await.unwrap().expect("a line");
        let Ok(line) = serde_json::from_str::<Value>(&line) else { continue };
        if line["target"] == "understudy::audit" && line["fields"]["message"].as_str().unwrap().starts_with(message) {
            return line["fields"].clone();
        }
    }
}

#[tokio::test]
async fn the_log_says_who_came_and_who_was_refused_and_who_keeps_coming() {
    let folder = tempfile::tempdir().unwrap();
    let secret = String::from_utf8(SECRET.to_vec()).unwrap();
    let mut serve = Command::new(env!("CARGO_BIN_EXE_understudy"))
        .args(["serve", "--log-format", "json", "--listen", "127.0.0.1:0", "--jwt-secret", &secret])
        .env("XDG_CONFIG_HOME", Path::new(folder.path()))
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(serve.stderr.take().unwrap()).lines();
    let said = lines.next_line().await.unwrap().unwrap();
    let url =
        said.split_whitespace().find(|word| word.starts_with("http://")).unwrap().trim_end_matches('.').to_owned();

    drop(Peer::connect_to(&url, "?token=hello").await);
    let refused = line(&mut lines, "a peer is refused").await;
    assert_eq!(refused["protocol"], "cloud");
    assert!(refused["why"].as_str().unwrap().starts_with("verify the token: "), "{refused}");
    assert!(refused["from"].as_str().unwrap().starts_with("127.0.0.1:"), "{refused}");
    let good = token("ada", Role::Client);
    for n in 0..5 {
        let peer = Client::connect(&url, json!({"token": good})).await.unwrap();
        let came = line(&mut lines, "a peer connects").await;
        assert_eq!(
            (&came["user"], &came["role"], &came["protocol"]),
            (&json!("ada"), &json!("client"), &json!("testflow"))
        );
        drop(peer);
        let gone = line(&mut lines, "a peer is gone").await;
        assert_eq!((&gone["user"], &gone["why"]), (&json!("ada"), &json!("it left")), "{n}");
    }
    let noticed = line(&mut lines, "rapid reconnects").await;
    assert_eq!((&noticed["user"], &noticed["from"]), (&json!("ada"), &json!("127.0.0.1")));
    serve.kill().await.unwrap();
}
