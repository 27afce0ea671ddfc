//! A session's way: from its start to an agent, from the agent's words to its owner.

use super::{Effect, Known, Phase, Relay, Session};
use crate::dialect::testflow::hub::{self as testflow, Control, Meaning};
use crate::hub::bus::{Message, PeerId, Room};
use crate::hub::token::UserId;
use crate::model::{AgentId, ExecutionId};
use std::time::Instant;

impl Relay {
    pub(super) fn start(&mut self, peer: PeerId, id: ExecutionId, session: Session, now: Instant) {
        let user = session.owner.clone();
        match self.sessions.look_up(&id, &user) {
            Known::Unknown => {}
            Known::Foreign => return self.refuse(peer, "This id is in use: choose another", Some(&id)),
            Known::Live(_) | Known::Ended => {
                tracing::info!(session = %id, "not starting a session twice");
                return;
            }
        }
        if !self.agents.any_online(now) {
            let message = "No agent is connected: start one with `understudy agent` and try again";
            return self.refuse(peer, message, Some(&id));
        }
        if let Some(wanted) = session.wants.as_ref().filter(|wanted| !self.agents.is_online(wanted, now)) {
            let message = format!("The agent {wanted} is not connected: start it, or leave the choice to the hub");
            return self.refuse(peer, &message, Some(&id));
        }
        if !self.sessions.has_room(&user) {
            let message = format!("{} sessions are waiting already: try again later", self.sessions.waiting());
            return self.refuse(peer, &message, Some(&id));
        }
        let wants_one = session.wants.is_some();
        if let Some(start) = &session.start {
            self.history.begin(&id, &user, start.clone(), now);
        }
        self.sessions.enqueue(id.clone(), session);
        self.show_start(&id, now);
        self.assign(now);
        if self.sessions.get_mut(&id).is_some_and(|session| session.phase == Phase::Waiting) {
            let message = match self.sessions.waiting() - 1 {
                _ if wants_one => "The agent is busy: this session waits for it".to_owned(),
                0 => "All agents are busy: this session is next".to_owned(),
                1 => "All agents are busy: 1 session is before this one".to_owned(),
                n => format!("All agents are busy: {n} sessions are before this one"),
            };
            self.tell_of(&user, &id, testflow::waits(&id, &message));
        }
    }

    pub(super) fn control(
        &mut self,
        peer: PeerId,
        user: &UserId,
        id: &ExecutionId,
        control: Control,
        command: Message,
        now: Instant,
    ) {
        let session = match self.sessions.look_up(id, user) {
            Known::Live(session) => session,
            // It crossed the session's end.
            Known::Ended => return,
            Known::Foreign | Known::Unknown => {
                let message = format!("{}: no session of yours has this id", command.name);
                return self.refuse(peer, &message, Some(id));
            }
        };
        match session.phase.clone() {
            // Held until the agent is back, it would hit whatever is there then.
            Phase::Running(agent) | Phase::Lost(agent)
                if control == Control::Input && !self.agents.is_there(&agent) => {}
            Phase::Running(agent) | Phase::Lost(agent) => self.command(&agent, command),
            Phase::Waiting if control == Control::Cancel => {
                let complete = testflow::cancelled(id, &session.kind);
                self.sessions.end(id);
                self.tell_of(user, id, complete);
                self.show(id, now);
            }
            Phase::Waiting => {
                let message = format!("{}: this session still waits for an agent", command.name);
                self.refuse(peer, &message, Some(id));
            }
        }
    }

    pub(super) fn event(
        &mut self,
        agent_id: &AgentId,
        id: &ExecutionId,
        means: Meaning,
        event_id: Option<String>,
        event: Message,
        now: Instant,
    ) {
        let Some(agent) = self.agents.get_mut(agent_id) else { return };
        if event_id.is_some_and(|event_id| agent.is_repeated(event_id)) {
            return;
        }
        let Some(session) = self.sessions.get_mut(id) else {
            tracing::debug!(session = %id, event = %event.name, "dropping an event of no session");
            return;
        };
        let mut found = false;
        let refused = match &session.phase {
            Phase::Running(its) if its == agent_id => means == Meaning::Error && session.start.is_some(),
            Phase::Lost(its) if its == agent_id => {
                found = matches!(means, Meaning::Progress | Meaning::Picture);
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
        let event = match means {
            Meaning::Picture => event.picture_of(id),
            Meaning::Complete => event.end_of(id),
            Meaning::Progress | Meaning::Error => event,
        };
        self.tell_of(&owner, id, event);
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
            if let Some(start) = self.sessions.start(&id, agent.clone()) {
                self.command(&agent, start);
                self.history.assign(&id, &agent);
                self.show(&id, now);
            }
            self.tell_status(&agent, now);
        }
        let deserted = self.sessions.waiting() > 0 && !self.agents.any_online(now);
        self.deserted = if deserted { self.deserted.or(Some(now)) } else { None };
    }

    /// The session that waited longest of those that an agent can take now, and that agent.
    fn next_match(&mut self, now: Instant) -> Option<(ExecutionId, AgentId)> {
        if !self.agents.any_free(now) {
            return None;
        }
        self.sessions.queue().find_map(|(id, wants)| Some((id.clone(), self.agents.assign(id, wants, now)?)))
    }

    fn command(&mut self, id: &AgentId, command: Message) {
        match self.agents.get_mut(id) {
            Some(agent) if agent.peer.is_none() => agent.hold(command),
            Some(_) => self.effects.push(Effect::Publish(Room::Agent(id.clone()), command)),
            None => {}
        }
    }
}
