//! What the agent does with what a server says, and with what its sessions say.

use super::daemon::{Daemon, Ending};
use super::session;
use super::slots::{Cancel, Control, Drive, Offer};
use super::words;
use super::work::{Kind, Owed, Work};
use crate::dialect::agent::{Inbound, TokenPlace, Verdict};
use crate::model::live::LiveControl;
use crate::model::recording::RecordingControl;
use crate::model::{Command, Event, ExecutionId};
use crate::wire::client::Received;
use std::time::SystemTime;

/// What the protocol says of a recording that was cancelled.
const RECORDING_CANCELLED: &str = "Recording cancelled";

impl Daemon {
    /// One event of the server. What asks for an acknowledgement gets it as soon as that is on disk: it says that the agent has it and will
    /// not forget it, not that it is done; or that, and why, it will not be.
    pub(super) fn event(&mut self, event: Received) {
        self.refused = None;
        self.verdict(&event);
        let heard = self.end.hear(&event.name, &event.arguments, SystemTime::now());
        let refused = match &heard {
            Ok(heard) if heard.contains(&Inbound::Unknown) => Some(format!("`{}` is not known here", event.name)),
            Ok(_) => None,
            Err(error) => Some(error.to_string()),
        };
        match heard {
            Ok(heard) => heard.into_iter().for_each(|inbound| self.heard(inbound, &event.name)),
            Err(error) => {
                tracing::warn!(%error, "a command cannot be understood");
                self.tell_server(error.into());
            }
        }
        let refused = refused.or(self.refused.take());
        if let Some(id) = event.ack {
            self.answers.push((id, refused));
        }
    }

    /// Where a token is shown by a message, the answer is one, too.
    fn verdict(&mut self, event: &Received) {
        let way = self.options.protocol.way;
        let (TokenPlace::Message(_), Some(verdict), true) = (way.token, way.verdict, self.renewal.is_shown()) else {
            return;
        };
        match verdict(&event.name, &event.arguments) {
            Verdict::Welcome => self.renewed(Ok(())),
            Verdict::Refused(why) => self.renewed(Err(why)),
            Verdict::Open => {}
        }
    }

    pub(super) fn heard(&mut self, inbound: Inbound, name: &str) {
        match inbound {
            Inbound::Command(command) => self.command(command),
            Inbound::Fetch(run) => self.offer(Work::Run(run)),
            Inbound::Introduced => {
                self.link.introduced();
                self.state.note_hub(&self.options.server);
            }
            Inbound::Told { message, execution } => {
                let execution = execution.map(|id| id.0);
                tracing::warn!(message, execution, "the server complains");
            }
            Inbound::Reply(outbound) => self.link.say(vec![outbound]),
            Inbound::Noted => {}
            Inbound::Unknown => tracing::debug!(name, "an event of no meaning here"),
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::StartExecution(start) => self.offer(Work::Execution(start)),
            Command::StartRecording(start) => self.offer(Work::Recording(start)),
            Command::CancelExecution { execution } | Command::CancelRecording { execution, .. } => {
                self.cancel(execution);
            }
            Command::ControlRecording { execution, control } => self.control(execution, control),
            Command::Live { execution, control } => self.drive(execution, control),
        }
    }

    fn offer(&mut self, work: Work) {
        let owed = work.owed();
        let execution = owed.execution.clone();
        if self.ending != Ending::No && !self.slots.knows(&work) {
            self.refuse(Some(execution), "The agent is shutting down");
            return;
        }
        match self.slots.offer(work) {
            Offer::Start(work) => {
                self.state.accepted(&owed);
                self.start(work);
            }
            Offer::Waits(before) => {
                self.state.accepted(&owed);
                self.waits(&owed, before);
                tracing::info!(%execution, before, "a session waits for a slot");
            }
            Offer::Known => tracing::info!(%execution, "this session is known and not run twice"),
            Offer::Refused => self.refuse(Some(execution), "Too many sessions wait for this agent: try again later"),
        }
    }

    /// Whoever asked for it hears that it waits. A hub of ours knows: it has a queue of its own.
    fn waits(&mut self, owed: &Owed, before: usize) {
        if owed.kind == Kind::Execution && !self.link.is_introduced() {
            self.link.say(self.end.waits(&owed.execution, &words::waits(before), SystemTime::now()));
        }
    }

