//! What is written of an outbox so that a kill loses nothing of it: a line for each event, and one once it has arrived. Pure.

use super::outbox::Entry;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Line<E> {
    Told { told: String },
    Entry(E),
}

/// Lines that are not written yet.
#[derive(Debug, Default)]
pub(super) struct Journal {
    lines: Vec<u8>,
}

impl Journal {
    /// There is one more to tell.
    pub(super) fn entry(&mut self, entry: &Entry) {
        self.line(&Line::Entry(entry));
    }

    /// What [`base`] names is told, or given up.
    pub(super) fn told(&mut self, base: &str) {
        self.line::<&Entry>(&Line::Told { told: base.to_owned() });
    }

    /// The lines since the last call.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.lines)
    }

    fn line<E: Serialize>(&mut self, line: &Line<E>) {
        // Nothing in an event is unfit for JSON.
        if let Ok(text) = serde_json::to_vec(line) {
            self.lines.extend(text);
            self.lines.push(b'\n');
        }
    }
}

/// What is still to be told according to a journal. Lines that cannot be read are what a full disk leaves.
pub(super) fn replay(journal: &[u8]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut told = BTreeSet::new();
    for line in journal.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        match serde_json::from_slice(line) {
            Ok(Line::Entry(entry)) => entries.push(entry),
            Ok(Line::Told { told: base }) => {
                told.insert(base);
            }
            Err(error) => tracing::warn!(%error, "a line of the outbox cannot be read"),
        }
    }
    entries.retain(|entry| !told.contains(base(&entry.event_id)));
    entries
}

/// The event that an id belongs to: where one had to be told in pieces, each has an id of its own, `run-7.0` and `run-7.1`.
pub(super) fn base(event_id: &str) -> &str {
    event_id.split_once('.').map_or(event_id, |(base, _)| base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_cannot_be_read_cost_only_themselves() {
        let event = r#"{"type":"error","message":"m","execution":null}"#;
        let entry = |id: &str| format!("{{\"event_id\":\"{id}\",\"event\":{event}}}\n");
        let text = format!(
            "{}{}\n{{\"event_id\":\"half\n{}{}{{\"told\":\"b\"}}\nx\n{{\"told\":\"nobody\"}}\n{{\"to",
            entry("a"),
            entry("b.0"),
            entry("b.1"),
            entry("c")
        );
        let left: Vec<_> = replay(text.as_bytes()).into_iter().map(|entry| entry.event_id).collect();
        assert_eq!(left, ["a", "c"]);
        assert!(replay(b"").is_empty());
    }
}
