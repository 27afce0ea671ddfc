//! What a hub says of its agents and sessions where others can look them up.

use super::{Phase, Relay};
use crate::hub::bus::PeerId;
use crate::hub::clock::Instant;
use crate::model::AgentId;
use serde_json::json;

impl Relay {
    /// A key and JSON for each agent with a connection of which `is_here` holds, for each session that such an agent has, and for
    /// those that wait where `waiting` says so.
    pub(in crate::hub) fn listed(
        &self,
        is_here: impl Fn(PeerId) -> bool,
        waiting: bool,
        now: Instant,
    ) -> Vec<(String, String)> {
        let here = |agent: &AgentId| self.agents.get(agent).and_then(|agent| agent.peer).is_some_and(&is_here);
        let agents = self.agents(now).into_iter().filter(|view| here(&view.agent_id));
        let agents = agents.map(|view| (format!("understudy:agent:{}", view.agent_id), json!(view).to_string()));
        let sessions = self.sessions.iter().filter_map(|(id, session)| {
            let (phase, agent) = match &session.phase {
                Phase::Waiting if waiting => ("waiting", None),
                Phase::Running(agent) if here(agent) => ("running", Some(agent)),
                Phase::Lost(agent) if here(agent) => ("lost", Some(agent)),
                _ => return None,
            };
            let about = json!({"sessionId": id, "userId": session.owner, "phase": phase, "agentId": agent});
            Some((format!("understudy:session:{id}"), about.to_string()))
        });
        agents.chain(sessions).collect()
    }
}
