//! What a worker says, which may be in the hands of who broke out of its engine, and what is said to it.
#![no_main]
#![allow(dead_code)]

use libfuzzer_sys::fuzz_target;
use runner::protocol::{ToHost, ToWorker};

#[path = "../../src/model/mod.rs"]
#[allow(unused_imports)]
mod model;
/// Of the room `runner`.
#[path = "../../src/runner"]
mod runner {
    pub mod protocol;
}

fuzz_target!(|data: &[u8]| {
    if let Ok(message) = serde_json::from_slice::<ToHost>(data) {
        let text = serde_json::to_vec(&message).expect("JSON");
        let again: ToHost = serde_json::from_slice(&text).expect("the same message");
        assert_eq!(serde_json::to_vec(&again).expect("JSON"), text);
    }
    if let Ok(message) = serde_json::from_slice::<ToWorker>(data) {
        let text = serde_json::to_vec(&message).expect("JSON");
        assert!(serde_json::from_slice::<ToWorker>(&text).is_ok());
    }
});
