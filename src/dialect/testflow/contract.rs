//! `docs/protocols.md` is a contract: its examples are the fixtures' frames, which both ends understand.

use super::{EXTENSION, agent, hub};
use crate::dialect::agent::{Outbound, Registration};
use crate::dialect::hub::{AgentStatus, Report, Said, SessionPhase, SessionView, Translator, Word};
use crate::model::{AgentId, Event, ExecutionId, Labels};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

const DOCUMENT: &str = include_str!("../../../docs/protocols.md");
const COMMANDS: &str = include_str!("../../../fixtures/wire/testflow/commands.json");
const EVENTS: &str = include_str!("../../../fixtures/wire/testflow/events.json");
const HUB: &str = include_str!("../../../fixtures/wire/testflow/hub.json");

/// What the protocol has without us: the document may show it.
const OF_OTHERS: [&str; 8] = [
    "execution:start",
    "recording:start",
    "execution:log",
    "execution:complete",
    "recording:complete",
    "agent:register",
    "agent:heartbeat",
    "error",
];

fn cases(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

/// Name and payload of a frame.
fn read(case: &Value) -> Value {
    let frame = case["frame"].as_str().unwrap();
    let packet = crate::wire::frame::Packet::parse(frame.strip_prefix('4').unwrap()).unwrap();
    packet.data.unwrap()
}

fn examples() -> Vec<Value> {
    let blocks = DOCUMENT.split("```json\n").skip(1);
    blocks.map(|block| serde_json::from_str(block.split("```").next().unwrap()).unwrap()).collect()
}

#[test]
fn every_example_is_a_frame_that_is_tested() {
    let known: Vec<Value> = [COMMANDS, EVENTS, HUB].into_iter().flat_map(cases).map(|case| read(&case)).collect();
    let examples = examples();
    assert!(examples.len() > 20, "{} examples", examples.len());
    for example in &examples {
        assert!(known.contains(example), "not in fixtures/wire/testflow: {example}");
    }
    let names = |of: &[Value]| of.iter().map(|event| event[0].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>();
    let (shown, ours) = (names(&examples), names(&known));
    let missing: Vec<_> = ours.difference(&shown).filter(|name| !OF_OTHERS.contains(&&***name)).collect();
    // What a plain server of the protocol says anyway.
    assert_eq!(missing, ["execution:cancel", "recording:cancel", "recording:ready"]);
}

#[test]
fn whoever_hears_an_example_understands_it() {
    for event in examples() {
        let (name, payload) = (event[0].as_str().unwrap(), event.get(1));
        let arguments: Vec<Value> = payload.cloned().into_iter().collect();
        let for_agents = !matches!(agent::decode(name, &arguments).unwrap(), crate::dialect::agent::Inbound::Unknown);
        let for_hubs = !matches!(hub::decode(name, payload).unwrap(), Said::Unknown);
        let for_clients = ["agent:status", "hub:session", "hub:replayed"].contains(&name);
        assert!(for_agents || for_hubs || for_clients, "nobody understands {event}");
    }
}

#[test]
fn every_input_is_in_the_document() {
    for case in cases(COMMANDS) {
        if let Some(kind) = case["means"]["control"]["input"]["type"].as_str() {
            assert!(DOCUMENT.contains(&format!("`{kind}`")), "{kind}");
        }
    }
}

#[test]
fn the_hub_and_its_peers_say_what_the_fixtures_have() {
    let hub: Vec<Value> = cases(HUB);
    let said = |name: &str| -> Value { read(hub.iter().find(|case| case["name"] == name).unwrap()) };
    let id = AgentId("0b9c".to_owned());
    let view = |phase, agent: Option<&AgentId>, ms, start| {
        let (agent, age) = (agent.cloned(), Duration::from_millis(ms));
        SessionView { id: "uuid".into(), phase, agent, age, reason: None, start }
    };
    let start = json!({"executionId": "uuid", "target": "local", "code": "…"});
    let Ok(Said::Start { order, .. }) = hub::decode("execution:start", Some(&start)) else { panic!("a start") };
    let begins = view(SessionPhase::Waiting, None, 12, Some(Arc::new(order)));
    let reason = Some("No agent with the labels gpu=yes is connected".to_owned());
    let lacks = SessionView { reason, ..view(SessionPhase::Waiting, None, 2000, None) };
    let goes_on = view(SessionPhase::Running, Some(&id), 340, None);
    let uuid = ExecutionId::from("uuid");
    let own = |event| Word::Session(Report::own(&uuid, event));
    let waits = "All agents are busy: this session is next";
    let no_agent = "No agent is connected: start one with `understudy agent` and try again";
    let cancelled = Event::RecordingComplete {
        flow: "uuid".into(),
        execution: uuid.clone(),
        success: false,
        code: None,
        message: Some("Recording cancelled".to_owned()),
    };
    for (name, word) in [
        ("agent:registered", Word::Registered(id.clone())),
        ("agent:status", Word::Agent { agent: id.clone(), name: "linux-1".to_owned(), status: AgentStatus::Busy }),
        ("hub:session of one that begins", Word::View(begins)),
        ("hub:session of one that waits", Word::View(lacks)),
        ("hub:session of one that goes on", Word::View(goes_on)),
        ("hub:replayed", Word::Replayed),
        ("execution:log of one that waits", Word::Session(Report::waits(&uuid, waits.to_owned()))),
        ("error about a session", Word::Refused { message: no_agent.to_owned(), session: Some(uuid.clone()) }),
        (
            "execution:complete of one that was cancelled before it began",
            own(Event::ExecutionComplete { execution: uuid.clone(), exit_code: 130, duration_ms: 0 }),
        ),
        ("recording:complete of one that was cancelled before it began", own(cancelled)),
    ] {
        let frame = hub::Teller.tell(&word, SystemTime::UNIX_EPOCH).remove(0);
        let payload: Value = serde_json::from_str(frame.payload.get()).unwrap();
        assert_eq!(json!([frame.name, payload]), said(name), "{name}");
    }
    let registration = Registration {
        agent: id,
        name: "linux-1".to_owned(),
        system_info: json!({"platform": "linux", "arch": "x64"}).as_object().unwrap().clone(),
        labels: Labels::parse(["gpu=yes"]).unwrap(),
        max_sessions: 4,
        projects: Vec::new(),
        sessions: vec![uuid],
        draining: false,
    };
    for (name, outbound) in
        [("agent:register with our fields", agent::register(&registration)), ("agent:heartbeat", agent::heartbeat())]
    {
        let mut event = vec![json!(outbound.name)];
        event.extend(outbound.arguments);
        assert_eq!(Value::Array(event), said(name), "{name}");
    }
    assert!(DOCUMENT.contains(EXTENSION));
}

#[test]
fn an_agent_registers_as_the_seed_says_and_a_little_more() {
    let registration = Registration {
        agent: AgentId("a".to_owned()),
        name: "My Local Agent".to_owned(),
        system_info: serde_json::Map::from_iter([("platform".to_owned(), json!("darwin"))]),
        labels: Labels::default(),
        max_sessions: 4,
        sessions: vec!["e".into()],
        projects: vec![],
        draining: false,
    };
    let mut expected = json!({
        "name": "My Local Agent", "systemInfo": {"platform": "darwin"},
        "agentId": "a", "maxSessions": 4, "sessions": ["e"], "extensions": ["understudy/1"],
    });
    assert_eq!(agent::register(&registration), Outbound::event("agent:register", expected.clone()));
    expected["draining"] = json!(true);
    let leaving = Registration { draining: true, ..registration };
    assert_eq!(agent::register(&leaving), Outbound::event("agent:register", expected));
    assert_eq!(agent::heartbeat(), Outbound { name: "agent:heartbeat", arguments: vec![], asks: false });
}
