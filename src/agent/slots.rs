//! Who runs, who waits, who has been here. Pure.

use crate::model::{ExecutionId, StartExecution};
use std::collections::{BTreeMap, VecDeque};
use tokio_util::sync::CancellationToken;

/// Sources that wait, bytes: a server that sends more than this at once is answered instead of served.
const WAITING_MAX_BYTES: usize = 64 << 20;
/// Sessions that wait.
const WAITING_MAX: usize = 1000;
/// Ended sessions whose ids are remembered: servers redeliver.
pub(super) const REMEMBERED: usize = 1000;

/// What becomes of a start.
#[derive(Debug, PartialEq)]
pub(super) enum Offer {
    /// It has a slot.
    Start(StartExecution),
    /// It is in the queue, after so many others.
    Waits(usize),
    /// It is known: running, waiting, or just ended.
    Known,
    /// The queue is full.
    Refused,
}

/// What becomes of a cancel.
#[derive(Debug)]
pub(super) enum Cancel {
    /// It was told to end.
    Running,
    /// It will not be started.
    Waiting,
    /// It has ended by itself.
    Ended,
    /// Never heard of.
    Unknown,
}

/// All sessions of this agent.
#[derive(Debug)]
pub(super) struct Slots {
    max: usize,
    running: BTreeMap<ExecutionId, CancellationToken>,
    waiting: VecDeque<StartExecution>,
    waiting_bytes: usize,
    ended: VecDeque<ExecutionId>,
}

