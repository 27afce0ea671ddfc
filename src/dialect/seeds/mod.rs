//! The five documents under `fixtures/seeds`, held against `fixtures/wire/<protocol>/printed.json`: what they print is a case there,
//! word by word, and every case is understood and written again as it was.

mod check;
mod literal;
mod mutations;
mod refusals;

use super::{ai_run, cloud, swe, testbro};
use check::{Fate, fate};
use literal::Printed;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// One message of a document.
#[derive(Debug, Deserialize)]
pub(super) struct Case {
    /// First and last line, from 1.
    #[serde(default)]
    lines: (usize, usize),
    /// An event of Socket.IO.
    event: Option<String>,
    /// What that carries, or what else is said by it.
    payload: Option<Value>,
    /// The JSON of a raw WebSocket.
    message: Option<Value>,
    /// What the acknowledgement of an event carries.
    ack: Option<String>,
    /// A request whose answer it is.
    http: Option<String>,
    /// What of it is printed, as a JSON pointer.
    #[serde(default)]
    part: String,
}

impl Case {
    pub(super) fn value(&self) -> &Value {
        self.message.as_ref().or(self.payload.as_ref()).unwrap_or(&Value::Null)
    }

    /// Its name on the wire, as `check` wants it.
    pub(super) fn called(&self) -> &str {
        match (&self.event, &self.ack, &self.http) {
            (Some(event), ..) => event,
            (_, Some(_), _) => "ack",
            (.., Some(_)) => "http",
            _ => "",
        }
    }

    /// What the documents call it.
    fn name(&self) -> &str {
        let kind = self.message.as_ref().and_then(|message| message["type"].as_str().or(message.as_str()));
        // 002 lists what goes in an envelope by its type.
        let within = self.payload.as_ref().filter(|_| self.event.as_deref() == Some("execution_event"));
        let within = within.and_then(|payload| payload["type"].as_str());
        kind.or(within).or(self.event.as_deref()).or(self.ack.as_deref()).unwrap_or_default()
    }
}

/// A document and its cases.
pub(super) struct Seed {
    pub(super) protocol: &'static str,
    text: &'static str,
    printed: &'static str,
    /// What the document does not print: names that deployed servers have, and what is ours.
    added: &'static str,
}

macro_rules! seed {
    ($protocol:literal, $document:literal) => {
        seed!($protocol, $document, include_str!(concat!("../../../fixtures/wire/", $protocol, "/added.json")))
    };
    ($protocol:literal, $document:literal, $added:expr) => {
        Seed {
            protocol: $protocol,
            text: include_str!(concat!("../../../fixtures/seeds/", $document)),
            printed: include_str!(concat!("../../../fixtures/wire/", $protocol, "/printed.json")),
            added: $added,
        }
    };
}

pub(super) const SEEDS: [Seed; 5] = [
    seed!("testflow", "000-testflow-socketio-events.md", "[]"),
    seed!("ai_run", "001-ai-agent-websocket.md"),
    seed!("testbro", "002-testbro-socketio.md"),
    seed!("swe", "003-swe-agent-socketio.md"),
    seed!("cloud", "004-cloud-agents-websocket.md"),
];

impl Seed {
    pub(super) fn cases(&self) -> Vec<Case> {
        serde_json::from_str(self.printed).unwrap()
    }

    pub(super) fn added(&self) -> Vec<Case> {
        serde_json::from_str(self.added).unwrap()
    }

    /// Line number, from 1; the line; the language of the fence it stands in.
    fn lines(&self) -> Vec<(usize, &'static str, Option<&'static str>)> {
        let mut fence = None;
        let lines = self.text.lines().enumerate().map(|(index, line)| {
            match (line.trim_start().strip_prefix("```"), fence) {
                (Some(_), Some(_)) => fence = None,
                (Some(language), None) => fence = Some(language),
                _ => return (index + 1, line, fence),
            }
            (index + 1, "", None)
        });
        lines.collect()
    }
}

