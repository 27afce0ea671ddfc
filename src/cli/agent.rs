//! `understudy agent`: the daemon.

use super::playing::{Playing, signals};
use super::reaching::Reaching;
use super::{CouldNotRun, duration};
use crate::agent::{AgentOptions, Machine, Notify, Served, Shutdown, Versions, Vitals, serve_vitals};
use crate::config::{self, Manager};
use crate::dialect::agent::Transport;
use crate::model::{LabelError, Labels};
use crate::wire::{socketio, websocket};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Be an agent: connect out to a server and execute what it sends
#[derive(Debug, clap::Args)]
#[command(
    after_help = "SIGTERM or Ctrl-C: no new work, finish what runs, end. Twice: cancel what runs and end within 5 s.\n\n\
                        Example: understudy agent --server https://tests.example.com --token-file /etc/understudy/token"
)]
#[group(id = "agent")]
pub(super) struct Args {
    #[command(flatten)]
    reaching: Reaching,
    /// What people see; the name of this host where nothing is said
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// What sessions may ask for, such as gpu=yes; repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = label)]
    label: Vec<String>,
    /// Between heartbeats
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration::parse)]
    heartbeat: Duration,
    /// Where the agent keeps its id and what it has not told yet; ~/.local/state/understudy where nothing is said
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// After SIGTERM, what still runs is cancelled when it takes longer
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration::parse)]
    drain_timeout: Duration,
    /// Where runs are that the server only names: an address, or a path on the server, with {runId} in it (ai-run)
    #[arg(long, value_name = "TEMPLATE", value_parser = run_url)]
    run_url: Option<String>,
    /// Where screenshots are put (PUT) instead of being sent in messages: an address, or a path on the server, with {name} in it and
    /// perhaps {sessionId} (testbro)
    #[arg(long, value_name = "TEMPLATE", value_parser = upload_url)]
    upload_url: Option<String>,
    /// A project to work for; repeatable (swe)
    #[arg(long, value_name = "ID")]
    project: Vec<String>,
    /// Answer /healthz, /readyz and /metrics (Prometheus) there, 127.0.0.1:9464 for example
    #[arg(long, value_name = "ADDRESS")]
    metrics: Option<SocketAddr>,
    /// What speaks Socket.IO with the server
    #[cfg(feature = "rust-socketio")]
    #[arg(long, value_name = "CLIENT", default_value = "own")]
    client: SocketClient,
    #[command(flatten)]
    playing: Playing,
}

#[cfg(feature = "rust-socketio")]
#[derive(Debug, Clone, Copy, PartialEq, clap::ValueEnum)]
enum SocketClient {
    /// The client of this program
    Own,
    /// The crate of this name, for trials: see its limits in ARCHITECTURE.md
    RustSocketio,
}

pub(super) fn run(args: Args) -> Result<ExitCode, CouldNotRun> {
    super::runtime()?.block_on(async move {
        let mut options = args.options()?;
        // A service manager may start this before somebody has put the token there: then it is asked for again, as later.
        if config::manager().is_none() {
            args.reaching.check_token_file()?;
        }
        options.versions = args.playing.versions().await?;
        options.machine.notify = notify()?;
        options.machine.vitals.server(&options.server);
        // Until the end.
        let _served = serve_metrics(args.metrics, options.machine.vitals.clone()).await?;
        let shutdown = Shutdown::default();
        let watching = tokio::spawn(signals(shutdown.clone()));
        args.playing.play(options, shutdown).await?;
        watching.abort();
        Ok(ExitCode::SUCCESS)
    })
}

impl Args {
    /// What they say, but for what must be looked up.
    pub(super) fn options(&self) -> Result<AgentOptions, CouldNotRun> {
        let (server, protocol) = (self.reaching.server()?, self.reaching.protocol());
        if self.upload_url.is_some() && !protocol.tells_addresses {
            return Err(CouldNotRun(
                "--upload-url is for --protocol testbro: the others have pictures in their messages".to_owned(),
            ));
        }
        let dialer = self.reaching.dialer()?;
        let connector = match protocol.way.transport {
            Transport::SocketIo(_) => socketio::connector(dialer.clone()),
            Transport::WebSocket(_) => websocket::connector(dialer.clone()),
        };
        #[cfg(feature = "rust-socketio")]
        let connector = match self.client {
            SocketClient::Own => connector,
            SocketClient::RustSocketio => crate::wire::rust_socketio::connector(),
        };
        Ok(AgentOptions {
            server,
            token: self.reaching.token(),
            name: self.name.clone(),
            labels: Labels::parse(self.label.iter().map(String::as_str))
                .map_err(|error| CouldNotRun(format!("--label: {error}")))?,
            heartbeat: self.heartbeat,
            max_sessions: self.playing.max_sessions(),
            state_dir: self.state_dir()?,
            drain_timeout: self.drain_timeout,
            protocol,
            run_url: self.run_url.clone(),
            upload_url: self.upload_url.clone(),
            projects: self.project.clone(),
            dialer,
            connector,
            versions: Versions::default(),
            machine: Machine::default(),
        })
    }

    pub(super) fn state_dir(&self) -> Result<PathBuf, CouldNotRun> {
        self.state_dir.clone().map_or_else(config::state_dir, Ok).map_err(CouldNotRun)
    }

    pub(super) fn drain_timeout(&self) -> Duration {
        self.drain_timeout
    }

    pub(super) fn reaching(&self) -> &Reaching {
        &self.reaching
    }

    pub(super) fn playing(&self) -> &Playing {
        &self.playing
    }
}

/// To the service manager that has started this.
fn notify() -> Result<Notify, CouldNotRun> {
    let Some(Manager { socket, watchdog }) = config::manager() else { return Ok(Notify::default()) };
    Notify::new(&socket, watchdog).map_err(|error| CouldNotRun(format!("NOTIFY_SOCKET {}: {error}", socket.display())))
}

async fn serve_metrics(address: Option<SocketAddr>, vitals: Vitals) -> Result<Option<Served>, CouldNotRun> {
    let Some(address) = address else { return Ok(None) };
    let served = serve_vitals(vitals, address).await.map_err(|error| {
        CouldNotRun(format!(
            "--metrics {address}: nothing can be served there: {error}; name a free port, or 0 for any"
        ))
    })?;
    tracing::info!(address = %served.address, "/healthz, /readyz and /metrics are served");
    Ok(Some(served))
}

fn label(text: &str) -> Result<String, LabelError> {
    Labels::parse([text]).map(|_| text.to_owned())
}

fn run_url(text: &str) -> Result<String, String> {
    match text.contains("{runId}") {
        true => Ok(text.to_owned()),
        false => Err("{runId} is missing: https://tests.example.com/api/runs/{runId} is an example".to_owned()),
    }
}

fn upload_url(text: &str) -> Result<String, String> {
    match text.contains("{name}") {
        true => Ok(text.to_owned()),
        false => Err("{name} is missing: https://files.example.com/{sessionId}/{name} is an example".to_owned()),
    }
}
