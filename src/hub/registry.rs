//! The agents a hub knows and how each stands.

use super::bus::PeerId;
use super::clock::Instant;
use super::kept::orders;
use super::sessions::Session;
use super::token::UserId;
use crate::dialect::Protocol;
use crate::dialect::hub::{AgentStatus, Order, Registration, Wanted, Word, plain};
use crate::model::{AgentId, Command, ExecutionId, Labels};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// How many agents are remembered; beyond, those that are offline longest are forgotten.
const AGENTS_MAX: usize = 1_000;

/// How many event ids are remembered for each agent: more than its outbox sends before it waits for receipts.
const EVENT_IDS_MAX: usize = 4_096;

/// How many commands wait for an agent that is away, and what they may weigh, bytes.
const HELD_MAX: usize = 1_000;
const HELD_MAX_BYTES: usize = 4 << 20;

/// More sessions at a time are not given to one agent, whatever it says it can take.
const SLOTS_MAX: u32 = 256;

/// An agent, connected or not.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Agent {
    pub(super) user: UserId,
    pub(super) name: String,
    pub(super) system_info: Value,
    pub(super) labels: Labels,
    pub(super) slots: u32,
    /// None while it is away.
    pub(super) peer: Option<PeerId>,
    /// When it was last heard of; when it left, while it is away.
    pub(super) heard: Instant,
    /// The sessions that take its slots.
    pub(super) running: BTreeSet<ExecutionId>,
    /// What clients were last told.
    pub(super) told: AgentStatus,
    /// Whether the agent itself names its id.
    keeps_id: bool,
    protocol: Protocol,
    /// Whether it takes nothing new.
    #[serde(default)]
    draining: bool,
    /// Whether it knows what is ours.
    extended: bool,
    #[serde(with = "orders")]
    held: Vec<Arc<Order>>,
    turn: u64,
    seen: HashSet<String>,
    seen_order: VecDeque<String>,
}

impl Agent {
    pub(super) fn status(&self, now: Instant, timeout: Duration) -> AgentStatus {
        if self.peer.is_none() || now >= self.heard + timeout {
            AgentStatus::Offline
        } else if self.running.is_empty() {
            AgentStatus::Online
        } else {
            AgentStatus::Busy
        }
    }

    /// Whether it knows nothing but its protocol, and that is not the one that most of ours is made of.
    pub(super) fn is_plain(&self) -> bool {
        !self.extended && self.protocol != Protocol::Testflow
    }

    /// Whether it knows what is ours.
    pub(super) fn is_extended(&self) -> bool {
        self.extended
    }

    /// Whether it tells, however late, how a session has ended.
    pub(super) fn keeps_word(&self) -> bool {
        !self.is_plain()
    }

    fn understands(&self, command: &Command) -> bool {
        self.extended || plain::understands(self.protocol, command)
    }

    fn is_free(&self, now: Instant, timeout: Duration) -> bool {
        self.status(now, timeout) != AgentStatus::Offline && !self.draining && self.running.len() < self.slots as usize
    }

    /// Keeps a command until the agent is back.
    pub(super) fn hold(&mut self, order: Arc<Order>) {
        let weight = |order: &Arc<Order>| Word::Command(order.clone()).bytes();
        let bytes: usize = self.held.iter().map(weight).sum();
        if self.held.len() < HELD_MAX && bytes + weight(&order) <= HELD_MAX_BYTES {
            self.held.push(order);
        }
    }

    /// Whether an event of this id came before.
    pub(super) fn is_repeated(&mut self, event: String) -> bool {
        if !self.seen.insert(event.clone()) {
            return true;
        }
        self.seen_order.push_back(event);
        if self.seen_order.len() > EVENT_IDS_MAX
            && let Some(oldest) = self.seen_order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        false
    }
}

/// The id is taken by an agent of somebody else.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the agent id {0} belongs to another user: remove the agent's state folder or use that user's token")]
pub(super) struct NotYours(AgentId);

/// What a registration changed.
#[derive(Debug)]
pub(super) struct Registered {
    pub(super) id: AgentId,
    /// The connection that it replaces, if the agent had one.
    pub(super) replaced: Option<PeerId>,
    /// Commands that waited for it.
    pub(super) held: Vec<Arc<Order>>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Registry {
    agents: BTreeMap<AgentId, Agent>,
    timeout: Duration,
    turn: u64,
}

impl Registry {
    pub(super) fn new(timeout: Duration) -> Self {
        Self { agents: BTreeMap::new(), timeout, turn: 0 }
    }

