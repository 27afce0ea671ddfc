//! What protocol 001 calls runs: made by HTTP, started by their id.

use super::kept;
use super::token::{Identity, Role, UserId};
use crate::dialect::ai_run::hub::order;
use crate::dialect::ai_run::messages::StartAgent;
use crate::dialect::hub::{Frame, Order, Wanted, Word};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// How many runs are remembered, and what they may weigh, bytes; the newest stay.
const RUNS_MAX: usize = 1_000;
const BYTES_MAX: usize = 64 << 20;

/// Why a run is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotMade {
    /// Its id is taken.
    #[error("there is a run with this id already: choose another")]
    Taken,
    /// It has nothing to run.
    #[error("{0}")]
    Empty(String),
}

#[derive(Debug, Serialize, Deserialize)]
struct Run {
    owner: UserId,
    asked: StartAgent,
    #[serde(with = "kept::order")]
    order: Arc<Order>,
}

/// See the module.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Runs {
    runs: HashMap<String, Run>,
    order: VecDeque<String>,
    bytes: usize,
}

impl Runs {
    /// Keeps one until newer ones need its place.
    pub(super) fn make(&mut self, owner: &UserId, asked: StartAgent) -> Result<(), NotMade> {
        let id = asked.run_id.to_string();
        if self.runs.contains_key(&id) {
            return Err(NotMade::Taken);
        }
        let order = order(asked.clone()).map_err(|refusal| NotMade::Empty(why(&refusal)))?;
        let run = Run { owner: owner.clone(), asked, order: Arc::new(order) };
        self.bytes += run.bytes();
        self.runs.insert(id.clone(), run);
        self.order.push_back(id);
        while self.order.len() > RUNS_MAX || self.bytes > BYTES_MAX && self.order.len() > 1 {
            let oldest = self.order.pop_front().and_then(|id| self.runs.remove(&id));
            self.bytes -= oldest.map_or(0, |run| run.bytes());
        }
        Ok(())
    }

    /// The run as it was made: for its owner, and for agents.
    pub(super) fn get(&self, id: &str, identity: &Identity) -> Option<&StartAgent> {
        let run = self.runs.get(id)?;
        (run.owner == identity.user || identity.role == Role::Agent).then_some(&run.asked)
    }

    /// What an agent is told, and who may have it, where this user may start it.
    pub(super) fn order(&self, id: &str, user: &UserId) -> Option<(Arc<Order>, Wanted)> {
        let run = self.runs.get(id).filter(|run| run.owner == *user)?;
        Some((run.order.clone(), run.asked.labels.clone().into()))
    }
}

impl Run {
    fn bytes(&self) -> usize {
        2 * Word::Command(self.order.clone()).bytes()
    }
}

/// The words of a refusal.
fn why(refusal: &Frame) -> String {
    let payload: serde_json::Value = serde_json::from_str(refusal.payload.get()).unwrap_or_default();
    payload["error"].as_str().unwrap_or("the run is empty").to_owned()
}
