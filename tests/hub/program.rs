//! `understudy demo` and `understudy up` as a person starts them, with real Chromium.

#[path = "../support/end.rs"]
mod end;

use super::client::Client;
use super::site;
use end::{process, wait_for_end};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// Longer than anything here takes; a hang becomes a failure that says what was waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program and its descendants are known by this variable, wherever they hang in the tree of processes.
const MARK: &str = "UNDERSTUDY_OF_TEST";

/// A started program. All temporary files of it and of its Chromium are in a folder of its own.
struct Program {
    child: Child,
    temporary: tempfile::TempDir,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let child = Self::command(&temporary, arguments).spawn().unwrap();
        Self { child, temporary }
    }

    fn command(temporary: &tempfile::TempDir, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_understudy"));
        command.args(arguments).current_dir(temporary).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        command.env("TMPDIR", temporary.path()).env("XDG_CONFIG_HOME", temporary.path());
        command.env(MARK, temporary.path());
        command
    }

    fn lines(&mut self) -> Lines<BufReader<ChildStdout>> {
        BufReader::new(self.child.stdout.take().unwrap()).lines()
    }

    fn signal(&self) {
        let id = i32::try_from(self.child.id().unwrap()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), Signal::TERM).unwrap();
    }

    async fn end(&mut self) -> ExitStatus {
        tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("the program does not end").unwrap()
    }

    /// Waits until no descendant is left, and looks at what is in its temporary folder then.
    fn leaves(&self) -> Vec<String> {
        loop {
            let relatives = self.relatives();
            if relatives.is_empty() {
                return names(self.temporary.path());
            }
            relatives.into_iter().filter_map(process).for_each(|process| wait_for_end(&process));
        }
    }

    /// Their ids.
    fn relatives(&self) -> Vec<u32> {
        let mut system = System::new().unwrap();
        let always = UpdateKind::Always;
        let kind = ProcessRefreshKind::nothing().with_environ(always).with_cwd(always).without_tasks();
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, kind);
        let mark = format!("{MARK}={}", self.temporary.path().display());
        let ours = system.processes().values().filter(|its| {
            // Workers have no environment.
            its.environ().iter().any(|pair| *pair == *mark) || its.cwd() == Some(self.temporary.path())
        });
        ours.map(|process| process.pid().as_u32()).collect()
    }
}

fn names(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = files.collect();
    names.sort();
    names
}

async fn all(mut lines: Lines<BufReader<ChildStdout>>) -> Vec<String> {
    let mut text = Vec::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        text.push(line);
    }
    text
}

#[tokio::test]
async fn the_demo_plays_its_test_shows_it_and_leaves_nothing_but_pictures() {
    let pictures = tempfile::tempdir().unwrap();
    let mut demo = Program::start(&["demo", "--output", &pictures.path().display().to_string()]);
    let lines = demo.lines();
    assert!(demo.relatives().len() == 1, "the mark works: {:?}", demo.relatives());
    let lines = tokio::time::timeout(PATIENCE, all(lines)).await.expect("the demo does not end");
    let text = lines.join("\n");
    assert_eq!(demo.end().await.code(), Some(0), "{text}");
    let steps: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("  ✓ ")).collect();
    assert_eq!(steps.len(), 13, "{text}");
    assert!(steps[0].starts_with(" 1  Go to / ") && steps[0].ends_with(" ms"), "{text}");
    assert!(steps[12].starts_with("13  Expect the heading to have text ‘Thank you, Grace Hopper!’ "), "{text}");
    for part in
        ["  hub       http://127.0.0.1:", "Running 1 test", "✓ buy a lamp (", "1 passed", "  Passed · 13 steps in "]
    {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    let kept = names(pictures.path());
    let told = format!("  pictures  {} ({}, ", pictures.path().display(), kept.len());
    assert!(text.contains(&told), "{told:?} is not in\n{text}");
    let steps: Vec<_> = (1..=13).map(|number| format!("step-{number:02}.jpg")).collect();
    assert_eq!(kept, steps);
    for name in kept {
        let picture = image::open(pictures.path().join(&name)).unwrap();
        assert_eq!((picture.width(), picture.height()), (1280, 720), "{name}");
    }
    assert_eq!(demo.leaves(), [""; 0]);
}

#[tokio::test]
async fn a_demo_without_a_browser_says_so_at_once() {
    let mut demo = Program::start(&["demo", "--browser", "/nowhere/chromium"]);
    let lines = demo.lines();
    assert_eq!(demo.end().await.code(), Some(2));
    assert!(all(lines).await.is_empty());
}

