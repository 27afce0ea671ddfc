//! The sessions a hub relays: whose they are, which agent has them, which wait.

use super::clock::Instant;
use super::kept::{maybe_order, orders};
use super::token::UserId;
use crate::dialect::hub::{Order, Wanted, Word};
use crate::model::{AgentId, ExecutionId, TestFlowId};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// How many ended sessions are remembered so that a start that comes again is not run again.
const ENDED_MAX: usize = 1_000;

/// How many sessions without a verdict are remembered after their agent was lost.
const LOST_MAX: usize = 1_000;

/// How many sessions may wait for an agent, of all users and of one: nobody fills the queue alone.
const WAITING_MAX: usize = 10_000;
const WAITING_MAX_OF_USER: usize = 1_000;

/// What the commands of all waiting sessions may weigh, bytes: 25,000 specs of 10 kB.
const WAITING_MAX_BYTES: usize = 256 << 20;

/// What may be said to a session while it waits: words, and bytes.
const THEN_MAX: usize = 100;
const THEN_MAX_BYTES: usize = 1 << 20;

/// Where a session is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Phase {
    /// In the queue.
    Waiting,
    /// Takes a slot of an agent.
    Running(AgentId),
    /// Its owner was told that it went wrong, but its agent may still bring the truth.
    Lost(AgentId),
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Session {
    pub(super) owner: UserId,
    pub(super) kind: Kind,
    /// Who may have it.
    pub(super) wants: Wanted,
    pub(super) phase: Phase,
    /// The command that starts it, until its agent has said a word on it.
    #[serde(with = "maybe_order")]
    pub(super) start: Option<Arc<Order>>,
    /// The last word that was to end it: said again to an agent that comes back with it, for it may have been lost on the way.
    #[serde(with = "maybe_order")]
    pub(super) ending: Option<Arc<Order>>,
    /// What an agent that counts nothing has said of it.
    pub(super) tally: Tally,
    /// Why it waits, once its owner was told.
    waits: Option<Waits>,
    /// What was said to it while it waited.
    #[serde(with = "orders")]
    then: Vec<Arc<Order>>,
}

/// Why a session waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waits {
    /// For people.
    pub(super) why: String,
    /// Since when no agent is there that could ever take it.
    pub(super) alone: Option<Instant>,
}

/// What is going on in a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    Execution,
    /// The recording of a flow.
    Recording(TestFlowId),
    /// A browser that is driven from afar.
    Browser,
}

/// What an agent that counts nothing has said of a session.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Tally {
    /// The number of the last step.
    pub(super) steps: u32,
    /// What that did.
    pub(super) last: Option<String>,
    /// The output, as it was listed last.
    pub(super) logs: Vec<String>,
    /// Since when an agent has it.
    pub(super) since: Option<Instant>,
}

impl Session {
    /// One that waits.
    pub(super) fn new(owner: UserId, kind: Kind, wants: Wanted, start: Arc<Order>) -> Self {
        Self {
            owner,
            kind,
            wants,
            phase: Phase::Waiting,
            start: Some(start),
            ending: None,
            tally: Tally::default(),
            waits: None,
            then: Vec::new(),
        }
    }

    /// Why it waits, for people; none where it does not, or may not have to.
    pub(super) fn reason(&self) -> Option<&str> {
        self.waits.as_ref().map(|waits| waits.why.as_str())
    }

    /// Since when it waits without any agent that could ever take it.
    pub(super) fn alone_since(&self) -> Option<Instant> {
        self.waits.as_ref().and_then(|waits| waits.alone)
    }

    /// Keeps what is said to it until an agent has it; whether there was room.
    pub(super) fn then(&mut self, order: Arc<Order>) -> bool {
        let weight = |order: &Arc<Order>| Word::Command(order.clone()).bytes();
        let bytes = self.then.iter().map(weight).sum::<usize>() + weight(&order);
        let fits = self.then.len() < THEN_MAX && bytes <= THEN_MAX_BYTES;
        if fits {
            self.then.push(order);
        }
        fits
    }

    fn bytes(&self) -> usize {
        self.start.as_ref().map_or(0, |start| Word::Command(start.clone()).bytes())
    }
}

