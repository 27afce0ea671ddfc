//! The daemon: registration, heartbeat, reconnect, slots, outbox. It knows sessions only by what starts them.

mod address;
mod backoff;
mod chance;
mod clock;
mod commands;
mod daemon;
mod fit;
mod frames;
mod link;
mod login;
mod notify;
mod outbox;
mod pace;
mod past;
mod pulse;
mod renewal;
mod runs;
mod server;
mod session;
mod sessions;
mod slots;
mod state;
mod store;
mod system;
mod token;
mod trim;
mod upload;
mod vitals;
mod words;
mod work;

use crate::dialect::agent::Spoken;
use crate::model::{Event, ExecutionId, Labels, StartExecution, StartRecording};
use crate::session::{Controls, LiveControls};
use crate::wire::client::{ConnectError, Connector};
use crate::wire::dial::Dialer;
use futures_util::future::BoxFuture;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use clock::{Clock, Reading};
pub use notify::Notify;
pub use renewal::expiry;
pub use state::{StateError, artifacts};
pub use system::Versions;
pub use token::{TokenError, TokenSource};
pub use vitals::{Readiness, Served, Vitals, serve as serve_vitals};

/// How to be an agent.
#[derive(Debug, Clone)]
pub struct AgentOptions {
    /// The server.
    pub server: url::Url,
    /// The token to present.
    pub token: TokenSource,
    /// For people; the host's name where it is `None`.
    pub name: Option<String>,
    /// What sessions may ask for.
    pub labels: Labels,
    /// Between heartbeats.
    pub heartbeat: Duration,
    /// Sessions at the same time, at least one; more wait.
    pub max_sessions: usize,
    /// The agent's own folder: its id, its sessions' ids, what it has not told yet.
    pub state_dir: PathBuf,
    /// After a stop, what still runs has so long to end before it is cancelled.
    pub drain_timeout: Duration,
    /// What is spoken with the server.
    pub protocol: Spoken,
    /// Where a run is that the server only names: an address, or a path there, with `{runId}` in it; none is the usual place.
    pub run_url: Option<String>,
    /// Where pictures are put, of the protocols that tell where they are: an address, or a path on the server, with `{name}` in it and
    /// perhaps `{sessionId}`; without one they are in the messages themselves.
    pub upload_url: Option<String>,
    /// The projects to work for, of the protocols that have these.
    pub projects: Vec<String>,
    /// The way out, for what is fetched.
    pub dialer: Dialer,
    /// What connects to the server.
    pub connector: Connector,
    /// What the registration says about the runner.
    pub versions: Versions,
    /// Who and what is around the agent.
    pub machine: Machine,
}

/// Who and what is around an agent; by default the system's clocks, and nobody who looks.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    /// Its clocks.
    pub clock: Clock,
    /// How the agent fares is written here.
    pub vitals: Vitals,
    /// The service manager, where there is one.
    pub notify: Notify,
}

/// Starts a session: the callee sends all of its events, exactly one of them the last (`ExecutionComplete`, `RecordingComplete`, `Closed`),
/// and ends soon after the cancellation. What it sends after the last one is left out; one that ends without it is completed by
/// the agent.
#[derive(Clone)]
pub struct SessionStarter {
    /// Runs tests.
    pub execute: Arc<Execute>,
    /// Records what a person does.
    pub record: Arc<Record>,
    /// Opens a browser and does in it what it is told.
    pub drive: Arc<Drive>,
}

/// See [`SessionStarter`].
pub type Execute =
    dyn Fn(StartExecution, mpsc::Sender<Event>, CancellationToken) -> BoxFuture<'static, ()> + Send + Sync;

/// See [`SessionStarter`].
pub type Record = dyn Fn(StartRecording, mpsc::Sender<Event>, Controls) -> BoxFuture<'static, ()> + Send + Sync;

/// See [`SessionStarter`].
pub type Drive = dyn Fn(ExecutionId, mpsc::Sender<Event>, LiveControls) -> BoxFuture<'static, ()> + Send + Sync;

impl fmt::Debug for SessionStarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionStarter(…)")
    }
}

/// The two ways to end an agent.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    /// No new work, finish what runs, tell it, end.
    pub drain: CancellationToken,
    /// Cancel what runs and end within seconds.
    pub abort: CancellationToken,
}

/// Whether the server can be reached this way and takes the token: one attempt, without being its agent.
///
/// # Errors
/// With the reason why it did not come about.
pub async fn reach(options: &AgentOptions) -> Result<(), ConnectError> {
    login::attempt(options.clone()).await?.connection.close().await;
    Ok(())
}

/// Is an agent until it is told to stop. A server that is away, or that refuses the token, is no reason to end.
///
/// # Errors
/// When the state folder cannot be used, before anything else is done.
pub async fn run(options: AgentOptions, starter: SessionStarter, shutdown: Shutdown) -> Result<(), StateError> {
    daemon::Daemon::new(options, starter)?.run(shutdown).await;
    Ok(())
}
