//! What the agent has taken on: an execution, a recording or a browser to be driven, and how each ends without having been brought to its end. Pure.

use crate::model::live::{LiveControl, LiveNews};
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
    /// And what is to be done in it first.
    Browser(ExecutionId, Vec<LiveControl>),
}

/// What a session is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Execution,
    /// The recording of a flow.
    Recording(TestFlowId),
    /// A browser that is driven from afar.
    Browser,
}

/// Whose completion the agent owes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Owed {
    pub(super) execution: ExecutionId,
    pub(super) kind: Kind,
}

impl Work {
    pub(super) fn id(&self) -> &ExecutionId {
        match self {
            Self::Execution(start) => &start.execution,
            Self::Recording(start) => &start.execution,
            Self::Run(run) => run,
            Self::Browser(execution, _) => execution,
        }
    }

    pub(super) fn owed(&self) -> Owed {
        let kind = match self {
            Self::Execution(_) | Self::Run(_) => Kind::Execution,
            Self::Recording(start) => Kind::Recording(start.flow.clone()),
            Self::Browser(..) => Kind::Browser,
        };
        Owed { execution: self.id().clone(), kind }
    }

    /// What it costs to let it wait, bytes, roughly.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Execution(start) => start.code.len(),
            Self::Recording(start) => start.url.len(),
            Self::Run(_) | Self::Browser(..) => 0,
        }
    }
}

impl Owed {
    pub(super) fn is_recording(&self) -> bool {
        matches!(self.kind, Kind::Recording(_))
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
        match &self.kind {
            Kind::Browser => vec![Event::Live { execution, news: LiveNews::Closed(Some(message)) }],
            Kind::Recording(flow) => {
                let (flow, message) = (flow.clone(), Some(message));
                vec![Event::RecordingComplete { flow, execution, success: false, code, message }]
            }
            Kind::Execution => vec![
                Event::ExecutionLog { execution: execution.clone(), level, message },
                Event::ExecutionComplete { execution, exit_code, duration_ms },
            ],
        }
    }
}
