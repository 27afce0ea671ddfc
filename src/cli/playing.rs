//! What is said about sessions and their browser wherever an agent plays: `agent`, `up`, `demo`.

use super::hosts::{Guard, Hosts};
use super::run::RunnerName;
use super::{CouldNotRun, duration, size};
use crate::agent::{self, AgentOptions, SessionStarter, Shutdown, Versions};
use crate::browser::launch::{find_chromium, is_confined, sweep_profiles};
use crate::browser::{BrowserPool, Ceiling, LaunchError, LaunchOptions, Mode};
use crate::config;
use crate::recorder::RecorderOptions;
use crate::runner::PLAYWRIGHT_VERSION;
use crate::runner::host::{Runner, RunnerOptions, Screenshots, ops};
use crate::runner::node::NodeRunner;
use crate::session::{Lives, LivesOptions, Performer, Recordings, RecordingsOptions, SessionOptions, Sessions};
use rustix::process::{Resource, Rlimit, setrlimit};
use serde_json::json;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Asking a browser for its version is no reason to be late.
const VERSION_TIMEOUT: Duration = Duration::from_secs(5);

/// Flags.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options of the agent")]
pub(super) struct Playing {
    /// Executions and recordings at the same time, more wait; as many as there are cores where nothing is said
    #[arg(long, value_name = "N", value_parser = sessions)]
    max_sessions: Option<usize>,
    /// Of which steps there are to be pictures
    #[arg(long, value_name = "WHICH", default_value = "steps")]
    screenshots: Pictures,
    /// An execution that takes longer ends with exit code 124; 0s is for ever
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = duration::parse)]
    execution_timeout: Duration,
    /// How much of the processor's time the scripts of an execution may use, in whole seconds: beyond that it is ended; 0s is no bound
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration::parse)]
    cpu_limit: Duration,
    /// The Chromium to use; looked for in the usual places where none is named
    #[arg(long, value_name = "PATH")]
    browser: Option<PathBuf>,
    /// An argument for Chromium; repeatable
    #[arg(long, value_name = "ARG", allow_hyphen_values = true)]
    browser_arg: Vec<String>,
    /// A Chromium that runs already, to be used instead of starting one: http://HOST:PORT or ws://…
    #[arg(long, value_name = "URL", conflicts_with_all = ["browser", "browser_arg"])]
    cdp_endpoint: Option<String>,
    /// How much memory a Chromium may have, 2GiB for example: beyond that its greediest page is ended; three quarters of the machine's where
    /// nothing is said
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    browser_memory: Option<u64>,
    /// How much the files of an execution may have at a time in all: downloads, attachments, screenshots, videos, traces, archives, profiles of its
    /// own browsers; 0 is no bound
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = size::parse)]
    artifact_limit: u64,
    /// A Chromium that has nothing to do is closed after this; 0s is never
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration::parse)]
    browser_idle: Duration,
    /// Show the browser
    #[arg(long)]
    headed: bool,
    /// Keep what is typed into password fields while recording, in clear; without it the code reads the environment
    #[arg(long)]
    record_secrets: bool,
    /// A variable of the environment that tests may read; repeatable. None where none is named
    #[arg(long, value_name = "NAME")]
    env: Vec<String>,
    /// The folder whose files tests may name by a path and read: uploads, scripts, styles, storage states. None where none is named
    #[arg(long, value_name = "DIR")]
    files_root: Option<PathBuf>,
    /// Who runs the tests: this program, or the official runner of this machine with Node.js, in which tests may do all that this user may
    #[arg(long, value_name = "RUNNER", default_value = "builtin")]
    runner: RunnerName,
    #[command(flatten)]
    hosts: Hosts,
    /// A value that is never told: stars stand for it in logs, steps, errors and recorded code; repeatable
    #[arg(long, value_name = "VALUE")]
    mask: Vec<String>,
    /// Run tests that use members of Playwright's API which are not there: they fail when they get there, not before the run
    #[arg(long)]
    allow_unsupported: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Pictures {
    /// After every step
    Steps,
    /// None
    Off,
}

impl Playing {
    /// The program that will be started; none where a browser runs already.
    pub(super) fn chromium(&self) -> Result<Option<PathBuf>, LaunchError> {
        if self.cdp_endpoint.is_some() {
            return Ok(None);
        }
        find_chromium(self.browser.as_deref()).map(Some)
    }