/// Whether a line in a fence prints a message, or the first line of one.
fn prints_a_message(line: &str, language: &str) -> bool {
    let calls = [
        "emit(",
        ".send('",
        ".sendNotification(",
        "wsManager.broadcast",
        "broadcaster.broadcast_",
        "sendBrowserCommand('",
    ];
    let word = |key: &str| ["'", "\""].iter().any(|quote| line.contains(&format!("{key}: {quote}")));
    line.trim_start().starts_with("interface ")
        || line.contains("// data: {")
        || line.contains("); // {")
        || (language == "json" && line.trim() == "{")
        || calls.iter().any(|call| line.contains(call))
        || word("type")
        || word("\"type\"")
        || line.contains("\"type\":\"")
}

/// The messages that a line of prose names: headings, lists of events and tables of errors do.
fn names_messages(line: &str, section: &str) -> Vec<String> {
    let heading = line.starts_with('#');
    let listed = line.starts_with("- `") && section.ends_with("Events");
    let tabled = line.starts_with("| `") && section.ends_with("Errors");
    let words = line.split('`').skip(1).step_by(2);
    let is_name = |word: &&str| {
        word.chars().all(|c| c.is_ascii_alphabetic() || "_.:".contains(c)) && word.starts_with(char::is_alphabetic)
    };
    if heading || listed || tabled { words.filter(is_name).map(str::to_owned).collect() } else { Vec::new() }
}

#[test]
fn every_printed_message_is_a_case_and_every_case_is_printed() {
    for seed in &SEEDS {
        let (cases, lines) = (seed.cases(), seed.lines());
        let covering =
            |line| cases.iter().enumerate().filter(move |(_, case)| (case.lines.0..=case.lines.1).contains(&line));
        let mut shown = BTreeSet::new();
        let mut section = "";
        for (number, line, language) in &lines {
            if language.is_none() && line.starts_with('#') {
                section = line;
            }
            match language {
                Some(language) if prints_a_message(line, language) => {
                    let here: Vec<_> = covering(*number).map(|(index, _)| index).collect();
                    assert!(!here.is_empty(), "{}:{number}: no case for: {line}", seed.protocol);
                    shown.extend(here);
                }
                Some(_) => {}
                None => {
                    let below = |other: &usize| lines[*other - 1].2.is_none() && lines[*other - 1].1.starts_with('#');
                    let end = match line.starts_with('#') {
                        true => (number + 1..=lines.len()).find(below).unwrap_or(lines.len() + 1),
                        false => number + 1,
                    };
                    for name in names_messages(line, section) {
                        let mut named = cases.iter().enumerate().filter(|(_, case)| {
                            (*number..end).contains(&case.lines.0)
                                && (case.name() == name || case.value().to_string().contains(&format!("\"{name}\"")))
                        });
                        let (index, _) =
                            named.next().unwrap_or_else(|| panic!("{}:{number}: no case for `{name}`", seed.protocol));
                        shown.insert(index);
                        shown.extend(named.map(|(index, _)| index));
                    }
                }
            }
        }
        for (index, case) in cases.iter().enumerate() {
            assert!(shown.contains(&index), "{}:{}: nothing is printed there", seed.protocol, case.lines.0);
        }
    }
}

#[test]
fn every_case_is_what_its_lines_print() {
    for seed in &SEEDS {
        let lines: Vec<&str> = seed.text.lines().collect();
        for case in seed.cases() {
            let here = &lines[case.lines.0 - 1..case.lines.1];
            let at = format!("{}:{}", seed.protocol, case.lines.0);
            if let Some(printed) = Printed::parse(here) {
                let part = case.value().pointer(&case.part).unwrap_or_else(|| panic!("{at}: no {}", case.part));
                if let Some(difference) = printed.differs(part, "") {
                    panic!("{at}: {difference}");
                }
            }
            let text = here.join("\n");
            let named = case.event.as_deref().filter(|_| text.contains("emit('") || text.contains("emit(\""));
            assert!(
                named.is_none_or(|name| text.contains(&format!("{name}'")) || text.contains(&format!("{name}\""))),
                "{at}"
            );
            // `wsManager.sendNotification('error', 'Task failed')`, `ws.send('ping')`.
            let call = text.contains("sendNotification(") || text.contains(".send('");
            for word in text.split('\'').skip(1).step_by(2).filter(|_| call && !text.contains('{')) {
                assert!(case.value().to_string().contains(&format!("\"{word}\"")), "{at}: {word}");
            }
            // | `AUTH_FAILED` | Invalid or expired token | … |
            if let Some(row) = text.strip_prefix("| ") {
                let words = row.split(" | ").nth(1).unwrap();
                assert!(case.value().to_string().contains(&format!("\"{words}\"")), "{at}: {words}");
            }
        }
    }
}

