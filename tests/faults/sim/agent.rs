//! The agent of this process, and what it asks the world for.

use futures_util::future::BoxFuture;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use understudy::agent::{
    self, AgentOptions, Clock, Machine, Reading, SessionStarter, Shutdown, StateError, TokenSource, Versions,
};
use understudy::dialect::testflow;
use understudy::model::{Event, Labels, StartExecution};
use understudy::wire::client::{ConnectError, Connection, Connector};

/// The agent waits for the answer to an attempt to connect.
pub(super) type Attempt = oneshot::Sender<Result<Connection, ConnectError>>;

/// A session that the agent has started; it ends when this is dropped.
pub(super) struct Session {
    pub(super) start: StartExecution,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) cancel: CancellationToken,
    pub(super) said: u64,
    _done: oneshot::Sender<()>,
}

/// One life of the agent.
pub(super) struct Life {
    pub(super) attempts: mpsc::UnboundedReceiver<Attempt>,
    pub(super) sessions: mpsc::UnboundedReceiver<Session>,
    pub(super) shutdown: Shutdown,
    run: JoinHandle<Result<(), StateError>>,
}

impl Life {
    pub(super) fn new(folder: &Path, max_sessions: usize) -> Self {
        let (told, attempts) = mpsc::unbounded_channel();
        let connector = Connector::new(move |_| {
            let (answer, answered) = oneshot::channel();
            let _ = told.send(answer);
            async move { answered.await.unwrap_or_else(|_| Err(ConnectError::Unreachable("dropped".to_owned()))) }
        });
        let (told, sessions) = mpsc::unbounded_channel();
        let execute = Arc::new(move |start, events, cancel| -> BoxFuture<'static, ()> {
            let (done, over) = oneshot::channel::<()>();
            let _ = told.send(Session { start, events, cancel, said: 0, _done: done });
            Box::pin(async move { drop(over.await) })
        });
        let starter = SessionStarter {
            execute,
            record: Arc::new(|_, _, _| Box::pin(async {})),
            drive: Arc::new(|_, _, _| Box::pin(async {})),
        };
        let options = AgentOptions {
            server: "http://server.example".parse().unwrap(),
            token: TokenSource::Value("t".to_owned()),
            name: Some("simulated".to_owned()),
            labels: Labels::default(),
            heartbeat: Duration::from_secs(3600),
            max_sessions,
            state_dir: folder.to_owned(),
            drain_timeout: Duration::from_secs(60),
            protocol: testflow::agent::SPOKEN,
            run_url: None,
            upload_url: None,
            projects: Vec::new(),
            dialer: Default::default(),
            connector,
            versions: Versions { playwright: "1".to_owned(), chromium: None, node: None },
            machine: Machine { clock: clock(), ..Machine::default() },
        };
        let shutdown = Shutdown::default();
        let run = tokio::spawn(agent::run(options, starter, shutdown.clone()));
        Self { attempts, sessions, shutdown, run }
    }

    /// In between.
    pub(super) fn nobody() -> Self {
        let (attempts, sessions) = (mpsc::unbounded_channel().1, mpsc::unbounded_channel().1);
        Self { attempts, sessions, shutdown: Shutdown::default(), run: tokio::spawn(async { Ok(()) }) }
    }

    /// Its next attempt; it has nothing else to do.
    pub(super) async fn attempt(&mut self) -> Attempt {
        match self.attempts.recv().await {
            Some(attempt) => attempt,
            None => panic!("the agent has ended: {:?}", (&mut self.run).await),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.run.is_finished()
    }

    /// As `kill -9` does: nothing more is said, and the disk is as it is now.
    pub(super) async fn kill(self, folder: &Path) {
        let path = folder.join("state.redb");
        let disk = std::fs::read(&path);
        self.run.abort();
        // What its end brings about is whether it was over already.
        let _ = self.run.await;
        if let Ok(disk) = disk {
            std::fs::write(path, disk).unwrap();
        }
    }
}

/// The clocks of a machine that never sleeps, as far as the paused one has come.
fn clock() -> Clock {
    let start = Instant::now();
    Clock::new(move || Reading { since_boot: start.elapsed(), wall: SystemTime::UNIX_EPOCH + start.elapsed() })
}
