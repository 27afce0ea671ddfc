//! Who may have a session.

use crate::model::{AgentId, Labels};
use serde::{Deserialize, Serialize};

/// Which agents may have a session: any, where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// This one.
    pub agent: Option<AgentId>,
    /// Those that have all of these.
    pub labels: Labels,
}

impl Wanted {
    /// Whether this agent may.
    #[must_use]
    pub fn takes(&self, agent: &AgentId, labels: &Labels) -> bool {
        self.agent.as_ref().is_none_or(|wanted| wanted == agent) && labels.cover(&self.labels)
    }

    /// Whether any agent may.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.agent.is_none() && self.labels.is_empty()
    }
}

impl From<Labels> for Wanted {
    fn from(labels: Labels) -> Self {
        Self { agent: None, labels }
    }
}