#[test]
fn every_case_is_understood_and_written_again_as_it_was() {
    for seed in &SEEDS {
        for case in seed.cases().iter().chain(&seed.added()) {
            let fate = fate(seed.protocol, case.called(), case.payload.as_ref().or(case.message.as_ref()));
            assert_eq!(
                fate,
                Ok(Fate::Written(case.called().to_owned(), case.value().clone())),
                "{}:{case:?}",
                seed.protocol
            );
        }
    }
}

#[test]
fn every_message_is_a_case() {
    let declared: [&[&[&str]]; 5] = [
        &[],
        &[ai_run::messages::Message::NAMES],
        &[
            testbro::messages::Request::NAMES,
            testbro::events::ExecutionEvent::NAMES,
            testbro::events::SessionEvent::NAMES,
        ],
        &[
            swe::messages::Request::NAMES,
            swe::messages::Work::NAMES,
            swe::messages::Connection::NAMES,
            swe::events::Event::NAMES,
        ],
        &[cloud::messages::Message::NAMES],
    ];
    for (seed, declared) in SEEDS.iter().zip(declared) {
        let cases: Vec<Case> = seed.cases().into_iter().chain(seed.added()).collect();
        let known: BTreeSet<&str> = cases.iter().map(Case::name).collect();
        let missing: Vec<_> = declared.concat().into_iter().filter(|name| !known.contains(name)).collect();
        assert!(missing.is_empty(), "{}: no case for {missing:?}", seed.protocol);
    }
}

/// Where a document lists the words that a field takes: protocol, lines, event, the field.
const LISTS: [(&str, (usize, usize), &str, &str); 11] = [
    ("swe", (223, 223), "agent.status_changed", "/data/status"),
    ("swe", (264, 264), "workflow.progress", "/data/status"),
    ("swe", (358, 358), "issue.updated", "/data/status"),
    ("swe", (360, 360), "issue.updated", "/data/priority"),
    ("swe", (404, 404), "ai.suggestion", "/data/target_type"),
    ("swe", (406, 406), "ai.suggestion", "/data/category"),
    ("swe", (408, 408), "ai.suggestion", "/data/severity"),
    ("cloud", (107, 109), "agent_status", "/data/state"),
    ("cloud", (153, 156), "notification", "/data/level"),
    ("cloud", (187, 190), "user_presence", "/data"),
    ("cloud", (187, 190), "user_presence", "/data/status"),
];

#[test]
fn fields_take_the_words_that_are_listed_and_no_others() {
    for (protocol, (first, last), name, field) in LISTS {
        let seed = SEEDS.iter().find(|seed| seed.protocol == protocol).unwrap();
        let listed = seed
            .text
            .lines()
            .skip(first - 1)
            .take(last + 1 - first)
            .flat_map(|line| line.split('`').skip(1).step_by(2));
        let listed: Vec<&str> = listed.collect();
        assert!(listed.len() >= 3, "{protocol}:{first}: {listed:?}");
        let has_it = |case: &Case| case.name() == name && case.value().pointer(field).is_some_and(Value::is_string);
        let case = seed.cases().into_iter().find(has_it).unwrap();
        let with = |word: &str| {
            let mut value = case.value().clone();
            *value.pointer_mut(field).unwrap() = word.into();
            (fate(protocol, case.called(), Some(&value)), value)
        };
        for word in &listed {
            let (fate, value) = with(word);
            assert_eq!(fate, Ok(Fate::Written(case.called().to_owned(), value)), "{protocol} {name} {field}: {word}");
        }
        let refused = with("unheard of").0.unwrap_err().message;
        let words = refused.split('`').skip(3).step_by(2).take(listed.len()).collect::<BTreeSet<_>>();
        assert_eq!(words, listed.into_iter().collect(), "{refused}");
    }
}
