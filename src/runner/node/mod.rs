//! `--runner node`: a test in the official runner of this machine, told in the same events as by our own.
//!
//! The code then runs with all that Node.js may do here: whoever starts an agent so trusts those who send tests.

mod told;

use crate::artifacts::shrink;
use crate::model::run::{Attempt, Outcome, RunEvent, TestError};
use crate::runner::events::EventSender;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

/// Below `node_modules`.
const ENTRY: &str = "@playwright/test/cli.js";
/// The name the source goes by.
const SOURCE: &str = "test.spec.ts";
/// Between being asked to end and being ended.
const PATIENCE: Duration = Duration::from_millis(700);
/// A picture for a server, bytes.
const PICTURE: usize = 1 << 20;
/// Variables that Node.js and Chromium need, whatever tests may read.
const NEEDED: [&str; 8] =
    ["PATH", "HOME", "TMPDIR", "TZ", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR"];

/// Why the official runner cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// Not on this machine.
    #[error("--runner node needs Node.js: {0}")]
    NoNode(io::Error),
    /// Not here.
    #[error(
        "--runner node needs @playwright/test: in node_modules here or above, or installed globally (npm install -g @playwright/test)"
    )]
    NoPlaywright,
}

/// The official runner of this machine.
#[derive(Debug, Clone)]
pub struct NodeRunner {
    /// The folder `node_modules` that has it.
    modules: PathBuf,
    /// Of `NEEDED` those that are set.
    env: BTreeMap<String, String>,
    /// Of Node.js, `v20.1.2`.
    pub node: String,
    /// Of Playwright, `1.65.1`.
    pub playwright: String,
}

/// What is to be run.
#[derive(Debug, Clone, Default)]
pub struct NodeRequest {
    /// The spec file.
    pub source: String,
    /// The run's own: everything is written there.
    pub folder: PathBuf,
    /// Of a test, ms.
    pub timeout: u64,
    /// How often a failing test is tried again.
    pub retries: u32,
    /// `use` of the configuration.
    pub r#use: Map<String, Value>,
    /// Variables tests may read.
    pub env: BTreeMap<String, String>,
    /// Of the whole run.
    pub limit: Option<Duration>,
}

impl NodeRunner {
    /// Looks for it from `folder` upwards, then among what is installed globally. `environment` is this process's.
    ///
    /// # Errors
    /// What is missing.
    pub async fn find(folder: &Path, environment: &BTreeMap<String, String>) -> Result<Self, NodeError> {
        let node = output("node", &["--version"]).await.map_err(NodeError::NoNode)?;
        let above = folder.ancestors().map(|folder| folder.join("node_modules"));
        let has = |modules: &PathBuf| modules.join(ENTRY).is_file();
        let modules = match above.into_iter().find(has) {
            Some(modules) => modules,
            None => {
                let global = output("npm", &["root", "-g"]).await.map(PathBuf::from).ok();
                global.filter(has).ok_or(NodeError::NoPlaywright)?
            }
        };
        let package = std::fs::read_to_string(modules.join("@playwright/test/package.json")).unwrap_or_default();
        let package: Value = serde_json::from_str(&package).unwrap_or_default();
        let playwright = package["version"].as_str().unwrap_or("unknown").to_owned();
        let known = |name: &&str| environment.get(*name).map(|value| ((*name).to_owned(), value.clone()));
        Ok(Self { modules, env: NEEDED.iter().filter_map(known).collect(), node, playwright })
    }

    /// Runs to the end and says how it ended; all events were sent then. Cancelling takes less than a second.
    pub async fn run(&self, request: NodeRequest, events: EventSender, cancel: CancellationToken) -> Outcome {
        let mut teller = Teller { events, step: None, planned: false, errors: 0 };
        match self.play(&request, &mut teller, &cancel).await {
            Ok(outcome) => outcome,
            Err(error) => {
                teller.error(format!("Error: the official runner could not be run: {error}"));
                Outcome::CouldNotRun
            }
        }
    }

