//! What happens in tasks, in this protocol's words: the same from the hub and from an agent.

use super::messages::{AgentState, AgentStatus, ChatMessage, Complaint, Message, NoticeLevel, Notification, Task};
use crate::dialect::bounds;
use crate::dialect::progress::Progress;
use crate::dialect::source::source;
use crate::dialect::values::{Id, Percent};
use crate::model::{Command, Event, ExecutionConfig, ExecutionId, Level, SessionStep, StartExecution, StepState};
use std::collections::HashMap;
use std::time::SystemTime;

/// Of a step's words and of an error, bytes.
const WORDS_MAX: usize = 4 << 10;

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Story {
    sessions: HashMap<ExecutionId, Session>,
}

/// What is remembered of a session.
#[derive(Debug, Clone, Default)]
struct Session {
    progress: Progress,
    /// The last thing that went wrong.
    error: Option<String>,
}

/// A task as a request.
///
/// # Errors
/// In words: it says nothing that can be done.
pub(super) fn start(task: Task) -> Result<Command, String> {
    let id = task.task_id;
    let code = source(task.code, task.steps, "steps").map_err(|why| format!("task {id}: {why}"))?;
    let config = ExecutionConfig::default();
    Ok(Command::StartExecution(StartExecution { execution: id.into(), target: None, code, config }))
}

/// Something could not be understood or done.
pub(super) fn complaint(error: &str) -> Message {
    Message::Error(Complaint { error: bounds::cut(error, WORDS_MAX) })
}

/// Something to know.
pub(super) fn notice(level: NoticeLevel, message: String, task: Option<&ExecutionId>) -> Message {
    Message::Notification(Notification { level, message, task_id: task.map(|id| Id::from(id.as_str())), user_id: None })
}

/// As this protocol writes the time.
pub(super) fn written(now: SystemTime) -> String {
    humantime::format_rfc3339_millis(now).to_string()
}

impl Story {
    /// It has ended, and nobody knows how.
    pub(super) fn lost(&mut self, id: &ExecutionId, why: &str) -> Message {
        self.sessions.remove(id);
        notice(NoticeLevel::Error, bounds::cut(why, WORDS_MAX), Some(id))
    }

    /// What tells an event of `agent`.
    pub(super) fn tell(&mut self, id: &ExecutionId, agent: &str, event: &Event, now: SystemTime) -> Vec<Message> {
        let known = self.sessions.entry(id.clone()).or_default();
        match event {
            Event::ExecutionPlanned { steps, .. } => {
                known.progress.planned(*steps, now);
                Vec::new()
            }
            Event::ExecutionStep { step, .. } => {
                known.progress.stepped(step, now);
                known.error = step.error.as_ref().map(|error| bounds::cut(error, WORDS_MAX)).or(known.error.take());
                match step.state {
                    StepState::Running => known.begins(id, agent, step, now),
                    StepState::Passed | StepState::Failed => Vec::new(),
                }
            }
            Event::ExecutionLog { level: Level::Error, message: error, .. } => {
                known.error = Some(bounds::cut(error, WORDS_MAX));
                Vec::new()
            }
            Event::Error { message, .. } => {
                vec![notice(NoticeLevel::Error, bounds::cut(message, WORDS_MAX), Some(id))]
            }
            Event::ExecutionComplete { exit_code, duration_ms, .. } => {
                let Session { progress, error } = self.sessions.remove(id).unwrap_or_default();
                let (steps, seconds) = (progress.ended(), *duration_ms as f64 / 1000.0);
                let (level, text) = match exit_code {
                    0 => (NoticeLevel::Success, format!("{id} passed: {steps} steps in {seconds:.1} s")),
                    130 => (NoticeLevel::Warning, format!("{id} was cancelled after {seconds:.1} s")),
                    code => {
                        let why = error.map(|error| format!(": {}", first_line(&error))).unwrap_or_default();
                        (NoticeLevel::Error, format!("{id} failed with exit code {code}{why}"))
                    }
                };
                vec![notice(level, text, Some(id))]
            }
            Event::RecordingComplete { success, message, .. } => {
                self.sessions.remove(id);
                let (level, text) = match (success, message) {
                    (true, _) => (NoticeLevel::Success, format!("{id} is recorded")),
                    (false, Some(why)) => (NoticeLevel::Error, format!("{id} was not recorded: {why}")),
                    (false, None) => (NoticeLevel::Error, format!("{id} was not recorded")),
                };
                vec![notice(level, text, Some(id))]
            }
            _ => Vec::new(),
        }
    }
}

impl Session {
    fn begins(&mut self, id: &ExecutionId, agent: &str, step: &SessionStep, now: SystemTime) -> Vec<Message> {
        let explanation = bounds::cut(&step.explanation, WORDS_MAX);
        vec![
            Message::AgentStatus(AgentStatus {
                agent_name: agent.to_owned(),
                state: AgentState::Working,
                current_task: Some(explanation.clone()),
                progress: Some(Percent::new(self.progress.percent())),
                agent_id: None,
                extensions: Vec::new(),
            }),
            Message::ChatMessage(ChatMessage {
                conversation_id: Id::from(id.as_str()),
                message_id: Id::from(&format!("{id}-{}", step.number)),
                content: explanation,
                sender: agent.to_owned(),
                timestamp: written(now),
            }),
        ]
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
