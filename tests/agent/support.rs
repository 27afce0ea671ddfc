//! A server in memory, an agent of this process, sessions that do what a test says.

mod server;
mod sessions;

pub(crate) use server::{Attempt, Said, Server};
pub(crate) use sessions::{Browser, Recording, Session};

use futures_util::future::BoxFuture;
use serde_json::json;
use sessions::Ending;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use understudy::agent::{
    self, AgentOptions, Clock, Machine, Reading, SessionStarter, Shutdown, StateError, TokenSource, Versions,
};
use understudy::dialect::testflow;
use understudy::model::Labels;
use understudy::wire::client::{ConnectError, Connector};
use understudy::wire::dial::Dialer;

/// Longer than anything here takes, also on a clock that jumps; a hang becomes a failure that says what was waited for.
const PATIENCE: Duration = Duration::from_secs(3600);

async fn patiently<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// An agent, its server and its sessions.
pub(crate) struct Agent {
    attempts: mpsc::UnboundedReceiver<Attempt>,
    sessions: mpsc::UnboundedReceiver<Session>,
    recordings: mpsc::UnboundedReceiver<Recording>,
    browsers: mpsc::UnboundedReceiver<Browser>,
    pub(crate) shutdown: Shutdown,
    run: JoinHandle<Result<(), StateError>>,
    options: AgentOptions,
    folder: Option<TempDir>,
}

impl Agent {
    /// With one slot, a heartbeat every 30 s, a folder of its own.
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut AgentOptions)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = options(folder.path());
        change(&mut options);
        Self { folder: Some(folder), ..Self::run(options) }
    }

    fn run(mut options: AgentOptions) -> Self {
        let (told, attempts) = mpsc::unbounded_channel();
        options.connector = Connector::new(move |target| {
            let (answer, answered) = oneshot::channel();
            let _ = told.send(Attempt { target, answer });
            async move { answered.await.unwrap_or_else(|_| Err(ConnectError::Unreachable("dropped".to_owned()))) }
        });
        let (told, sessions) = mpsc::unbounded_channel();
        let execute = Arc::new(move |start, events, cancel| -> BoxFuture<'static, ()> {
            let (done, over) = oneshot::channel();
            let _ = told.send(Session { start, events, cancel, done });
            Box::pin(async move {
                if let Ok(Ending::Panic) = over.await {
                    panic!("as asked");
                }
            })
        });
        let (told, recordings) = mpsc::unbounded_channel();
        let record = Arc::new(move |start, events, controls| -> BoxFuture<'static, ()> {
            let (done, over) = oneshot::channel();
            let _ = told.send(Recording { start, events, controls, done });
            Box::pin(async move { drop(over.await) })
        });
        let (told, browsers) = mpsc::unbounded_channel();
        let drive = Arc::new(move |execution, events, controls| -> BoxFuture<'static, ()> {
            let (done, over) = oneshot::channel();
            let _ = told.send(Browser { execution, events, controls, done });
            Box::pin(async move { drop(over.await) })
        });
        let starter = SessionStarter { execute, record, drive };
        let shutdown = Shutdown::default();
        let run = tokio::spawn(agent::run(options.clone(), starter, shutdown.clone()));
        Self { attempts, sessions, recordings, browsers, shutdown, run, options, folder: None }
    }

    /// As `kill -9` does: nothing more is said or written. Then another one in the same folder.
    pub(crate) async fn killed_and_started(self) -> Self {
        self.run.abort();
        let _ = self.run.await;
        Self { folder: self.folder, ..Self::run(self.options) }
    }

    /// The agent's next attempt to connect.
    pub(crate) async fn attempt(&mut self) -> Attempt {
        patiently("an attempt to connect", self.attempts.recv()).await.unwrap()
    }

    /// A server of others: it answers no registration and acknowledges nothing.
    pub(crate) async fn plain_server(&mut self) -> Server {
        let mut server = self.attempt().await.accept();
        server.registration = server.expect("agent:register").await;
        server
    }

    /// A server of others and a session that it started.
    pub(crate) async fn running(&mut self, id: &str) -> (Server, Session) {
        let mut server = self.plain_server().await;
        server.start(id).await;
        (server, self.session().await)
    }

    /// A hub of ours.
    pub(crate) async fn hub(&mut self) -> Server {
        let mut server = self.plain_server().await;
        server.say("agent:registered", json!({"agentId": "a", "extensions": ["understudy/1"]})).await;
        server
    }

    /// The next session that the agent starts.
    pub(crate) async fn session(&mut self) -> Session {
        patiently("a session", self.sessions.recv()).await.unwrap()
    }

    /// The next recording that the agent starts.
    pub(crate) async fn recording(&mut self) -> Recording {
        patiently("a recording", self.recordings.recv()).await.unwrap()
    }

    /// The next browser that the agent opens.
    pub(crate) async fn browser(&mut self) -> Browser {
        patiently("a browser", self.browsers.recv()).await.unwrap()
    }

    /// Whether no session was started that was not asked for.
    pub(crate) fn started_nothing(&mut self) -> bool {
        self.sessions.is_empty() && self.recordings.is_empty() && self.browsers.is_empty()
    }

    /// Its end.
    pub(crate) async fn end(self) -> Result<(), StateError> {
        patiently("the agent's end", self.run).await.unwrap()
    }

    pub(crate) fn state_dir(&self) -> PathBuf {
        self.options.state_dir.clone()
    }
}

/// What is needed to be an agent; the connector is put in later.
pub(crate) fn options(state_dir: &Path) -> AgentOptions {
    AgentOptions {
        server: "http://server.example".parse().unwrap(),
        token: TokenSource::Value("t".to_owned()),
        name: Some("tester".to_owned()),
        labels: Labels::default(),
        heartbeat: Duration::from_secs(30),
        max_sessions: 1,
        state_dir: state_dir.to_owned(),
        drain_timeout: Duration::from_secs(60),
        protocol: testflow::agent::SPOKEN,
        run_url: None,
        upload_url: None,
        projects: Vec::new(),
        dialer: Dialer::default(),
        connector: Connector::new(|_| async { Err(ConnectError::Unreachable("nobody".to_owned())) }),
        versions: Versions { playwright: "1.2.3".to_owned(), chromium: None, node: None },
        machine: Machine { clock: clock(), ..Machine::default() },
    }
}

/// The clocks of a machine that never sleeps: on a slow one the system's run ahead of one that jumps only when all is done.
fn clock() -> Clock {
    let (start, then) = (Instant::now(), SystemTime::now());
    Clock::new(move || Reading { since_boot: start.elapsed(), wall: then + start.elapsed() })
}
