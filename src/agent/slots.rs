//! Who runs, who waits, who has been here. Pure.

use super::work::{Kind, Owed, Work};
use crate::model::ExecutionId;
use crate::model::live::LiveControl;
use crate::model::recording::RecordingControl;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

/// Sources that wait, bytes: a server that sends more than this at once is answered instead of served.
const WAITING_MAX_BYTES: usize = 64 << 20;
/// Sessions that wait.
const WAITING_MAX: usize = 1000;
/// Words to a browser that waits.
const WISHES_MAX: usize = 100;
/// Ended sessions whose ids are remembered: servers redeliver.
pub(super) const REMEMBERED: usize = 1000;

/// What becomes of a start.
#[derive(Debug, PartialEq)]
pub(super) enum Offer {
    /// It has a slot.
    Start(Work),
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
    Waiting(Owed),
    /// It has ended by itself.
    Ended,
    /// Never heard of.
    Unknown,
}

/// What becomes of a word to a recording.
#[derive(Debug, PartialEq)]
pub(super) enum Control {
    /// It was told.
    Told,
    /// It has ended by itself.
    Ended,
    /// It waits: there is nothing yet to be told.
    Waiting,
    /// No recording.
    Execution,
    /// Never heard of.
    Unknown,
}

/// What becomes of a word to a browser.
#[derive(Debug, PartialEq)]
pub(super) enum Drive {
    /// It was told, or will be when it is there.
    Told,
    /// So much waits for it already that this is too much.
    TooMuch,
    /// No browser.
    Other,
    /// There is none of this id.
    Unknown(LiveControl),
}

/// A session that runs, and how to reach it.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) owed: Owed,
    pub(super) cancel: CancellationToken,
    controls: mpsc::UnboundedSender<RecordingControl>,
    wishes: mpsc::UnboundedSender<LiveControl>,
    /// A permit for each picture that has arrived.
    pub(super) shown: Arc<Semaphore>,
    /// What was recorded so far.
    pub(super) code: Option<String>,
}

/// What a session is given to hear the agent.
#[derive(Debug)]
pub(super) struct Ears {
    pub(super) cancel: CancellationToken,
    pub(super) controls: mpsc::UnboundedReceiver<RecordingControl>,
    /// What is asked of a browser.
    pub(super) wishes: mpsc::UnboundedReceiver<LiveControl>,
    pub(super) shown: Arc<Semaphore>,
}

/// All sessions of this agent.
#[derive(Debug)]
pub(super) struct Slots {
    max: usize,
    running: BTreeMap<ExecutionId, Running>,
    waiting: VecDeque<Work>,
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

    /// Whether it runs, waits or has ended; the id of a browser names it, not one life of it.
    pub(super) fn knows(&self, work: &Work) -> bool {
        let has_ended = self.ended.contains(work.id()) && !matches!(work, Work::Browser(..));
        has_ended || self.is_live(work.id())
    }

    pub(super) fn offer(&mut self, work: Work) -> Offer {
        if self.knows(&work) {
            return Offer::Known;
        }
        if self.running.len() < self.max {
            return Offer::Start(work);
        }
        if self.waiting.len() >= WAITING_MAX || self.waiting_bytes + work.weight() > WAITING_MAX_BYTES {
            return Offer::Refused;
        }
        self.waiting_bytes += work.weight();
        self.waiting.push_back(work);
        Offer::Waits(self.waiting.len() - 1)
    }

    /// To be called for what [`Slots::offer`] and [`Slots::ended`] hand out.
    pub(super) fn started(&mut self, owed: Owed) -> Ears {
        let (controls, heard) = mpsc::unbounded_channel();
        let (wishes, wished) = mpsc::unbounded_channel();
        let (cancel, shown) = (CancellationToken::new(), Arc::new(Semaphore::new(0)));
        let ears = Ears { cancel: cancel.clone(), controls: heard, wishes: wished, shown: shown.clone() };
        let id = owed.execution.clone();
        self.running.insert(id, Running { owed, cancel, controls, wishes, shown, code: None });
        ears
    }

    /// A session has ended; returns who gets its slot.
    pub(super) fn ended(&mut self, id: &ExecutionId) -> Option<Work> {
        self.running.remove(id);
        self.remember(id.clone());
        if self.running.len() >= self.max {
            return None;
        }
        let next = self.waiting.pop_front()?;
        self.waiting_bytes -= next.weight();
        Some(next)
    }

    pub(super) fn cancel(&mut self, id: &ExecutionId) -> Cancel {
        if let Some(running) = self.running.get(id) {
            running.cancel.cancel();
            return Cancel::Running;
        }
        let place = self.waiting.iter().position(|work| work.id() == id);
        if let Some(work) = place.and_then(|place| self.waiting.remove(place)) {
            self.waiting_bytes -= work.weight();
            self.remember(id.clone());
            return Cancel::Waiting(work.owed());
        }
        if self.ended.contains(id) { Cancel::Ended } else { Cancel::Unknown }
    }