/// `up`, the address of its hub, and the token in its dashboard's link.
async fn up() -> (Program, String, String) {
    let mut up = Program::start(&["up", "--listen", "127.0.0.1:0"]);
    let mut lines = up.lines();
    let mut link = None;
    while let Some(line) = lines.next_line().await.unwrap() {
        link = link.or_else(|| line.strip_prefix("  Dashboard  ").map(str::to_owned));
        if line == "Ctrl-C ends both." {
            break;
        }
    }
    let link = link.expect("a line with the link");
    let (address, token) = link.split_once("/#token=").unwrap();
    (up, address.to_owned(), token.to_owned())
}

const SPEC: &str = "import { test, expect } from '@playwright/test';\n\
    test('t', async ({ page }) => {\n  await page.setContent('<button>Go</button>');\n  \
    await page.getByRole('button').click();\n  WAIT\n});\n";

#[tokio::test]
async fn up_serves_tests_until_it_is_told_to_end() {
    let (mut up, address, token) = up().await;
    let authority = address.strip_prefix("http://").unwrap().to_owned();
    let (status, _) = super::http(authority.parse().unwrap(), "GET", "/healthz", "").await;
    assert_eq!(status, 200);
    let mut ada = Client::connect(&address, json!({"token": token})).await.unwrap();
    ada.expect_where("agent:status", |told| told["status"] == "online").await;
    ada.emit("execution:start", json!({"executionId": "e1", "target": "local", "code": SPEC.replace("WAIT", "")}))
        .await;
    let step = ada.expect_where("execution:step", |step| step["status"] == "passed" && step["stepNumber"] == 2).await;
    assert_eq!(step["explanation"], "Click the button");
    assert_eq!(ada.expect("execution:complete").await["exitCode"], 0);
    drop(ada);
    up.signal();
    assert_eq!(up.end().await.code(), Some(0));
    assert_eq!(up.leaves(), [""; 0]);
}

#[tokio::test]
async fn an_address_that_is_taken_is_told_with_what_helps() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let temporary = tempfile::tempdir().unwrap();
    let done =
        Program::command(&temporary, &["up", "--listen", &address]).stderr(Stdio::piped()).output().await.unwrap();
    assert_eq!(done.status.code(), Some(2));
    let words = String::from_utf8(done.stderr).unwrap();
    assert!(words.starts_with(&format!("error: listen on {address}: ")), "{words}");
    assert!(words.ends_with("Choose another address with --listen; port 0 is any free one\n"), "{words}");
    assert!(done.stdout.is_empty());
}

#[tokio::test]
async fn told_twice_to_end_it_cancels_what_plays() {
    let (mut up, address, token) = up().await;
    let mut ada = Client::connect(&address, json!({"token": token})).await.unwrap();
    ada.expect_where("agent:status", |told| told["status"] == "online").await;
    let code = SPEC.replace("WAIT", "await page.waitForTimeout(1e6);");
    ada.emit("execution:start", json!({"executionId": "e1", "target": "local", "code": code})).await;
    ada.expect_where("execution:step", |step| step["status"] == "passed" && step["stepNumber"] == 2).await;
    up.signal();
    // What comes while the agent finishes its work waits: then it has heard.
    for n in 0.. {
        let id = format!("late{n}");
        ada.emit("execution:start", json!({"executionId": id, "target": "local", "code": "it is no test"})).await;
        let waits = |payload: &serde_json::Value| payload["message"] == "All agents are busy: this session is next";
        let answers = |name: &str, payload: &serde_json::Value| {
            payload["executionId"] == id && (waits(payload) || name == "execution:complete")
        };
        if ada.first("an answer", answers).await.0 == "execution:log" {
            break;
        }
    }
    up.signal();
    assert_eq!(ada.expect("execution:complete").await["exitCode"], 130);
    assert_eq!(up.end().await.code(), Some(0));
    assert_eq!(up.leaves(), [""; 0]);
}

/// A person at the dashboard is a test of ours in `understudy run`.
#[tokio::test]
async fn a_person_works_with_the_dashboard() {
    let (mut up, address, token) = up().await;
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hub");
    let output = up.temporary.path().join("results").display().to_string();
    let arguments = ["run", "dashboard.spec.ts", "recording.spec.ts", "--workers", "2", "--output", &output];
    let mut run = Program::command(&up.temporary, &arguments);
    run.env("DASHBOARD", format!("{address}/#token={token}")).env("SITE", site::serve()).current_dir(specs);
    let done = tokio::time::timeout(PATIENCE * 4, run.output()).await.expect("the run does not end").unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stdout));
    up.signal();
    assert_eq!(up.end().await.code(), Some(0));
}
