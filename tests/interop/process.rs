//! The processes that a test plays with. Each ends with the value that stands for it.

#[path = "../support/end.rs"]
mod end;

use end::{process, wait_for_end};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(60);
/// The hub's, for as long as a test lasts.
const SECRET: &str = "a secret of the tests that is long enough";

/// An official Socket.IO server or client; see `peer.mjs`.
pub(crate) struct Peer {
    child: Ended,
    input: ChildStdin,
    lines: Receiver<Value>,
    /// All that was heard so far.
    pub(crate) heard: Vec<Value>,
}

impl Peer {
    /// The official server with its defaults, and where it listens.
    pub(crate) fn server() -> (Self, String) {
        let mut peer = Self::start(Command::new(node()).arg(here("peer.mjs")).arg("server"));
        let port = peer.until("a port", |line| line["listening"].as_u64());
        (peer, format!("http://127.0.0.1:{port}"))
    }

    /// The same without WebSockets.
    pub(crate) fn polling_server() -> (Self, String) {
        let mut peer = Self::start(Command::new(node()).arg(here("peer.mjs")).args(["server", "polling"]));
        let port = peer.until("a port", |line| line["listening"].as_u64());
        (peer, format!("http://127.0.0.1:{port}"))
    }

    /// A server of protocol 001 or 004, and where it listens; see `wire.mjs`.
    pub(crate) fn wire(kind: &str) -> (Self, String) {
        let mut peer = Self::start(Command::new(node()).arg(here("wire.mjs")).arg(kind));
        let port = peer.until("a port", |line| line["listening"].as_u64());
        (peer, format!("ws://127.0.0.1:{port}"))
    }

    /// A server of protocol 003, and where it listens; see `swe.py`.
    pub(crate) fn swe() -> (Self, String) {
        Self::swe_over(&[])
    }

    /// The same with these transports only.
    pub(crate) fn swe_over(transports: &[&str]) -> (Self, String) {
        let mut python = Command::new("python3");
        python.env("PYTHONPATH", here(".python")).arg("-u").arg(here("swe.py")).args(transports);
        let mut peer = Self::start(&mut python);
        let port = peer.until("a port", |line| line["listening"].as_u64());
        (peer, format!("http://127.0.0.1:{port}"))
    }

    /// The official client of Node.js.
    pub(crate) fn client(url: &str, token: &str) -> Self {
        Self::start(Command::new(node()).arg(here("peer.mjs")).args(["client", url, token]))
    }

    /// The same over HTTP requests only, as behind a proxy that forbids WebSocket.
    pub(crate) fn polling_client(url: &str, token: &str) -> Self {
        Self::start(Command::new(node()).arg(here("peer.mjs")).args(["client", url, token, "polling"]))
    }

    /// The client that a protocol's document prints; see `seeds.mjs`.
    pub(crate) fn seed(which: &str, url: &str, token: &str) -> Self {
        Self::start(Command::new(node()).arg(here("seeds.mjs")).args([which, url, token]))
    }

    /// The page with the hooks and components that the documents print, and where it is; see `react/serve.mjs`.
    pub(crate) fn components(url: &str, token: &str) -> (Self, String) {
        let mut peer = Self::start(Command::new(node()).arg(here("react/serve.mjs")).args([url, token]));
        let port = peer.until("a port", |line| line["listening"].as_u64());
        (peer, format!("http://127.0.0.1:{port}"))
    }

    /// Calls a method of such a client.
    pub(crate) fn call(&mut self, method: &str, args: &[Value]) {
        self.does(&json!({"call": method, "args": args}));
    }

    /// A peer of protocol 001 or 004 on `ws`; see `wire.mjs`.
    pub(crate) fn raw(url: &str) -> Self {
        Self::start(Command::new(node()).arg(here("wire.mjs")).args(["peer", &url.replacen("http", "ws", 1)]))
    }