    /// A word to a recording.
    pub(super) fn control(&self, id: &ExecutionId, control: RecordingControl) -> Control {
        match self.running.get(id) {
            Some(running) if running.owed.is_recording() => {
                // One that does not listen any more is about to end.
                let _ = running.controls.send(control);
                Control::Told
            }
            Some(_) => Control::Execution,
            None if self.is_live(id) => Control::Waiting,
            None if self.ended.contains(id) => Control::Ended,
            None => Control::Unknown,
        }
    }

    /// A word to a browser.
    pub(super) fn drive(&mut self, id: &ExecutionId, wish: LiveControl) -> Drive {
        match self.running.get(id) {
            Some(running) if running.owed.kind == Kind::Browser => {
                // One that does not listen any more is about to end.
                let _ = running.wishes.send(wish);
                Drive::Told
            }
            Some(_) => Drive::Other,
            None => match self.waiting.iter_mut().find(|work| work.id() == id) {
                Some(Work::Browser(_, wishes)) if wishes.len() < WISHES_MAX => {
                    wishes.push(wish);
                    Drive::Told
                }
                Some(Work::Browser(..)) => Drive::TooMuch,
                Some(_) => Drive::Other,
                None => Drive::Unknown(wish),
            },
        }
    }

    pub(super) fn cancel_all(&self) {
        self.running.values().for_each(|running| running.cancel.cancel());
    }

    /// Empties the queue.
    pub(super) fn give_up_waiting(&mut self) -> Vec<Owed> {
        self.waiting_bytes = 0;
        let all: Vec<_> = self.waiting.drain(..).map(|work| work.owed()).collect();
        all.iter().for_each(|owed| self.remember(owed.execution.clone()));
        all
    }

    /// Running and waiting sessions.
    pub(super) fn live(&self) -> impl Iterator<Item = &ExecutionId> {
        self.running.keys().chain(self.waiting.iter().map(Work::id))
    }

    /// A session that runs.
    pub(super) fn get(&mut self, id: &ExecutionId) -> Option<&mut Running> {
        self.running.get_mut(id)
    }

    pub(super) fn running(&self) -> usize {
        self.running.len()
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
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
    use crate::model::StartExecution;

    fn start(id: &str) -> Work {
        sized(id, 1)
    }

    fn sized(id: &str, bytes: usize) -> Work {
        let code = "x".repeat(bytes);
        Work::Execution(StartExecution { execution: id.into(), target: None, code, config: Default::default() })
    }

    fn owed(id: &str) -> Owed {
        Owed { execution: id.into(), kind: Kind::Execution }
    }

    fn names<'a>(ids: impl Iterator<Item = &'a ExecutionId>) -> Vec<&'a str> {
        ids.map(ExecutionId::as_str).collect()
    }

    #[test]
    fn first_in_first_out() {
        let mut slots = Slots::new(1, vec![]);
        assert_eq!(slots.offer(start("a")), Offer::Start(start("a")));
        slots.started(owed("a"));
        assert_eq!(slots.offer(start("b")), Offer::Waits(0));
        assert_eq!(slots.offer(start("c")), Offer::Waits(1));
        assert_eq!(names(slots.live()), ["a", "b", "c"]);
        let next = slots.ended(&"a".into()).unwrap();
        assert_eq!(next.id().as_str(), "b");
        slots.started(next.owed());
        assert_eq!(slots.ended(&"b".into()).unwrap().id().as_str(), "c");
    }

    #[test]
    fn nothing_runs_twice() {
        let mut slots = Slots::new(1, vec!["before".into()]);
        slots.started(owed("running"));
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
        let token = slots.started(owed("a")).cancel;
        slots.offer(start("b"));
        assert!(matches!(slots.cancel(&"a".into()), Cancel::Running));
        assert!(token.is_cancelled());
        assert!(matches!(slots.cancel(&"b".into()), Cancel::Waiting(_)));
        assert!(matches!(slots.cancel(&"b".into()), Cancel::Ended));
        assert!(matches!(slots.cancel(&"c".into()), Cancel::Unknown));
        assert_eq!(slots.ended(&"a".into()), None);
        assert!(matches!(slots.cancel(&"a".into()), Cancel::Ended));
    }

    #[test]
    fn the_queue_is_bounded() {
        let mut slots = Slots::new(1, vec![]);
        slots.started(owed("a"));
        assert_eq!(slots.offer(sized("big", WAITING_MAX_BYTES / 2)), Offer::Waits(0));
        assert_eq!(slots.offer(sized("second", WAITING_MAX_BYTES / 2)), Offer::Waits(1));
        assert_eq!(slots.offer(start("third")), Offer::Refused);
        slots.cancel(&"big".into());
        assert_eq!(slots.offer(start("third")), Offer::Waits(1));
        assert_eq!(names(slots.give_up_waiting().iter().map(|owed| &owed.execution)), ["second", "third"]);
        for n in 0..WAITING_MAX {
            assert_eq!(slots.offer(start(&n.to_string())), Offer::Waits(n));
        }
        assert_eq!(slots.offer(start("one more")), Offer::Refused);
    }
}
