//! Values of `--mask` leave the agent in none of the protocols: neither over its wire, nor in its log, nor in a file that stays.

use crate::hub_client::Client;
use crate::process::{SECRET as HUB_SECRET, token};
use axum::Router;
use axum::response::Html;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use understudy::hub::token::Role;
use understudy::hub::{HubHandle, HubOptions, serve};

const SECRET: &str = "Zebra47 & \"crossing\" <ö>/end";
const HOST: &str = "zebra-host.test";

/// Passes on what an agent and its server say, and keeps what the agent says: all bytes of each connection.
struct Tap {
    address: SocketAddr,
    said: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Tap {
    async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let said: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let kept = said.clone();
        tokio::spawn(async move {
            while let Ok((agent, _)) = listener.accept().await {
                let number = {
                    let mut kept = kept.lock().unwrap();
                    kept.push(Vec::new());
                    kept.len() - 1
                };
                tokio::spawn(pass(agent, TcpStream::connect(server).await.unwrap(), kept.clone(), number));
            }
        });
        Self { address, said }
    }

    /// Everything, frames of WebSockets as they are without their masks.
    fn said(&self) -> Vec<u8> {
        self.said.lock().unwrap().iter().flat_map(|bytes| unmasked(bytes)).collect()
    }
}

async fn pass(agent: TcpStream, server: TcpStream, kept: Arc<Mutex<Vec<Vec<u8>>>>, number: usize) {
    let ((mut from_agent, mut to_agent), (mut from_server, mut to_server)) = (agent.into_split(), server.into_split());
    tokio::spawn(async move { copy(&mut from_server, &mut to_agent).await });
    let mut bytes = vec![0; 1 << 16];
    while let Ok(count @ 1..) = from_agent.read(&mut bytes).await {
        kept.lock().unwrap()[number].extend(&bytes[..count]);
        if to_server.write_all(&bytes[..count]).await.is_err() {
            break;
        }
    }
}

/// What a client says over a connection: the head of a request, then frames; anything else stays as it is.
fn unmasked(bytes: &[u8]) -> Vec<u8> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4) else { return bytes.into() };
    let (head, mut rest) = bytes.split_at(end);
    let mut said = head.to_vec();
    if !String::from_utf8_lossy(head).to_lowercase().contains("upgrade: websocket") {
        return bytes.into();
    }
    while let [_, length, ..] = *rest {
        let (wide, length) = match length & 0x7f {
            126 => (2, usize::from(u16::from_be_bytes(rest[2..4].try_into().unwrap()))),
            127 => (8, usize::try_from(u64::from_be_bytes(rest[2..10].try_into().unwrap())).unwrap()),
            short => (0, usize::from(short)),
        };
        let (key, body) = rest[2 + wide..].split_at(4);
        // The last one may be under way.
        let length = length.min(body.len());
        said.extend(body[..length].iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        rest = &body[length..];
    }
    said
}

/// A hub, an agent of this protocol with the secret, and a user.
struct Scene {
    hub: HubHandle,
    tap: Tap,
    agent: Child,
    user: Client,
    /// State, temporary files and log of the agent.
    folder: tempfile::TempDir,
    site: String,
}

impl Scene {
    async fn of(protocol: &str) -> Self {
        let options =
            HubOptions { listen: "127.0.0.1:0".parse().unwrap(), secret: HUB_SECRET.to_vec(), ..HubOptions::default() };
        let hub = serve(options).await.unwrap();
        let tap = Tap::to(hub.address()).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = format!("http://{}", listener.local_addr().unwrap());
        let page = async || Html("<title>Site</title><label>Name <input></label>");
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(page)).await.unwrap() });
        let mut user = Client::connect(&hub.url(), json!({"token": token("ada", Role::Client)})).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("tmp")).unwrap();
        let path = if matches!(protocol, "testflow" | "testbro") { "" } else { "/ws" };
        let mut command = Command::new(env!("CARGO_BIN_EXE_understudy"));
        command.args(["agent", "--protocol", protocol, "--server", &format!("http://{}{path}", tap.address)]);
        command.args(["--token", &token("bot", Role::Agent), "--project", "p", "--log-level", "debug", "--state-dir"]);
        command.arg(folder.path().join("state")).args(["--env", "SECRET", "--env", "SITE", "--mask", SECRET]);
        command.args(["--mask", HOST, "--deny-host", HOST]).env("SECRET", SECRET).env("SITE", &site);
        for name in ["DISPLAY", "WAYLAND_DISPLAY", "http_proxy", "https_proxy", "all_proxy"] {
            command.env_remove(name).env_remove(name.to_uppercase());
        }
        command.env("TMPDIR", folder.path().join("tmp"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        let agent = command.stderr(File::create(folder.path().join("log")).unwrap()).spawn().unwrap();
        user.expect_where("agent:status", |told| told["status"] == "online").await;
        Self { hub, tap, agent, user, folder, site }
    }

    async fn execute(&mut self) {
        let start = json!({"executionId": "e", "target": "local", "code": include_str!("mask.ts")});
        self.user.emit("execution:start", start).await;
        let complete = self.user.expect_where("execution:complete", |told| told["executionId"] == "e").await;
        assert_eq!(complete["exitCode"], 1, "{complete}");
    }

    /// What is said and kept, without the secret. Files by their paths.
    async fn end(mut self) {
        let pid = i32::try_from(self.agent.id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), Signal::TERM).unwrap();
        assert_eq!(self.agent.wait().await.unwrap().code(), Some(0));
        self.hub.shutdown().await;
        let said = self.tap.said();
        assert!(contains(&said, "***"), "nothing was covered");
        let mut kept = files(self.folder.path());
        kept.push((PathBuf::from("the wire"), said));
        for (path, bytes) in &kept {
            for words in needles() {
                let at = bytes.windows(words.len()).position(|part| part == words.as_bytes());
                let around = at.map(|at| &bytes[at.saturating_sub(200)..bytes.len().min(at + 100)]);
                let around = around.map(String::from_utf8_lossy);
                assert!(around.is_none(), "{} has {words}: {}", path.display(), around.unwrap_or_default());
            }
        }
    }

    /// The log covers it too.
    fn logs_a_refusal(&self) {
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap();
        assert!(log.contains("*** is blocked by --deny-host ***"), "{log}");
    }
}