    /// What the agent says about itself. Without a browser it can still be an agent, unless one was named.
    pub(super) async fn versions(&self) -> Result<Versions, CouldNotRun> {
        let chromium = match self.chromium() {
            Ok(Some(path)) => version(&path).await,
            Ok(None) => None,
            Err(error) if self.browser.is_some() => return Err(error.into()),
            Err(error) => {
                tracing::warn!("executions will fail: {error}");
                None
            }
        };
        Ok(match self.node().await? {
            Some(NodeRunner { playwright, node, .. }) => Versions { playwright, chromium, node: Some(node) },
            None => Versions { playwright: PLAYWRIGHT_VERSION.to_owned(), chromium, node: None },
        })
    }

    /// Those that tests may name.
    fn readable_files(&self) -> Result<ops::ReadableFiles, CouldNotRun> {
        let Some(root) = &self.files_root else { return Ok(ops::ReadableFiles::None) };
        let real = root.canonicalize().ok().filter(|root| root.is_dir());
        let missing = || CouldNotRun(format!("--files-root {}: there is no such folder", root.display()));
        real.map(ops::ReadableFiles::Below).ok_or_else(missing)
    }

    /// The official runner, where it is asked for.
    async fn node(&self) -> Result<Option<NodeRunner>, CouldNotRun> {
        if self.runner == RunnerName::Builtin {
            return Ok(None);
        }
        if self.cdp_endpoint.is_some() {
            return Err(CouldNotRun(
                "--cdp-endpoint cannot be used with --runner node: it starts its own browser".to_owned(),
            ));
        }
        Ok(Some(NodeRunner::find(&std::env::current_dir()?, &config::environment()).await?))
    }

    /// How its Chromiums are started.
    pub(super) fn launch_options(&self) -> LaunchOptions {
        LaunchOptions {
            executable: self.browser.clone(),
            cdp_endpoint: self.cdp_endpoint.clone(),
            args: self.browser_arg.clone(),
            idle: self.browser_idle,
            keeps_out: true,
            ceiling: self.browser_memory.map(Ceiling::of).unwrap_or_default(),
            ..LaunchOptions::default()
        }
    }

    /// Values that are never told.
    pub(super) fn mask(&self) -> &[String] {
        &self.mask
    }

    pub(super) fn max_sessions(&self) -> usize {
        self.max_sessions.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    }

    /// Is an agent until `shutdown`; returns after the browser is closed.
    pub(super) async fn play(&self, options: AgentOptions, shutdown: Shutdown) -> Result<(), CouldNotRun> {
        leave_no_core();
        // Of an agent that was killed.
        drop(tokio::task::spawn_blocking(sweep_profiles));
        let guard = self.guard().await?;
        let pool = BrowserPool::new(LaunchOptions { args: guard.args, warden: guard.warden, ..self.launch_options() });
        let starts = pool.clone();
        let help = "Chromiums that were started; those after the first followed a crash, an idle time, or a recycling.";
        options.machine.vitals.count("understudy_browser_starts_total", help, move || starts.started());
        let operations = ops::OperationsOptions {
            files: self.readable_files()?,
            trust: ops::Trust::Pages,
            gate: guard.gate,
            upstream: guard.upstream,
            ..ops::OperationsOptions::default()
        };
        let runner = RunnerOptions { keep_warm: true, ..super::runner_options() };
        let runner = Runner::with_services(ops::services(pool.clone(), operations), runner)?;
        let performer = match self.node().await? {
            Some(node) => Performer::Node(Arc::new(node)),
            None => Performer::Builtin(Arc::new(runner)),
        };
        let sessions = Sessions::new(performer, self.session_options(&options.state_dir));
        let recordings = Recordings::new(pool.clone(), self.recordings_options());
        let lives = Lives::new(pool.clone(), self.lives_options()?);
        let ended = agent::run(options, starter(sessions, recordings, lives), shutdown).await;
        pool.close().await;
        Ok(ended?)
    }

    /// What stands between tests and the network.
    async fn guard(&self) -> Result<Guard, CouldNotRun> {
        let foreign = self.cdp_endpoint.as_ref().map(|_| "--cdp-endpoint: whoever started that browser decides");
        let node =
            (self.runner == RunnerName::Node).then_some("--runner node: such tests may do all that this user may");
        self.hosts.refuse(foreign.or(node))?;
        match foreign {
            Some(_) => Ok(Guard::default()),
            None => self.hosts.guard(&self.browser_arg).await,
        }
    }

