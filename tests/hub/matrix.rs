//! Whatever protocol an agent speaks, the frontends of all protocols start sessions on it and see each other's.

use super::several::post;
use super::{hub, token};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use understudy::agent::{self, AgentOptions, Machine, SessionStarter, Shutdown, StateError, TokenSource, Versions};
use understudy::dialect::agent::{Spoken, Transport};
use understudy::dialect::{ai_run, cloud, swe, testbro, testflow};
use understudy::hub::HubHandle;
use understudy::hub::token::Role;
use understudy::model::live::LiveNews;
use understudy::model::{Event, ExecutionId, Labels, Level, SessionStep, StepState};
use understudy::wire::client::{Connection, Incoming, Outgoing, Proof, Target};
use understudy::wire::dial::Dialer;
use understudy::wire::{socketio, websocket};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const AGENTS: [(&str, Spoken); 5] = [
    ("000", testflow::agent::SPOKEN),
    ("001", ai_run::agent::SPOKEN),
    ("002", testbro::agent::SPOKEN),
    ("003", swe::agent::SPOKEN),
    ("004", cloud::agent::SPOKEN),
];

const PIXEL: &[u8] = &[0x89, b'P', b'N', b'G'];

/// What an execution tells, by its id and the agent's word.
type Story = fn(&ExecutionId, &str) -> Vec<Event>;

/// An agent of this process, whose every execution has two steps and goes well, and whose browsers close at once and say its word.
pub(crate) struct Bot {
    shutdown: Shutdown,
    run: JoinHandle<Result<(), StateError>>,
    _folder: TempDir,
}

impl Bot {
    pub(crate) fn start(hub: &HubHandle, protocol: Spoken) -> Self {
        Self::labelled(hub, protocol, "hi")
    }

    /// One that says this word in each session, and has the label `says` with it.
    fn labelled(hub: &HubHandle, protocol: Spoken, says: &'static str) -> Self {
        Self::with(hub, protocol, says, |_| {})
    }

    pub(crate) fn with(
        hub: &HubHandle,
        protocol: Spoken,
        says: &'static str,
        change: impl FnOnce(&mut AgentOptions),
    ) -> Self {
        Self::made(hub, protocol, says, story, change)
    }

    /// Whose every execution tells this story of it.
    pub(crate) fn telling(hub: &HubHandle, protocol: Spoken, story: Story) -> Self {
        Self::made(hub, protocol, "it", story, |_| {})
    }

    fn made(
        hub: &HubHandle,
        protocol: Spoken,
        says: &'static str,
        story: Story,
        change: impl FnOnce(&mut AgentOptions),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let execute =
            Arc::new(move |start: understudy::model::StartExecution, events: tokio::sync::mpsc::Sender<Event>, _| {
                let told: futures_util::future::BoxFuture<'static, ()> = Box::pin(async move {
                    assert_eq!(start.code, "…");
                    for event in story(&start.execution, says) {
                        events.send(event).await.unwrap();
                    }
                });
                told
            });
        let record = Arc::new(|_, _, _| -> futures_util::future::BoxFuture<'static, ()> { Box::pin(async {}) });
        let mut options = AgentOptions {
            server: hub.url().parse().unwrap(),
            token: TokenSource::Value(token("bot", Role::Agent)),
            name: Some("bot".to_owned()),
            labels: Labels::parse([format!("says={says}").as_str()]).unwrap(),
            heartbeat: Duration::from_secs(30),
            max_sessions: 2,
            state_dir: folder.path().join("state"),
            drain_timeout: Duration::from_secs(5),
            protocol,
            run_url: None,
            upload_url: None,
            projects: Vec::new(),
            dialer: Dialer::default(),
            connector: match protocol.way.transport {
                Transport::SocketIo(_) => socketio::connector(Dialer::default()),
                Transport::WebSocket(_) => websocket::connector(Dialer::default()),
            },
            versions: Versions { playwright: "1.2.3".to_owned(), chromium: None, node: None },
            machine: Machine::default(),
        };
        change(&mut options);
        let shutdown = Shutdown::default();
        let drive = Arc::new(move |execution, events: tokio::sync::mpsc::Sender<Event>, _| {
            let told: futures_util::future::BoxFuture<'static, ()> = Box::pin(async move {
                let news = LiveNews::Closed(Some(says.to_owned()));
                events.send(Event::Live { execution, news }).await.unwrap();
            });
            told
        });
        let run = tokio::spawn(agent::run(options, SessionStarter { execute, record, drive }, shutdown.clone()));
        Self { shutdown, run, _folder: folder }
    }

    pub(crate) async fn end(self) {
        self.shutdown.drain.cancel();
        timeout(PATIENCE, self.run).await.expect("the agent's end").unwrap().unwrap();
    }
}

