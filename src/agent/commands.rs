//! What the agent does with what a server says, and with what its sessions say.

use super::daemon::{Daemon, Ending};
use super::outbox::execution;
use super::session;
use super::slots::{Cancel, Offer};
use crate::dialect::testflow::agent::{Inbound, decode};
use crate::model::{Command, Event, ExecutionId, Level, StartExecution, TestFlowId};
use crate::wire::client::Received;

/// A session that was cancelled.
const EXIT_CANCELLED: i32 = 130;
/// The answer to a recording.
const NO_RECORDING: &str = "This version of the agent executes tests and does not record";

impl Daemon {
    /// One event of the server. What asks for an acknowledgement gets it at once: it says that the agent has it and will
    /// not forget it, not that it is done.
    pub(super) fn event(&mut self, event: Received) {
        let inbound = decode(&event.name, &event.arguments);
        let refused = match &inbound {
            Ok(Inbound::Unknown) => Some(format!("`{}` is not known here", event.name)),
            Ok(_) => None,
            Err(error) => Some(error.to_string()),
        };
        match inbound {
            Ok(Inbound::Command(command)) => self.command(command),
            Ok(Inbound::Registered) => self.link.introduced(),
            Ok(Inbound::Told { message, execution }) => {
                let execution = execution.map(|id| id.0);
                tracing::warn!(message, execution, "the server complains");
            }
            Ok(Inbound::Unknown) => tracing::debug!(name = event.name, "an event of no meaning here"),
            Err(error) => {
                tracing::warn!(%error, "a command cannot be understood");
                self.tell_server(error.into());
            }
        }
        if let Some(id) = event.ack {
            self.link.acknowledge(id, refused.as_deref());
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::StartExecution(start) if self.ending != Ending::No => {
                self.refuse(Some(start.execution), "The agent is shutting down");
            }
            Command::StartExecution(start) => self.offer(start),
            Command::CancelExecution { execution } => self.cancel(execution),
            Command::StartRecording(start) => self.no_recording(start.flow, start.execution),
            Command::CancelRecording { execution, .. } | Command::ControlRecording { execution, .. } => {
                self.refuse(Some(execution.clone()), &format!("No recording {execution} runs here. {NO_RECORDING}"));
            }
        }
    }

    fn offer(&mut self, start: StartExecution) {
        let execution = start.execution.clone();
        match self.slots.offer(start) {
            Offer::Start(start) => {
                self.state.accepted(&execution);
                self.start(start);
            }
            Offer::Waits(before) => {
                self.state.accepted(&execution);
                tracing::info!(%execution, before, "an execution waits for a slot");
            }
            Offer::Known => tracing::info!(%execution, "this execution is known and not run twice"),
            Offer::Refused => self.refuse(Some(execution), "Too many executions wait for this agent: try again later"),
        }
    }

    fn start(&mut self, start: StartExecution) {
        tracing::info!(execution = %start.execution, bytes = start.code.len(), "an execution starts");
        let cancel = self.slots.started(start.execution.clone());
        tokio::spawn(session::run(self.starter.clone(), start, self.tell.clone(), cancel));
    }

    fn cancel(&mut self, execution: ExecutionId) {
        match self.slots.cancel(&execution) {
            Cancel::Running => tracing::info!(%execution, "an execution is cancelled"),
            Cancel::Waiting => self.never_started(execution, "Cancelled before it was started"),
            // Its completion is on the way, or was lost to a server that will not miss it.
            Cancel::Ended => tracing::info!(%execution, "a cancelled execution had ended already"),
            Cancel::Unknown => {
                let message = format!("No execution {execution} runs or waits here");
                self.refuse(Some(execution), &message);
            }
        }
    }

    /// Ends all that wait.
    pub(super) fn give_up_waiting(&mut self) {
        for execution in self.slots.give_up_waiting() {
            self.never_started(execution, "The agent is shutting down: this execution was not started");
        }
    }

    fn never_started(&mut self, execution: ExecutionId, why: &str) {
        let message = why.to_owned();
        self.tell_server(Event::ExecutionLog { execution: execution.clone(), level: Level::Warn, message });
        self.tell_server(Event::ExecutionComplete { execution, exit_code: EXIT_CANCELLED, duration_ms: 0 });
    }

    fn no_recording(&mut self, flow: TestFlowId, execution: ExecutionId) {
        let message = Some(NO_RECORDING.to_owned());
        self.tell_server(Event::RecordingComplete { flow, execution, success: false, code: None, message });
    }

    fn refuse(&mut self, execution: Option<ExecutionId>, message: &str) {
        self.tell_server(Event::Error { message: message.to_owned(), execution });
    }

    /// Something happened in a session. One that was left behind has been completed already.
    pub(super) fn said(&mut self, event: Event) {
        if execution(&event).is_some_and(|id| self.slots.runs(id)) {
            self.tell_server(event);
        }
    }

    /// A slot is free.
    pub(super) fn session_ended(&mut self, execution: &ExecutionId) {
        if !self.slots.runs(execution) {
            return;
        }
        if let Some(next) = self.slots.ended(execution) {
            self.start(next);
        }
    }
}