fn contains(bytes: &[u8], words: &str) -> bool {
    bytes.windows(words.len()).any(|part| part == words.as_bytes())
}

/// Parts of the secret as they look in every form: words of it, and what base64 makes of its middle at each of the three places.
fn needles() -> Vec<String> {
    let mut needles = vec!["Zebra47".to_owned(), "crossing".to_owned(), "zebra-host".to_owned()];
    needles.extend((0..3).map(|before| {
        let text = STANDARD_NO_PAD.encode([&[b' '; 2][..before], SECRET.as_bytes()].concat());
        text[4..24].to_owned()
    }));
    needles
}

fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.is_file() {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    found
}

#[tokio::test]
async fn nothing_of_an_execution_tells_a_masked_value_in_any_protocol() {
    for protocol in ["testflow", "ai-run", "testbro", "swe", "cloud"] {
        let mut scene = Scene::of(protocol).await;
        scene.execute().await;
        scene.logs_a_refusal();
        scene.end().await;
    }
}

#[tokio::test]
async fn nothing_of_a_recording_tells_a_masked_value() {
    let mut scene = Scene::of("testflow").await;
    let url = format!("{}/?q={SECRET}", scene.site);
    let start = json!({"testFlowId": "f", "executionId": "r", "url": url, "language": "typescript"});
    scene.user.emit("recording:start", start).await;
    scene.user.expect("recording:ready").await;
    scene.user.expect_where("recording:frame", |told| told["url"].to_string().contains("***")).await;
    for input in [json!({"type": "press", "key": "Tab"}), json!({"type": "text", "text": SECRET})] {
        let mut input: Value = input;
        input["executionId"] = json!("r");
        scene.user.emit("recording:input", input).await;
    }
    let filled = |told: &Value| told["code"].to_string().contains("fill('***')");
    scene.user.expect_where("recording:action", filled).await;
    scene.user.emit("recording:stop", json!({"testFlowId": "f", "executionId": "r"})).await;
    scene.user.expect_where("recording:complete", filled).await;
    scene.end().await;
}

#[tokio::test]
async fn nothing_of_a_browser_that_is_driven_tells_a_masked_value() {
    let mut scene = Scene::of("testbro").await;
    let url = format!("{}/?q={SECRET}", scene.site);
    let ask = |name: &str, what: &str, parameters: Value| {
        let field = if name == "browser_command" { "command" } else { "action" };
        (name.to_owned(), json!({"session_id": "s", field: what, "parameters": parameters}))
    };
    for (name, payload) in [
        ask("browser_command", "navigate", json!({"url": url})),
        ask("recording_control", "start", json!({})),
        ask("browser_command", "type", json!({"selector": "input", "text": SECRET})),
        ask("browser_command", "navigate", json!({"url": format!("http://{HOST}/")})),
        ask("recording_control", "stop", json!({})),
        ask("browser_command", "close", json!({})),
    ] {
        scene.user.emit(&name, payload).await;
    }
    let closed = |name: &str, told: &Value| name == "browser_control" && told["data"]["action"] == "close";
    scene.user.first("the end of the browser", closed).await;
    scene.logs_a_refusal();
    scene.end().await;
}
