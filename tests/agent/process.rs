//! The program itself: signals, exit codes, kills, and executions in Chromium.

use crate::hub_client::Client;
use crate::peer::{Peer, Place};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant, SystemTime};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;
use understudy::hub::token::{self, Identity, Role};
use understudy::hub::{HubHandle, HubOptions, serve};

/// Longer than anything here takes on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const SECRET: &[u8] = b"a secret of the tests that is long enough";

/// `understudy agent` and what it logs.
pub(crate) struct Program {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
}

impl Program {
    pub(crate) fn start(server: &str, state_dir: &Path, more: &[&str]) -> Self {
        Self::start_in(server, state_dir, more, &[])
    }

    /// With more variables in its environment, and none that names a proxy.
    pub(crate) fn start_in(server: &str, state_dir: &Path, more: &[&str], variables: &[(&str, String)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_understudy"));
        command.arg("agent").args(["--server", server, "--no-color", "--state-dir"]).arg(state_dir).args(more);
        for name in ["DISPLAY", "WAYLAND_DISPLAY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
            command.env_remove(name).env_remove(name.to_uppercase());
        }
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, log }
    }

    /// The next line of its log with these words.
    pub(crate) async fn logs(&mut self, words: &str) -> String {
        let find = async {
            let mut before = Vec::new();
            while let Some(line) = self.log.next_line().await.unwrap() {
                if line.contains(words) {
                    return line;
                }
                before.push(line);
            }
            panic!("the log ends without {words:?}: {before:#?}")
        };
        timeout(PATIENCE, find).await.unwrap_or_else(|_| panic!("{words:?} is not logged"))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    pub(crate) async fn end(&mut self) -> ExitStatus {
        timeout(PATIENCE, self.child.wait()).await.expect("an end").unwrap()
    }

    async fn kill(mut self) {
        self.signal(Signal::KILL);
        self.end().await;
    }
}

/// A hub, a user, an agent.
pub(crate) struct Stage {
    hub: HubHandle,
    pub(crate) user: Client,
    pub(crate) agent: Program,
    state: tempfile::TempDir,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// The agent has these flags.
    pub(crate) async fn with(flags: &[&str]) -> Self {
        Self::surrounded(flags, &[]).await
    }

    /// And these variables in its environment.
    pub(crate) async fn surrounded(flags: &[&str], variables: &[(&str, String)]) -> Self {
        let options =
            HubOptions { listen: "127.0.0.1:0".parse().unwrap(), secret: SECRET.to_vec(), ..HubOptions::default() };
        let hub = serve(options).await.unwrap();
        let state = tempfile::tempdir().unwrap();
        let mut user = Client::connect(&hub.url(), json!({"token": token("ada", Role::Client)})).await.unwrap();
        let token = token("bot", Role::Agent);
        let flags = [&["--token", &token], flags].concat();
        let agent = Program::start_in(&hub.url(), state.path(), &flags, variables);
        user.expect_where("agent:status", |told| told["status"] == "online").await;
        Self { hub, user, agent, state }
    }

    /// The agent is killed, and started again.
    pub(crate) async fn kill_and_start(&mut self) {
        self.agent.signal(Signal::KILL);
        self.agent.end().await;
        self.agent = Program::start(&self.hub.url(), self.state.path(), &["--token", &token("bot", Role::Agent)]);
    }

    pub(crate) async fn start(&mut self, id: &str, code: &str) {
        self.user.emit("execution:start", json!({"executionId": id, "target": "local", "code": code})).await;
    }

    /// What is told of an execution up to its completion: the lines of its log, its exit code.
    pub(crate) async fn outcome(&mut self, id: &str) -> (String, i64) {
        let mut log = String::new();
        loop {
            let crate::hub_client::Got::Event(name, payload) = self.user.next().await else { panic!("an event") };
            if payload["executionId"] != id {
                continue;
            }
            match name.as_str() {
                "execution:log" => {
                    log.push_str(payload["message"].as_str().unwrap());
                    log.push('\n');
                }
                "execution:complete" => return (log, payload["exitCode"].as_i64().unwrap()),
                _ => {}
            }
        }
    }

