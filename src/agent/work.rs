//! What the agent has taken on: an execution or a recording, and how either ends without having been brought to its end. Pure.

use crate::model::{Event, ExecutionId, Level, StartExecution, StartRecording, TestFlowId};

/// A session that was cancelled.
const EXIT_CANCELLED: i32 = 130;
/// The agent's own failure: the code was not, or not wholly, run.
const EXIT_NOT_RUN: i32 = 2;

/// What a server wants done.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Work {
    Execution(StartExecution),
    Recording(StartRecording),
    /// An execution that the server has under this id.
    Run(ExecutionId),
}

/// Whose completion the agent owes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Owed {
    pub(super) execution: ExecutionId,
    /// The flow of a recording; an execution has none.
    pub(super) flow: Option<TestFlowId>,
}

impl Work {
    pub(super) fn id(&self) -> &ExecutionId {
        match self {
            Self::Execution(start) => &start.execution,
            Self::Recording(start) => &start.execution,
            Self::Run(run) => run,
        }
    }

    pub(super) fn owed(&self) -> Owed {
        let flow = match self {
            Self::Execution(_) | Self::Run(_) => None,
            Self::Recording(start) => Some(start.flow.clone()),
        };
        Owed { execution: self.id().clone(), flow }
    }

    /// What it costs to let it wait, bytes, roughly.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Execution(start) => start.code.len(),
            Self::Recording(start) => start.url.len(),
            Self::Run(_) => 0,
        }
    }
}

impl Owed {
    pub(super) fn is_recording(&self) -> bool {
        self.flow.is_some()
    }

    /// What is told of one that could not be brought to its end. `code` is what was recorded so far.
    pub(super) fn failed(&self, why: &str, code: Option<String>, duration_ms: u64) -> Vec<Event> {
        self.ends(Level::Error, why, code, EXIT_NOT_RUN, duration_ms)
    }

    /// What is told of one that waited and is not started any more.
    pub(super) fn never_started(&self, why: &str) -> Vec<Event> {
        self.ends(Level::Warn, why, None, EXIT_CANCELLED, 0)
    }

    fn ends(&self, level: Level, why: &str, code: Option<String>, exit_code: i32, duration_ms: u64) -> Vec<Event> {
        let (execution, message) = (self.execution.clone(), why.to_owned());
        match &self.flow {
            Some(flow) => {
                let (flow, message) = (flow.clone(), Some(message));
                vec![Event::RecordingComplete { flow, execution, success: false, code, message }]
            }
            None => vec![
                Event::ExecutionLog { execution: execution.clone(), level, message },
                Event::ExecutionComplete { execution, exit_code, duration_ms },
            ],
        }
    }
}
