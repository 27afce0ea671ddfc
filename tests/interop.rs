//! The agent and the hub as processes, against peers that we did not write: the official `socket.io` server drives the agent, the official
//! `socket.io-client` drives the hub. Needs `./install.sh --deps`.
#![expect(clippy::unwrap_used, reason = "a test")]

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// For what must come, on a slow machine that runs other tests too.
const PATIENCE: Duration = Duration::from_secs(60);
const SECRET: &str = "only-for-the-length-of-these-tests";

#[test]
fn an_official_server_drives_the_agent() {
    let mut server = Peer::server();
    let _agent = agent(&server.url, "any");
    let register = server.event("agent:register");
    assert_eq!(register["name"], "interop");
    for field in ["platform", "arch", "nodeVersion", "playwrightVersion"] {
        assert!(register["systemInfo"][field].is_string(), "{field} in {register}");
    }

    // Passing code.
    let done = server.execute("passes", "import { test, expect } from '@playwright/test';
        test('shop', async ({ page }) => {
          await page.setContent('<label>Name <input></label><button onclick=\"document.title = document.querySelector(`input`).value\">Go</button>');
          await page.getByLabel('Name').fill('Ada');
          await page.getByRole('button', { name: 'Go' }).click();
          await expect(page).toHaveTitle('Ada');
          console.log('said by the test');
        });");
    assert_eq!(done.exit_code, 0, "{}", done.log());
    assert!(done.complete["duration"].as_u64().is_some(), "{}", done.complete);
    assert!(done.log().contains("said by the test"), "{}", done.log());
    let steps = done.events("execution:step");
    let numbers: Vec<u64> = steps
        .iter()
        .filter(|step| step["status"] == "passed")
        .map(|step| step["stepNumber"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [1, 2, 3, 4], "{steps:#?}");
    assert_eq!(done.events("execution:screenshot").len(), 4, "a picture after each step");
    for picture in done.events("execution:screenshot") {
        // The first bytes of a JPEG.
        assert!(picture["imageData"].as_str().unwrap().starts_with("/9j/"));
    }

    // Failing code: what a person needs is in the log.
    let done = server.execute("fails", "import { test, expect } from '@playwright/test';\ntest('wrong', async ({ page }) => {\n  await page.setContent('<h1>Received words</h1>');\n  await expect(page.locator('h1')).toHaveText('Expected words', { timeout: 300 });\n});\n");
    assert_eq!(done.exit_code, 1);
    for part in ["Expected words", "Received words", "wrong", ":4:"] {
        assert!(done.log().contains(part), "{part} in:\n{}", done.log());
    }
    assert!(done.events("execution:log").iter().any(|log| log["level"] == "error"));

    // Code that does not parse.
    let done = server.execute(
        "does-not-parse",
        "import { test } from '@playwright/test';\n\ntest('x', async () => { const = 1; });\n",
    );
    assert_eq!(done.exit_code, 2);
    assert!(done.log().contains(":3:"), "{}", done.log());

    // No tests at all.
    assert_eq!(server.execute("empty", "export {};").exit_code, 2);
}

#[test]
fn cancel_ends_an_await_and_a_busy_loop() {
    let mut server = Peer::server();
    let _agent = agent(&server.url, "any");
    server.event("agent:register");
    for (name, line) in [("await", "await new Promise(() => {});"), ("loop", "for (;;) {}")] {
        let code = format!(
            "import {{ test }} from '@playwright/test'; test('x', async () => {{ test.setTimeout(0); console.log('begun'); {line} }});"
        );
        server.emit("execution:start", json!({ "executionId": name, "target": "local", "code": code }));
        server.wait(|said| {
            said["event"] == "execution:log" && said["args"][0]["message"].as_str().unwrap().contains("begun")
        });
        let start = Instant::now();
        server.emit("execution:cancel", json!({ "executionId": name }));
        let complete = server.complete(name);
        assert_eq!(complete["exitCode"], 130, "{name}");
        assert!(start.elapsed() < Duration::from_secs(1), "{name} took {:?}", start.elapsed());
    }
    // Nothing more was said of either: what comes next is the next execution's.
    server.heard.clear();
    let done = server.execute("after", "import { test } from '@playwright/test'; test('x', () => {});");
    assert_eq!(done.exit_code, 0);
    assert!(
        done.heard.iter().all(|said| said["args"][0]["executionId"] == "after" || said["event"] == "agent:heartbeat"),
        "{:#?}",
        done.heard
    );
}

#[test]
fn malformed_commands_are_answered_and_change_nothing() {
    let mut server = Peer::server();
    let _agent = agent(&server.url, "any");
    server.event("agent:register");
    let shapes = [
        json!([]),
        json!([null]),
        json!(["text"]),
        json!([7]),
        json!([[]]),
        json!([{}]),
        json!([{ "executionId": "no-code" }]),
        json!([{ "executionId": 7, "target": "local", "code": "x" }]),
        json!([{ "executionId": "code-is-a-number", "target": "local", "code": 7 }]),
        json!([{ "target": "local", "code": "export {}" }]),
    ];
    for shape in shapes {
        server.emit_all("execution:start", &shape);
        let answer = server.wait(|said| said["event"] == "error" || said["event"] == "execution:complete");
        assert_ne!(answer["args"][0]["exitCode"], 0, "{shape} was answered by {answer}");
        if let Some(id) = shape[0]["executionId"].as_str() {
            assert_eq!(answer["args"][0]["executionId"], id, "{shape} was answered by {answer}");
        }
    }
    server.emit_all(
        "recording:start",
        &json!([{ "testFlowId": "t", "executionId": "r", "url": "about:blank", "language": "typescript" }]),
    );
    let answer = server.wait(|said| said["event"] == "error" || said["event"] == "recording:complete");
    assert_eq!(answer["args"][0]["executionId"], "r", "{answer}");
    // The connection is the same one and still of use.
    assert_eq!(server.execute("after", "import { test } from '@playwright/test'; test('x', () => {});").exit_code, 0);
    assert!(!server.heard.iter().any(|said| said.get("disconnected").is_some()), "{:#?}", server.heard);
}

#[test]
fn a_picture_of_noise_stays_under_the_limit() {
    let mut server = Peer::server();
    let _agent = agent(&server.url, "any");
    server.event("agent:register");
    let done = server.execute("noise", "import { test } from '@playwright/test';
        test.use({ viewport: { width: 1920, height: 1080 } });
        test('noise', async ({ page }) => {
          await page.setContent('<body style=\"margin:0\"><canvas width=1920 height=1080></canvas><script>const c = document.querySelector(`canvas`).getContext(`2d`), d = c.createImageData(1920, 1080); for (let i = 0; i < d.data.length; i += 65536) crypto.getRandomValues(d.data.subarray(i, i + 65536)); for (let i = 3; i < d.data.length; i += 4) d.data[i] = 255; c.putImageData(d, 0, 0)</script>');
          await page.locator('canvas').click();
        });");
    assert_eq!(done.exit_code, 0, "{}", done.log());
    let sizes: Vec<usize> = done
        .events("execution:screenshot")
        .iter()
        .map(|picture| picture["imageData"].as_str().unwrap().len())
        .collect();
    assert_eq!(sizes.len(), 2);
    assert!(sizes.iter().all(|size| *size < 1_000_000), "{sizes:?}");
    assert!(!server.heard.iter().any(|said| said.get("disconnected").is_some()), "{:#?}", server.heard);
}

#[test]
fn the_agent_comes_back_after_a_lost_connection() {
    let mut server = Peer::server();
    let _agent = agent(&server.url, "any");
    server.event("agent:register");
    server.send(&json!({ "disconnect": true }));
    server.wait(|said| said.get("disconnected").is_some());
    server.event("agent:register");
    assert_eq!(server.execute("after", "import { test } from '@playwright/test'; test('x', () => {});").exit_code, 0);
}

#[test]
fn an_official_client_drives_the_hub() {
    let hub = Hub::start();
    let mut client = Peer::client(&hub.url, &token("client"));
    client.wait(|said| said.get("connected").is_some());

    client.emit("execution:start", json!({ "executionId": "nobody", "target": "local", "code": "export {}" }));
    let refused = client.event("error");
    assert_eq!(refused["executionId"], "nobody");

    let _agent = agent(&hub.url, &token("agent"));
    client.wait(|said| said["event"] == "agent:status" && said["args"][0]["status"] == "online");
    let done = client.execute("through-the-hub", "import { test, expect } from '@playwright/test';
        test('x', async ({ page }) => { await page.setContent('<p>words</p>'); await expect(page.locator('p')).toHaveText('words'); });");
    assert_eq!(done.exit_code, 0, "{}", done.log());
    assert_eq!(done.events("execution:screenshot").len(), 2);

    let mut stranger = Peer::client(&hub.url, "not.a.token");
    let refused = stranger.wait(|said| said.get("refused").is_some());
    assert!(
        refused["refused"].as_str().unwrap().contains("token")
            || refused["refused"].as_str().unwrap().contains("uthentication"),
        "{refused}"
    );
}

/// What was said about one execution, its complete at the end.
struct Done {
    exit_code: i64,
    complete: Value,
    heard: Vec<Value>,
}

impl Done {
    fn events(&self, name: &str) -> Vec<&Value> {
        self.heard.iter().filter(|said| said["event"] == name).map(|said| &said["args"][0]).collect()
    }

    fn log(&self) -> String {
        self.events("execution:log").iter().map(|log| format!("{}\n", log["message"].as_str().unwrap())).collect()
    }
}

/// `peer.mjs` and what it has said so far.
struct Peer {
    _process: Ended,
    stdin: ChildStdin,
    said: Receiver<Value>,
    heard: Vec<Value>,
    url: String,
}

impl Peer {
    fn server() -> Self {
        let mut peer = Self::spawn(&["server"]);
        let port = peer.wait(|said| said.get("listening").is_some())["listening"].clone();
        peer.url = format!("http://127.0.0.1:{port}");
        peer
    }

    fn client(url: &str, token: &str) -> Self {
        Self::spawn(&["client", url, token])
    }

    fn spawn(words: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop");
        let private = folder.join(".node/bin/node");
        let node = if private.exists() { private } else { "node".into() };
        let mut process = Command::new(node)
            .current_dir(&folder)
            .arg("peer.mjs")
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Node.js; ./install.sh --deps installs it");
        let (stdin, stdout) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let (sender, said) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = sender.send(serde_json::from_str(&line).unwrap_or_else(|_| json!({ "printed": line })));
            }
        });
        Self { _process: Ended(process), stdin, said, heard: Vec::new(), url: String::new() }
    }

    fn send(&mut self, value: &Value) {
        writeln!(self.stdin, "{value}").unwrap();
    }

    fn emit(&mut self, event: &str, payload: Value) {
        self.emit_all(event, &Value::Array(vec![payload]));
    }

    fn emit_all(&mut self, event: &str, args: &Value) {
        self.send(&json!({ "emit": event, "args": args }));
    }

    /// The next thing said that passes `test`; everything on the way is kept in `heard`.
    fn wait(&mut self, test: impl Fn(&Value) -> bool) -> Value {
        let patience = Instant::now() + PATIENCE;
        loop {
            match self.said.recv_timeout(patience.saturating_duration_since(Instant::now())) {
                Ok(said) => {
                    self.heard.push(said.clone());
                    if test(&said) {
                        return said;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("it did not come; heard so far: {:#?}", self.heard),
                Err(RecvTimeoutError::Disconnected) => panic!("the peer ended; heard so far: {:#?}", self.heard),
            }
        }
    }

    fn event(&mut self, name: &str) -> Value {
        self.wait(|said| said["event"] == name)["args"][0].clone()
    }

    fn complete(&mut self, id: &str) -> Value {
        self.wait(|said| said["event"] == "execution:complete" && said["args"][0]["executionId"] == id)["args"][0]
            .clone()
    }

    fn execute(&mut self, id: &str, code: &str) -> Done {
        let from = self.heard.len();
        self.emit("execution:start", json!({ "executionId": id, "target": "local", "code": code }));
        let complete = self.complete(id);
        let exit_code = complete["exitCode"].as_i64().unwrap();
        Done { exit_code, complete, heard: self.heard[from..].to_vec() }
    }
}

/// A process that ends with this value.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn understudy() -> Command {
    Command::new(env!("CARGO_BIN_EXE_understudy"))
}

/// An agent with a state folder of its own.
fn agent(url: &str, token: &str) -> (Ended, TempDir) {
    let state = tempfile::tempdir().unwrap();
    let child = understudy()
        .args(["agent", "--server", url, "--token", token, "--name", "interop", "--max-sessions", "2", "--state-dir"])
        .arg(state.path())
        .spawn()
        .unwrap();
    (Ended(child), state)
}

/// `understudy serve` on a free port, listening.
struct Hub {
    url: String,
    _process: Ended,
}

impl Hub {
    fn start() -> Self {
        let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap();
        let child =
            understudy().args(["serve", "--listen", &address.to_string(), "--jwt-secret", SECRET]).spawn().unwrap();
        let patience = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < patience, "the hub does not listen");
            thread::yield_now();
        }
        Self { url: format!("http://{address}"), _process: Ended(child) }
    }
}

fn token(role: &str) -> String {
    let done = understudy().args(["token", "--jwt-secret", SECRET, "--role", role]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}