fn story(execution: &ExecutionId, says: &str) -> Vec<Event> {
    let execution = || execution.clone();
    let step = |number, state| Event::ExecutionStep {
        execution: execution(),
        step: SessionStep {
            number,
            state,
            action: json!({"type": "click", "selector": format!("#b{number}")}),
            explanation: format!("Click the button ‘{number}’"),
            location: None,
            duration_ms: (state == StepState::Passed).then_some(5),
            error: None,
        },
    };
    let shot = |step_number| Event::ExecutionScreenshot { execution: execution(), step_number, image: PIXEL.to_vec() };
    vec![
        Event::ExecutionPlanned { execution: execution(), steps: 2 },
        step(1, StepState::Running),
        step(1, StepState::Passed),
        shot(1),
        step(2, StepState::Running),
        step(2, StepState::Passed),
        shot(2),
        Event::ExecutionLog { execution: execution(), level: Level::Info, message: says.to_owned() },
        Event::ExecutionComplete { execution: execution(), exit_code: 0, duration_ms: 12 },
    ]
}

/// What a frontend of one protocol sends and sees.
pub(crate) struct Frontend {
    pub(crate) protocol: &'static str,
    connection: Connection,
}

impl Frontend {
    pub(crate) async fn open(hub: &HubHandle, protocol: &'static str) -> Self {
        let token = token("ada", Role::Client);
        let target = |path: &str, namespace: &str| Target {
            url: format!("{}{path}", hub.url()).parse().unwrap(),
            namespace: namespace.to_owned(),
            auth: json!({"token": token}),
            timeout: PATIENCE,
        };
        let connection = match protocol {
            "000" => socketio::connector(Dialer::default()).connect(target("", "/")).await,
            "003" => socketio::connector(Dialer::default()).connect(target("", "/ws")).await,
            "001" => websocket::connector(Dialer::default()).connect(target("/ws", "")).await,
            _ => websocket::connector(Dialer::default()).connect(target(&format!("/ws?token={token}"), "")).await,
        };
        let mut frontend = Self { protocol, connection: connection.unwrap() };
        if protocol == "001" {
            frontend.says("", json!({"type": "authenticate", "token": token})).await;
            frontend.sees("authentication", |_| true).await;
        }
        frontend
    }

    async fn says(&mut self, name: &str, payload: Value) {
        let outgoing =
            Outgoing::Emit { name: name.to_owned(), arguments: vec![payload], proof: Proof::Written, token: 0 };
        self.connection.outgoing.send(outgoing).await.unwrap();
    }

    pub(crate) async fn starts(&mut self, id: &str) {
        match self.protocol {
            "000" => self.says("execution:start", json!({"executionId": id, "code": "…"})).await,
            "001" => self.says("", json!({"type": "start_agent", "runId": id, "code": "…"})).await,
            "003" => self.says("workflow.start", json!({"workflow_id": id, "code": "…"})).await,
            _ => self.says("", json!({"type": "task", "data": {"taskId": id, "code": "…"}})).await,
        }
    }

    /// The next message: its name, or its type where it has none, and what it says; nothing when the hub has gone.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            let Incoming::Event(event) = self.connection.incoming.recv().await? else { continue };
            let payload = event.arguments.into_iter().next().unwrap_or_default();
            let name = if event.name.is_empty() { payload["type"].as_str().unwrap_or_default() } else { &event.name };
            return Some((name.to_owned(), payload));
        }
    }

    /// The payload of the next message of that name that is the right one; others are passed over.
    pub(crate) async fn sees(&mut self, name: &str, right: impl Fn(&Value) -> bool) -> Value {
        let mut passed = Vec::new();
        loop {
            let Ok(Some((its, payload))) = timeout(PATIENCE, self.next()).await else {
                panic!("{}: {name} does not come; before it: {passed:#?}", self.protocol)
            };
            if its == name && right(&payload) {
                return payload;
            }
            passed.push(format!("{its} {payload}").chars().take(300).collect::<String>());
        }
    }

    /// The whole session, in this protocol's words.
    async fn sees_session(&mut self, id: &str) {
        match self.protocol {
            "000" => {
                let of = |payload: &Value| payload["executionId"] == id;
                assert_eq!(self.sees("execution:plan", of).await["steps"], 2);
                for n in [1, 2] {
                    assert_eq!(self.sees("execution:step", of).await["stepNumber"], n);
                    assert_eq!(self.sees("execution:screenshot", of).await["imageData"], "iVBORw==");
                }
                assert_eq!(self.sees("execution:log", of).await["message"], "hi");
                assert_eq!(self.sees("execution:complete", of).await["exitCode"], 0);
            }
            "001" => {
                let of = |payload: &Value| payload["runId"] == id;
                for n in [1, 2] {
                    let update = self.sees("step_update", of).await;
                    assert_eq!((&update["stepNumber"], &update["screenshot"]), (&json!(n), &json!("iVBORw==")));
                    assert_eq!(update["explanation"], format!("Click the button ‘{n}’"));
                }
                let completion = self.sees("completion", of).await;
                assert_eq!(completion["status"], "success");
                assert_eq!(completion["commands"][1]["selector"], "#b2");
            }
            "003" => {
                let of = |payload: &Value| payload["data"]["workflow_id"] == id;
                self.sees("workflow.started", of).await;
                for progress in [0, 50, 99] {
                    let told = self.sees("workflow.progress", of).await;
                    assert_eq!(
                        (&told["data"]["progress"], &told["data"]["total_steps"]),
                        (&json!(progress), &json!(2))
                    );
                }
                assert_eq!(self.sees("workflow.completed", of).await["data"]["progress"], 100);
            }
            _ => {
                for n in [1, 2] {
                    let chat = self.sees("chat_message", |told| told["data"]["conversationId"] == id).await;
                    assert_eq!(chat["data"]["content"], format!("Click the button ‘{n}’"));
                }
                let notice = self.sees("notification", |told| told["data"]["taskId"] == id).await;
                assert_eq!(notice["data"]["level"], "success");
            }
        }
    }

    /// The agent is there.
    pub(crate) async fn sees_agent(&mut self) {
        match self.protocol {
            "000" => drop(self.sees("agent:status", |told| told["status"] == "online").await),
            "003" => drop(self.sees("agent.status_changed", |told| told["data"]["status"] == "online").await),
            "004" => drop(self.sees("agent_status", |told| told["data"]["state"] == "idle").await),
            // It has no words for that.
            _ => {}
        }
    }
}

