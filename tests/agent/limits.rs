//! Nothing that an agent says is longer than its server takes, in any protocol, whether the server is one of ours or not; and nothing is
//! lost over it that the protocol has words for.

use crate::noise;
use crate::support::{Agent, Said, Server};
use serde_json::{Value, json};
use understudy::dialect::agent::{Spoken, Transport};
use understudy::dialect::{ai_run, cloud, swe, testbro, testflow};
use understudy::model::action::RecordedAction;
use understudy::model::live::{LiveNews, Recorded, RecordingNews};
use understudy::model::{Command, Event, ExecutionId, Level, SessionStep, StartRecording, StepState};

/// What comes around a message: packet types, a namespace, a number.
const AROUND: usize = 40;

/// Steps of an execution whose end tells of all of them.
const STEPS: u32 = 120;

/// Where the server takes next to nothing.
const FEW: u32 = 12;

/// A protocol, and whether the server is a hub of ours.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    spoken: Spoken,
    ours: bool,
}

fn kinds() -> impl Iterator<Item = Kind> {
    let all = [
        ("000", testflow::agent::SPOKEN),
        ("001", ai_run::agent::SPOKEN),
        ("002", testbro::agent::SPOKEN),
        ("003", swe::agent::SPOKEN),
        ("004", cloud::agent::SPOKEN),
    ];
    all.into_iter().flat_map(|(name, spoken)| [false, true].map(|ours| Kind { name, spoken, ours }))
}

impl Kind {
    /// Servers of Socket.IO say how much they take; of a raw WebSocket it is known.
    fn limit(self) -> usize {
        match (self.spoken.way.transport, self.ours) {
            (Transport::SocketIo(_), false) => 100_000,
            _ => 1_000_000,
        }
    }

    fn agent(self) -> Agent {
        Agent::with(|options| options.protocol = self.spoken)
    }

    /// Lets the agent in.
    async fn welcome(self, agent: &mut Agent, limit: usize) -> Server {
        let mut server = agent.attempt().await.accept_with(limit);
        let extensions = if self.ours { json!(["understudy/1"]) } else { json!([]) };
        let now = "2024-11-08T10:30:00Z";
        match self.name {
            "000" => {
                server.expect("agent:register").await;
                if self.ours {
                    server.say("agent:registered", json!({"agentId": "a", "extensions": extensions})).await;
                }
            }
            "001" => {
                server.expect("").await;
                let welcome = json!({"type": "authentication", "status": "success", "extensions": extensions});
                server.say("", welcome).await;
            }
            "002" => {
                let welcome = json!({"message": "", "user_id": "u", "timestamp": now, "extensions": extensions});
                server.say("connected", welcome).await;
            }
            "003" => {
                let data =
                    json!({"connection_id": "c", "user_id": "u", "protocol_version": "1.0", "extensions": extensions});
                let welcome = json!({"type": "connection.established", "timestamp": now, "data": data});
                server.say("connection_established", welcome).await;
            }
            _ => {
                let data = json!({"success": true, "userId": "u", "extensions": extensions});
                server.say("", json!({"type": "auth", "data": data})).await;
            }
        }
        server
    }

    fn start(self, code: &str) -> (&'static str, Value) {
        match self.name {
            "000" => ("execution:start", json!({"executionId": "e", "target": "local", "code": code})),
            "001" => ("", json!({"type": "start_agent", "runId": "e", "code": code})),
            "002" => ("execution_start", json!({"execution_id": "e", "code": code})),
            "003" => ("workflow.start", json!({"workflow_id": "e", "code": code})),
            _ => ("", json!({"type": "task", "data": {"taskId": "e", "code": code}})),
        }
    }

    /// What of an execution's log a message has.
    fn logged<'a>(self, name: &str, payload: &'a Value) -> Option<&'a str> {
        match (self.name, name) {
            ("000", "execution:log") => payload["message"].as_str(),
            ("002", "execution_event") if payload["type"] == "log" => payload["data"]["message"].as_str(),
            _ if event(payload)["type"] == "execution_log" => event(payload)["message"].as_str(),
            _ => None,
        }
    }

    /// Whether protocol and server hear every line.
    fn has_log(self) -> bool {
        self.ours || ["000", "002"].contains(&self.name)
    }

    /// Whether a message tells the end of the execution, which failed.
    fn is_end(self, name: &str, payload: &Value, steps: u32) -> bool {
        match (self.name, name) {
            ("000", "execution:complete") => payload["exitCode"] == 1,
            ("001", _) if payload["type"] == "completion" => payload["status"] == "failed",
            ("002", "execution_event") if payload["type"] == "execution_complete" => {
                payload["data"]["status"] == "failed" && payload["data"]["metrics"]["total_steps"] == steps
            }
            ("003", "workflow.failed") => true,
            ("004", _) if payload["type"] == "notification" => payload["data"]["level"] == "error",
            _ => event(payload)["type"] == "execution_complete" && event(payload)["exit_code"] == 1,
        }
    }
}