/// What an id stands for, as one user may know it.
#[derive(Debug)]
pub(super) enum Known<'a> {
    /// A session of that user.
    Live(&'a mut Session),
    /// A session of that user that ended lately.
    Ended,
    /// A session of somebody else, live or ended.
    Foreign,
    /// Nothing.
    Unknown,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Sessions {
    live: HashMap<ExecutionId, Session>,
    waiting: VecDeque<ExecutionId>,
    waiting_bytes: usize,
    lost: VecDeque<ExecutionId>,
    ended: HashMap<ExecutionId, UserId>,
    ended_order: VecDeque<ExecutionId>,
}

impl Sessions {
    pub(super) fn look_up(&mut self, id: &ExecutionId, user: &UserId) -> Known<'_> {
        match (self.live.get_mut(id), self.ended.get(id)) {
            (Some(session), _) if session.owner == *user => Known::Live(session),
            (None, Some(owner)) if owner == user => Known::Ended,
            (None, None) => Known::Unknown,
            _ => Known::Foreign,
        }
    }

    /// Where a session is; none once it has ended.
    pub(super) fn phase(&self, id: &ExecutionId) -> Option<&Phase> {
        self.live.get(id).map(|session| &session.phase)
    }

    pub(super) fn get(&self, id: &ExecutionId) -> Option<&Session> {
        self.live.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &ExecutionId) -> Option<&mut Session> {
        self.live.get_mut(id)
    }

    /// Whether one more session of this user may wait.
    pub(super) fn has_room(&self, user: &UserId) -> bool {
        let of_user = || self.waiting.iter().filter(|id| self.live.get(*id).is_some_and(|its| its.owner == *user));
        self.waiting.len() < WAITING_MAX
            && self.waiting_bytes < WAITING_MAX_BYTES
            && (self.waiting.len() < WAITING_MAX_OF_USER || of_user().count() < WAITING_MAX_OF_USER)
    }

    pub(super) fn enqueue(&mut self, id: ExecutionId, session: Session) {
        self.waiting_bytes += session.bytes();
        self.waiting.push_back(id.clone());
        self.live.insert(id, session);
    }

    /// All that have not ended.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&ExecutionId, &Session)> {
        self.live.iter()
    }

    /// The sessions that wait, longest first.
    pub(super) fn queue(&self) -> impl Iterator<Item = (&ExecutionId, &Session)> {
        self.waiting.iter().filter_map(|id| Some((id, self.live.get(id)?)))
    }

    /// Notes why one in the queue waits.
    pub(super) fn waits(&mut self, id: &ExecutionId, why: Waits) {
        if let Some(session) = self.live.get_mut(id).filter(|session| session.phase == Phase::Waiting) {
            session.waits = Some(why);
        }
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Gives one in the queue to an agent: what that is to be told, in order.
    pub(super) fn start(&mut self, id: &ExecutionId, agent: AgentId, now: Instant) -> Vec<Arc<Order>> {
        let Some(place) = self.waiting.iter().position(|other| other == id) else { return Vec::new() };
        self.waiting.remove(place);
        let Some(session) = self.live.get_mut(id) else { return Vec::new() };
        self.waiting_bytes -= session.bytes();
        session.phase = Phase::Running(agent);
        session.waits = None;
        session.tally.since = Some(now);
        let then = std::mem::take(&mut session.then);
        session.start.clone().into_iter().chain(then).collect()
    }

    /// Moves a session that was given to an agent, which has not begun it, back to the first of those that wait.
    pub(super) fn requeue(&mut self, id: &ExecutionId) {
        let Some(session) = self.live.get_mut(id) else { return };
        session.phase = Phase::Waiting;
        self.waiting_bytes += session.bytes();
        self.waiting.push_front(id.clone());
    }

    /// Forgets that a session of this id has ended.
    pub(super) fn forget(&mut self, id: &ExecutionId) {
        if self.ended.remove(id).is_some() {
            self.ended_order.retain(|other| other != id);
        }
    }

    /// Moves a running session to the lost ones, of which only the newest are kept.
    pub(super) fn lose(&mut self, id: &ExecutionId) {
        let Some(session) = self.live.get_mut(id) else { return };
        let Phase::Running(agent) = &session.phase else { return };
        session.phase = Phase::Lost(agent.clone());
        session.start = None;
        self.lost.push_back(id.clone());
        if self.lost.len() > LOST_MAX
            && let Some(oldest) = self.lost.pop_front()
        {
            self.end(&oldest);
        }
    }

    /// Moves a lost session back to the running ones.
    pub(super) fn find(&mut self, id: &ExecutionId) {
        let Some(session) = self.live.get_mut(id) else { return };
        if let Phase::Lost(agent) = &session.phase {
            session.phase = Phase::Running(agent.clone());
            self.lost.retain(|other| other != id);
        }
    }

    /// Ends a session in any phase; its id is remembered.
    pub(super) fn end(&mut self, id: &ExecutionId) -> Option<Session> {
        let session = self.live.remove(id)?;
        match session.phase {
            Phase::Waiting => {
                self.waiting_bytes -= session.bytes();
                self.waiting.retain(|other| other != id);
            }
            Phase::Lost(_) => self.lost.retain(|other| other != id),
            Phase::Running(_) => {}
        }
        self.ended.insert(id.clone(), session.owner.clone());
        self.ended_order.push_back(id.clone());
        if self.ended_order.len() > ENDED_MAX
            && let Some(oldest) = self.ended_order.pop_front()
        {
            self.ended.remove(&oldest);
        }
        Some(session)
    }

    /// Forgets a waiting session as if it had never been started: it may be started again under the same id.
    pub(super) fn withdraw(&mut self, id: &ExecutionId) -> Option<Session> {
        let place = self.waiting.iter().position(|other| other == id)?;
        self.waiting.remove(place);
        let session = self.live.remove(id)?;
        self.waiting_bytes -= session.bytes();
        Some(session)
    }

    /// How those that an agent has were to end.
    pub(super) fn endings(&self, agent: &AgentId) -> impl Iterator<Item = Arc<Order>> {
        self.of_agent(agent).into_iter().filter_map(|id| self.live.get(&id)?.ending.clone())
    }

    /// The sessions an agent has, running or lost.
    pub(super) fn of_agent(&self, agent: &AgentId) -> Vec<ExecutionId> {
        let has = |session: &Session| match &session.phase {
            Phase::Running(its) | Phase::Lost(its) => its == agent,
            Phase::Waiting => false,
        };
        let mut ids: Vec<_> = self.live.iter().filter(|(_, session)| has(session)).map(|(id, _)| id.clone()).collect();
        ids.sort();
        ids
    }
}
