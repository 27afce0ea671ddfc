//! How much may wait, and what goes when it is too much: pictures, then lines that say nothing is wrong, then steps and other lines,
//! last what the end of a session tells once more; never an end. Where something of an execution is missing stands a note of it. Pure.

use super::{Entry, Place, is_last};
use crate::model::live::LiveNews;
use crate::model::{Event, ExecutionId, Level};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};

/// What may wait, bytes.
const BUDGET_BYTES: usize = 64 << 20;

/// What an event is worth when there is no room, the cheapest first.
const KINDS: usize = 4;

/// See the module.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) bytes: usize,
    pub(super) budget: usize,
    /// What can be done without, by what it is worth.
    expendable: [BTreeSet<Place>; KINDS],
    /// The latest note of each session.
    notes: BTreeMap<ExecutionId, Place>,
}

/// How much of an execution had to go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LeftOut {
    pictures: u64,
    lines: u64,
    steps: u64,
}

impl Default for Room {
    fn default() -> Self {
        Self { bytes: 0, budget: BUDGET_BYTES, expendable: Default::default(), notes: BTreeMap::new() }
    }
}

impl Room {
    /// There is one more.
    pub(super) fn takes(&mut self, place: &Place, entry: &Entry) {
        self.bytes += entry.weight();
        if let (Some(_), Some(session)) = (entry.left_out, entry.event.session()) {
            self.notes.insert(session.clone(), place.clone());
        } else if let Some(worth) = worth(&entry.event) {
            self.expendable[worth].insert(place.clone());
        }
    }

    /// It is gone.
    pub(super) fn frees(&mut self, place: &Place, entry: &Entry) {
        self.bytes -= entry.weight();
        if let (Some(_), Some(session)) = (entry.left_out, entry.event.session()) {
            if self.notes.get(session) == Some(place) {
                self.notes.remove(session);
            }
        } else if let Some(worth) = worth(&entry.event) {
            self.expendable[worth].remove(place);
        }
    }

    /// Whether more waits than may.
    pub(super) fn is_short(&self) -> bool {
        self.bytes > self.budget
    }

    /// What to give up next of what waits: the oldest of the least worth.
    pub(super) fn cheapest(&self, sent: Option<&Place>) -> Option<Place> {
        let after = sent.map_or(Unbounded, Excluded);
        let oldest = |kind: &BTreeSet<Place>| kind.range::<Place, _>((after, Unbounded)).next().cloned();
        self.expendable.iter().find_map(oldest)
    }

    /// Where a note of this session waits.
    pub(super) fn note_of(&self, session: &ExecutionId, sent: Option<&Place>) -> Option<Place> {
        self.notes.get(session).filter(|place| sent.is_none_or(|sent| sent < *place)).cloned()
    }
}

/// None where it must not be lost.
fn worth(event: &Event) -> Option<usize> {
    match event {
        Event::ExecutionScreenshot { .. } => Some(0),
        Event::Live { news, .. } if LiveNews::is_picture(news) => Some(0),
        Event::ExecutionLog { level: Level::Info, .. } => Some(1),
        Event::ExecutionLog { .. } | Event::ExecutionStep { .. } | Event::Error { .. } => Some(2),
        end if is_last(end) => None,
        _ => Some(3),
    }
}

impl LeftOut {
    /// None where nobody misses it.
    pub(super) fn of(event: &Event) -> Option<Self> {
        match event {
            Event::ExecutionScreenshot { .. } => Some(Self { pictures: 1, ..Self::default() }),
            Event::ExecutionLog { .. } => Some(Self { lines: 1, ..Self::default() }),
            Event::ExecutionStep { .. } => Some(Self { steps: 1, ..Self::default() }),
            _ => None,
        }
    }

    pub(super) fn many(self) -> u64 {
        self.pictures + self.lines + self.steps
    }

    pub(super) fn and(self, more: Self) -> Self {
        Self { pictures: self.pictures + more.pictures, lines: self.lines + more.lines, steps: self.steps + more.steps }
    }

    /// For whoever reads the log.
    pub(super) fn note(self, session: &ExecutionId) -> Event {
        let counted = [(self.pictures, "screenshot"), (self.lines, "message"), (self.steps, "word about a step")];
        let counted = counted.into_iter().filter(|(many, _)| *many > 0);
        let counted = counted.map(|(many, what)| match (many, what.split_once(' ')) {
            (1, _) => format!("1 {what}"),
            (many, None) => format!("{many} {what}s"),
            (many, Some((first, rest))) => format!("{many} {first}s {rest}"),
        });
        let counted: Vec<String> = counted.collect();
        let message = format!("Left out from here on, as the server was away for too long: {}", counted.join(", "));
        Event::ExecutionLog { execution: session.clone(), level: Level::Warn, message }
    }
}