/// The event of a message in words of no protocol; protocol 004 has everything in `data`.
fn event(payload: &Value) -> &Value {
    if payload["event"].is_object() { &payload["event"] } else { &payload["data"]["event"] }
}

/// The next message; it is one that the server takes.
async fn heard(server: &mut Server, kind: Kind, limit: usize) -> (String, Value) {
    loop {
        let said = server.next().await.expect("the agent stays");
        server.prove().await;
        if let Said::Event(name, payload) = said {
            let bytes = payload.to_string().len() + name.len() + AROUND;
            let beginning = || payload.to_string().chars().take(300).collect::<String>();
            assert!(bytes <= limit, "{}: {name} has {bytes} bytes: {}", kind.name, beginning());
            return (name, payload);
        }
    }
}

fn log(level: Level, message: String) -> Event {
    Event::ExecutionLog { execution: "e".into(), level, message }
}

fn step(number: u32, state: StepState, error: Option<String>, words: &str) -> Event {
    let action = json!({"type": "fill", "selector": "#a", "value": words});
    let explanation = format!("Fill it with ‘{words}’");
    let duration_ms = Some(1);
    let step = SessionStep { number, state, action, explanation, location: None, duration_ms, error };
    Event::ExecutionStep { execution: "e".into(), step }
}

/// Megabytes in everything that has no end of its own.
fn story(picture: &[u8]) -> Vec<Event> {
    let shot = |step_number| Event::ExecutionScreenshot { execution: "e".into(), step_number, image: picture.to_vec() };
    let long = "é\"\n".repeat(280_000);
    let mut events = vec![
        Event::ExecutionPlanned { execution: "e".into(), steps: STEPS },
        log(Level::Info, lines()),
        log(Level::Error, "x".repeat(1_100_000)),
        step(1, StepState::Running, None, "it"),
        step(1, StepState::Passed, None, &long),
        shot(1),
    ];
    for _ in 0..12 {
        events.push(log(Level::Info, "y".repeat(90_000)));
    }
    for number in 2..=STEPS {
        let (state, error) = match number % 2 {
            0 => (StepState::Passed, None),
            _ => (StepState::Failed, Some("z".repeat(3_000))),
        };
        events.extend([step(number, StepState::Running, None, "it"), step(number, state, error, "it")]);
        if number < 6 {
            events.push(shot(number));
        }
    }
    events.push(step(STEPS, StepState::Failed, Some(long), "it"));
    events
}

fn lines() -> String {
    (0..100_000).map(|line| format!("line {line}\n")).collect::<String>() + "the last"
}

#[tokio::test(start_paused = true)]
async fn an_execution_of_megabytes_is_told_in_messages_that_the_server_takes() {
    let picture = noise::png(600, 460);
    assert!(picture.len() * 4 / 3 > 1_000_000);
    for kind in kinds() {
        let limit = kind.limit();
        let mut agent = kind.agent();
        let mut server = kind.welcome(&mut agent, limit).await;
        let (name, start) = kind.start(&"// é\n".repeat(200_000));
        server.say(name, start).await;
        let session = agent.session().await;
        assert_eq!(session.start.code.len(), 1_200_000, "what a server says may be longer");
        let events = story(&picture);
        let said = tokio::spawn(async move {
            for event in events {
                session.tell(event).await;
            }
            session.complete(1).await;
        });
        let mut logged = String::new();
        loop {
            let (name, payload) = heard(&mut server, kind, limit).await;
            let line = kind.logged(&name, &payload);
            logged.extend(line.iter().flat_map(|line| line.chars()).filter(|c| *c != '\n'));
            if kind.is_end(&name, &payload, STEPS) {
                break;
            }
        }
        said.await.unwrap();
        if kind.has_log() {
            let whole = format!("{}{}{}", lines().replace('\n', ""), "x".repeat(1_100_000), "y".repeat(12 * 90_000));
            assert!(logged == whole, "{} at {limit}: {} of {} bytes", kind.name, logged.len(), whole.len());
        }
    }
}

/// So many actions, as code and as they are.
fn recorded(many: usize) -> (Vec<RecordedAction>, String) {
    let fill = |n: usize| {
        json!({"name": "fill", "selector": format!("#field-{n}"), "text": "t".repeat(300), "pageGuid": "page",
            "alternatives": ["body > div:nth-child(2) > form > input"]})
    };
    let actions = (0..many).map(|n| serde_json::from_value(fill(n)).unwrap()).collect();
    let line = |n: usize| format!("  await page.locator('#field-{n}').fill('{}');\n", "t".repeat(300));
    (actions, (0..many).map(line).collect())
}

/// Its beginning, up to the end of a line, and a word that there was more.
fn is_cut(told: &str, code: &str) -> bool {
    told.strip_suffix("… (cut)").is_some_and(|kept| code.starts_with(kept) && kept.ends_with(";\n"))
}

