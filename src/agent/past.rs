//! What was told of sessions that go on, for protocols that tell at the end what was done: an agent that is killed forgets it, and the
//! server is to hear it all the same. Pure: what is to be on disk comes out as [`Row`]s.

use super::store::Row;
use crate::model::{Event, ExecutionId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is kept of one session, bytes: as much as a message at its end could tell.
const SESSION_MAX_BYTES: usize = 1 << 20;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Past {
    sessions: BTreeMap<ExecutionId, Kept>,
    last: u64,
    changes: Vec<Row>,
}

/// A session's rows.
#[derive(Debug, Default)]
struct Kept {
    numbers: Vec<u64>,
    bytes: usize,
}

/// A row; the event without its picture.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct Line(Event);

impl Past {
    /// What was on disk, and in what order it came to pass.
    pub(super) fn new(rows: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> (Self, Vec<Event>) {
        let (mut past, mut events) = (Self::default(), Vec::new());
        for (key, value) in rows {
            let number = <[u8; 8]>::try_from(key).map(u64::from_be_bytes);
            match (number, serde_json::from_slice(&value)) {
                (Ok(number), Ok(Line(event))) => {
                    past.last = past.last.max(number);
                    past.keep(number, &event, value.len());
                    events.push(event);
                }
                _ => tracing::error!("what was told of a session cannot be read"),
            }
        }
        (past, events)
    }

    fn keep(&mut self, number: u64, event: &Event, bytes: usize) {
        let Some(id) = event.session() else { return };
        let kept = self.sessions.entry(id.clone()).or_default();
        kept.numbers.push(number);
        kept.bytes += bytes;
    }

    /// This is told, or will be. What is no news at the end of its session is not kept.
    pub(super) fn add(&mut self, event: &Event) {
        let (Some(event), Some(id)) = (essence(event), event.session()) else { return };
        let full = self.sessions.get(id).is_some_and(|kept| kept.bytes > SESSION_MAX_BYTES);
        // Nothing in an event is unfit for JSON.
        let (false, Ok(value)) = (full, serde_json::to_vec(&Line(event.clone()))) else { return };
        self.last += 1;
        self.keep(self.last, &event, value.len());
        self.changes.push(Row { key: self.last.to_be_bytes().to_vec(), value: Some(value) });
    }

    /// Everything is told of all sessions but these.
    pub(super) fn keep_only<'a>(&mut self, live: impl IntoIterator<Item = &'a ExecutionId>) {
        if self.sessions.is_empty() {
            return;
        }
        let mut others = std::mem::take(&mut self.sessions);
        for id in live {
            if let Some((id, kept)) = others.remove_entry(id) {
                self.sessions.insert(id, kept);
            }
        }
        let gone = others.into_values().flat_map(|kept| kept.numbers);
        self.changes.extend(gone.map(|number| Row { key: number.to_be_bytes().to_vec(), value: None }));
    }

    /// What is to be written for the disk to have what is here.
    pub(super) fn take_changes(&mut self) -> Vec<Row> {
        std::mem::take(&mut self.changes)
    }

    /// The disk has nothing of it any more: it is a help after a kill, not what a kill must not lose.
    pub(super) fn lost(&mut self) {
        *self = Self { last: self.last, ..Self::default() };
    }
}

/// What of an event counts at the end.
pub(super) fn essence(event: &Event) -> Option<Event> {
    match event {
        Event::ExecutionStep { .. } | Event::ExecutionPlanned { .. } => Some(event.clone()),
        Event::ExecutionScreenshot { execution, step_number, .. } => Some(Event::ExecutionScreenshot {
            execution: execution.clone(),
            step_number: *step_number,
            image: Vec::new(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Level;

    fn shot(id: &str, step_number: u32) -> Event {
        Event::ExecutionScreenshot { execution: id.into(), step_number, image: vec![7; 100_000] }
    }

    /// The rows as a disk has them.
    fn disk(past: &mut Past, disk: &mut BTreeMap<Vec<u8>, Vec<u8>>) -> Vec<Event> {
        for Row { key, value } in past.take_changes() {
            match value {
                Some(value) => drop(disk.insert(key, value)),
                None => drop(disk.remove(&key)),
            }
        }
        Past::new(disk.clone()).1
    }

    #[test]
    fn what_counts_is_there_again_in_its_order_as_long_as_its_session_goes_on() {
        let (mut past, mut rows) = (Past::default(), BTreeMap::new());
        for event in [
            Event::ExecutionPlanned { execution: "a".into(), steps: 2 },
            Event::ExecutionLog { execution: "a".into(), level: Level::Info, message: "hi".to_owned() },
            shot("b", 1),
            shot("a", 1),
        ] {
            past.add(&event);
        }
        let found = disk(&mut past, &mut rows);
        let all = [Event::ExecutionPlanned { execution: "a".into(), steps: 2 }, shot("b", 1), shot("a", 1)];
        assert_eq!(found, all.each_ref().map(|event| essence(event).unwrap()));
        assert!(rows.values().map(Vec::len).sum::<usize>() < 1000, "no pictures");

        past.keep_only([&"b".into()]);
        assert_eq!(disk(&mut past, &mut rows), [essence(&shot("b", 1)).unwrap()]);
        let (mut again, _) = Past::new(rows.clone());
        again.add(&shot("b", 2));
        assert_eq!(disk(&mut again, &mut rows).len(), 2);
        again.keep_only([]);
        assert!(disk(&mut again, &mut rows).is_empty());
    }

    #[test]
    fn a_session_without_end_is_bounded() {
        let mut past = Past::default();
        for number in 0..100_000 {
            past.add(&shot("a", number));
        }
        let bytes: usize = past.take_changes().iter().map(|row| row.value.as_ref().map_or(0, Vec::len)).sum();
        assert!(bytes < SESSION_MAX_BYTES + 1000, "{bytes}");
    }
}