    /// A drained agent ends well and leaves nothing running.
    pub(crate) async fn end(mut self) {
        self.agent.signal(Signal::TERM);
        assert_eq!(self.agent.end().await.code(), Some(0));
        self.hub.shutdown().await;
    }
}

pub(crate) fn token(user: &str, role: Role) -> String {
    let identity = Identity { user: user.into(), role, projects: None };
    token::mint(SECRET, &identity, Duration::from_secs(600), SystemTime::now()).unwrap()
}

/// The imports and a test with this body, which begins in line 3.
pub(crate) fn spec(body: &str) -> String {
    format!("import {{ test, expect }} from '@playwright/test';\ntest('one', async ({{ page }}) => {{\n{body}\n}});\n")
}

#[tokio::test]
async fn files_of_the_root_can_be_named_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    std::fs::create_dir(&root).unwrap();
    std::fs::write(root.join("a.js"), "window.a = 1;").unwrap();
    std::fs::write(folder.path().join("secret.txt"), "secret").unwrap();
    let mut stage = Stage::with(&["--files-root", root.to_str().unwrap()]).await;
    let fine = "await page.setContent('<input type=file>'); await page.addScriptTag({ path: 'a.js' }); expect(await page.evaluate('a')).toBe(1);\n\
                await page.locator('input').setInputFiles('a.js'); expect(await page.locator('input').inputValue()).toContain('a.js');";
    stage.start("fine", &spec(fine)).await;
    let (log, code) = stage.outcome("fine").await;
    assert_eq!(code, 0, "{log}");
    for path in ["../secret.txt", folder.path().join("secret.txt").to_str().unwrap(), "/etc/passwd", "none.txt"] {
        let outside = format!(
            "await page.setContent('<input type=file>'); await page.locator('input').setInputFiles({});",
            json!(path)
        );
        stage.start(path, &spec(&outside)).await;
        let (log, code) = stage.outcome(path).await;
        assert_eq!(code, 1, "{log}");
        assert!(log.contains("there is no such file below the agent's --files-root"), "{log}");
    }
    stage.end().await;
}

#[tokio::test]
async fn verdicts() {
    let mut stage = Stage::new().await;
    let pages = "await page.setContent('<title>Shop</title><h1>Hello</h1>');";
    for (id, code, exit_code, words) in [
        (
            "passes",
            spec(&format!("{pages}\nawait expect(page.locator('h1')).toHaveText('Hello');")),
            0,
            vec!["1 passed"],
        ),
        (
            "fails in the page",
            spec(&format!("{pages}\nawait expect(page.locator('h1')).toHaveText('Bye', {{ timeout: 300 }});")),
            1,
            vec!["Expected: \"Bye\"", "Received: \"Hello\"", "> 4 |", ":4:", "Call log:"],
        ),
        (
            "fails on a value",
            spec(&format!("{pages}\nexpect(await page.title()).toBe('Library');")),
            1,
            vec!["Expected: \"Library\"", "Received: \"Shop\"", "> 4 |"],
        ),
        ("cannot be parsed", spec("const x = = 1;"), 2, vec!["test.spec.ts:3:11", "> 3 | const x = = 1;"]),
        ("has no test", "export {};".to_owned(), 2, vec!["No tests found"]),
        ("throws outside", "throw new Error('outside');".to_owned(), 2, vec!["outside", ":1:"]),
    ] {
        stage.start(id, &code).await;
        let (log, got) = stage.outcome(id).await;
        assert_eq!(got, exit_code, "{id}: {log}");
        for words in words {
            assert!(log.contains(words), "{id}: {words:?} is not in\n{log}");
        }
    }
    stage.end().await;
}

/// Cancels an execution in the middle of this; returns how long its end takes.
async fn cancelled(stage: &mut Stage, id: &str, body: &str) -> Duration {
    stage.start(id, &spec(&format!("console.log('there');\n{body}"))).await;
    stage.user.expect_where("execution:log", |log| log["message"] == "there").await;
    let asked = Instant::now();
    stage.user.emit("execution:cancel", json!({"executionId": id})).await;
    let (log, exit_code) = stage.outcome(id).await;
    assert_eq!(exit_code, 130, "{id}: {log}");
    asked.elapsed()
}

