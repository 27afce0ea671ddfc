//! One message of one of the five protocols: the protocol's digit, the event's name, a space, JSON (or text that is none).
#![no_main]
// The rooms are here whole, and most of what is in them is not called.
#![allow(dead_code, unused_imports)]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use std::fs;
use std::path::Path;

#[path = "../../src/dialect/seeds/check.rs"]
mod check;
#[path = "../../src/dialect/mod.rs"]
mod dialect;
#[path = "../../src/model/mod.rs"]
mod model;

fuzz_target!(init: plant(), |data: &[u8]| {
    let Some((digit, rest)) = data.split_first() else { return };
    let protocol = check::PROTOCOLS[usize::from(*digit) % check::PROTOCOLS.len()];
    let rest = String::from_utf8_lossy(rest);
    let Some((name, text)) = rest.split_once(' ') else { return check::holds(protocol, &rest, None) };
    let value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    check::holds(protocol, name, Some(&value));
});

/// Every case of `fixtures/wire` is a seed of the corpus, which is read after this.
fn plant() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = here.join("corpus/messages");
    fs::create_dir_all(&corpus).expect("the corpus's folder");
    for (digit, protocol) in check::PROTOCOLS.iter().enumerate() {
        for kind in ["printed", "added"] {
            let Ok(text) = fs::read(here.join(format!("../fixtures/wire/{protocol}/{kind}.json"))) else { continue };
            let cases: Vec<Value> = serde_json::from_slice(&text).expect("cases");
            for (number, case) in cases.iter().enumerate() {
                let answer = ["ack", "http"].into_iter().find(|answer| case.get(answer).is_some());
                let name = case["event"].as_str().or(answer).unwrap_or_default();
                let value = case.get("message").or(case.get("payload")).unwrap_or(&Value::Null);
                // The digit counts modulo five: '0' is 48.
                let byte = char::from(b'2' + digit as u8);
                fs::write(corpus.join(format!("{protocol}-{kind}-{number}")), format!("{byte}{name} {value}"))
                    .expect("a seed");
            }
        }
    }
}
