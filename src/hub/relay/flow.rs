//! A session's way: from its start to an agent, from the agent's words to its owner.

use super::waiting::Missing;
use super::{Known, Phase, Relay, Session};
use crate::dialect::hub::{Control, Meaning, Order, Report, Subject, Wanted, Word};
use crate::hub::bus::{PeerId, Room};
use crate::hub::clock::Instant;
use crate::hub::sessions::Kind;
use crate::hub::token::UserId;
use crate::model::live::LiveNews;
use crate::model::{AgentId, Command, Event, ExecutionId};
use std::sync::Arc;

/// What the protocols say of a recording that was cancelled.
const RECORDING_CANCELLED: &str = "Recording cancelled";

/// The exit code of an execution that was cancelled.
const EXIT_CANCELLED: i32 = 130;

impl Relay {
    pub(super) fn start(&mut self, peer: PeerId, user: UserId, order: Arc<Order>, wants: Wanted, now: Instant) {
        let id = order.command.session().clone();
        match self.sessions.look_up(&id, &user) {
            Known::Unknown => {}
            Known::Foreign => return self.refuse(peer, "This id is in use: choose another", Some(&id)),
            Known::Live(_) | Known::Ended => {
                tracing::info!(session = %id, "not starting a session twice");
                return;
            }
        }
        if let Some(Missing { what, cure }) = self.missing(&order.command, &wants, now) {
            return self.refuse(peer, &format!("{what}: {cure}"), Some(&id));
        }
        if !self.sessions.has_room(&user) {
            let message = format!("{} sessions are waiting already: try again later", self.sessions.waiting());
            return self.refuse(peer, &message, Some(&id));
        }
        self.history.begin(&id, &user, order.clone(), now);
        let kind = match &order.command {
            Command::StartRecording(start) => Kind::Recording(start.flow.clone()),
            Command::Live { .. } => Kind::Browser,
            _ => Kind::Execution,
        };
        if kind == Kind::Execution && self.peers.get(&peer).is_some_and(|peer| peer.chooses) {
            self.watch_own(peer, &user, Subject::Execution, &id);
        }
        let session = Session::new(user, kind, wants, order);
        self.sessions.enqueue(id.clone(), session);
        self.show_start(&id, now);
        self.assign(now);
        if self.sessions.phase(&id) == Some(&Phase::Waiting) {
            self.tell_wait(&id, self.sessions.waiting() - 1, now);
        }
    }

    /// Starts what was made before; a client that asks once more for what runs goes on hearing of it.
    pub(super) fn start_run(&mut self, peer: PeerId, user: UserId, run: String, now: Instant) {
        match self.runs.order(&run, &user) {
            Some((order, wants)) => self.start(peer, user, order, wants, now),
            None => {
                let message =
                    format!("There is no run {run}: create it by POST /api/runs, or send `code` or `actions`");
                self.refuse(peer, &message, Some(&ExecutionId(run)));
            }
        }
    }

    pub(super) fn control(&mut self, peer: PeerId, user: &UserId, control: Control, order: Arc<Order>, now: Instant) {
        let id = order.command.session();
        let session = match self.sessions.look_up(id, user) {
            Known::Live(session) => session,
            // It crossed the session's end.
            Known::Ended => return,
            Known::Foreign | Known::Unknown => {
                let message = format!("{}: no session of yours has this id", order.raw.name);
                return self.refuse(peer, &message, Some(id));
            }
        };
        match session.phase.clone() {
            // Held until the agent is back, it would hit whatever is there then.
            Phase::Running(agent) | Phase::Lost(agent)
                if control == Control::Input && !self.agents.is_there(&agent) => {}
            Phase::Running(agent) if control == Control::Cancel && !self.agents.understands(&agent, &order.command) => {
                // It goes on with it, unheard, and takes nothing else meanwhile.
                let complete = cancelled(id, session.kind.clone());
                self.sessions.end(id);
                self.tell_of(user, Report::own(id, complete));
                self.show(id, now);
            }
            Phase::Running(agent) | Phase::Lost(agent) => {
                if order.command.ends() {
                    session.ending = Some(order.clone());
                }
                self.command(&agent, order);
            }
            Phase::Waiting if control == Control::Cancel => {
                let complete = cancelled(id, session.kind.clone());
                self.sessions.end(id);
                self.tell_of(user, Report::own(id, complete));
                self.show(id, now);
            }
            Phase::Waiting => {
                let message = format!("{}: this session still waits for an agent", order.raw.name);
                self.refuse(peer, &message, Some(id));
            }
        }
    }

