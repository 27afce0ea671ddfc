//! `docs/protocols.md` is a contract: its examples are the fixtures' frames, which both ends understand.

use super::hub::{self, AgentStatus, Inbound, SessionKind, SessionPhase, SessionView};
use super::{EXTENSION, agent};
use crate::model::AgentId;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

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
        let for_agents = !matches!(agent::decode(name, &arguments).unwrap(), agent::Inbound::Unknown);
        let for_hubs = !matches!(hub::decode(name, payload).unwrap(), Inbound::Unknown);
        let for_clients = ["agent:status", "hub:session"].contains(&name);
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
    let view = |phase, agent: Option<&AgentId>, ms, start| SessionView {
        id: "uuid".into(),
        phase,
        agent: agent.cloned(),
        age: Duration::from_millis(ms),
        start,
    };
    let start = to_raw_value(&json!({"executionId": "uuid", "target": "local", "code": "…"})).unwrap();
    let begins = view(SessionPhase::Waiting, None, 12, Some(("execution:start".to_owned(), start.into())));
    let uuid = "uuid".into();
    let no_agent = "No agent is connected: start one with `understudy agent` and try again";
    for (name, (event, payload)) in [
        ("agent:registered", hub::registered(&id)),
        ("agent:status", hub::agent_status(&id, AgentStatus::Busy)),
        ("hub:session of one that begins", hub::session(&begins)),
        ("hub:session of one that goes on", hub::session(&view(SessionPhase::Running, Some(&id), 340, None))),
        ("execution:log of one that waits", hub::waits(&uuid, "All agents are busy: this session is next")),
        ("error about a session", hub::error(no_agent, Some(&uuid))),
        (
            "execution:complete of one that was cancelled before it began",
            hub::cancelled(&uuid, &SessionKind::Execution),
        ),
        (
            "recording:complete of one that was cancelled before it began",
            hub::cancelled(&uuid, &SessionKind::Recording { flow: json!("uuid") }),
        ),
    ] {
        assert_eq!(json!([event, payload]), said(name), "{name}");
    }
    let registration = agent::Registration {
        agent: id,
        name: "linux-1".to_owned(),
        system_info: json!({"platform": "linux", "arch": "x64"}).as_object().unwrap().clone(),
        max_sessions: 4,
        sessions: vec![uuid],
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