    /// `python-socketio`'s client.
    pub(crate) fn python(url: &str, token: &str) -> Self {
        Self::python_in(url, token, "/")
    }

    /// The same in a namespace.
    pub(crate) fn python_in(url: &str, token: &str, namespace: &str) -> Self {
        Self::start(
            Command::new("python3")
                .env("PYTHONPATH", here(".python"))
                .arg("-u")
                .arg(here("peer.py"))
                .args([url, token, namespace]),
        )
    }

    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let input = child.stdin.take().unwrap();
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = sender.send(serde_json::from_str(&line).unwrap_or_else(|_| json!({"said": line})));
            }
        });
        Self { child: Ended(child), input, lines, heard: Vec::new() }
    }

    /// Emits an event to everybody who is connected.
    pub(crate) fn emit(&mut self, event: &str, args: &[Value]) {
        self.does(&json!({"emit": event, "args": args}));
    }

    /// Emits an event and returns the acknowledgement's arguments.
    pub(crate) fn ask(&mut self, event: &str, args: &[Value]) -> Value {
        self.does(&json!({"emit": event, "args": args, "ack": true}));
        self.until("an acknowledgement", |line| (line["acked"] == event).then(|| line["args"].clone()))
    }

    /// Closes the connections.
    pub(crate) fn disconnect(&mut self) {
        self.does(&json!({"disconnect": true}));
    }

    /// As the peer's own file has it.
    pub(crate) fn does(&mut self, what: &Value) {
        writeln!(self.input, "{what}").unwrap();
    }

    /// Reads on until a line is what is waited for.
    pub(crate) fn until<T>(&mut self, what: &str, mut find: impl FnMut(&Value) -> Option<T>) -> T {
        let patience = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(patience.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let found = find(&line);
                    self.heard.push(line);
                    if let Some(found) = found {
                        return found;
                    }
                }
                Err(error) => panic!("waited in vain for {what}: {error}\n{}", self.story()),
            }
        }
    }

    /// The first argument of the next event of this name that `is`.
    pub(crate) fn event(&mut self, name: &str, is: impl Fn(&Value) -> bool) -> Value {
        self.until(name, |line| (line["event"] == name && is(&line["args"][0])).then(|| line["args"][0].clone()))
    }

    /// Starts an execution.
    pub(crate) fn start_execution(&mut self, execution: &str, code: &str) {
        self.emit("execution:start", &[json!({"executionId": execution, "target": "local", "code": code})]);
    }

    /// Waits for the end of an execution; its exit code.
    pub(crate) fn complete(&mut self, execution: &str) -> i64 {
        let complete = self.event("execution:complete", |payload| payload["executionId"] == execution);
        assert!(complete["duration"].is_u64(), "{complete}");
        complete["exitCode"].as_i64().unwrap()
    }

    /// Runs a source to its end; the exit code.
    pub(crate) fn execute(&mut self, execution: &str, code: &str) -> i64 {
        self.start_execution(execution, code);
        self.complete(execution)
    }

    /// What was heard so far of this name on an execution.
    pub(crate) fn told(&self, name: &str, execution: &str) -> Vec<&Value> {
        let payloads = self.heard.iter().filter(|line| line["event"] == name).map(|line| &line["args"][0]);
        payloads.filter(|payload| payload["executionId"] == execution).collect()
    }

    /// The messages of an execution's log, a line each.
    pub(crate) fn log(&self, execution: &str) -> String {
        let lines = self.told("execution:log", execution);
        lines.iter().map(|line| line["message"].as_str().unwrap()).collect::<Vec<_>>().join("\n")
    }

    /// What was heard, shortened, for whoever reads a failure.
    fn story(&self) -> String {
        self.heard.iter().map(|line| line.to_string().chars().take(300).collect::<String>() + "\n").collect()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if thread::panicking() {
            self.heard.extend(self.lines.try_iter());
            let _ = writeln!(std::io::stderr(), "peer {} heard:\n{}", self.child.0.id(), self.story());
        }
    }
}