#[tokio::test]
async fn a_cancel_ends_an_execution_within_a_second_whatever_it_does() {
    let mut stage = Stage::new().await;
    let mut late = Vec::new();
    for (id, body) in [
        ("awaits", "await new Promise(() => {});"),
        ("waits for time", "await page.waitForTimeout(60_000);"),
        ("waits for an element", "await page.locator('#never').click();"),
        ("waits for a page", "await page.evaluate(() => new Promise(() => {}));"),
        ("is busy", "for (;;) {}"),
        ("is busy in the page", "await page.evaluate(() => { for (;;) {} });"),
        ("is busy in the engine", "new Array(2 ** 32 - 2).sort();"),
        ("catches", "for (;;) { try { await page.waitForTimeout(1000); } catch {} }"),
    ] {
        // A machine that is busy with something else may be late once.
        for id in [id.to_owned(), format!("{id}, once more"), format!("{id}, a last time")] {
            let took = cancelled(&mut stage, &id, body).await;
            if took < Duration::from_secs(1) {
                late.clear();
                break;
            }
            late.push((id, took));
        }
        assert!(late.is_empty(), "{late:?}");
    }
    // Nothing follows a completion: whatever came would be here by now.
    stage.start("after", &spec("")).await;
    loop {
        let crate::hub_client::Got::Event(name, payload) = stage.user.next().await else { panic!("an event") };
        if name.starts_with("execution:") {
            assert_eq!(payload["executionId"], "after", "{name}");
        }
        if name == "execution:complete" {
            break;
        }
    }
    stage.end().await;
}

#[tokio::test]
async fn many_at_once_end_each_with_its_own_verdict() {
    let mut stage = Stage::new().await;
    for n in 0..12 {
        stage
            .start(&format!("e{n}"), &spec(&format!("await page.setContent('<p>{n}');\nexpect({n} % 3).toBe(0);")))
            .await;
    }
    let mut verdicts = std::collections::BTreeMap::new();
    while verdicts.len() < 12 {
        let payload = stage.user.expect("execution:complete").await;
        let id = payload["executionId"].as_str().unwrap().to_owned();
        assert_eq!(verdicts.insert(id.clone(), payload["exitCode"].as_i64().unwrap()), None, "{id} ends twice");
    }
    for n in 0..12 {
        assert_eq!(verdicts[&format!("e{n}")], i64::from(n % 3 != 0), "{n}");
    }
    stage.end().await;
}

/// An execution that has spoken and goes on, on a server of others.
async fn running(place: &Place, program: &mut Program) -> Peer {
    let mut server = place.client().await;
    program.logs("connected and registered").await;
    let code = spec("console.log('there');\nawait new Promise(() => {});");
    server.send(&format!("42{}", json!(["execution:start", {"executionId": "e", "code": code}]))).await;
    log(&mut server, "there").await;
    server
}

/// The payload of the next event of this name.
async fn event(server: &mut Peer, name: &str) -> Value {
    loop {
        let packet = server.packet().await;
        let body: Value = serde_json::from_str(packet.trim_start_matches(|c: char| c.is_ascii_digit())).unwrap();
        if body[0] == name {
            return body[1].clone();
        }
    }
}

async fn log(server: &mut Peer, words: &str) {
    while event(server, "execution:log").await["message"] != words {}
}

#[tokio::test]
async fn an_agent_killed_in_a_run_completes_it_when_it_is_back() {
    let (place, state) = (Place::new().await, tempfile::tempdir().unwrap());
    let mut program = Program::start(&place.url(), state.path(), &[]);
    let _server = running(&place, &mut program).await;
    program.kill().await;
    let _program = Program::start(&place.url(), state.path(), &[]);
    let mut server = place.client().await;
    assert_eq!(event(&mut server, "agent:register").await["sessions"], json!(["e"]));
    log(&mut server, "The agent was killed before this session had ended").await;
    let complete = event(&mut server, "execution:complete").await;
    assert_eq!((&complete["executionId"], &complete["exitCode"]), (&json!("e"), &json!(2)));
}

