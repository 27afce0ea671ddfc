//! What happens in runs, in this protocol's words: the same from the hub and from an agent.

use super::commands::command;
use super::messages::{Action, Complaint, Completion, Message, Status, StepUpdate};
use crate::dialect::bounds;
use crate::dialect::values::Id;
use crate::model::{Event, ExecutionId, Level, SessionStep, StepState};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};

/// In place of a picture that there is none of: one transparent pixel.
const NO_PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
/// Of a step's words and of an error, bytes.
const EXPLANATION_MAX: usize = 4 << 10;
const ERROR_MAX: usize = 32 << 10;
/// What the commands of a run may take, bytes: they are told in one message.
const COMMANDS_MAX: usize = 512 << 10;

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Story {
    runs: HashMap<ExecutionId, Run>,
}

/// What is remembered of a run.
#[derive(Debug, Clone, Default)]
struct Run {
    /// The number of the last update. A story that begins in the middle goes on from there.
    told: Option<u32>,
    /// Steps that have ended and whose picture has not come, by their number.
    unseen: BTreeMap<u32, (Value, String)>,
    /// What was done, in order.
    commands: Vec<Value>,
    commands_bytes: usize,
    error: Option<String>,
}

/// Something could not be understood or done.
pub(super) fn complaint(error: &str, run: Option<&ExecutionId>) -> Message {
    let run_id = run.map(|run| Id::from(run.as_str()));
    Message::Error(Complaint { error: bounds::cut(error, ERROR_MAX), run_id })
}

/// A run has ended.
pub(super) fn completion(run: &ExecutionId, error: Option<String>, commands: Option<Vec<Value>>) -> Message {
    let status = if error.is_none() { Status::Success } else { Status::Failed };
    let error = error.map(|error| bounds::cut(&error, ERROR_MAX));
    Message::Completion(Completion { status, commands, error, run_id: Some(Id::from(run.as_str())) })
}

impl Story {
    /// Whether something was told of it that was not its end.
    pub(super) fn knows(&self, id: &ExecutionId) -> bool {
        self.runs.contains_key(id)
    }

    /// It has ended, and nobody knows how.
    pub(super) fn lost(&mut self, id: &ExecutionId, why: &str) -> Message {
        self.runs.remove(id);
        completion(id, Some(why.to_owned()), None)
    }

    /// What tells an event.
    pub(super) fn tell(&mut self, id: &ExecutionId, event: &Event) -> Vec<Message> {
        let run = self.runs.entry(id.clone()).or_default();
        match event {
            Event::ExecutionStep { step, .. } => {
                run.stepped(step);
                Vec::new()
            }
            Event::ExecutionScreenshot { step_number, image, .. } => {
                run.seen(id, *step_number, image).into_iter().collect()
            }
            Event::ExecutionComplete { exit_code, .. } => {
                let mut run = self.runs.remove(id).unwrap_or_default();
                let mut messages = run.rest(id);
                let error = match exit_code {
                    0 => None,
                    130 => Some("The run was cancelled".to_owned()),
                    code => Some(run.error.unwrap_or_else(|| format!("The run has ended with exit code {code}"))),
                };
                messages.push(completion(id, error, Some(run.commands)));
                messages
            }
            Event::ExecutionLog { level: Level::Error, message, .. } => {
                run.error.get_or_insert_with(|| bounds::cut(message, ERROR_MAX));
                Vec::new()
            }
            Event::Error { message, .. } => vec![complaint(message, Some(id))],
            Event::RecordingComplete { .. } => {
                self.runs.remove(id);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }
}

impl Run {
    fn stepped(&mut self, step: &SessionStep) {
        self.told.get_or_insert(step.number.saturating_sub(1));
        if step.state == StepState::Running {
            return;
        }
        let action = bounds::action(&step.action);
        if step.state == StepState::Passed {
            let command = command(&action);
            self.commands_bytes += bounds::length(&command);
            if self.commands_bytes <= COMMANDS_MAX {
                self.commands.push(command);
            }
        }
        if let Some(error) = &step.error {
            self.error = Some(bounds::cut(error, ERROR_MAX));
        }
        self.unseen.insert(step.number, (action, bounds::cut(&step.explanation, EXPLANATION_MAX)));
    }

    /// The picture of a step; a step has one.
    fn seen(&mut self, id: &ExecutionId, number: u32, image: &[u8]) -> Option<Message> {
        let (action, explanation) = self.unseen.remove(&number)?;
        Some(self.update(id, action, explanation, STANDARD.encode(image)))
    }

    /// Steps of which no picture comes any more.
    fn rest(&mut self, id: &ExecutionId) -> Vec<Message> {
        let rest = std::mem::take(&mut self.unseen);
        rest.into_values().map(|(action, words)| self.update(id, action, words, NO_PICTURE.to_owned())).collect()
    }

    fn update(&mut self, id: &ExecutionId, action: Value, explanation: String, screenshot: String) -> Message {
        let step_number = self.told.unwrap_or(0).saturating_add(1);
        self.told = Some(step_number);
        let mut details = match action {
            Value::Object(details) => details,
            _ => Map::new(),
        };
        let kind = match details.remove("type") {
            Some(Value::String(kind)) => kind,
            _ => "unknown".to_owned(),
        };
        let (action, run_id) = (Action { kind, details }, Some(Id::from(id.as_str())));
        Message::StepUpdate(StepUpdate { step_number, screenshot, action, explanation, run_id })
    }
}