    /// Takes the agent in. One that names no id is recognised by user and name if it is away, else gets `spare`.
    pub(super) fn register(
        &mut self,
        peer: PeerId,
        protocol: Protocol,
        user: &UserId,
        spare: &AgentId,
        registration: Registration,
        now: Instant,
    ) -> Result<Registered, NotYours> {
        let keeps_id = registration.agent.is_some();
        let id = registration.agent.unwrap_or_else(|| {
            let known = self.agents.iter().find(|(_, agent)| {
                let away = agent.peer.is_none() || agent.peer == Some(peer);
                !agent.keeps_id && away && agent.user == *user && agent.name == registration.name
            });
            known.map_or(spare, |(id, _)| id).clone()
        });
        if self.agents.get(&id).is_some_and(|agent| agent.user != *user) {
            return Err(NotYours(id));
        }
        self.forget_one_too_many();
        let agent = self.agents.entry(id.clone()).or_insert_with(|| Agent {
            user: user.clone(),
            name: String::new(),
            system_info: Value::Null,
            labels: Labels::default(),
            slots: 1,
            peer: None,
            heard: now,
            running: BTreeSet::new(),
            told: AgentStatus::Offline,
            keeps_id,
            protocol,
            draining: false,
            extended: false,
            held: Vec::new(),
            turn: 0,
            seen: HashSet::new(),
            seen_order: VecDeque::new(),
        });
        agent.name = registration.name;
        (agent.protocol, agent.extended) = (protocol, registration.extended);
        agent.system_info = registration.system_info;
        agent.labels = registration.labels;
        agent.draining = registration.draining;
        agent.slots = registration.max_sessions.unwrap_or(1).clamp(1, SLOTS_MAX);
        agent.heard = now;
        let replaced = agent.peer.replace(peer).filter(|old| *old != peer);
        Ok(Registered { id, replaced, held: std::mem::take(&mut agent.held) })
    }

    fn forget_one_too_many(&mut self) {
        if self.agents.len() < AGENTS_MAX {
            return;
        }
        let idle = self.agents.iter().filter(|(_, agent)| agent.peer.is_none() && agent.running.is_empty());
        if let Some(id) = idle.min_by_key(|(_, agent)| agent.heard).map(|(id, _)| id.clone()) {
            self.agents.remove(&id);
        }
    }

    /// Of the agents that are wanted and have a free slot the one that has least to do, then the one whose turn was longest ago; the slot
    /// is taken.
    pub(super) fn assign(&mut self, id: &ExecutionId, session: &Session, now: Instant) -> Option<AgentId> {
        let (wants, command) = (&session.wants, session.start.as_ref().map(|start| &start.command));
        let able = |agent: &Agent| command.is_none_or(|command| agent.understands(command));
        let free = self
            .agents
            .iter_mut()
            .filter(|(id, agent)| agent.is_free(now, self.timeout) && wants.takes(id, &agent.labels) && able(agent));
        let session = id;
        let (id, agent) = free.min_by_key(|(_, agent)| (agent.running.len(), agent.turn))?;
        self.turn += 1;
        agent.turn = self.turn;
        agent.running.insert(session.clone());
        Some(id.clone())
    }

    /// Whether any agent could take work now.
    pub(super) fn any_free(&self, now: Instant) -> bool {
        self.agents.values().any(|agent| agent.is_free(now, self.timeout))
    }

    /// Whether this agent has a connection.
    pub(super) fn is_there(&self, id: &AgentId) -> bool {
        self.agents.get(id).is_some_and(|agent| agent.peer.is_some())
    }

    /// Whether this agent knows what that is.
    pub(super) fn understands(&self, id: &AgentId, command: &Command) -> bool {
        self.agents.get(id).is_none_or(|agent| agent.understands(command))
    }

    /// Whether any agent that is wanted could do this now or once it has a free slot.
    pub(super) fn any_online_for(&self, command: &Command, wants: &Wanted, now: Instant) -> bool {
        self.wanted(wants, now).any(|agent| agent.understands(command))
    }

    /// Whether any agent that is wanted could take work now or once it has a free slot.
    pub(super) fn any_wanted(&self, wants: &Wanted, now: Instant) -> bool {
        self.wanted(wants, now).next().is_some()
    }

    fn wanted(&self, wants: &Wanted, now: Instant) -> impl Iterator<Item = &Agent> {
        let online = move |agent: &Agent| agent.status(now, self.timeout) != AgentStatus::Offline;
        self.agents
            .iter()
            .filter(move |(id, agent)| wants.takes(id, &agent.labels) && online(agent))
            .map(|(_, agent)| agent)
    }

    /// Whether any agent could take work now or once it has a free slot.
    pub(super) fn any_online(&self, now: Instant) -> bool {
        self.agents.values().any(|agent| agent.status(now, self.timeout) != AgentStatus::Offline)
    }

    pub(super) fn get(&self, id: &AgentId) -> Option<&Agent> {
        self.agents.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &AgentId) -> Option<&mut Agent> {
        self.agents.get_mut(id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&AgentId, &Agent)> {
        self.agents.iter()
    }

    /// The agent's new status, if clients have not been told of it.
    pub(super) fn untold(&mut self, id: &AgentId, now: Instant) -> Option<AgentStatus> {
        let agent = self.agents.get_mut(id)?;
        let status = agent.status(now, self.timeout);
        (std::mem::replace(&mut agent.told, status) != status).then_some(status)
    }

    /// When the next agent will have been silent for too long.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let waited_for = |agent: &&Agent| agent.told != AgentStatus::Offline || !agent.running.is_empty();
        self.agents.values().filter(waited_for).map(|agent| agent.heard + self.timeout).min()
    }
}
