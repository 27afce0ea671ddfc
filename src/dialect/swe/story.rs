//! What happens in workflows, in this protocol's words: the same from the hub and from an agent.

use super::events::{Event as Told, Workflow, WorkflowState};
use super::messages::WorkflowStart;
use crate::dialect::Malformed;
use crate::dialect::bounds;
use crate::dialect::progress::Progress;
use crate::dialect::source::source;
use crate::dialect::values::{Amount, Id, Percent};
use crate::model::{Command, Event, ExecutionConfig, ExecutionId, Level, StartExecution, StepState};
use std::collections::{HashMap, VecDeque};
use std::time::SystemTime;

/// Of what a workflow has said, and of what went wrong, lines that go with its progress; the newest.
const LINES_MAX: usize = 20;
/// Of each, bytes.
const LINE_MAX: usize = 2 << 10;

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Story {
    workflows: HashMap<ExecutionId, Known>,
}

/// What is remembered of a workflow.
#[derive(Debug, Clone, Default)]
struct Known {
    told: bool,
    project: Option<Id>,
    progress: Progress,
    step: Option<String>,
    logs: VecDeque<String>,
    errors: VecDeque<String>,
}

/// As this protocol writes the time.
pub(super) fn written(now: SystemTime) -> String {
    humantime::format_rfc3339_millis(now).to_string()
}

/// A workflow as a request.
///
/// # Errors
/// It says nothing that can be done.
pub(super) fn start(start: WorkflowStart) -> Result<Command, Malformed> {
    let execution = ExecutionId::from(start.workflow_id);
    let refuse = |what: String| Malformed { message: what, session: Some(execution.clone()) };
    let code = source(start.code, start.steps, "steps").map_err(|why| refuse(format!("workflow.start: {why}")))?;
    let config = ExecutionConfig::default();
    Ok(Command::StartExecution(StartExecution { execution, target: None, code, config }))
}

/// One that never was.
pub(super) fn failed(session: &ExecutionId, error: String) -> Workflow {
    let error = bounds::cut(&error, LINE_MAX);
    let mut known = Known { errors: [error.clone()].into(), ..Known::default() };
    Workflow { error: Some(error), ..known.workflow(session, WorkflowState::Failed, SystemTime::UNIX_EPOCH) }
}

impl Story {
    /// Whether something was told of it that was not its end.
    pub(super) fn knows(&self, id: &ExecutionId) -> bool {
        self.workflows.get(id).is_some_and(|known| known.told)
    }

    /// Whose it is.
    pub(super) fn belongs(&mut self, id: &ExecutionId, project: Id) {
        self.workflows.entry(id.clone()).or_default().project.get_or_insert(project);
    }

    /// It is not begun yet.
    pub(super) fn waits(&mut self, id: &ExecutionId, words: &str, now: SystemTime) -> Workflow {
        let known = self.workflows.entry(id.clone()).or_default();
        Workflow { logs: vec![bounds::cut(words, LINE_MAX)], ..known.workflow(id, WorkflowState::Pending, now) }
    }

    /// It has ended, and nobody knows how.
    pub(super) fn lost(&mut self, id: &ExecutionId, why: &str, now: SystemTime) -> Workflow {
        let mut known = self.workflows.remove(id).unwrap_or_default();
        keep(&mut known.errors, why);
        let error = known.errors.back().cloned();
        Workflow { error, ..known.workflow(id, WorkflowState::Failed, now) }
    }

    /// What tells an event.
    pub(super) fn tell(&mut self, id: &ExecutionId, event: &Event, now: SystemTime) -> Vec<Told> {
        let mut told = Vec::new();
        let known = self.workflows.entry(id.clone()).or_default();
        if !std::mem::replace(&mut known.told, true) {
            told.push(Told::WorkflowStarted(known.workflow(id, WorkflowState::Running, now)));
        }
        match event {
            Event::ExecutionPlanned { steps, .. } => {
                known.progress.planned(*steps, now);
                told.push(Told::WorkflowProgress(known.workflow(id, WorkflowState::Running, now)));
            }
            Event::ExecutionLog { level, message, .. } => {
                message.lines().for_each(|line| keep(&mut known.logs, line));
                if *level == Level::Error {
                    keep(&mut known.errors, message);
                }
            }
            Event::ExecutionStep { step, .. } => {
                known.progress.stepped(step, now);
                known.step = Some(bounds::cut(&step.explanation, LINE_MAX));
                if step.state != StepState::Running {
                    step.error.iter().for_each(|error| keep(&mut known.errors, error));
                    told.push(Told::WorkflowProgress(known.workflow(id, WorkflowState::Running, now)));
                }
            }
            Event::Error { message, .. } => {
                keep(&mut known.errors, message);
                told.push(Told::WorkflowProgress(known.workflow(id, WorkflowState::Running, now)));
            }
            Event::ExecutionComplete { exit_code, duration_ms, .. } => {
                let mut known = self.workflows.remove(id).unwrap_or_default();
                told.push(known.end(id, *exit_code, *duration_ms, now));
            }
            Event::RecordingComplete { success, message, .. } => {
                let mut known = self.workflows.remove(id).unwrap_or_default();
                told.push(match (success, message) {
                    (true, _) => Told::WorkflowCompleted(known.workflow(id, WorkflowState::Completed, now)),
                    (false, why) => {
                        let error = why.clone().or_else(|| Some("The recording has failed".to_owned()));
                        Told::WorkflowFailed(Workflow { error, ..known.workflow(id, WorkflowState::Failed, now) })
                    }
                });
            }
            _ => {}
        }
        told
    }
}

fn keep(lines: &mut VecDeque<String>, line: &str) {
    lines.push_back(bounds::cut(line, LINE_MAX));
    while lines.len() > LINES_MAX {
        lines.pop_front();
    }
}

impl Known {
    fn end(&mut self, id: &ExecutionId, exit_code: i32, duration_ms: u64, now: SystemTime) -> Told {
        let duration_ms = Some(Amount::new(duration_ms as f64));
        let last = self.errors.back().cloned();
        match exit_code {
            0 => Told::WorkflowCompleted(Workflow { duration_ms, ..self.workflow(id, WorkflowState::Completed, now) }),
            130 => {
                let error = Some("Cancelled".to_owned());
                Told::WorkflowFailed(Workflow {
                    duration_ms,
                    error,
                    ..self.workflow(id, WorkflowState::Cancelled, now)
                })
            }
            code => {
                let error = Some(last.unwrap_or_else(|| format!("It has ended with exit code {code}")));
                Told::WorkflowFailed(Workflow { duration_ms, error, ..self.workflow(id, WorkflowState::Failed, now) })
            }
        }
    }

    fn workflow(&mut self, id: &ExecutionId, status: WorkflowState, now: SystemTime) -> Workflow {
        let running = status == WorkflowState::Running;
        let remaining = self.progress.remaining(now).filter(|_| running);
        Workflow {
            workflow_id: Id::from(id.as_str()),
            status,
            progress: Percent::new(if status == WorkflowState::Completed { 100.0 } else { self.progress.percent() }),
            current_step: self.step.clone(),
            total_steps: self.progress.total(),
            estimated_time_remaining: remaining.map(|remaining| Amount::new(remaining.as_secs_f64().round())),
            logs: self.logs.iter().cloned().collect(),
            errors: self.errors.iter().cloned().collect(),
            project_id: self.project.clone(),
            duration_ms: None,
            error: None,
        }
    }
}
