//! A server in memory, an agent of this process, sessions that do what a test says.

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use understudy::agent::{
    self, AgentOptions, Clock, Machine, Reading, SessionStarter, Shutdown, StateError, TokenSource, Versions,
};
use understudy::dialect::testflow;
use understudy::model::live::{LiveControl, LiveNews};
use understudy::model::recording::RecordingControl;
use understudy::model::{Event, ExecutionId, Labels, Level, StartExecution, StartRecording};
use understudy::session::{Controls, LiveControls};
use understudy::wire::client::{
    CloseReason, ConnectError, Connection, Connector, Incoming, Outgoing, Proof, Received, Socket, Target,
};
use understudy::wire::dial::Dialer;

/// Longer than anything here takes, also on a clock that jumps; a hang becomes a failure that says what was waited for.
const PATIENCE: Duration = Duration::from_secs(3600);

/// What a deployed server announces.
const MAX_PAYLOAD: usize = 1_000_000;

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

/// The agent wants to connect.
pub(crate) struct Attempt {
    pub(crate) target: Target,
    answer: oneshot::Sender<Result<Connection, ConnectError>>,
}

impl Attempt {
    pub(crate) fn accept(self) -> Server {
        self.accept_with(MAX_PAYLOAD)
    }

    pub(crate) fn accept_with(self, max_payload: usize) -> Server {
        let (connection, socket) = Connection::pair(max_payload, Vec::new());
        self.answer.send(Ok(connection)).unwrap();
        Server { socket, registration: Value::Null, unproved: Vec::new() }
    }

    pub(crate) fn fail(self, error: ConnectError) {
        let _ = self.answer.send(Err(error));
    }

    pub(crate) fn refuse(self) {
        self.fail(ConnectError::Refused("Invalid token".to_owned()));
    }

    pub(crate) fn unreachable(self) {
        self.fail(ConnectError::Unreachable("connection refused".to_owned()));
    }
}

/// One event of the agent, or its answer to one of the server.
#[derive(Debug, PartialEq)]
pub(crate) enum Said {
    Event(String, Value),
    Answer(u64, Value),
}

/// A server as one connection of the agent sees it.
pub(crate) struct Server {
    socket: Socket,
    pub(crate) registration: Value,
    /// Tokens of emits whose proof is not what writing proves.
    unproved: Vec<u64>,
}

impl Server {
    /// What the agent says next, heartbeats left out; `None` when it has gone.
    pub(crate) async fn next(&mut self) -> Option<Said> {
        loop {
            let said = self.next_of_all().await?;
            if !matches!(&said, Said::Event(name, _) if name == "agent:heartbeat") {
                return Some(said);
            }
        }
    }

    /// What the agent says next.
    pub(crate) async fn next_of_all(&mut self) -> Option<Said> {
        Some(match patiently("the agent to speak", self.outgoing()).await? {
            Outgoing::Emit { name, mut arguments, proof, token } => {
                match proof {
                    Proof::Written => {
                        let _ = self.socket.incoming.try_send(Incoming::Proved(token));
                    }
                    Proof::Pong | Proof::Ack => self.unproved.push(token),
                }
                Said::Event(name, arguments.pop().unwrap_or(Value::Null))
            }
            Outgoing::Acknowledge { id, mut arguments } => Said::Answer(id, arguments.pop().unwrap_or_default()),
        })
    }

    async fn outgoing(&mut self) -> Option<Outgoing> {
        tokio::select! {
            biased;
            outgoing = self.socket.outgoing.recv() => outgoing,
            () = self.socket.closing.cancelled() => None,
        }
    }

    /// The agent takes leave and has nothing more to say.
    pub(crate) async fn expect_leave(mut self) {
        assert_eq!(self.next().await, None);
    }

    /// The payload of the agent's next words, which are to be this event.
    pub(crate) async fn expect(&mut self, name: &str) -> Value {
        match self.next().await {
            Some(Said::Event(its, payload)) if its == name => payload,
            other => panic!("{name} was expected, not {other:?}"),
        }
    }

    /// The messages of so many logs that come next.
    pub(crate) async fn logs(&mut self, many: usize) -> Vec<String> {
        let mut messages = Vec::new();
        for _ in 0..many {
            messages.push(self.expect("execution:log").await["message"].as_str().unwrap().to_owned());
        }
        messages
    }

    /// The exit code of the completion that comes next.
    pub(crate) async fn complete(&mut self, id: &str) -> i64 {
        let payload = self.expect("execution:complete").await;
        assert_eq!(payload["executionId"], id);
        payload["exitCode"].as_i64().unwrap()
    }

