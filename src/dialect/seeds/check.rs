//! What must hold for whatever a peer sends: it is read or refused, never half understood. Also compiled into `fuzz/`.

use crate::dialect::hub::Said;
use crate::dialect::reading::read;
use crate::dialect::{Malformed, ai_run, cloud, swe, testbro, testflow};
use serde_json::{Value, json};

/// The names of the protocols' folders.
pub(super) const PROTOCOLS: [&str; 5] = ["testflow", "ai_run", "testbro", "swe", "cloud"];

/// A refusal is for people: this much must do, bytes.
const WORDS_MAX_BYTES: usize = 600;

/// What became of a message.
#[derive(Debug, PartialEq)]
pub(super) enum Fate {
    /// It was read, and is written so: its name and its payload.
    Written(String, Value),
    /// Nothing of this protocol is called so.
    Unknown,
}

/// Reads what a peer sent and writes it again. `name` is empty on a raw WebSocket, and `ack` or `http` for the answers of 003.
pub(super) fn fate(protocol: &str, name: &str, payload: Option<&Value>) -> Result<Fate, Malformed> {
    let value = payload.unwrap_or(&Value::Null);
    let answer = |answer: Result<Value, crate::dialect::reading::Refusal>| match answer {
        Ok(answer) => Ok(Fate::Written(name.to_owned(), answer)),
        Err(refusal) => Err(Malformed { message: refusal.to_string(), session: None }),
    };
    let written = |message: Option<(&str, Value)>| match message {
        Some((name, payload)) => Fate::Written(name.to_owned(), payload),
        None => Fate::Unknown,
    };
    match (protocol, name) {
        ("testflow", _) => {
            let arguments: Vec<Value> = payload.cloned().into_iter().collect();
            let by_agent = testflow::agent::decode(name, &arguments)?;
            let by_hub = testflow::hub::decode(name, payload)?;
            let known = !matches!(by_agent, crate::dialect::agent::Inbound::Unknown)
                || !matches!(by_hub, Said::Unknown)
                || name == "agent:status";
            Ok(written(known.then(|| (name, value.clone()))))
        }
        ("ai_run", _) => ai_run::messages::decode(value).map(|heard| match heard {
            ai_run::messages::Heard::Message(message) => written(Some(("", ai_run::messages::encode(&message)))),
            ai_run::messages::Heard::Ping => written(Some(("", json!(ai_run::messages::PING)))),
            ai_run::messages::Heard::Pong => written(Some(("", json!(ai_run::messages::PONG)))),
            ai_run::messages::Heard::Unknown(_) => Fate::Unknown,
        }),
        ("testbro", _) => testbro::messages::decode(name, payload)
            .map(|message| written(message.as_ref().map(testbro::messages::encode))),
        ("swe", "ack") => answer(read::<swe::messages::Ack>(value).map(|ack| json!(ack))),
        ("swe", "http") => answer(read::<swe::messages::Stats>(value).map(|stats| json!(stats))),
        ("swe", _) => {
            swe::messages::decode(name, payload).map(|message| written(message.as_ref().map(swe::messages::encode)))
        }
        _ => cloud::messages::decode(value).map(|envelope| {
            written(envelope.map(|told| ("", cloud::messages::encode(&told.message, told.timestamp.as_deref()))))
        }),
    }
}

/// Panics where a message is refused with too many words, or is another one once it was written and read again.
pub(super) fn holds(protocol: &str, name: &str, payload: Option<&Value>) {
    match fate(protocol, name, payload) {
        Ok(Fate::Unknown) => {}
        Ok(Fate::Written(written, payload)) => {
            let again = fate(protocol, &written, Some(&payload));
            assert_eq!(again.as_ref(), Ok(&Fate::Written(written.clone(), payload.clone())), "{protocol} {name}");
        }
        Err(Malformed { message, session }) => {
            assert!(message.len() <= WORDS_MAX_BYTES, "{protocol} {name}: {message}");
            let id = session.map_or(1, |id| id.as_str().len());
            assert!((1..=512).contains(&id), "{protocol} {name}: an id of {id} bytes");
        }
    }
}
