//! Who is there: agents and users come, go, and come back.

use super::{Agent, Effect, Peer, Phase, Relay, Session};
use crate::dialect::Protocol;
use crate::dialect::hub::{Presence, Registration, Report, Word};
use crate::dialect::swe::rooms::Room as Topic;
use crate::hub::bus::{PeerId, Room};
use crate::hub::clock::Instant;
use crate::hub::sessions::Kind;
use crate::hub::token::{Identity, Role, UserId};
use crate::model::{AgentId, ExecutionId};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Relay {
    pub(super) fn connected(
        &mut self,
        peer: PeerId,
        protocol: Protocol,
        identity: Identity,
        spare: AgentId,
        now: Instant,
    ) {
        let chooses = protocol == Protocol::Testbro;
        if identity.role != Role::Agent && !chooses {
            self.effects.push(Effect::Join(peer, Room::User(identity.user.clone())));
            let all = if protocol == Protocol::Swe { Room::Topic(Topic::Global) } else { Room::Clients };
            self.effects.push(Effect::Join(peer, all));
            let missed = self.mailbox.enter(&identity.user).collect();
            self.effects.push(Effect::Replay(peer, missed));
            let status = |(id, agent): (&AgentId, &Agent)| Word::Agent {
                agent: id.clone(),
                name: agent.name.clone(),
                status: agent.status(now, self.timeout),
            };
            let statuses = self.agents.iter().map(status).map(Arc::new).collect();
            self.effects.push(Effect::Replay(peer, statuses));
        }
        let watched = BTreeSet::new();
        self.peers.insert(peer, Peer { identity, protocol, spare, agent: None, presence: None, chooses, watched });
    }

    pub(super) fn disconnected(&mut self, peer: PeerId, now: Instant) {
        let Some(gone) = self.peers.remove(&peer) else { return };
        match gone.agent {
            Some(id) => self.part(&id, peer, now),
            None if gone.identity.role != Role::Agent && !gone.chooses => self.mailbox.leave(&gone.identity.user),
            None => {}
        }
        let user = gone.identity.user;
        let is_left = |peer: &Peer| peer.presence.is_some() && peer.identity.user == user;
        if gone.presence.is_some_and(|presence| presence != Presence::Offline) && !self.peers.values().any(is_left) {
            self.publish(Room::Clients, Word::Presence { user: user.0, presence: Presence::Offline });
        }
    }

    /// The agent's connection is gone; its sessions wait for it to come back.
    fn part(&mut self, id: &AgentId, peer: PeerId, now: Instant) {
        if let Some(agent) = self.agents.get_mut(id)
            && agent.peer == Some(peer)
        {
            agent.peer = None;
            agent.heard = now;
            self.tell_status(id, now);
        }
    }

    pub(super) fn register(
        &mut self,
        peer: PeerId,
        user: &UserId,
        role: Role,
        registration: Registration,
        now: Instant,
    ) {
        if role == Role::Service {
            return self.refuse(peer, "agent:register: a token of the role `service` cannot be an agent's", None);
        }
        let Some(Peer { protocol, spare, agent: before, chooses, .. }) = self.peers.get(&peer) else { return };
        let (protocol, spare, before, chooses) = (*protocol, spare.clone(), before.clone(), *chooses);
        let same = |agent: &Agent| agent.is_plain() && agent.name == registration.name;
        if before.as_ref().and_then(|id| self.agents.get(id)).is_some_and(|agent| same(agent) || agent.is_extended())
            && protocol != Protocol::Testflow
            && !registration.extended
        {
            // It only says again how it stands.
            return;
        }
        let (listed, extended) = (registration.sessions.clone(), registration.extended);
        let leaves = registration.draining;
        self.stirred = true;
        let registered = match self.agents.register(peer, protocol, user, &spare, registration, now) {
            Ok(registered) => registered,
            Err(not_yours) => return self.refuse(peer, &not_yours.to_string(), None),
        };
        let id = registered.id;
        if before.is_none() && role != Role::Agent && !chooses {
            self.mailbox.leave(user);
        }
        if let Some(before) = before.filter(|before| *before != id) {
            self.effects.push(Effect::Leave(peer, Room::Agent(before.clone())));
            self.part(&before, peer, now);
        }
        if let Some(old) = registered.replaced {
            self.effects.push(Effect::Leave(old, Room::Agent(id.clone())));
            self.effects.push(Effect::Close(old));
        }
        self.effects.push(Effect::Leave(peer, Room::Clients));
        self.effects.push(Effect::Leave(peer, Room::User(user.clone())));
        self.effects.push(Effect::Join(peer, Room::Agent(id.clone())));
        if let Some(peer) = self.peers.get_mut(&peer) {
            peer.agent = Some(id.clone());
        }
        if extended {
            self.publish(Room::Agent(id.clone()), Word::Registered(id.clone()));
        }
        if let Some(listed) = listed {
            self.reconcile(&id, &listed, leaves, now);
        }
        let mut orders = registered.held;
        for ending in self.sessions.endings(&id) {
            if orders.iter().all(|held| held.command != ending.command) {
                orders.push(ending);
            }
        }
        for order in orders {
            self.hand_over(&id, order);
        }
        self.tell_status(&id, now);
    }

    /// An agent that is back, or that will go, says which sessions it still answers for.
    fn reconcile(&mut self, id: &AgentId, listed: &[ExecutionId], leaves: bool, now: Instant) {
        let mut given_back = Vec::new();
        for session_id in self.sessions.of_agent(id) {
            let Some(agent) = self.agents.get_mut(id) else { return };
            let Some(session) = self.sessions.get_mut(&session_id) else { continue };
            match (listed.contains(&session_id), &session.start, &session.phase) {
                (true, _, Phase::Lost(_)) => {
                    agent.running.insert(session_id.clone());
                    self.sessions.find(&session_id);
                }
                (true, _, _) => {}
                // The command and the agent's word that it takes no more crossed.
                (false, Some(_), Phase::Running(_))
                    if leaves && session.ending.is_none() && session.kind != Kind::Browser =>
                {
                    agent.running.remove(&session_id);
                    self.sessions.requeue(&session_id);
                    given_back.push(session_id.clone());
                }
                // The command got lost with the connection.
                (false, Some(start), Phase::Running(_)) => {
                    let start = start.clone();
                    self.hand_over(id, start);
                }
                (false, None, Phase::Running(_)) => {
                    agent.running.remove(&session_id);
                    let message = format!("The agent {} was restarted and has lost this session", agent.name);
                    if let Some(session) = self.sessions.end(&session_id) {
                        self.tell_of(&session.owner, Report::lost(&session_id, message));
                    }
                }
                (false, _, _) => drop(self.sessions.end(&session_id)),
            }
            self.show(&session_id, now);
        }
        self.assign(now);
        let waits: Vec<_> = self.sessions.queue().map(|(id, _)| id.clone()).enumerate().collect();
        for (place, id) in waits.into_iter().filter(|(_, id)| given_back.contains(id)) {
            self.tell_wait(&id, place, now);
        }
    }

    /// Tells the owners that the outcome is unknown; should the agent come back with it, it is still relayed.
    pub(super) fn give_up_sessions(&mut self, id: &AgentId, now: Instant) {
        let Some(agent) = self.agents.get_mut(id) else { return };
        let seconds = self.timeout.as_secs();
        let message = format!(
            "The agent {} has not been heard for {seconds} s: the outcome of this session is unknown",
            agent.name
        );
        let forgets = !agent.keeps_word();
        for session in std::mem::take(&mut agent.running) {
            if forgets {
                self.fail(&session, message.clone(), now);
                continue;
            }
            self.sessions.lose(&session);
            if let Some(Session { owner, .. }) = self.sessions.get_mut(&session) {
                let owner = owner.clone();
                self.tell_error(&owner, &session, message.clone());
                self.show(&session, now);
            }
        }
    }
}