    async fn play(
        &self,
        request: &NodeRequest,
        teller: &mut Teller,
        cancel: &CancellationToken,
    ) -> io::Result<Outcome> {
        self.prepare(request)?;
        let mut command = Command::new("node");
        command.arg(self.modules.join(ENTRY)).args(["test", "--config", "playwright.config.cjs"]);
        command.current_dir(&request.folder).env_clear().envs(&self.env).envs(&request.env);
        command.env("FORCE_COLOR", "0").env("PLAYWRIGHT_HTML_OPEN", "never");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
        let mut child = command.spawn()?;
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let missing = || io::Error::other("the process has no pipe");
        let mut out = BufReader::new(child.stdout.take().ok_or_else(missing)?).lines();
        let mut err = BufReader::new(child.stderr.take().ok_or_else(missing)?).lines();
        let complaints = tokio::spawn(async move {
            while let Ok(Some(line)) = err.next_line().await {
                tracing::warn!(target: "understudy::node", "{line}");
            }
        });
        let late = async {
            match request.limit {
                Some(limit) => tokio::time::sleep(limit).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(late);
        let broken_off = loop {
            tokio::select! {
                line = out.next_line(), if teller.events.has_room() => match line? {
                    Some(line) => teller.tell(&line),
                    None => break None,
                },
                () = teller.events.room(), if !teller.events.has_room() => {}
                () = cancel.cancelled() => break Some(Outcome::Cancelled),
                () = &mut late => break Some(Outcome::TimedOut),
            }
        };
        if broken_off.is_some() {
            end(&mut child, group).await;
        }
        let status = child.wait().await?;
        // What it left behind in its group ends with it.
        signal(group, Signal::KILL);
        complaints.abort();
        Ok(broken_off.unwrap_or_else(|| teller.outcome(status.success())))
    }

    /// Writes what the run is made of.
    fn prepare(&self, request: &NodeRequest) -> io::Result<()> {
        let folder = &request.folder;
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join(SOURCE), &request.source)?;
        std::fs::write(folder.join("reporter.cjs"), include_str!("reporter.cjs"))?;
        let config = json!({
            "testDir": ".", "testMatch": SOURCE, "outputDir": "results", "workers": 1, "timeout": request.timeout,
            "retries": request.retries, "use": request.r#use, "reporter": [["./reporter.cjs"]],
        });
        std::fs::write(folder.join("playwright.config.cjs"), format!("module.exports = {config};\n"))?;
        let link = folder.join("node_modules");
        if link.symlink_metadata().is_err() {
            std::os::unix::fs::symlink(&self.modules, link)?;
        }
        Ok(())
    }
}

/// Passes on what is told.
struct Teller {
    events: EventSender,
    /// The last one that shows a page.
    step: Option<u32>,
    planned: bool,
    errors: usize,
}

impl Teller {
    fn tell(&mut self, line: &str) {
        let Some(event) = told::event(line) else { return };
        match &event {
            RunEvent::Planned { tests, .. } => self.planned = !tests.is_empty(),
            RunEvent::StepBegin { step, .. } if !step.api_name.is_empty() => self.step = Some(step.id),
            RunEvent::Error(_) => self.errors += 1,
            RunEvent::TestEnd(attempt) => self.picture(attempt),
            _ => {}
        }
        self.events.send(event);
    }

    /// The page as the test left it belongs to its last step.
    fn picture(&mut self, attempt: &Attempt) {
        let Some(step) = self.step.take() else { return };
        let taken = attempt.attachments.iter().rev().find(|it| it.name == "screenshot").and_then(|it| it.path.as_ref());
        let Some(picture) = taken.and_then(|path| std::fs::read(path).ok()) else { return };
        match shrink::shrink(&picture, PICTURE) {
            Ok(image) => self.events.send(RunEvent::Screenshot { step, image }),
            Err(error) => tracing::debug!(%error, "a picture of the official runner is left out"),
        }
    }

    fn error(&self, message: String) {
        self.events.send(RunEvent::Error(TestError { message, ..TestError::default() }));
    }

    fn outcome(&self, success: bool) -> Outcome {
        match (success, self.planned) {
            (true, _) => Outcome::Passed,
            (false, true) => Outcome::Failed,
            (false, false) => {
                if self.errors == 0 {
                    self.error("Error: the official runner ended without a word; see the log of the agent".to_owned());
                }
                Outcome::CouldNotRun
            }
        }
    }
}

/// Asks it to end, and ends it.
async fn end(child: &mut Child, group: Option<Pid>) {
    signal(group, Signal::INT);
    if tokio::time::timeout(PATIENCE, child.wait()).await.is_err() {
        signal(group, Signal::KILL);
    }
}

fn signal(group: Option<Pid>, signal: Signal) {
    // It may be gone already.
    group.map(|group| kill_process_group(group, signal).ok());
}

async fn output(program: &str, arguments: &[&str]) -> io::Result<String> {
    let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).kill_on_drop(true).output().await?;
    if !output.status.success() {
        return Err(io::Error::other(format!("{program} ended with {}", output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
