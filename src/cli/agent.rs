//! `understudy agent`: the daemon.

use super::playing::{Playing, signals};
use super::{CouldNotRun, duration};
use crate::agent::{AgentOptions, Shutdown, TokenSource};
use crate::config;
use crate::dialect::agent::{Spoken, Transport};
use crate::dialect::{ai_run, cloud, swe, testbro, testflow};
use crate::wire::{socketio, tls, websocket};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use url::Url;

/// Be an agent: connect out to a server and execute what it sends
#[derive(Debug, clap::Args)]
#[command(
    after_help = "SIGTERM or Ctrl-C: no new work, finish what runs, end. Twice: cancel what runs and end within 5 s.\n\n\
                        Example: understudy agent --server https://tests.example.com --token-file /etc/understudy/token"
)]
pub(super) struct Args {
    /// The server; http://localhost:3000, or where servers of the protocol are usually, where nothing is said
    #[arg(long, value_name = "URL", value_parser = server)]
    server: Option<Url>,
    /// What the server speaks
    #[arg(long, value_name = "PROTOCOL", default_value = "testflow")]
    protocol: ProtocolName,
    #[command(flatten)]
    token: TokenArgs,
    /// What people see; the name of this host where nothing is said
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
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
    /// A project to work for; repeatable (swe)
    #[arg(long, value_name = "ID")]
    project: Vec<String>,
    /// Certificates (PEM) of authorities to trust besides the system's
    #[arg(long, value_name = "F")]
    ca_file: Option<PathBuf>,
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

/// The protocols by the names that people use.
#[derive(Debug, Clone, Copy, PartialEq, clap::ValueEnum)]
enum ProtocolName {
    /// Socket.IO: executions and recordings
    Testflow,
    /// WebSocket: runs, told step by step with pictures
    AiRun,
    /// Socket.IO: executions, browser sessions, recordings and their playback
    Testbro,
    /// Socket.IO: workflows in rooms
    Swe,
    /// WebSocket: tasks, presence and notifications
    Cloud,
}

impl ProtocolName {
    fn spoken(self) -> Spoken {
        match self {
            Self::Testflow => testflow::agent::SPOKEN,
            Self::AiRun => ai_run::agent::SPOKEN,
            Self::Testbro => testbro::agent::SPOKEN,
            Self::Swe => swe::agent::SPOKEN,
            Self::Cloud => cloud::agent::SPOKEN,
        }
    }

    /// Where servers of it are, as the documents of the protocols have it.
    fn usual_server(self) -> &'static str {
        match self {
            Self::Testflow => "http://localhost:3000",
            Self::AiRun | Self::Cloud => "ws://localhost:3000/ws",
            Self::Testbro => "http://localhost:3001",
            Self::Swe => "http://localhost:8000/ws",
        }
    }
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

pub(super) fn run(args: Args) -> Result<ExitCode, CouldNotRun> {
    let state_dir = args.state_dir.clone().map_or_else(config::state_dir, Ok).map_err(CouldNotRun)?;
    let server = args.server.clone().map_or_else(|| server(args.protocol.usual_server()), Ok).map_err(CouldNotRun)?;
    let protocol = args.protocol.spoken();
    let tls = tls::config_for(&server, args.ca_file.as_deref())?;
    let connector = match protocol.way.transport {
        Transport::SocketIo(_) => socketio::connector(tls.clone()),
        Transport::WebSocket(_) => websocket::connector(tls.clone()),
    };
    #[cfg(feature = "rust-socketio")]
    let connector = match args.client {
        SocketClient::Own => connector,
        SocketClient::RustSocketio => crate::wire::rust_socketio::connector(),
    };
    super::runtime()?.block_on(async move {
        let playing = args.playing;
        let options = AgentOptions {
            server,
            token: args.token.source(),
            name: args.name,
            heartbeat: args.heartbeat,
            max_sessions: playing.max_sessions(),
            state_dir,
            drain_timeout: args.drain_timeout,
            protocol,
            run_url: args.run_url,
            projects: args.project,
            tls,
            connector,
            versions: playing.versions().await?,
        };
        let shutdown = Shutdown::default();
        let watching = tokio::spawn(signals(shutdown.clone()));
        playing.play(options, shutdown).await?;
        watching.abort();
        Ok(ExitCode::SUCCESS)
    })
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

fn run_url(text: &str) -> Result<String, String> {
    match text.contains("{runId}") {
        true => Ok(text.to_owned()),
        false => Err("{runId} is missing: https://tests.example.com/api/runs/{runId} is an example".to_owned()),
    }
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
