//! Clocks, tokens that expire, and what an agent says about itself to its machine.

use crate::peer::{PATIENCE, Place};
use crate::process::Program;
use crate::support::Agent;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixDatagram};
use tokio::time::{Instant, timeout};
use understudy::agent::{Clock, Reading, TokenSource};
use understudy::dialect::ai_run;

/// 2027.
const THEN: u64 = 1_800_000_000;

/// Clocks that follow the one that jumps, and can be put ahead of it: the time since the boot and the calendar, seconds.
fn clocks() -> (Clock, Arc<[AtomicU64; 2]>) {
    let (start, ahead) = (Instant::now(), Arc::new([AtomicU64::new(0), AtomicU64::new(THEN)]));
    let offsets = ahead.clone();
    let clock = Clock::new(move || {
        let [boot, wall] = [0, 1].map(|n| start.elapsed() + Duration::from_secs(offsets[n].load(Ordering::SeqCst)));
        Reading { since_boot: boot, wall: SystemTime::UNIX_EPOCH + wall }
    });
    (clock, ahead)
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_was_asleep_connects_anew_at_once() {
    for (asleep, ahead) in [(3600, 3600), (0, 3600)] {
        let (clock, offsets) = clocks();
        let mut agent = Agent::with(|options| options.machine.clock = clock);
        let (server, session) = agent.running("e").await;
        let slept = Instant::now();
        offsets[0].fetch_add(asleep, Ordering::SeqCst);
        offsets[1].fetch_add(ahead, Ordering::SeqCst);
        let mut again = agent.attempt().await.accept();
        assert!(slept.elapsed() < Duration::from_secs(2), "{:?}", slept.elapsed());
        server.expect_leave().await;
        again.expect("agent:register").await;
        session.complete(0).await;
        assert_eq!(again.complete("e").await, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_wakes_up_does_not_wait_for_its_next_attempt() {
    let (clock, offsets) = clocks();
    let mut agent = Agent::with(|options| options.machine.clock = clock);
    for _ in 0..12 {
        agent.attempt().await.unreachable();
    }
    let slept = Instant::now();
    offsets[0].fetch_add(60, Ordering::SeqCst);
    agent.attempt().await.accept().expect("agent:register").await;
    assert!(slept.elapsed() < Duration::from_secs(2), "{:?}", slept.elapsed());
}

fn jwt(life: u64) -> String {
    let claims = json!({"sub": "agent", "exp": THEN + life}).to_string();
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
}

/// An agent that reads its token from the file `token` of this folder, and that token's life in seconds.
fn with_token_for(life: u64) -> (Agent, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, jwt(life)).unwrap();
    let (clock, _) = clocks();
    let agent = Agent::with(|options| {
        options.machine.clock = clock;
        options.token = TokenSource::File(path);
    });
    (agent, folder)
}

#[tokio::test(start_paused = true)]
async fn the_next_token_is_shown_before_this_one_expires() {
    let (mut agent, folder) = with_token_for(600);
    let path = folder.path().join("token");
    let begun = Instant::now();
    let server = agent.plain_server().await;
    std::fs::write(&path, jwt(3600)).unwrap();
    let attempt = agent.attempt().await;
    assert_eq!(attempt.target.auth, json!({ "token": jwt(3600) }));
    let after = begun.elapsed().as_secs();
    assert!((540..600).contains(&after), "{after}");
    server.expect_leave().await;
    let mut server = attempt.accept();
    server.expect("agent:register").await;
}

#[tokio::test(start_paused = true)]
async fn a_token_without_a_successor_costs_no_connection() {
    let (mut agent, folder) = with_token_for(600);
    let path = folder.path().join("token");
    let mut server = agent.plain_server().await;
    // Time itself is under test, on a clock that jumps. The server may have a clock of its own: it is for it to say no.
    tokio::time::sleep(Duration::from_secs(700)).await;
    server.expect_silence().await;
    std::fs::write(&path, jwt(3600)).unwrap();
    assert_eq!(agent.attempt().await.target.auth, json!({ "token": jwt(3600) }));
}

#[tokio::test(start_paused = true)]
async fn a_hub_is_shown_the_next_token_over_the_connection_that_there_is() {
    let (mut agent, folder) = with_token_for(600);
    let path = folder.path().join("token");
    let mut hub = agent.hub().await;
    hub.start("e").await;
    let session = agent.session().await;
    std::fs::write(&path, jwt(3600)).unwrap();
    let begun = Instant::now();
    assert_eq!(hub.expect("authenticate").await, json!({ "token": jwt(3600) }));
    let after = begun.elapsed().as_secs();
    assert!((540..600).contains(&after), "{after}");
    hub.acknowledge(json!({"status": "success"})).await;
    // Not asked again until that one ends; what runs has not noticed anything.
    std::fs::write(&path, jwt(7200)).unwrap();
    session.complete(0).await;
    assert_eq!(hub.complete("e").await, 0);
    hub.prove().await;
    assert_eq!(hub.expect("authenticate").await, json!({ "token": jwt(7200) }));
    let after = begun.elapsed().as_secs();
    assert!((3540..4200).contains(&after), "{after}");
    // One that the hub does not want is not shown twice, and costs no connection while the one before is good.
    hub.acknowledge(json!({"status": "error", "error_message": "another user"})).await;
    // Time itself is under test, on a clock that jumps.
    tokio::time::sleep(Duration::from_secs(30)).await;
    hub.expect_silence().await;
    // A hub that does not answer gets it with a new connection.
    std::fs::write(&path, jwt(9000)).unwrap();
    assert_eq!(hub.expect("authenticate").await, json!({ "token": jwt(9000) }));
    let attempt = agent.attempt().await;
    assert_eq!(attempt.target.auth, json!({ "token": jwt(9000) }));
    hub.expect_leave().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_of_001_is_shown_the_next_token_by_its_first_message_once_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, jwt(600)).unwrap();
    let (clock, _) = clocks();
    let mut agent = Agent::with(|options| {
        options.machine.clock = clock;
        options.token = TokenSource::File(path.clone());
        options.protocol = ai_run::agent::SPOKEN;
    });
    let mut server = agent.attempt().await.accept();
    assert_eq!(server.expect("").await["token"], jwt(600));
    server.say("", json!({"type": "authentication", "status": "success"})).await;
    std::fs::write(&path, jwt(3600)).unwrap();
    let shown = loop {
        match server.expect("").await {
            Value::String(ping) => assert_eq!(ping, "ping"),
            shown => break shown,
        }
    };
    assert_eq!((&shown["type"], &shown["token"]), (&json!("authenticate"), &json!(jwt(3600))));
    server.say("", json!({"type": "authentication", "status": "success"})).await;
    server.say("", json!({"type": "start_agent", "runId": "r", "code": "…"})).await;
    // The connection is the one that there was, and stays.
    assert_eq!(agent.session().await.start.execution.as_str(), "r");
}

/// A service manager that only listens.
struct Manager {
    socket: UnixDatagram,
    folder: tempfile::TempDir,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { socket: UnixDatagram::bind(folder.path().join("notify")).unwrap(), folder }
    }

    fn variables(&self) -> [(&'static str, String); 2] {
        let path = self.folder.path().join("notify").to_str().unwrap().to_owned();
        [("NOTIFY_SOCKET", path), ("WATCHDOG_USEC", "400000".to_owned())]
    }

    async fn next(&self) -> String {
        let mut buffer = [0; 4096];
        let length = timeout(PATIENCE, self.socket.recv(&mut buffer)).await.expect("a word").unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    /// The next word that begins so; what was said before it.
    async fn hears(&self, words: &str) -> Vec<String> {
        let mut before = Vec::new();
        loop {
            let word = self.next().await;
            if word.starts_with(words) {
                return before;
            }
            before.push(word);
        }
    }
}

/// Whoever puts it there may come after the service manager.
#[tokio::test]
async fn a_service_waits_for_its_token() {
    let (manager, place, state) = (Manager::new(), Place::new().await, tempfile::tempdir().unwrap());
    let path = state.path().join("token");
    let flags = ["--token-file", path.to_str().unwrap()];
    let mut program = Program::start_in(&place.url(), state.path(), &flags, &manager.variables());
    program.logs("read the token in").await;
    std::fs::write(&path, "late").unwrap();
    assert_eq!(place.engine(crate::peer::OPEN).await.packet().await, r#"40{"token":"late"}"#);
}

#[tokio::test]
async fn a_service_manager_hears_when_the_agent_is_ready_lives_and_stops() {
    let (manager, place, state) = (Manager::new(), Place::new().await, tempfile::tempdir().unwrap());
    let mut program = Program::start_in(&place.url(), state.path(), &[], &manager.variables());
    // The server lets it wait: it lives, and is not ready.
    manager.hears("STATUS=connecting to http://127.0.0.1").await;
    for _ in 0..3 {
        manager.hears("WATCHDOG=1").await;
    }
    let mut server = place.client().await;
    let before = manager.hears("READY=1").await;
    assert!(!before.iter().any(|word| word.contains("connected to")), "{before:?}");
    manager.hears(&format!("STATUS=connected to {}; 0 of ", place.url())).await;
    assert!(server.packet().await.starts_with(r#"42["agent:register""#));
    drop(server);
    manager.hears("STATUS=no connection to ").await;
    let _server = place.client().await;
    let before = manager.hears("STATUS=connected to").await;
    assert!(!before.contains(&"READY=1".to_owned()), "said once: {before:?}");
    program.signal(Signal::TERM);
    manager.hears("STOPPING=1").await;
    manager.hears("STATUS=draining").await;
    assert_eq!(program.end().await.code(), Some(0));
}

#[tokio::test]
async fn a_loop_that_stands_still_does_not_say_that_it_lives() {
    let (manager, place, state) = (Manager::new(), Place::new().await, tempfile::tempdir().unwrap());
    let program = Program::start_in(&place.url(), state.path(), &[], &manager.variables());
    let _server = place.client().await;
    manager.hears("READY=1").await;
    program.signal(Signal::STOP);
    // What it had said by then is in the socket.
    let silence = async {
        let mut buffer = [0; 4096];
        while timeout(Duration::from_secs(1), manager.socket.recv(&mut buffer)).await.is_ok() {}
    };
    timeout(PATIENCE, silence).await.expect("silence");
    program.signal(Signal::CONT);
    manager.hears("WATCHDOG=1").await;
}

/// Status and body of what is there.
async fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

#[tokio::test]
async fn an_agent_tells_of_itself_over_http() {
    let (place, state) = (Place::new().await, tempfile::tempdir().unwrap());
    let mut program = Program::start(&place.url(), state.path(), &["--metrics", "127.0.0.1:0", "--max-sessions", "3"]);
    let line = program.logs("/metrics are served").await;
    let address = line.split("address=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    assert_eq!(get(&address, "/healthz").await, (200, "ok\n".to_owned()));
    let (status, body) = get(&address, "/readyz").await;
    assert_eq!((status, body), (503, format!("connecting to {}\n", place.url())));
    let mut server = place.client().await;
    program.logs("connected and registered").await;
    assert_eq!(get(&address, "/readyz").await, (200, "ready\n".to_owned()));
    let (status, body) = get(&address, "/metrics").await;
    assert_eq!(status, 200);
    for line in ["understudy_connected 1", "understudy_connections_total 1", "understudy_browser_starts_total 0"] {
        assert!(body.lines().any(|other| other == line), "{line} is not in\n{body}");
    }
    let start = json!(["execution:start", {"executionId": "e", "code": "export {};"}]);
    server.send(&format!("42{start}")).await;
    program.logs("an execution has ended").await;
    let (_, body) = get(&address, "/metrics").await;
    for line in [
        "understudy_sessions_total{kind=\"execution\",result=\"not_run\"} 1",
        "understudy_session_duration_seconds_count{kind=\"execution\"} 1",
    ] {
        assert!(body.lines().any(|other| other == line), "{line} is not in\n{body}");
    }
    assert_eq!(get(&address, "/else").await.0, 404);

    let other = tempfile::tempdir().unwrap();
    let mut second = Program::start(&place.url(), other.path(), &["--metrics", &address]);
    let line = second.logs("error: ").await;
    assert!(line.starts_with(&format!("error: --metrics {address}: nothing can be served there: ")), "{line}");
    assert_eq!(second.end().await.code(), Some(2));
}