#[tokio::test]
async fn a_result_outlives_its_server_and_its_agent() {
    let (place, state) = (Place::new().await, tempfile::tempdir().unwrap());
    let mut program = Program::start(&place.url(), state.path(), &[]);
    let mut server = place.client().await;
    // The test goes on when this page comes.
    let gate = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", gate.local_addr().unwrap());
    let code = spec(&format!("console.log('there');\nawait page.goto('{url}');\nconsole.log('still there');"));
    server.send(&format!("42{}", json!(["execution:start", {"executionId": "e", "code": code}]))).await;
    log(&mut server, "there").await;
    let (mut page, _) = gate.accept().await.unwrap();
    drop((server, place));
    program.logs("the connection has ended").await;
    page.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi").await.unwrap();
    program.logs("an execution has ended").await;
    program.kill().await;

    let place = Place::new().await;
    let _program = Program::start(&place.url(), state.path(), &[]);
    let mut server = place.client().await;
    assert_eq!(event(&mut server, "agent:register").await["sessions"], json!(["e"]));
    log(&mut server, "still there").await;
    assert_eq!(event(&mut server, "execution:complete").await["exitCode"], 0);
}

#[tokio::test]
async fn signals() {
    for (name, signals) in
        [("terminate twice", [Signal::TERM, Signal::TERM]), ("interrupt, then terminate", [Signal::INT, Signal::TERM])]
    {
        let (place, state) = (Place::new().await, tempfile::tempdir().unwrap());
        let mut program = Program::start(&place.url(), state.path(), &[]);
        let mut server = running(&place, &mut program).await;
        program.signal(signals[0]);
        program.logs("no new work").await;
        let begun = Instant::now();
        program.signal(signals[1]);
        assert_eq!(event(&mut server, "execution:complete").await["exitCode"], 130, "{name}");
        while server.next().await.is_some() {}
        drop(server);
        assert_eq!(program.end().await.code(), Some(0), "{name}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{name}: {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_second_agent_on_the_same_folder_is_told_so() {
    let (place, state) = (Place::new().await, tempfile::tempdir().unwrap());
    let mut program = Program::start(&place.url(), state.path(), &[]);
    let _server = place.client().await;
    program.logs("connected and registered").await;
    let mut second = Program::start(&place.url(), state.path(), &[]);
    let line = second.logs("error: ").await;
    assert_eq!(
        line,
        format!("error: another agent uses {}: give this one a --state-dir of its own", state.path().display())
    );
    assert_eq!(second.end().await.code(), Some(2));
}

#[tokio::test]
async fn a_token_file_without_a_token_ends_the_agent_at_its_start() {
    let state = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("empty"), "\n \n").unwrap();
    for (name, why) in [("missing", "No such file"), ("", "Is a directory"), ("empty", "the token is empty")] {
        let file = folder.path().join(name).display().to_string();
        let mut program = Program::start("http://127.0.0.1:9", state.path(), &["--token-file", &file]);
        let line = program.logs("error: ").await;
        assert!(line.contains(&format!("--token-file {file}: ")) && line.contains(why), "{line}");
        assert_eq!(program.end().await.code(), Some(2), "{line}");
    }
}

#[tokio::test]
async fn a_token_file_that_is_gone_for_a_moment_is_asked_for_again() {
    let (place, state) = (Place::new().await, tempfile::tempdir().unwrap());
    let path = state.path().join("token");
    std::fs::write(&path, "first").unwrap();
    let mut program = Program::start(&place.url(), state.path(), &["--token-file", path.to_str().unwrap()]);
    let mut server = place.engine(crate::peer::OPEN).await;
    assert_eq!(server.packet().await, r#"40{"token":"first"}"#);
    std::fs::remove_file(&path).unwrap();
    drop(server);
    program.logs("read the token in").await;
    std::fs::write(&path, "second").unwrap();
    assert_eq!(place.engine(crate::peer::OPEN).await.packet().await, r#"40{"token":"second"}"#);
}

#[tokio::test]
async fn a_refused_token_is_named_in_the_log() {
    let (place, state) = (Place::new().await, tempfile::tempdir().unwrap());
    let mut program = Program::start(&place.url(), state.path(), &["--token", "wrong"]);
    let mut server = place.engine(crate::peer::OPEN).await;
    assert_eq!(server.packet().await, r#"40{"token":"wrong"}"#);
    server.send(r#"44{"message":"Invalid token"}"#).await;
    let line = program.logs("ERROR").await;
    assert!(line.contains("check the token") && line.contains("refused the connection: Invalid token"), "{line}");
    assert!(!line.contains("wrong"), "{line}");
}
