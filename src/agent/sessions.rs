//! Which sessions the agent owes a verdict, and which have had theirs. Pure: what is to be on disk comes out as [`Row`]s.

use super::slots::REMEMBERED;
use super::store::Row;
use super::work::{Kind, Owed};
use crate::model::{ExecutionId, TestFlowId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is on disk of a session.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Accepted(ExecutionId),
    Recording { execution: ExecutionId, flow: TestFlowId },
    Browser(ExecutionId),
    Ended(ExecutionId),
}

/// See the module; by number, in order.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    open: BTreeMap<u64, Owed>,
    ended: BTreeMap<u64, ExecutionId>,
    last: u64,
    changed: BTreeSet<u64>,
}

impl Sessions {
    /// What was on disk.
    pub(super) fn new(rows: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> Self {
        let mut sessions = Self::default();
        for (key, value) in rows {
            let number = <[u8; 8]>::try_from(key).map(u64::from_be_bytes);
            match (number, serde_json::from_slice(&value)) {
                (Ok(number), Ok(line)) => sessions.read(number, line),
                (_, Err(error)) => tracing::error!(%error, "a session of the state folder cannot be read"),
                (Err(_), Ok(_)) => tracing::error!("a session of the state folder has no number"),
            }
        }
        sessions
    }

    fn read(&mut self, number: u64, line: Line) {
        self.last = self.last.max(number);
        let (execution, kind) = match line {
            Line::Accepted(id) => (id, Kind::Execution),
            Line::Browser(id) => (id, Kind::Browser),
            Line::Recording { execution, flow } => (execution, Kind::Recording(flow)),
            Line::Ended(id) => {
                self.ended.insert(number, id);
                return;
            }
        };
        self.open.insert(number, Owed { execution, kind });
    }

    /// One more verdict is owed.
    pub(super) fn accept(&mut self, owed: Owed) {
        let number = self.number();
        self.open.insert(number, owed);
    }

    /// It is owed no longer. The oldest that have ended are forgotten.
    pub(super) fn end(&mut self, id: &ExecutionId) {
        let of_it: Vec<u64> =
            self.open.iter().filter(|(_, owed)| owed.execution == *id).map(|(number, _)| *number).collect();
        for number in of_it {
            self.open.remove(&number);
            self.changed.insert(number);
        }
        let number = self.number();
        self.ended.insert(number, id.clone());
        if self.ended.len() > REMEMBERED
            && let Some((forgotten, _)) = self.ended.pop_first()
        {
            self.changed.insert(forgotten);
        }
    }

    fn number(&mut self) -> u64 {
        self.last += 1;
        self.changed.insert(self.last);
        self.last
    }

    /// Those that have ended, the oldest first.
    pub(super) fn ended(&self) -> impl Iterator<Item = &ExecutionId> {
        self.ended.values()
    }

    /// Those that have not, the oldest first.
    pub(super) fn open(&self) -> impl Iterator<Item = &Owed> {
        self.open.values()
    }

    /// What is to be written for the disk to have what is here.
    pub(super) fn take_changes(&mut self) -> Vec<Row> {
        let changed = std::mem::take(&mut self.changed);
        changed.into_iter().map(|number| self.row(number)).collect()
    }

    /// Everything, for a disk that has nothing.
    pub(super) fn whole(&mut self) -> Vec<Row> {
        self.changed.clear();
        self.open.keys().chain(self.ended.keys()).map(|number| self.row(*number)).collect()
    }

    fn row(&self, number: u64) -> Row {
        let open = self.open.get(&number).map(|Owed { execution, kind }| match (execution.clone(), kind) {
            (execution, Kind::Execution) => Line::Accepted(execution),
            (execution, Kind::Browser) => Line::Browser(execution),
            (execution, Kind::Recording(flow)) => Line::Recording { execution, flow: flow.clone() },
        });
        let line = open.or_else(|| self.ended.get(&number).cloned().map(Line::Ended));
        // Nothing in an id is unfit for JSON.
        let value = line.and_then(|line| serde_json::to_vec(&line).ok());
        Row { key: number.to_be_bytes().to_vec(), value }
    }
}