#[tokio::test]
async fn every_frontend_starts_and_sees_sessions_whatever_the_agent_speaks() {
    for (agents, spoken) in AGENTS {
        let hub = hub().await;
        let mut frontends = Vec::new();
        for (protocol, _) in AGENTS {
            frontends.push(Frontend::open(&hub, protocol).await);
        }
        let bot = Bot::start(&hub, spoken);
        for frontend in &mut frontends {
            frontend.sees_agent().await;
        }
        for starter in 0..frontends.len() {
            let id = format!("of {agents} by {}", frontends[starter].protocol);
            frontends[starter].starts(&id).await;
            for frontend in &mut frontends {
                frontend.sees_session(&id).await;
            }
        }
        bot.end().await;
        hub.shutdown().await;
    }
}

#[tokio::test]
async fn every_frontend_chooses_among_agents_of_every_protocol_by_their_labels() {
    let hub = hub().await;
    let mut watcher = Frontend::open(&hub, "000").await;
    let mut bots = Vec::new();
    for (agents, spoken) in AGENTS {
        bots.push(Bot::labelled(&hub, spoken, agents));
        watcher.sees_agent().await;
    }
    for (protocol, _) in AGENTS {
        let mut frontend = Frontend::open(&hub, if protocol == "002" { "000" } else { protocol }).await;
        for (agents, _) in AGENTS {
            let id = format!("on {agents} by {protocol}");
            let labels = json!({ "says": agents });
            match protocol {
                "000" => {
                    frontend.says("execution:start", json!({"executionId": id, "code": "…", "labels": labels})).await;
                }
                "001" => {
                    let run = json!({"runId": id, "code": "…", "labels": labels});
                    assert_eq!(post(&hub, "/api/runs", &token("ada", Role::Client), &run).await, 201);
                    frontend.says("", json!({"type": "start_agent", "runId": id})).await;
                }
                "002" => {
                    frontend.says("execution_start", json!({"execution_id": id, "code": "…", "labels": labels})).await;
                }
                "003" => {
                    frontend.says("workflow.start", json!({"workflow_id": id, "code": "…", "labels": labels})).await;
                }
                _ => {
                    let data = json!({"taskId": id, "code": "…", "labels": labels});
                    frontend.says("", json!({"type": "task", "data": data})).await;
                }
            }
            let said = watcher.sees("execution:log", |told| told["executionId"] == id).await;
            assert_eq!(said["message"], agents, "{id}");
            let id = format!("a browser on {agents} by {protocol}");
            let control = json!({"of": "browser", "ask": {"do": "reload"}});
            let opens = json!({"command": {"type": "live", "execution": id, "control": control}, "labels": labels});
            match protocol {
                "000" | "003" => frontend.says("understudy:command", opens).await,
                "001" => {
                    let mut opens = opens;
                    opens["type"] = json!("understudy:command");
                    frontend.says("", opens).await;
                }
                "002" => {
                    let opens = json!({"session_id": id, "command": "reload", "labels": labels});
                    frontend.says("browser_command", opens).await;
                }
                _ => frontend.says("", json!({"type": "understudy:command", "data": opens})).await,
            }
            let closed = watcher.sees("understudy:event", |told| told["event"]["execution"] == id).await;
            assert_eq!(closed["event"]["news"], json!({"of": "closed", "is": agents}), "{id}");
        }
    }
    for bot in bots {
        bot.end().await;
    }
    hub.shutdown().await;
}