    fn start(&mut self, work: Work) {
        match &work {
            Work::Execution(start) => {
                tracing::info!(execution = %start.execution, bytes = start.code.len(), "an execution starts");
            }
            Work::Run(run) => tracing::info!(execution = %run, "a run starts"),
            Work::Recording(start) => {
                tracing::info!(execution = %start.execution, url = start.url, "a recording starts");
            }
            Work::Browser(execution, _) => tracing::info!(%execution, "a browser is opened"),
        }
        self.options.machine.vitals.begins(work.id());
        let ears = self.slots.started(work.owed());
        if let Work::Browser(execution, wishes) = &work {
            wishes.iter().for_each(|wish| drop(self.slots.drive(execution, wish.clone())));
        }
        let (starter, options) = (self.starter.clone(), self.options.clone());
        tokio::spawn(session::run(starter, options, work, self.tell.clone(), ears));
    }

    fn control(&mut self, execution: ExecutionId, control: RecordingControl) {
        let stops = control == RecordingControl::Stop;
        match self.slots.control(&execution, control) {
            Control::Told => {}
            Control::Ended => tracing::info!(%execution, "a word to a recording that had ended already"),
            Control::Waiting if stops => self.cancel(execution),
            Control::Waiting => self.refuse(Some(execution), "This recording waits for a slot and has not begun"),
            Control::Execution => self.refuse(Some(execution), "This is an execution and no recording"),
            Control::Unknown => {
                let message = format!("No recording {execution} runs or waits here");
                self.refuse(Some(execution), &message);
            }
        }
    }

    fn drive(&mut self, execution: ExecutionId, wish: LiveControl) {
        match self.slots.drive(&execution, wish) {
            Drive::Told => {}
            Drive::Unknown(wish) if wish.opens() => self.offer(Work::Browser(execution, vec![wish])),
            Drive::Unknown(_) => {
                let message = format!("No browser {execution} is open here");
                self.refuse(Some(execution), &message);
            }
            Drive::Other => self.refuse(Some(execution), "This is no browser to be driven"),
            Drive::TooMuch => self.refuse(Some(execution), "Too much waits for this browser already"),
        }
    }

    fn cancel(&mut self, execution: ExecutionId) {
        match self.slots.cancel(&execution) {
            Cancel::Running => tracing::info!(%execution, "a session is cancelled"),
            Cancel::Waiting(owed) if owed.is_recording() => self.never_started(&owed, RECORDING_CANCELLED),
            Cancel::Waiting(owed) => self.never_started(&owed, "Cancelled before it was started"),
            // Its completion is on the way, or was lost to a server that will not miss it.
            Cancel::Ended => tracing::info!(%execution, "a cancelled session had ended already"),
            Cancel::Unknown => {
                let message = format!("No session {execution} runs or waits here");
                self.refuse(Some(execution), &message);
            }
        }
    }

    /// Ends all that wait.
    pub(super) fn give_up_waiting(&mut self) {
        for owed in self.slots.give_up_waiting() {
            let what = match owed.kind {
                Kind::Execution => "execution",
                Kind::Recording(_) => "recording",
                Kind::Browser => "browser",
            };
            self.never_started(&owed, &format!("The agent is shutting down: this {what} was not started"));
        }
    }

    fn never_started(&mut self, owed: &Owed, why: &str) {
        owed.never_started(why).into_iter().for_each(|event| self.tell_server(event));
    }

    /// Completes a session that does not do it itself.
    pub(super) fn complete(&mut self, execution: &ExecutionId, why: &str, duration_ms: u64) {
        let Some(running) = self.slots.get(execution) else { return };
        let events = running.owed.failed(why, running.code.take(), duration_ms);
        events.into_iter().for_each(|event| self.tell_server(event));
    }

    fn refuse(&mut self, execution: Option<ExecutionId>, message: &str) {
        self.refused = Some(message.to_owned());
        self.tell_server(Event::Error { message: message.to_owned(), execution });
    }

    /// Something happened in a session. One that was left behind has been completed already.
    pub(super) fn said(&mut self, event: Event) {
        let Some(running) = event.session().and_then(|id| self.slots.get(id)) else { return };
        if let Event::RecordingAction { code, .. } = &event {
            running.code = Some(code.clone());
        }
        self.tell_server(event);
    }

    /// The server has what was numbered so.
    pub(super) fn proved(&mut self, token: u64) {
        let shown = self.outbox.proved(token);
        if let Some(running) = shown.and_then(|id| self.slots.get(&id)) {
            running.shown.add_permits(1);
        }
    }

    /// A slot is free.
    pub(super) fn session_ended(&mut self, execution: &ExecutionId) {
        if self.slots.get(execution).is_none() {
            return;
        }
        if let Some(next) = self.slots.ended(execution) {
            self.start(next);
        }
    }
}
