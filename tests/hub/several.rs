//! Several hubs that share a Redis and act as one.

use super::client::{Client, Got};
use super::websocket::Peer;
use super::{SECRET, http, registration, token};
use redis::AsyncCommands;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use understudy::hub::token::Role;
use understudy::hub::{HubHandle, HubOptions, serve};

/// A Redis of the test's own, which keeps nothing when it ends.
struct Redis {
    folder: TempDir,
    process: Option<Child>,
}

impl Redis {
    fn start() -> Self {
        let mut redis = Self { folder: tempfile::tempdir().unwrap(), process: None };
        redis.again();
        redis
    }

    fn again(&mut self) {
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--save", "", "--unixsocket"]).arg(self.folder.path().join("redis"));
        command.current_dir(&self.folder).stdout(Stdio::null()).kill_on_drop(true);
        self.process = Some(command.spawn().expect("redis-server: ./install.sh --deps installs it"));
    }

    async fn end(&mut self) {
        self.process.take().unwrap().kill().await.unwrap();
    }

    fn url(&self) -> String {
        format!("redis+unix://{}", self.folder.path().join("redis").display())
    }

    async fn connection(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(self.url()).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }

    async fn hub(&self) -> HubHandle {
        let options = HubOptions { secret: SECRET.to_vec(), redis: Some(self.url()), ..HubOptions::default() };
        let hub = serve(options).await.unwrap();
        is_ready(hub.address(), true).await;
        hub
    }
}

/// Waits until the hub says that it is ready, or that it is not.
async fn is_ready(hub: SocketAddr, ready: bool) {
    while (http(hub, "GET", "/healthz", "").await.0 == 200) != ready {
        tokio::task::yield_now().await;
    }
}

async fn client(url: &str, user: &str) -> Client {
    Client::connect(url, json!({"token": token(user, Role::Client)})).await.unwrap()
}

async fn agent(url: &str, name: &str, sessions: &[&str]) -> Client {
    let mut agent = Client::connect(url, json!({"token": token("bot", Role::Agent)})).await.unwrap();
    let mut registration = registration(name);
    registration["sessions"] = json!(sessions);
    agent.emit("agent:register", registration).await;
    assert_eq!(agent.expect("agent:registered").await["agentId"], name);
    agent
}

async fn is_online(client: &mut Client, agent: &str) {
    client.expect_where("agent:status", |told| told["agentId"] == agent && told["status"] == "online").await;
}

fn start(id: &str) -> Value {
    json!({"executionId": id, "target": "local", "code": "…", "extra": {"kept": true}})
}

