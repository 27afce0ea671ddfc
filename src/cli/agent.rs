//! `understudy agent`: the daemon.

use super::{CouldNotRun, duration};
use crate::agent::{self, AgentOptions, SessionStarter, Shutdown, TokenSource, Versions};
use crate::browser::launch::find_chromium;
use crate::browser::{BrowserPool, LaunchOptions, Mode};
use crate::config;
use crate::runner::PLAYWRIGHT_VERSION;
use crate::runner::host::{Runner, RunnerOptions, Screenshots, ops};
use crate::session::{SessionOptions, Sessions};
use crate::wire::{socketio, tls};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use url::Url;

/// Asking a browser for its version is no reason to be late.
const VERSION_TIMEOUT: Duration = Duration::from_secs(5);

/// Be an agent: connect out to a server and execute what it sends
#[derive(Debug, clap::Args)]
#[command(
    after_help = "SIGTERM or Ctrl-C: no new work, finish what runs, end. Twice: cancel what runs and end within 5 s.\n\n\
                        Example: understudy agent --server https://tests.example.com --token-file /etc/understudy/token"
)]
pub(super) struct Args {
    /// The server
    #[arg(long, value_name = "URL", default_value = "http://localhost:3000", value_parser = server)]
    server: Url,
    #[command(flatten)]
    token: TokenArgs,
    /// What people see; the name of this host where nothing is said
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Between heartbeats
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration::parse)]
    heartbeat: Duration,
    /// Executions at the same time, more wait; as many as there are cores where nothing is said
    #[arg(long, value_name = "N", value_parser = sessions)]
    max_sessions: Option<usize>,
    /// Where the agent keeps its id and what it has not told yet; ~/.local/state/understudy where nothing is said
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Of which steps there are to be pictures
    #[arg(long, value_name = "WHICH", default_value = "steps")]
    screenshots: Pictures,
    /// An execution that takes longer ends with exit code 124; 0s is for ever
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = duration::parse)]
    execution_timeout: Duration,
    /// After SIGTERM, what still runs is cancelled when it takes longer
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration::parse)]
    drain_timeout: Duration,
    /// The Chromium to use; looked for in the usual places where none is named
    #[arg(long, value_name = "PATH")]
    browser: Option<PathBuf>,
    /// An argument for Chromium; repeatable
    #[arg(long, value_name = "ARG", allow_hyphen_values = true)]
    browser_arg: Vec<String>,
    /// A Chromium that has nothing to do is closed after this; 0s is never
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration::parse)]
    browser_idle: Duration,
    /// Show the browser
    #[arg(long)]
    headed: bool,
    /// A variable of the environment that tests may read; repeatable. None where none is named
    #[arg(long, value_name = "NAME")]
    env: Vec<String>,
    /// Certificates (PEM) of authorities to trust besides the system's
    #[arg(long, value_name = "F")]
    ca_file: Option<PathBuf>,
}

/// Where the token comes from.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct TokenArgs {
    /// The token to present; others on this machine can read it in the list of processes
    #[arg(long, value_name = "JWT")]
    token: Option<String>,
    /// A file with the token, read again for every connection
    #[arg(long, value_name = "F")]
    token_file: Option<PathBuf>,
    /// A shell command that prints the token, run for every connection
    #[arg(long, value_name = "CMD")]
    token_command: Option<String>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Pictures {
    /// After every step
    Steps,
    /// None
    Off,
}

pub(super) fn run(args: Args) -> Result<ExitCode, CouldNotRun> {
    let state_dir = args.state_dir.clone().map_or_else(config::state_dir, Ok).map_err(CouldNotRun)?;
    let tls = tls::client_config(args.ca_file.as_deref())?;
    let chromium = match find_chromium(args.browser.as_deref()) {
        Ok(found) => Some(found),
        Err(error) if args.browser.is_some() => return Err(error.into()),
        Err(error) => {
            tracing::warn!("executions will fail: {error}");
            None
        }
    };
    super::runtime()?.block_on(async move {
        let chromium = match chromium {
            Some(path) => version(&path).await,
            None => None,
        };
        let pool = BrowserPool::new(LaunchOptions {
            executable: args.browser.clone(),
            args: args.browser_arg.clone(),
            idle: args.browser_idle,
            ..LaunchOptions::default()
        });
        let options = RunnerOptions { keep_warm: true, ..RunnerOptions::default() };
        let runner = Runner::with_services(ops::services(pool.clone()), options)?;
        let sessions = Sessions::new(Arc::new(runner), session_options(&args, &state_dir));
        let options = AgentOptions {
            server: args.server,
            token: args.token.source(),
            name: args.name,
            heartbeat: args.heartbeat,
            max_sessions: args.max_sessions.unwrap_or_else(cores),
            state_dir,
            drain_timeout: args.drain_timeout,
            connector: socketio::connector(tls),
            versions: Versions { playwright: PLAYWRIGHT_VERSION.to_owned(), chromium },
        };
        let shutdown = Shutdown::default();
        let watching = tokio::spawn(signals(shutdown.clone()));
        agent::run(options, starter(sessions), shutdown).await?;
        watching.abort();
        pool.close().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// Executions of the agent are sessions of the runner.
fn starter(sessions: Sessions) -> SessionStarter {
    SessionStarter(Arc::new(move |start, events, cancel| {
        let sessions = sessions.clone();
        Box::pin(async move { sessions.execute(start, events, cancel).await })
    }))
}

fn session_options(args: &Args, state_dir: &Path) -> SessionOptions {
    let mut env: BTreeMap<_, _> = config::environment();
    env.retain(|name, _| args.env.contains(name));
    SessionOptions {
        screenshots: match args.screenshots {
            Pictures::Steps => Screenshots::Steps,
            Pictures::Off => Screenshots::Off,
        },
        mode: if args.headed { Mode::Headed } else { Mode::Headless },
        execution_timeout: (!args.execution_timeout.is_zero()).then_some(args.execution_timeout),
        env,
        artifacts: state_dir.join("artifacts"),
    }
}

impl TokenArgs {
    fn source(self) -> TokenSource {
        match (self.token, self.token_file, self.token_command) {
            (Some(token), ..) => TokenSource::Value(token),
            (None, Some(file), _) => TokenSource::File(file),
            (None, None, Some(command)) => TokenSource::Command(command),
            (None, None, None) => TokenSource::None,
        }
    }
}

/// The first signal drains, the second cancels.
async fn signals(shutdown: Shutdown) -> io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    for token in [shutdown.drain, shutdown.abort] {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        token.cancel();
    }
    Ok(())
}

async fn version(chromium: &Path) -> Option<String> {
    let mut command = tokio::process::Command::new(chromium);
    command.arg("--version").stdin(std::process::Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(VERSION_TIMEOUT, command.output()).await.ok()?.ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn sessions(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "a number of at least 1 is expected".to_owned())
}

fn server(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if ["http", "https", "ws", "wss"].contains(&url.scheme()) && url.has_host() => Ok(url),
        Ok(_) | Err(_) => Err("an address such as https://tests.example.com is expected".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers() {
        for (text, fine) in [
            ("http://localhost:3000", true),
            ("wss://tests.example.com/socket.io/", true),
            ("localhost:3000", false),
            ("ftp://localhost", false),
            ("", false),
        ] {
            assert_eq!(server(text).is_ok(), fine, "{text}");
        }
    }
}
