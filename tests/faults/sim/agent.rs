//! The agent of this process, and what it asks the world for.

use super::super::tongue::Tongue;
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
use understudy::model::recording::RecordingControl;
use understudy::model::{Event, ExecutionId, Labels, StartExecution, StartRecording, TestFlowId};
use understudy::session::Controls;
use understudy::wire::client::{ConnectError, Connection, Connector};

/// Nobody but the server hears it, and it once.
pub(super) const TOKEN: &str = "a token that nobody else sees";

/// The agent waits for the answer to an attempt to connect.
pub(super) type Attempt = oneshot::Sender<Result<Connection, ConnectError>>;

/// A session that the agent has started; it ends when this is dropped.
pub(super) struct Session {
    pub(super) execution: ExecutionId,
    /// Of a recording.
    pub(super) flow: Option<TestFlowId>,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) cancel: CancellationToken,
    pub(super) said: u64,
    pub(super) steps: u64,
    _done: oneshot::Sender<()>,
    /// Whatever else is wanted of it is not heard.
    _controls: Option<mpsc::UnboundedReceiver<RecordingControl>>,
}

/// One life of the agent.
pub(super) struct Life {
    pub(super) attempts: mpsc::UnboundedReceiver<Attempt>,
    pub(super) sessions: mpsc::UnboundedReceiver<Session>,
    pub(super) shutdown: Shutdown,
    run: JoinHandle<Result<(), StateError>>,
}

impl Life {
    pub(super) fn new(folder: &Path, max_sessions: usize, tongue: Tongue) -> Self {
        let (told, attempts) = mpsc::unbounded_channel();
        let connector = Connector::new(move |_| {
            let (answer, answered) = oneshot::channel();
            let _ = told.send(answer);
            async move { answered.await.unwrap_or_else(|_| Err(ConnectError::Unreachable("dropped".to_owned()))) }
        });
        let (told, sessions) = mpsc::unbounded_channel();
        let recordings = told.clone();
        let execute = Arc::new(move |start: StartExecution, events, cancel| -> BoxFuture<'static, ()> {
            let (_done, over) = oneshot::channel::<()>();
            let (execution, flow, _controls) = (start.execution, None, None);
            let _ = told.send(Session { execution, flow, events, cancel, said: 0, steps: 0, _done, _controls });
            Box::pin(async move { drop(over.await) })
        });
        let record = Arc::new(move |start: StartRecording, events, controls: Controls| -> BoxFuture<'static, ()> {
            let (_done, over) = oneshot::channel::<()>();
            let (execution, flow, cancel) = (start.execution, Some(start.flow), controls.cancel);
            let _controls = Some(controls.controls);
            let _ = recordings.send(Session { execution, flow, events, cancel, said: 0, steps: 0, _done, _controls });
            Box::pin(async move { drop(over.await) })
        });
        let starter = SessionStarter { execute, record, drive: Arc::new(|_, _, _| Box::pin(async {})) };
        let options = AgentOptions {
            server: "http://server.example".parse().unwrap(),
            token: TokenSource::Value(TOKEN.to_owned()),
            name: Some("simulated".to_owned()),
            labels: Labels::default(),
            heartbeat: Duration::from_secs(3600),
            max_sessions,
            state_dir: folder.to_owned(),
            drain_timeout: Duration::from_secs(60),
            protocol: tongue.spoken(),
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