    /// Proves the arrival of everything so far: pongs or acknowledgements.
    pub(crate) async fn prove(&mut self) {
        for token in std::mem::take(&mut self.unproved) {
            self.socket.incoming.send(Incoming::Proved(token)).await.unwrap();
        }
    }

    /// Acknowledges what waits for it in these words.
    pub(crate) async fn acknowledge(&mut self, answer: Value) {
        for token in std::mem::take(&mut self.unproved) {
            let arguments = vec![answer.clone()];
            self.socket.incoming.send(Incoming::Acknowledged { token, arguments }).await.unwrap();
        }
    }

    pub(crate) async fn say(&mut self, name: &str, payload: Value) {
        self.event(name, vec![payload], None).await;
    }

    pub(crate) async fn event(&mut self, name: &str, arguments: Vec<Value>, ack: Option<u64>) {
        let received = Received { name: name.to_owned(), arguments, attachments: Vec::new(), ack };
        self.socket.incoming.send(Incoming::Event(received)).await.unwrap();
    }

    pub(crate) async fn start(&mut self, id: &str) {
        self.say("execution:start", json!({"executionId": id, "target": "local", "code": "…"})).await;
    }

    pub(crate) async fn cancel(&mut self, id: &str) {
        self.say("execution:cancel", json!({"executionId": id})).await;
    }

    /// Nothing that the agent has said before this is missing: its answer to a question comes after it.
    pub(crate) async fn expect_silence(&mut self) {
        self.event("anything?", vec![], Some(0)).await;
        assert_eq!(
            self.next().await,
            Some(Said::Answer(0, json!({"ok": false, "error": "`anything?` is not known here"})))
        );
    }

    /// The connection breaks.
    pub(crate) async fn go_away(self) {
        let _ = self.socket.incoming.send(Incoming::Closed(CloseReason::Transport("cut".to_owned()))).await;
    }
}

enum Ending {
    Return,
    Panic,
}

/// A session that the agent has started.
pub(crate) struct Session {
    pub(crate) start: StartExecution,
    events: mpsc::Sender<Event>,
    pub(crate) cancel: CancellationToken,
    done: oneshot::Sender<Ending>,
}

impl Session {
    fn id(&self) -> ExecutionId {
        self.start.execution.clone()
    }

    pub(crate) async fn log(&self, message: &str) {
        let message = message.to_owned();
        self.tell(Event::ExecutionLog { execution: self.id(), level: Level::Info, message }).await;
    }

    pub(crate) async fn tell(&self, event: Event) {
        self.events.send(event).await.unwrap();
    }

    pub(crate) async fn complete(self, exit_code: i32) {
        self.tell(Event::ExecutionComplete { execution: self.id(), exit_code, duration_ms: 7 }).await;
        let _ = self.done.send(Ending::Return);
    }

    /// Ends without a completion.
    pub(crate) fn vanish(self) {
        let _ = self.done.send(Ending::Return);
    }

    pub(crate) fn panic(self) {
        let _ = self.done.send(Ending::Panic);
    }

    pub(crate) async fn cancelled(&self) {
        patiently("the cancellation", self.cancel.cancelled()).await;
    }
}

/// A browser that the agent has opened; dropped, it is closed.
pub(crate) struct Browser {
    pub(crate) execution: ExecutionId,
    events: mpsc::Sender<Event>,
    pub(crate) controls: LiveControls,
    done: oneshot::Sender<()>,
}

impl Browser {
    pub(crate) async fn tell(&self, news: LiveNews) {
        self.events.send(Event::Live { execution: self.execution.clone(), news }).await.unwrap();
    }

    /// What is to be done in it next.
    pub(crate) async fn wish(&mut self) -> LiveControl {
        patiently("a wish", self.controls.controls.recv()).await.unwrap()
    }

    pub(crate) async fn closed(self, why: Option<&str>) {
        self.tell(LiveNews::Closed(why.map(str::to_owned))).await;
        let _ = self.done.send(());
    }
}

/// A recording that the agent has started; dropped, it ends.
pub(crate) struct Recording {
    pub(crate) start: StartRecording,
    events: mpsc::Sender<Event>,
    pub(crate) controls: Controls,
    done: oneshot::Sender<()>,
}

impl Recording {
    pub(crate) async fn tell(&self, event: Event) {
        self.events.send(event).await.unwrap();
    }

    /// What the server wants of it next.
    pub(crate) async fn control(&mut self) -> RecordingControl {
        patiently("a control", self.controls.controls.recv()).await.unwrap()
    }

    pub(crate) async fn complete(self, success: bool, code: &str) {
        let (flow, execution) = (self.start.flow.clone(), self.start.execution.clone());
        self.tell(Event::RecordingComplete { flow, execution, success, code: Some(code.to_owned()), message: None })
            .await;
        let _ = self.done.send(());
    }
}