/// `understudy agent`.
pub(crate) struct Agent {
    child: Ended,
    log: Arc<Mutex<VecDeque<String>>>,
    token: PathBuf,
    _state: TempDir,
}

impl Agent {
    /// An agent of the server at `url`.
    pub(crate) fn start(url: &str, token: &str, flags: &[&str]) -> Self {
        let state = TempDir::new().unwrap();
        let file = state.path().join("token");
        fs::write(&file, token).unwrap();
        let mut child = understudy()
            .args(["agent", "--server", url, "--name", "the agent", "--log-level", "info", "--token-file"])
            .arg(&file)
            .arg("--state-dir")
            .arg(state.path().join("state"))
            .args(flags)
            // Where the official runner is.
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop"))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::<Mutex<VecDeque<String>>>::default();
        let (lines, kept) = (BufReader::new(child.stderr.take().unwrap()), Arc::clone(&log));
        thread::spawn(move || {
            lines.lines().map_while(Result::ok).for_each(|line| kept.lock().unwrap().push_back(line))
        });
        Self { child: Ended(child), log, token: file, _state: state }
    }

    /// The token from now on.
    pub(crate) fn set_token(&self, token: &str) {
        fs::write(&self.token, token).unwrap();
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&self) {
        assert!(Command::new("kill").arg(self.child.0.id().to_string()).status().unwrap().success());
    }

    /// Waits for the end of the process.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        self.child.wait()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        if thread::panicking() {
            let log = self.log.lock().unwrap();
            let _ = writeln!(std::io::stderr(), "agent:\n{}", log.iter().cloned().collect::<Vec<_>>().join("\n"));
        }
    }
}

/// `understudy serve`.
pub(crate) struct Hub {
    _child: Ended,
    pub(crate) url: String,
}

impl Hub {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(flags: &[&str]) -> Self {
        let mut child = understudy()
            .args(["serve", "--listen", "127.0.0.1:0", "--jwt-secret", SECRET, "--log-level", "warn"])
            .args(flags)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let child = Ended(child);
        let mut line = String::new();
        let url = loop {
            line.clear();
            assert_ne!(said.read_line(&mut line).unwrap(), 0, "the hub has ended");
            if let Some(address) = line.strip_prefix("The hub listens on ").and_then(|rest| rest.split(". ").next()) {
                break address.to_owned();
            }
            std::io::stderr().write_all(line.as_bytes()).unwrap();
        };
        // What else it says is shown with the test's own words.
        thread::spawn(move || std::io::copy(&mut said, &mut std::io::stderr()));
        Self { _child: child, url }
    }
}

/// A token of the hub's, as `understudy token` mints it.
pub(crate) fn token(role: &str, user: &str) -> String {
    let minting = ["token", "--jwt-secret", SECRET, "--role", role, "--user", user];
    let done = understudy().args(minting).output().unwrap();
    assert!(done.status.success());
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

/// Posts JSON to the hub; its status and what it answers.
pub(crate) fn post(url: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
    request(url, &format!("POST {path}"), token, body)
}

/// Asks the hub for something by `METHOD /path`.
pub(crate) fn request(url: &str, what: &str, token: &str, body: &Value) -> (u16, Value) {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let body = body.to_string();
    write!(
        stream,
        "{what} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or_default())
}

/// A process that does not outlive the test.
struct Ended(Child);

impl Ended {
    fn wait(&mut self) -> ExitStatus {
        if let Some(process) = process(self.0.id()) {
            wait_for_end(&process);
        }
        self.0.wait().unwrap()
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn understudy() -> Command {
    Command::new(env!("CARGO_BIN_EXE_understudy"))
}

fn here(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop").join(file)
}

/// The Node.js that `install.sh` found or fetched.
fn node() -> PathBuf {
    let private = here(".node/bin/node");
    if private.exists() { private } else { "node".into() }
}