#[tokio::test(start_paused = true)]
async fn recorded_code_of_megabytes_is_cut_and_says_so() {
    let (actions, code) = recorded(3_400);
    assert!(code.len() > 1_000_000);
    for kind in kinds().filter(|kind| kind.ours || kind.name == "000") {
        let limit = kind.limit();
        let mut agent = kind.agent();
        let mut server = kind.welcome(&mut agent, limit).await;
        let command = StartRecording {
            execution: "e".into(),
            flow: "f".into(),
            url: "about:blank".to_owned(),
            language: "javascript".to_owned(),
            config: Default::default(),
        };
        let (name, payload) = match kind.name {
            "000" => ("recording:start", json!({"testFlowId": "f", "executionId": "e", "url": "about:blank"})),
            "002" | "003" => ("understudy:command", json!({"command": Command::StartRecording(command)})),
            "001" => ("", json!({"type": "understudy:command", "command": Command::StartRecording(command)})),
            _ => ("", json!({"type": "understudy:command", "data": {"command": Command::StartRecording(command)}})),
        };
        server.say(name, payload).await;
        let recording = agent.recording().await;
        let execution = ExecutionId::from("e");
        recording.tell(Event::RecordingReady { flow: "f".into(), execution: execution.clone() }).await;
        let (action, index) = (actions[3_399].clone(), 3_399);
        recording.tell(Event::RecordingAction { execution, index, action, code: code.clone() }).await;
        recording.complete(true, &code).await;
        let mut before = 0;
        let kept = loop {
            let (name, payload) = heard(&mut server, kind, limit).await;
            let (event, kind_of) = match event(&payload)["type"].as_str() {
                Some(kind_of) => (event(&payload), kind_of.to_owned()),
                None => (&payload, name.replace(':', "_")),
            };
            let told = event["code"].as_str().unwrap_or_default();
            match kind_of.as_str() {
                "recording_action" => {
                    assert!(is_cut(told, &code), "{}: {}", kind.name, told.len());
                    assert_eq!(event["action"]["selector"], "#field-3399");
                    before = told.len();
                }
                "recording_complete" => {
                    assert!(is_cut(told, &code), "{}: {}", kind.name, told.len());
                    assert_eq!(event["success"], true);
                    let words = event["message"].as_str().unwrap();
                    let expected = format!(
                        "The code is cut: it has {} bytes, and the server takes {limit} in one message",
                        code.len()
                    );
                    assert_eq!(words, expected);
                    break told.len();
                }
                _ => {}
            }
        };
        assert!(before > limit / 2 && kept > limit * 9 / 10, "{}: {before}, {kept} of {limit}", kind.name);
    }
}

#[tokio::test(start_paused = true)]
async fn a_recording_of_megabytes_in_a_driven_browser_has_its_end() {
    let (actions, code) = recorded(1_800);
    for ours in [false, true] {
        let kind = Kind { name: "002", spoken: testbro::agent::SPOKEN, ours };
        let limit = kind.limit();
        let mut agent = kind.agent();
        let mut server = kind.welcome(&mut agent, limit).await;
        server.say("recording_control", json!({"session_id": "e", "action": "start"})).await;
        let browser = agent.browser().await;
        browser.tell(LiveNews::Opened).await;
        let huge = json!({"name": "fill", "selector": "#a", "text": "t".repeat(1_100_000), "pageGuid": "page"});
        let action: Box<RecordedAction> = Box::new(serde_json::from_value(huge).unwrap());
        browser.tell(LiveNews::Recording(RecordingNews::Recorded { index: 0, action })).await;
        let (actions, code) = (actions.clone(), code.clone());
        let recorded = Box::new(Recorded { number: 1, actions, viewport: None, code, duration_ms: 7 });
        browser.tell(LiveNews::Recording(RecordingNews::Stopped(recorded))).await;
        browser.closed(None).await;
        let mut told = (0, 0);
        loop {
            let (name, payload) = heard(&mut server, kind, limit).await;
            let text = payload.to_string();
            told.0 += usize::from(text.contains("action_recorded") || text.contains(r#""is":"recorded""#));
            told.1 += usize::from(text.contains("#field-0"));
            if name == "browser_control" && payload["data"]["action"] == "close" || text.contains(r#""of":"closed""#) {
                break;
            }
        }
        assert_eq!(told, (1, 1), "an action and an end that has the first of them; ours: {ours}, {limit}");
    }
}

/// A limit that leaves hardly room for an id does not keep the agent from going on.
#[tokio::test(start_paused = true)]
async fn a_server_that_takes_next_to_nothing_hears_the_end_all_the_same() {
    for kind in kinds() {
        let mut agent = kind.agent();
        let mut server = kind.welcome(&mut agent, 1_500).await;
        let (name, start) = kind.start("…");
        server.say(name, start).await;
        let session = agent.session().await;
        let said = tokio::spawn(async move {
            for number in 1..=FEW {
                session.tell(step(number, StepState::Running, None, &"w".repeat(2_000))).await;
                session.tell(step(number, StepState::Failed, Some("z".repeat(2_000)), "it")).await;
            }
            session.complete(1).await;
        });
        while {
            let (name, payload) = heard(&mut server, kind, 1_500).await;
            !kind.is_end(&name, &payload, FEW)
        } {}
        said.await.unwrap();
    }
}
