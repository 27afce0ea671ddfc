//! The agent with servers of the other protocols, which know nothing of ours.

mod ends;

use crate::support::{Agent, Said, Server, Session};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;
use understudy::dialect::agent::Spoken;
use understudy::dialect::{ai_run, cloud, swe};
use understudy::model::{Event, SessionStep, StepState};

/// A protocol as its servers speak it.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    AiRun,
    Swe,
    Cloud,
}

const ALL: [Kind; 3] = [Kind::AiRun, Kind::Swe, Kind::Cloud];

impl Kind {
    fn spoken(self) -> Spoken {
        match self {
            Self::AiRun => ai_run::agent::SPOKEN,
            Self::Swe => swe::agent::SPOKEN,
            Self::Cloud => cloud::agent::SPOKEN,
        }
    }

    /// The server's word on the token.
    fn verdict(self, good: bool) -> (&'static str, Value) {
        match (self, good) {
            (Self::AiRun, true) => ("", json!({"type": "authentication", "status": "success"})),
            (Self::AiRun, false) => ("", json!({"type": "authentication", "status": "failed", "error": "expired"})),
            (Self::Swe, true) => (
                "connection_established",
                json!({"type": "connection.established", "timestamp": "2024-11-08T10:30:00Z",
                    "data": {"connection_id": "c", "user_id": "u", "protocol_version": "1.0"}}),
            ),
            (Self::Swe, false) => (
                "connection_error",
                json!({"type": "connection.error", "timestamp": "2024-11-08T10:30:00Z",
                    "data": {"error_code": "AUTH_FAILED", "error_message": "expired", "connection_id": null}}),
            ),
            (Self::Cloud, true) => ("", json!({"type": "auth", "data": {"success": true, "userId": "u"}})),
            (Self::Cloud, false) => ("", json!({"type": "auth", "data": {"success": false, "error": "expired"}})),
        }
    }

    fn start(self, id: &str) -> (&'static str, Value) {
        match self {
            Self::AiRun => ("", json!({"type": "start_agent", "runId": id, "code": "…"})),
            Self::Swe => ("workflow.start", json!({"workflow_id": id, "code": "…", "project_id": "p"})),
            Self::Cloud => ("", json!({"type": "task", "data": {"taskId": id, "code": "…"}})),
        }
    }

    /// How an execution's end is called, and whose it is and how it went.
    fn end(self, said: &Said) -> Option<(String, bool)> {
        let Said::Event(name, payload) = said else { return None };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        match self {
            Self::AiRun if payload["type"] == "completion" => {
                Some((text(&payload["runId"])?, payload["status"] == "success"))
            }
            Self::Swe if ["workflow.completed", "workflow.failed"].contains(&name.as_str()) => {
                Some((text(&payload["data"]["workflow_id"])?, name == "workflow.completed"))
            }
            Self::Cloud if payload["type"] == "notification" => {
                Some((text(&payload["data"]["taskId"])?, payload["data"]["level"] == "success"))
            }
            _ => None,
        }
    }

    /// How it is said that something was not understood, where no session is named.
    fn is_complaint(self, said: &Said) -> bool {
        match said {
            Said::Event(name, payload) => name == "error" || payload["type"] == "error",
            Said::Answer(..) => false,
        }
    }

    fn agent(self) -> Agent {
        Agent::with(|options| {
            options.protocol = self.spoken();
            options.projects = vec!["p".to_owned()];
        })
    }

    /// Lets the agent in.
    async fn welcome(self, agent: &mut Agent) -> Server {
        let mut server = agent.attempt().await.accept();
        if self == Self::AiRun {
            let hello = server.expect("").await;
            assert_eq!((&hello["type"], &hello["token"]), (&json!("authenticate"), &json!("t")));
        }
        self.say(&mut server, self.verdict(true)).await;
        server
    }

    async fn say(self, server: &mut Server, (name, payload): (&str, Value)) {
        server.say(name, payload).await;
    }

    async fn running(self, agent: &mut Agent, id: &str) -> (Server, Session) {
        let mut server = self.welcome(agent).await;
        self.say(&mut server, self.start(id)).await;
        let session = agent.session().await;
        (server, session)
    }
}

