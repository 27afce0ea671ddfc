//! What agents of others tell: they know nothing of ours, may not say which session they speak of, and may not count what they do.

use crate::dialect::Protocol;
use crate::model::{Command, ExecutionId, Level, SessionStep, StepState};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One message of such an agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Telling {
    /// The session; the only one that the agent has where it names none.
    pub session: Option<ExecutionId>,
    /// What happened, in order.
    pub news: Vec<News>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum News {
    /// A line of output.
    Log(Level, String),
    /// Lines of output; perhaps all so far once more and then the new ones.
    Logs(Vec<String>),
    /// A step as the agent counts it.
    Step(SessionStep),
    /// Something was done, in words; the next step, unless it is what was said last.
    Done(String),
    /// A step's picture.
    Picture(u32, Vec<u8>),
    /// Something could not be done.
    Error(String),
    /// It has ended.
    Complete {
        /// As of a process.
        exit_code: i32,
        /// Where it says so.
        duration_ms: Option<u64>,
    },
}

impl News {
    /// It has ended so.
    #[must_use]
    pub fn complete(exit_code: i32) -> Self {
        Self::Complete { exit_code, duration_ms: None }
    }

    /// Its end by a failure, and why.
    pub(crate) fn failed(why: Option<String>) -> Vec<Self> {
        why.map(|why| Self::Log(Level::Error, why)).into_iter().chain([Self::complete(1)]).collect()
    }
}

/// A step in words.
#[must_use]
pub fn step(number: u32, state: StepState, explanation: String) -> SessionStep {
    let action: Value = json!({"type": "step"});
    SessionStep { number, state, action, explanation, location: None, duration_ms: None, error: None }
}

/// Whether an agent that knows nothing but this protocol understands the command.
#[must_use]
pub fn understands(protocol: Protocol, command: &Command) -> bool {
    match command {
        Command::StartExecution(_) => true,
        Command::CancelExecution { .. } => {
            matches!(protocol, Protocol::Testflow | Protocol::Testbro | Protocol::Swe)
        }
        // In 000 most of ours are events of their own, which its agents may have learnt.
        Command::StartRecording(_)
        | Command::CancelRecording { .. }
        | Command::ControlRecording { .. }
        | Command::Live { .. } => protocol == Protocol::Testflow,
    }
}
