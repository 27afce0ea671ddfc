//! What a hub says of its agents and sessions where others can look them up.

use super::watch::told_phase;
use super::{Known, Phase, Relay};
use crate::dialect::ai_run::messages::StartAgent;
use crate::dialect::hub::SessionPhase;
use crate::hub::bus::PeerId;
use crate::hub::clock::Instant;
use crate::hub::token::{Identity, Role};
use crate::model::{AgentId, ExecutionId};
use serde::Serialize;
use serde_json::json;

/// A run as `GET /api/runs/{runId}` shows it.
#[derive(Debug, Serialize)]
pub(in crate::hub) struct RunView {
    #[serde(flatten)]
    asked: StartAgent,
    #[serde(flatten)]
    standing: Option<Standing>,
}

/// How a run that was started stands, for its owner.
#[derive(Debug, Serialize)]
struct Standing {
    phase: SessionPhase,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Relay {
    /// The run as it was made, where this one may see it.
    pub(in crate::hub) fn run(&mut self, id: &str, identity: &Identity) -> Option<RunView> {
        let asked = self.runs.get(id, identity)?.clone();
        let standing = match self.sessions.look_up(&ExecutionId(id.to_owned()), &identity.user) {
            _ if identity.role == Role::Agent => None,
            Known::Live(session) => {
                let reason = session.reason().map(str::to_owned);
                Some(Standing { phase: told_phase(&session.phase), reason })
            }
            Known::Ended => Some(Standing { phase: SessionPhase::Ended, reason: None }),
            Known::Foreign | Known::Unknown => None,
        };
        Some(RunView { asked, standing })
    }

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
