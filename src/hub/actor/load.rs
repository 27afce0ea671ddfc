//! What one peer has said and was not heard yet: bounded, whoever it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A peer that says this much faster than it is relayed is disconnected, bytes.
const UNHEARD_MAX_BYTES: usize = 64 << 20;

/// What a message costs besides its payload, about, bytes.
const MESSAGE_BYTES: usize = 128;

/// What one peer has said and the actor has not heard yet, bytes: its handlers cannot wait, so this is what bounds it.
#[derive(Debug, Clone, Default)]
pub(in crate::hub) struct Unheard(Arc<AtomicUsize>);

/// A part of [`Unheard`]; dropping it takes it off.
#[derive(Debug)]
pub(in crate::hub) struct Load {
    unheard: Unheard,
    bytes: usize,
}

impl Unheard {
    /// Puts one more message on, unless it is too much.
    pub(in crate::hub) fn add(&self, payload: Option<&serde_json::Value>) -> Option<Load> {
        let bytes = payload.map_or(0, weight) + MESSAGE_BYTES;
        let before = self.0.fetch_add(bytes, Ordering::Relaxed);
        let load = Load { unheard: self.clone(), bytes };
        (before < UNHEARD_MAX_BYTES).then_some(load)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.unheard.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// About what a parsed payload takes in memory, bytes.
fn weight(value: &serde_json::Value) -> usize {
    use serde_json::Value;
    let inner = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(map) => map.iter().map(|(key, value)| key.len() + weight(value) + MESSAGE_BYTES).sum(),
        _ => 0,
    };
    inner + size_of::<Value>()
}