impl Slots {
    /// `max` at a time; `ended` are remembered from before, the oldest first.
    pub(super) fn new(max: usize, ended: Vec<ExecutionId>) -> Self {
        Self {
            max: max.max(1),
            running: BTreeMap::new(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            ended: ended.into(),
        }
    }

    pub(super) fn offer(&mut self, start: StartExecution) -> Offer {
        let id = &start.execution;
        if self.is_live(id) || self.ended.contains(id) {
            return Offer::Known;
        }
        if self.running.len() < self.max {
            return Offer::Start(start);
        }
        if self.waiting.len() >= WAITING_MAX || self.waiting_bytes + start.code.len() > WAITING_MAX_BYTES {
            return Offer::Refused;
        }
        self.waiting_bytes += start.code.len();
        self.waiting.push_back(start);
        Offer::Waits(self.waiting.len() - 1)
    }

    /// To be called for what [`Slots::offer`] and [`Slots::ended`] hand out.
    pub(super) fn started(&mut self, id: ExecutionId) -> CancellationToken {
        self.running.entry(id).or_default().clone()
    }

    /// A session has ended; returns who gets its slot.
    pub(super) fn ended(&mut self, id: &ExecutionId) -> Option<StartExecution> {
        self.running.remove(id);
        self.remember(id.clone());
        if self.running.len() >= self.max {
            return None;
        }
        let next = self.waiting.pop_front()?;
        self.waiting_bytes -= next.code.len();
        Some(next)
    }

    pub(super) fn cancel(&mut self, id: &ExecutionId) -> Cancel {
        if let Some(token) = self.running.get(id) {
            token.cancel();
            return Cancel::Running;
        }
        if let Some(place) = self.waiting.iter().position(|start| start.execution == *id) {
            if let Some(start) = self.waiting.remove(place) {
                self.waiting_bytes -= start.code.len();
                self.remember(start.execution);
            }
            return Cancel::Waiting;
        }
        if self.ended.contains(id) { Cancel::Ended } else { Cancel::Unknown }
    }

    pub(super) fn cancel_all(&self) {
        self.running.values().for_each(CancellationToken::cancel);
    }

    /// Empties the queue.
    pub(super) fn give_up_waiting(&mut self) -> Vec<ExecutionId> {
        self.waiting_bytes = 0;
        let ids: Vec<_> = self.waiting.drain(..).map(|start| start.execution).collect();
        ids.iter().for_each(|id| self.remember(id.clone()));
        ids
    }

    /// Running and waiting sessions.
    pub(super) fn live(&self) -> impl Iterator<Item = &ExecutionId> {
        self.running.keys().chain(self.waiting.iter().map(|start| &start.execution))
    }

    pub(super) fn runs(&self, id: &ExecutionId) -> bool {
        self.running.contains_key(id)
    }

    pub(super) fn running(&self) -> usize {
        self.running.len()
    }

    fn is_live(&self, id: &ExecutionId) -> bool {
        self.live().any(|live| live == id)
    }

    fn remember(&mut self, id: ExecutionId) {
        self.ended.push_back(id);
        if self.ended.len() > REMEMBERED {
            self.ended.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(id: &str) -> StartExecution {
        StartExecution { execution: id.into(), target: None, code: "x".to_owned(), config: Default::default() }
    }

    fn names<'a>(ids: impl Iterator<Item = &'a ExecutionId>) -> Vec<&'a str> {
        ids.map(ExecutionId::as_str).collect()
    }

    #[test]
    fn first_in_first_out() {
        let mut slots = Slots::new(1, vec![]);
        assert_eq!(slots.offer(start("a")), Offer::Start(start("a")));
        slots.started("a".into());
        assert_eq!(slots.offer(start("b")), Offer::Waits(0));
        assert_eq!(slots.offer(start("c")), Offer::Waits(1));
        assert_eq!(names(slots.live()), ["a", "b", "c"]);
        let next = slots.ended(&"a".into()).unwrap();
        assert_eq!(next.execution.as_str(), "b");
        slots.started(next.execution);
        assert_eq!(slots.ended(&"b".into()).unwrap().execution.as_str(), "c");
    }

    #[test]
    fn nothing_runs_twice() {
        let mut slots = Slots::new(1, vec!["before".into()]);
        slots.started("running".into());
        slots.offer(start("waiting"));
        for id in ["before", "running", "waiting"] {
            assert_eq!(slots.offer(start(id)), Offer::Known, "{id}");
        }
        for n in 0..REMEMBERED {
            slots.remember(ExecutionId(n.to_string()));
        }
        assert_eq!(slots.offer(start("before")), Offer::Waits(1), "forgotten after {REMEMBERED}");
    }

    #[test]
    fn a_cancel_finds_its_session_wherever_it_is() {
        let mut slots = Slots::new(1, vec![]);
        let token = slots.started("a".into());
        slots.offer(start("b"));
        assert!(matches!(slots.cancel(&"a".into()), Cancel::Running));
        assert!(token.is_cancelled());
        assert!(matches!(slots.cancel(&"b".into()), Cancel::Waiting));
        assert!(matches!(slots.cancel(&"b".into()), Cancel::Ended));
        assert!(matches!(slots.cancel(&"c".into()), Cancel::Unknown));
        assert_eq!(slots.ended(&"a".into()), None);
        assert!(matches!(slots.cancel(&"a".into()), Cancel::Ended));
    }

    #[test]
    fn the_queue_is_bounded() {
        let mut slots = Slots::new(1, vec![]);
        slots.started("a".into());
        let half = StartExecution { code: "x".repeat(WAITING_MAX_BYTES / 2), ..start("big") };
        assert_eq!(slots.offer(half.clone()), Offer::Waits(0));
        assert_eq!(slots.offer(StartExecution { execution: "second".into(), ..half.clone() }), Offer::Waits(1));
        assert_eq!(slots.offer(start("third")), Offer::Refused);
        slots.cancel(&"big".into());
        assert_eq!(slots.offer(start("third")), Offer::Waits(1));
        assert_eq!(names(slots.give_up_waiting().iter()), ["second", "third"]);
        for n in 0..WAITING_MAX {
            assert_eq!(slots.offer(start(&n.to_string())), Offer::Waits(n));
        }
        assert_eq!(slots.offer(start("one more")), Offer::Refused);
    }
}