/// The next thing said that is `right`; others are passed over.
async fn until<T>(server: &mut Server, what: &str, right: impl Fn(&Said) -> Option<T>) -> T {
    let mut passed = Vec::new();
    loop {
        let said = server.next_of_all().await.unwrap_or_else(|| panic!("gone before {what}: {passed:#?}"));
        if let Some(found) = right(&said) {
            return found;
        }
        passed.push(said);
        assert!(passed.len() < 1000, "{what} does not come: {passed:#?}");
    }
}

async fn named(server: &mut Server, kind: &str) -> Value {
    until(server, kind, |said| match said {
        Said::Event(name, payload) if name == kind || payload["type"] == kind => Some(payload.clone()),
        _ => None,
    })
    .await
}

fn step(session: &Session, number: u32, state: StepState) -> Event {
    let step = SessionStep {
        number,
        state,
        action: json!({"type": "fill", "selector": "#a", "value": "x"}),
        explanation: "Fill the field ‘A’ with ‘x’".to_owned(),
        location: None,
        duration_ms: None,
        error: None,
    };
    Event::ExecutionStep { execution: session.start.execution.clone(), step }
}

async fn one_step(session: &Session, number: u32) {
    session.tell(step(session, number, StepState::Running)).await;
    session.tell(step(session, number, StepState::Passed)).await;
    let execution = session.start.execution.clone();
    session.tell(Event::ExecutionScreenshot { execution, step_number: number, image: vec![0, 255, 7] }).await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_not_tried_at_once_and_a_good_one_is_told_by_each_in_its_way() {
    for kind in ALL {
        let mut agent = kind.agent();
        let attempt = agent.attempt().await;
        let target = attempt.target.clone();
        match kind {
            Kind::AiRun => assert_eq!(target.url.as_str(), "http://server.example/ws"),
            Kind::Swe => assert_eq!((target.namespace.as_str(), &target.auth["token"]), ("/ws", &json!("t"))),
            Kind::Cloud => assert_eq!(target.url.as_str(), "http://server.example/ws?token=t"),
        }
        let mut server = attempt.accept();
        let refused = Instant::now();
        kind.say(&mut server, kind.verdict(false)).await;
        let mut server = kind.welcome(&mut agent).await;
        assert!(refused.elapsed() >= Duration::from_millis(2500), "{kind:?}: {:?}", refused.elapsed());
        match kind {
            Kind::AiRun => {
                until(&mut server, "ping", |said| {
                    matches!(said, Said::Event(_, payload) if payload == "ping").then_some(())
                })
                .await;
            }
            Kind::Swe => {
                let agent_room = named(&mut server, "subscribe").await["room"].clone();
                assert!(agent_room.as_str().unwrap().starts_with("agent:"));
                assert_eq!(named(&mut server, "subscribe").await, json!({"room": "project:p"}));
                assert_eq!(named(&mut server, "agent.connected").await["data"]["agent_name"], "tester");
                let status = named(&mut server, "agent.status_changed").await;
                assert_eq!((&status["data"]["status"], &status["data"]["availability"]), (&json!("idle"), &json!(100)));
                named(&mut server, "ping").await;
            }
            Kind::Cloud => {
                assert_eq!(named(&mut server, "user_presence").await["data"], "online");
                assert_eq!(named(&mut server, "agent_status").await["data"]["state"], "idle");
                named(&mut server, "ping").await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_execution_is_told_in_the_words_of_each() {
    for kind in ALL {
        let mut agent = kind.agent();
        let (mut server, session) = kind.running(&mut agent, "e").await;
        assert_eq!((session.start.execution.as_str(), session.start.code.as_str()), ("e", "…"));
        session.tell(Event::ExecutionPlanned { execution: "e".into(), steps: 2 }).await;
        one_step(&session, 1).await;
        one_step(&session, 2).await;
        session.complete(0).await;
        match kind {
            Kind::AiRun => {
                for n in [1, 2] {
                    let update = named(&mut server, "step_update").await;
                    assert_eq!((&update["stepNumber"], &update["screenshot"]), (&json!(n), &json!("AP8H")));
                    assert_eq!(update["action"], json!({"type": "fill", "selector": "#a", "value": "x"}));
                    assert_eq!(update["explanation"], "Fill the field ‘A’ with ‘x’");
                }
                let completion = named(&mut server, "completion").await;
                assert_eq!((&completion["status"], &completion["runId"]), (&json!("success"), &json!("e")));
                let again: Vec<&Value> = completion["commands"].as_array().unwrap().iter().collect();
                assert_eq!(again.len(), 2);
                assert_eq!((&again[1]["name"], &again[1]["text"]), (&json!("fill"), &json!("x")));
            }
            Kind::Swe => {
                assert_eq!(named(&mut server, "workflow.started").await["data"]["project_id"], "p");
                for progress in [0, 50, 99] {
                    let told = named(&mut server, "workflow.progress").await;
                    let data = &told["data"];
                    assert_eq!((&data["progress"], &data["total_steps"]), (&json!(progress), &json!(2)), "{told}");
                }
                let completed = named(&mut server, "workflow.completed").await;
                assert_eq!((&completed["source"], &completed["data"]["progress"]), (&json!("understudy"), &json!(100)));
                let idle = named(&mut server, "agent.status_changed").await;
                assert_eq!(idle["data"]["status"], "idle");
            }
            Kind::Cloud => {
                for (n, progress) in [(1, 0), (2, 50)] {
                    let working = until(&mut server, "a task's progress", |said| match said {
                        Said::Event(_, told) if told["data"]["currentTask"].is_string() => Some(told.clone()),
                        _ => None,
                    });
                    assert_eq!(working.await["data"]["progress"], progress);
                    let chat = named(&mut server, "chat_message").await;
                    assert_eq!(chat["data"]["messageId"], format!("e-{n}"));
                }
                let notice = named(&mut server, "notification").await;
                assert_eq!((&notice["data"]["level"], &notice["data"]["taskId"]), (&json!("success"), &json!("e")));
                assert_eq!(named(&mut server, "user_presence").await["data"], "online");
            }
        }
    }
}

fn nonsense(kind: Kind) -> Vec<(&'static str, &'static str, Vec<Value>)> {
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let long = "x".repeat(2_000_000);
    match kind {
        Kind::AiRun => vec![
            ("no JSON", "", vec![json!("hello")]),
            ("bytes", "", vec![]),
            ("null", "", vec![Value::Null]),
            ("no object", "", vec![json!([1])]),
            ("no type", "", vec![json!({})]),
            ("a type of another kind", "", vec![json!({"type": 7})]),
            ("no run", "", vec![json!({"type": "start_agent"})]),
            ("a run of another kind", "", vec![json!({"type": "start_agent", "runId": deep})]),
            ("a name without end", "", vec![json!({"type": "start_agent", "runId": long})]),
            ("code of another kind, no id", "", vec![json!({"type": "start_agent", "code": 7})]),
        ],
        Kind::Swe => vec![
            ("nothing", "workflow.start", vec![]),
            ("no object", "workflow.start", vec![json!([1])]),
            ("no workflow", "workflow.start", vec![json!({"code": "…"})]),
            ("a workflow of another kind", "workflow.start", vec![json!({"workflow_id": deep, "code": "…"})]),
            ("a name without end", "workflow.cancel", vec![json!({"workflow_id": long})]),
            ("an envelope of nothing", "workflow.start", vec![json!({"type": "workflow.start", "data": null})]),
            ("bytes", "workflow.start", vec![json!({"_placeholder": true, "num": 0})]),
        ],
        Kind::Cloud => vec![
            ("no JSON", "", vec![json!("hello")]),
            ("bytes", "", vec![]),
            ("no object", "", vec![json!([1])]),
            ("no type", "", vec![json!({"data": {}})]),
            ("a timestamp of another kind", "", vec![json!({"type": "task", "timestamp": 7})]),
            ("no task", "", vec![json!({"type": "task"})]),
            ("a task of another kind", "", vec![json!({"type": "task", "data": {"taskId": deep}})]),
            ("a name without end", "", vec![json!({"type": "task", "data": {"taskId": long}})]),
        ],
    }
}

/// A start that names its session and makes no sense besides.
fn senseless(kind: Kind, id: &str) -> Vec<(&'static str, Value)> {
    match kind {
        Kind::AiRun => vec![
            ("", json!({"type": "start_agent", "runId": id, "code": 7})),
            ("", json!({"type": "start_agent", "runId": id, "goal": "Buy a hat"})),
            ("", json!({"type": "start_agent", "runId": id, "actions": [{"name": "fly"}]})),
        ],
        Kind::Swe => vec![
            ("workflow.start", json!({"workflow_id": id})),
            ("workflow.start", json!({"workflow_id": id, "code": []})),
            ("workflow.start", json!({"workflow_id": id, "steps": [{"name": "fly"}]})),
        ],
        Kind::Cloud => vec![
            ("", json!({"type": "task", "data": {"taskId": id}})),
            ("", json!({"type": "task", "data": {"taskId": id, "code": {}}})),
            ("", json!({"type": "task", "data": {"taskId": id, "steps": [{"name": "fly"}]}})),
        ],
    }
}

#[tokio::test(start_paused = true)]
async fn what_makes_no_sense_is_answered_in_the_words_of_each_and_costs_nothing() {
    for kind in ALL {
        let mut agent = kind.agent();
        let mut server = kind.welcome(&mut agent).await;
        for (what, name, arguments) in nonsense(kind) {
            server.event(name, arguments, None).await;
            until(&mut server, what, |said| kind.is_complaint(said).then_some(())).await;
        }
        for (n, (name, payload)) in senseless(kind, "bad").into_iter().enumerate() {
            server.say(name, payload).await;
            let (id, good) = until(&mut server, "an end", |said| kind.end(said)).await;
            assert_eq!((id.as_str(), good), ("bad", false), "{kind:?} {n}");
        }
        // Of other versions, and of no meaning to an agent.
        for name in ["brand.new", "project.updated"] {
            server.event(name, vec![json!({"type": "brand_new"})], None).await;
        }
        // Known, running, ended: a start that comes again is not run again.
        for _ in 0..2 {
            kind.say(&mut server, kind.start("e")).await;
        }
        let session = agent.session().await;
        kind.say(&mut server, kind.start("e")).await;
        session.complete(1).await;
        assert_eq!(until(&mut server, "an end", |said| kind.end(said)).await, ("e".to_owned(), false));
        kind.say(&mut server, kind.start("e")).await;
        kind.say(&mut server, kind.start("f")).await;
        assert_eq!(agent.session().await.start.execution.as_str(), "f");
        assert!(agent.started_nothing());
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_server_missed_it_is_told_when_it_is_back_and_each_session_ends_once() {
    for kind in ALL {
        let mut agent = kind.agent();
        let (mut server, session) = kind.running(&mut agent, "e").await;
        one_step(&session, 1).await;
        let first = match kind {
            Kind::AiRun => "step_update",
            Kind::Swe => "workflow.progress",
            Kind::Cloud => "chat_message",
        };
        named(&mut server, first).await;
        server.go_away().await;
        one_step(&session, 2).await;
        session.complete(0).await;
        let mut server = kind.welcome(&mut agent).await;
        let again = named(&mut server, first).await;
        match kind {
            Kind::AiRun => assert_eq!(again["stepNumber"], 2, "it goes on where it was"),
            Kind::Swe => {}
            Kind::Cloud => assert_eq!(again["data"]["messageId"], "e-2"),
        }
        // Written, but its pong has not come: it may be lost.
        assert_eq!(until(&mut server, "the end", |said| kind.end(said)).await, ("e".to_owned(), true));
        server.go_away().await;
        let mut server = kind.welcome(&mut agent).await;
        assert_eq!(until(&mut server, "the end", |said| kind.end(said)).await, ("e".to_owned(), true));
        server.prove().await;
        server.go_away().await;
        let mut server = kind.welcome(&mut agent).await;
        kind.say(&mut server, kind.start("f")).await;
        agent.session().await.complete(0).await;
        assert_eq!(until(&mut server, "the next end", |said| kind.end(said)).await.0, "f", "{kind:?}");
    }
}