pub(crate) async fn post(hub: &HubHandle, path: &str, token: &str, body: &Value) -> u16 {
    let body = body.to_string();
    let headers = format!(
        "authorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    http(hub.address(), "POST", path, &headers).await.0
}

#[tokio::test]
async fn whoever_is_on_one_hub_works_with_whoever_is_on_another() {
    let redis = Redis::start();
    let (one, two) = (redis.hub().await, redis.hub().await);
    let ada = token("ada", Role::Client);
    let mut testflow = client(&one.url(), "ada").await;
    let mut swe = Client::swe(&one.url(), "", json!({"token": ada})).await;
    let mut cloud = Peer::connect(&one, &format!("?token={ada}")).await;
    let mut run = Peer::authenticate(&one.url(), &ada).await;
    let mut elsewhere = client(&two.url(), "ada").await;
    let mut eve = client(&two.url(), "eve").await;
    let mut agent = agent(&two.url(), "A", &[]).await;
    for client in [&mut testflow, &mut elsewhere, &mut eve] {
        is_online(client, "A").await;
    }

    // Starts, what is told of them, and controls.
    testflow.emit_with_ack(1, "execution:start", start("e1")).await;
    assert_eq!(agent.expect("execution:start").await, start("e1"), "unchanged");
    while testflow.next().await != Got::Ack(1, json!([{}])) {}
    elsewhere.emit("execution:cancel", json!({"executionId": "e1"})).await;
    assert_eq!(agent.expect("execution:cancel").await["executionId"], "e1");
    agent.emit("execution:log", json!({"executionId": "e1", "message": "hi", "level": "info"})).await;
    agent
        .emit_with_ack(
            7,
            "execution:complete",
            json!({"executionId": "e1", "exitCode": 0, "duration": 3, "eventId": "x"}),
        )
        .await;
    assert_eq!(agent.next().await, Got::Ack(7, json!([{}])), "a receipt for what was relayed");
    for client in [&mut testflow, &mut elsewhere] {
        assert_eq!(client.expect("execution:log").await["message"], "hi");
        assert_eq!(client.expect("execution:complete").await["exitCode"], 0);
    }
    assert_eq!(swe.expect("workflow.completed").await["data"]["workflow_id"], "e1");
    while cloud.hears_of("notification").await["data"]["taskId"] != "e1" {}
    testflow.emit("execution:start", start("e1")).await;
    elsewhere.emit("execution:start", start("e1")).await;

    // A run that was made on one hub and is started on the other; its pictures.
    assert_eq!(post(&two, "/api/runs", &ada, &json!({"runId": "r1", "code": "…"})).await, 201);
    assert_eq!(post(&one, "/api/runs", &ada, &json!({"runId": "r1", "code": "…"})).await, 409);
    run.says(json!({"type": "start_agent", "runId": "r1"}).to_string()).await;
    assert_eq!(agent.expect("execution:start").await["executionId"], "r1", "and e1 not once more");
    let step = json!({"executionId": "r1", "stepNumber": 1, "status": "passed", "action": {"type": "click"}, "explanation": "Click"});
    agent.emit("execution:step", step).await;
    agent.emit("execution:screenshot", json!({"executionId": "r1", "stepNumber": 1, "imageData": "/9j/AA=="})).await;
    assert_eq!(run.hears_of("step_update").await["screenshot"], "/9j/AA==");
    agent.emit("execution:complete", json!({"executionId": "r1", "exitCode": 0, "duration": 3})).await;
    assert_eq!(run.hears_of("completion").await["status"], "success");

    // Presence, what services tell, rooms and their numbers.
    let mut other = Peer::connect(&two, &format!("?token={}", token("eve", Role::Client))).await;
    other.says(r#"{"type":"user_presence","data":"busy"}"#).await;
    assert_eq!(cloud.hears_of("user_presence").await["data"], json!({"userId": "eve", "status": "busy"}));
    drop(other);
    assert_eq!(cloud.hears_of("user_presence").await["data"], json!({"userId": "eve", "status": "offline"}));
    swe.emit_with_ack(1, "subscribe", json!({"room": "project:p"})).await;
    while swe.next().await != Got::Ack(1, json!([{"status": "success", "room": "project:p"}])) {}
    let deleted = json!({"type": "project.deleted", "timestamp": "2026-01-01T00:00:00Z", "source": "x",
        "data": {"project_id": "p", "deleted_by": "someone"}});
    assert_eq!(post(&two, "/api/v1/events", &token("x", Role::Service), &deleted).await, 202);
    assert_eq!(swe.expect("project.deleted").await, deleted);

    let told = json!({"level": "success", "message": "All tests passed!"});
    let mut for_ada = told.clone();
    for_ada["userId"] = json!("ada");
    let service = token("x", Role::Service);
    for (path, by, body, status) in [
        ("notifications", &ada, &told, 403),
        ("notifications", &service, &json!({"level": "loud", "message": "x"}), 400),
        ("notifications", &service, &json!([]), 400),
        ("chat", &service, &told, 400),
        ("events", &service, &told, 400),
    ] {
        assert_eq!(post(&two, &format!("/api/v1/{path}"), by, body).await, status, "{path} {body}");
    }
    let mut stranger = Peer::connect(&one, &format!("?token={}", token("eve", Role::Client))).await;
    stranger.hears_of("notification").await;
    for body in [&for_ada, &told] {
        assert_eq!(post(&two, "/api/v1/notifications", &service, body).await, 202);
        assert_eq!(cloud.hears_of("notification").await["data"], told);
    }
    let said = json!({"conversationId": "c", "messageId": "m", "content": "Done", "sender": "X", "timestamp": "2026-01-01T00:00:00Z"});
    assert_eq!(post(&two, "/api/v1/chat", &service, &said).await, 202);
    assert_eq!(cloud.hears_of("chat_message").await["data"], said);
    assert_eq!(stranger.hears_of("notification").await["data"], told);
    assert_eq!(stranger.hears_of("chat_message").await["data"], said, "and not what was for another user");

    // What somebody says of another's session is refused on every hub.
    eve.emit("execution:cancel", json!({"executionId": "r1"})).await;
    assert!(eve.expect("error").await["message"].as_str().unwrap().contains("no session of yours"));

    // A hub that comes later knows what was said before.
    let three = redis.hub().await;
    let mut late = client(&three.url(), "ada").await;
    is_online(&mut late, "A").await;
    late.emit("hub:replay", json!({})).await;
    assert_eq!(late.expect("hub:session").await["executionId"], "e1");
    assert_eq!(late.expect("execution:log").await["message"], "hi");
    late.emit("execution:start", start("e2")).await;
    assert_eq!(agent.expect("execution:start").await["executionId"], "e2");
    for hub in [one, two, three] {
        hub.shutdown().await;
    }
}

#[tokio::test]
async fn an_agent_that_comes_back_on_another_hub_goes_on_with_its_sessions() {
    let redis = Redis::start();
    let (one, two) = (redis.hub().await, redis.hub().await);
    let mut ada = client(&one.url(), "ada").await;
    let mut first = agent(&one.url(), "A", &[]).await;
    is_online(&mut ada, "A").await;
    for id in ["e1", "e2"] {
        ada.emit("execution:start", start(id)).await;
        first.expect("execution:start").await;
    }
    first.emit("execution:log", json!({"executionId": "e1", "message": "hi", "level": "info"})).await;
    ada.expect("execution:log").await;
    drop(first);
    ada.expect_where("agent:status", |told| told["status"] == "offline").await;
    let mut again = agent(&two.url(), "A", &["e1"]).await;
    assert_eq!(again.expect("execution:start").await["executionId"], "e2", "what got lost on its way comes again");
    let complete = json!({"executionId": "e1", "exitCode": 0, "duration": 3, "eventId": "x"});
    for number in [1, 2] {
        again.emit_with_ack(number, "execution:complete", complete.clone()).await;
        while again.next().await != Got::Ack(number, json!([{}])) {}
    }
    assert_eq!(ada.expect("execution:complete").await["executionId"], "e1");
    again.emit("execution:complete", json!({"executionId": "e2", "exitCode": 0, "duration": 3})).await;
    let next = ada.first("a verdict", |name, _| name == "execution:complete").await;
    assert_eq!(next.1["executionId"], "e2", "e1 was told once");
    one.shutdown().await;
    two.shutdown().await;
}

/// `understudy serve` as a process of its own, and its address.
async fn process(redis: &Redis) -> (Child, String) {
    let secret = String::from_utf8(SECRET.to_vec()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_understudy"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--jwt-secret", &secret]);
    command.env("REDIS_URL", redis.url()).env("XDG_CONFIG_HOME", redis.folder.path());
    started(command).await
}

/// A hub that was started so, and its address.
pub(crate) async fn started(mut command: Command) -> (Child, String) {
    let mut serve = command.stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(serve.stderr.take().unwrap()).lines();
    let url = loop {
        let line = lines.next_line().await.unwrap().expect("a line with the address");
        if let Some(url) = line.split_whitespace().find(|word| word.starts_with("http://")) {
            break url.trim_end_matches('.').to_owned();
        }
    };
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    is_ready(url.strip_prefix("http://").unwrap().parse().unwrap(), true).await;
    (serve, url)
}

#[tokio::test]
async fn what_a_hub_had_expires_when_it_is_killed_and_the_others_go_on() {
    let redis = Redis::start();
    let (mut killed, url) = process(&redis).await;
    let one = redis.hub().await;
    let mut ada = client(&one.url(), "ada").await;
    let mut first = agent(&url, "A", &[]).await;
    is_online(&mut ada, "A").await;
    ada.emit("execution:start", start("e1")).await;
    first.expect("execution:start").await;
    let mut looks = redis.connection().await;
    for key in ["understudy:agent:A", "understudy:session:e1"] {
        while !looks.exists::<_, bool>(key).await.unwrap() {}
        assert!(looks.pttl::<_, i64>(key).await.unwrap() > 0, "{key}");
    }
    killed.kill().await.unwrap();
    ada.expect_where("agent:status", |told| told["agentId"] == "A" && told["status"] == "offline").await;
    while looks.exists::<_, bool>("understudy:agent:A").await.unwrap() {}
    let mut again = agent(&one.url(), "A", &["e1"]).await;
    again.emit("execution:complete", json!({"executionId": "e1", "exitCode": 0, "duration": 3})).await;
    assert_eq!(ada.expect("execution:complete").await["executionId"], "e1");
    one.shutdown().await;
}

#[tokio::test]
async fn hubs_go_on_when_redis_was_away() {
    let mut redis = Redis::start();
    let (one, two) = (redis.hub().await, redis.hub().await);
    let mut first = agent(&two.url(), "A", &[]).await;
    let mut ada = client(&one.url(), "ada").await;
    is_online(&mut ada, "A").await;
    ada.emit("execution:start", start("e1")).await;
    first.expect("execution:start").await;
    redis.end().await;
    is_ready(one.address(), false).await;
    is_ready(two.address(), false).await;
    // Nothing crashes, and whoever wants something meanwhile is told after a while.
    let mut n = 0;
    while !matches!(ada.next_within(Duration::from_millis(200)).await, Some(Got::Event(name, told)) if name == "error"
        && told["message"] == "The hub cannot reach its Redis: try again later")
    {
        n += 1;
        ada.emit("execution:start", start(&format!("late{n}"))).await;
    }
    redis.again();
    is_ready(one.address(), true).await;
    is_ready(two.address(), true).await;
    // One of the hubs went on with its peers, and the peers of the other were disconnected: now both come anew.
    let mut ada = client(&one.url(), "ada").await;
    let mut again = agent(&two.url(), "A", &["e1"]).await;
    again.emit("execution:complete", json!({"executionId": "e1", "exitCode": 0, "duration": 3})).await;
    assert_eq!(ada.expect("execution:complete").await["executionId"], "e1");
    one.shutdown().await;
    two.shutdown().await;
}

/// The list that stands after a key of the file, in one line.
fn list(file: &str, key: &str) -> Vec<String> {
    let line = file.lines().find_map(|line| line.trim_start().strip_prefix(key)).unwrap();
    serde_json::from_str(line.trim()).unwrap()
}

#[tokio::test]
async fn the_compose_file_starts_hubs_as_this_program_understands_it() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::read_to_string(root.join("compose.yaml")).unwrap();
    let redis = Redis::start();
    let mut command = Command::new(env!("CARGO_BIN_EXE_understudy"));
    let here = |word: String| if word.starts_with("0.0.0.0:") { "127.0.0.1:0".to_owned() } else { word };
    command.args(list(&file, "command:").into_iter().map(here)).env("XDG_CONFIG_HOME", redis.folder.path());
    for line in file.lines().skip_while(|line| line.trim() != "environment:").skip(1).take(3) {
        let (name, value) = line.trim().split_once(": ").unwrap();
        let value = match name {
            "REDIS_URL" => redis.url(),
            "UNDERSTUDY_JWT_SECRET" => String::from_utf8(SECRET.to_vec()).unwrap(),
            _ => value.trim_matches('"').to_owned(),
        };
        command.env(name, value);
    }
    let (_serve, url) = started(command).await;
    let address = url.strip_prefix("http://").unwrap().parse().unwrap();
    let (_, answer) = http(address, "GET", "/healthz", "origin: http://localhost:3000\r\n").await;
    assert!(answer.contains("access-control-allow-origin: http://localhost:3000"), "{answer}");
}