    pub(super) fn event(&mut self, agent_id: &AgentId, mut report: Report, event_id: Option<String>, now: Instant) {
        let (id, means) = (&report.session.clone(), report.means);
        let Some(agent) = self.agents.get_mut(agent_id) else { return };
        if event_id.is_some_and(|event_id| agent.is_repeated(event_id)) {
            return;
        }
        report.agent = Some(agent.name.clone());
        let Some(session) = self.sessions.get_mut(id) else {
            tracing::debug!(session = %id, ?means, "dropping an event of no session");
            if means == Meaning::Complete && agent.running.remove(id) {
                self.assign(now);
                self.tell_status(agent_id, now);
            }
            return;
        };
        let mut found = false;
        let refused = match &session.phase {
            Phase::Running(its) if its == agent_id => means == Meaning::Error && session.start.is_some(),
            Phase::Lost(its) if its == agent_id => {
                found = !matches!(means, Meaning::Error | Meaning::Complete);
                false
            }
            _ => {
                tracing::warn!(session = %id, agent = %agent_id, "dropping an event about another agent's session");
                return;
            }
        };
        session.start = None;
        let owner = session.owner.clone();
        if refused {
            agent.running.remove(id);
            self.sessions.lose(id);
        } else if found {
            agent.running.insert(id.clone());
            self.sessions.find(id);
        } else if means == Meaning::Complete {
            agent.running.remove(id);
            self.sessions.end(id);
        }
        self.tell_of(&owner, report);
        if refused || found || means == Meaning::Complete {
            self.show(id, now);
        }
        // First: an agent that goes on with the next session has not been idle.
        self.assign(now);
        self.tell_status(agent_id, now);
    }

    /// Gives waiting sessions to agents with free slots.
    pub(super) fn assign(&mut self, now: Instant) {
        while let Some((id, agent)) = self.next_match(now) {
            let orders = self.sessions.start(&id, agent.clone(), now);
            if !orders.is_empty() {
                orders.into_iter().for_each(|order| self.command(&agent, order));
                self.history.assign(&id, &agent);
                self.show(&id, now);
            }
            self.tell_status(&agent, now);
        }
    }

    /// The session that waited longest of those that an agent can take now, and that agent.
    fn next_match(&mut self, now: Instant) -> Option<(ExecutionId, AgentId)> {
        if !self.agents.any_free(now) {
            return None;
        }
        self.sessions.queue().find_map(|(id, session)| Some((id.clone(), self.agents.assign(id, session, now)?)))
    }

    pub(super) fn command(&mut self, id: &AgentId, order: Arc<Order>) {
        match self.agents.get_mut(id) {
            Some(agent) if agent.peer.is_none() => agent.hold(order),
            Some(_) => self.hand_over(id, order),
            None => {}
        }
    }

    /// Tells the agent, in words that it understands.
    pub(super) fn hand_over(&mut self, id: &AgentId, order: Arc<Order>) {
        let word = match self.agents.get(id) {
            Some(agent) if agent.is_plain() => Word::Work(order),
            _ => Word::Command(order),
        };
        self.publish(Room::Agent(id.clone()), word);
    }
}

/// The end of a session that was cancelled before an agent had it.
fn cancelled(id: &ExecutionId, kind: Kind) -> Event {
    let execution = id.clone();
    match kind {
        Kind::Execution => Event::ExecutionComplete { execution, exit_code: EXIT_CANCELLED, duration_ms: 0 },
        Kind::Browser => Event::Live { execution, news: LiveNews::Closed(None) },
        Kind::Recording(flow) => {
            let message = Some(RECORDING_CANCELLED.to_owned());
            Event::RecordingComplete { flow, execution, success: false, code: None, message }
        }
    }
}