    /// A recording has a window where there is a display; elsewhere the person looks at pictures.
    fn recordings_options(&self) -> RecordingsOptions {
        let display = config::has_display();
        RecordingsOptions {
            mode: if display { Mode::Headed } else { Mode::Headless },
            preview: !display,
            mask: self.mask.clone(),
            recorder: RecorderOptions {
                reveal_secrets: self.record_secrets,
                // Without a window the person has buttons beside the picture.
                toolbar: display,
                ..RecorderOptions::default()
            },
            ..RecordingsOptions::default()
        }
    }

    fn lives_options(&self) -> Result<LivesOptions, CouldNotRun> {
        Ok(LivesOptions {
            files: self.readable_files()?,
            pictures: matches!(self.screenshots, Pictures::Steps),
            env: self.lent(),
            mask: self.mask.clone(),
            reveal_secrets: self.record_secrets,
            ..LivesOptions::default()
        })
    }

    /// What of the environment tests and recordings may read.
    fn lent(&self) -> BTreeMap<String, String> {
        let mut env: BTreeMap<_, _> = config::environment();
        env.retain(|name, _| self.env.contains(name));
        env
    }

    fn session_options(&self, state_dir: &Path) -> SessionOptions {
        let env = self.lent();
        SessionOptions {
            screenshots: match self.screenshots {
                Pictures::Steps => Screenshots::Steps,
                Pictures::Off => Screenshots::Off,
            },
            mode: if self.headed { Mode::Headed } else { Mode::Headless },
            execution_timeout: Some(self.execution_timeout).filter(|limit| !limit.is_zero()),
            cpu_limit: Some(self.cpu_limit).filter(|limit| !limit.is_zero()),
            env,
            allow_unsupported: self.allow_unsupported,
            artifact_limit: (self.artifact_limit > 0).then_some(self.artifact_limit),
            mask: self.mask.clone(),
            artifacts: agent::artifacts(state_dir),
            launch: json!({
                "executablePath": self.chromium().ok().flatten(), "args": self.browser_arg,
                // As our own launch has it.
                "chromiumSandbox": !is_confined(),
            }),
        }
    }
}

/// What is in memory, of this process and of those it starts, goes into no file when one of them crashes.
fn leave_no_core() {
    // With 0 a system that hands it to a program (systemd-coredump, apport) does so all the same.
    let least = Some(1);
    if let Err(error) = setrlimit(Resource::Core, Rlimit { current: least, maximum: least }) {
        tracing::debug!(%error, "the limit of core dumps stays as it is");
    }
}

/// Executions of the agent are sessions of the runner, recordings those of the recorder.
fn starter(sessions: Sessions, recordings: Recordings, lives: Lives) -> SessionStarter {
    SessionStarter {
        execute: Arc::new(move |start, events, cancel| {
            let sessions = sessions.clone();
            Box::pin(async move { sessions.execute(start, events, cancel).await })
        }),
        record: Arc::new(move |start, events, controls| {
            let recordings = recordings.clone();
            Box::pin(async move { recordings.record(start, events, controls).await })
        }),
        drive: Arc::new(move |execution, events, controls| {
            let lives = lives.clone();
            Box::pin(async move { lives.drive(execution, events, controls).await })
        }),
    }
}

/// What an end may take after the second signal.
const END_TIMEOUT: Duration = Duration::from_millis(4800);

/// The first signal drains, the second cancels; the process ends soon after it, whatever hangs.
pub(super) async fn signals(shutdown: Shutdown) -> io::Result<Infallible> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    for token in [shutdown.drain, shutdown.abort] {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        token.cancel();
    }
    tokio::time::sleep(END_TIMEOUT).await;
    tracing::error!("something does not end: it is left behind");
    std::process::exit(1);
}

async fn version(chromium: &Path) -> Option<String> {
    let mut command = tokio::process::Command::new(chromium);
    command.arg("--version").stdin(std::process::Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(VERSION_TIMEOUT, command.output()).await.ok()?.ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned)
}

fn sessions(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "a number of at least 1 is expected".to_owned())
}
