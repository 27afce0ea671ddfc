//! One text of a Socket.IO connection: what is read is written again as the same.
#![no_main]
#![allow(dead_code)]

use libfuzzer_sys::fuzz_target;
use std::fs;
use std::path::Path;

#[path = "../../src/wire/frame.rs"]
mod frame;

fuzz_target!(init: plant(), |data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(frame::Engine::Message(message)) = frame::engine(text)
        && let Ok(packet) = frame::Packet::parse(message)
    {
        let again = packet.to_text();
        assert_eq!(frame::Packet::parse(&again[1..]).as_ref(), Ok(&packet), "{again}");
    }
});

/// Every frame of `fixtures/wire/testflow` is a seed of the corpus, which is read after this.
fn plant() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = here.join("corpus/frames");
    fs::create_dir_all(&corpus).expect("the corpus's folder");
    for kind in ["commands", "events", "hub"] {
        let text = fs::read(here.join(format!("../fixtures/wire/testflow/{kind}.json"))).expect("frames");
        let cases: Vec<serde_json::Value> = serde_json::from_slice(&text).expect("cases");
        for (number, frame) in cases.iter().filter_map(|case| case["frame"].as_str()).enumerate() {
            fs::write(corpus.join(format!("{kind}-{number}")), frame).expect("a seed");
        }
    }
}
