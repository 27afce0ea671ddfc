//! Executions in this protocol's words, as both ends tell them.

use super::events::{
    About, Complaint, Complete, Envelope, ExecutionEvent, Log, Metrics, Outcome, Progress, SessionEvent, Step,
    StepResult, StepStatus,
};
use super::messages::{ExecutionStart, Message};
use super::sessions::Screenshot;
use crate::dialect::Malformed;
use crate::dialect::bounds;
use crate::dialect::hub::{News, Telling, plain};
use crate::dialect::progress;
use crate::dialect::source::source;
use crate::dialect::values::{Amount, Id, Percent};
use crate::model::{Command, Event, ExecutionConfig, ExecutionId, Level, SessionStep, StartExecution, StepState};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Map;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::SystemTime;

/// Of what an execution has said, lines that go with its progress; the newest since the last one.
const LOGS_MAX: usize = 20;

/// Of each, bytes; also of what goes wrong in the results.
const LINE_MAX: usize = 2 << 10;

/// Of a step's words and of its error, bytes: a picture goes with them.
const WORDS_MAX: usize = 4 << 10;
const ERROR_MAX: usize = 32 << 10;

/// What the pictures of one execution's failed steps may weigh in its results, bytes: all of it is one message.
const PICTURES_MAX_BYTES: usize = 600_000;

/// An execution that was cancelled.
const EXIT_CANCELLED: i32 = 130;

/// All executions whose end has not been told.
#[derive(Debug, Clone, Default)]
pub(super) struct Executions(HashMap<ExecutionId, Known>);

/// What is remembered of an execution.
#[derive(Debug, Clone, Default)]
struct Known {
    /// That it has started is told.
    begun: bool,
    /// In the order they began.
    results: BTreeMap<u32, StepResult>,
    /// Steps that have ended and whose picture has not come.
    unseen: VecDeque<SessionStep>,
    /// Steps have pictures.
    pictured: bool,
    logs: VecDeque<String>,
    current: Option<String>,
    pictures: usize,
    progress: progress::Progress,
}

impl Executions {
    /// It has ended, and nobody knows how.
    pub(super) fn lost(&mut self, id: &ExecutionId, why: &str) -> ExecutionEvent {
        self.0.remove(id);
        complaint(why)
    }

    /// What an event of an execution is here; nothing where it is none. `shown` is where a picture can be seen.
    pub(super) fn tell(
        &mut self,
        event: &Event,
        now: SystemTime,
        shown: impl FnOnce(&[u8]) -> Option<String>,
    ) -> Vec<Message> {
        let Some(id) = event.session() else { return Vec::new() };
        let (mut told, mut picture) = (Vec::new(), None);
        let is_one = matches!(
            event,
            Event::ExecutionLog { .. }
                | Event::ExecutionStep { .. }
                | Event::ExecutionScreenshot { .. }
                | Event::ExecutionComplete { .. }
        );
        if let Event::ExecutionPlanned { steps, .. } = event {
            self.0.entry(id.clone()).or_default().progress.planned(*steps, now);
        }
        if is_one && !self.0.get(id).is_some_and(|known| known.begun) {
            self.0.entry(id.clone()).or_default().begun = true;
            told.push(ExecutionEvent::Start(Map::new()));
        }
        match event {
            Event::Error { message, .. } => told.push(complaint(message)),
            Event::ExecutionComplete { exit_code, duration_ms, .. } => {
                let mut known = self.0.remove(id).unwrap_or_default();
                told.extend(known.all_ended(now));
                if *exit_code == 0 {
                    told.push(known.at(100.0));
                }
                told.push(known.complete(*exit_code, *duration_ms));
            }
            Event::ExecutionScreenshot { step_number, image, .. } => {
                let known = self.0.entry(id.clone()).or_default();
                let (ended, late) = known.seen(*step_number, shown(image), now);
                told.extend(ended);
                picture = late.map(|screenshot_url| screenshot(id, *step_number, screenshot_url, now));
            }
            event if is_one => told.extend(self.0.entry(id.clone()).or_default().tell(event, now)),
            _ => {}
        }
        told.into_iter().map(|event| envelope(Some(id), event, now)).chain(picture).collect()
    }
}

impl Known {
    fn tell(&mut self, event: &Event, now: SystemTime) -> Vec<ExecutionEvent> {
        match event {
            Event::ExecutionLog { level, message, .. } => {
                for line in message.lines() {
                    if self.logs.len() == LOGS_MAX {
                        self.logs.pop_front();
                    }
                    self.logs.push_back(bounds::cut(line, LINE_MAX));
                }
                vec![ExecutionEvent::Log(Log { level: *level, message: message.clone(), step_id: None })]
            }
            Event::ExecutionStep { step, .. } if step.state == StepState::Running => {
                let mut told = if self.pictured { Vec::new() } else { self.all_ended(now) };
                self.current = Some(bounds::cut(&step.explanation, WORDS_MAX));
                let begun = Step { duration_seconds: None, error_message: None, ..told_step(step, None) };
                self.results.insert(step.number, result(step, None));
                self.progress.stepped(step, now);
                told.push(ExecutionEvent::StepStart(begun));
                told.push(self.progress());
                told
            }
            Event::ExecutionStep { step, .. } => {
                self.unseen.push_back(step.clone());
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// A step's picture; it is given back where the step's end was told already.
    fn seen(&mut self, number: u32, picture: Option<String>, now: SystemTime) -> (Vec<ExecutionEvent>, Option<String>) {
        self.pictured = true;
        let mut told = Vec::new();
        // Pictures come in order: of a step before this one there is none.
        while let Some(step) = self.unseen.pop_front_if(|step| step.number < number) {
            told.extend(self.ended(&step, None, now));
        }
        let Some(step) = self.unseen.pop_front_if(|step| step.number == number) else { return (told, picture) };
        told.extend(self.ended(&step, picture, now));
        (told, None)
    }

    /// No picture comes any more.
    fn all_ended(&mut self, now: SystemTime) -> Vec<ExecutionEvent> {
        let unseen = std::mem::take(&mut self.unseen);
        unseen.iter().flat_map(|step| self.ended(step, None, now)).collect()
    }

    fn ended(&mut self, step: &SessionStep, picture: Option<String>, now: SystemTime) -> Vec<ExecutionEvent> {
        let bytes = picture.as_ref().map_or(0, String::len);
        let fits = step.state == StepState::Failed && self.pictures + bytes <= PICTURES_MAX_BYTES;
        if fits {
            self.pictures += bytes;
        }
        self.progress.stepped(step, now);
        self.results.insert(step.number, result(step, picture.clone().filter(|_| fits)));
        vec![ExecutionEvent::StepComplete(told_step(step, picture)), self.progress()]
    }

    fn progress(&mut self) -> ExecutionEvent {
        let percent = self.progress.percent();
        self.at(percent)
    }

    fn at(&mut self, percent: f64) -> ExecutionEvent {
        let logs = self.logs.drain(..).collect();
        let progress = Percent::new(percent);
        ExecutionEvent::Progress(Progress { progress, current_step: self.current.clone(), logs })
    }

    fn complete(self, exit_code: i32, duration_ms: u64) -> ExecutionEvent {
        let mut results: Vec<StepResult> = self.results.into_values().collect();
        for left in results.iter_mut().filter(|result| result.status == StepStatus::Running) {
            left.status = StepStatus::Failed;
            left.error_message = Some("It had not ended when the execution did".to_owned());
        }
        let count = |status| u32::try_from(results.iter().filter(|result| result.status == status).count());
        let (passed, failed) = (count(StepStatus::Passed), count(StepStatus::Failed));
        let durations: Vec<f64> = results.iter().filter_map(|result| result.duration.map(Amount::get)).collect();
        let average = durations.iter().sum::<f64>() / (durations.len().max(1) as f64);
        let metrics = Metrics {
            total_steps: u32::try_from(results.len()).unwrap_or(u32::MAX),
            passed_steps: passed.unwrap_or(u32::MAX),
            failed_steps: failed.unwrap_or(u32::MAX),
            average_step_duration: Amount::new(average),
            total_duration: Amount::new(duration_ms as f64),
        };
        let status = match exit_code {
            0 => Outcome::Completed,
            EXIT_CANCELLED => Outcome::Cancelled,
            _ => Outcome::Failed,
        };
        ExecutionEvent::Complete(Complete { status, results, metrics })
    }
}

/// The event, of the execution where one can be named.
pub(super) fn envelope(execution: Option<&ExecutionId>, event: ExecutionEvent, now: SystemTime) -> Message {
    let step_id = match &event {
        ExecutionEvent::StepStart(step) | ExecutionEvent::StepComplete(step) => Some(step.step_id.clone()),
        _ => None,
    };
    let about = About {
        execution_id: execution.map(|id| Id::from(id.as_str())),
        step_id,
        timestamp: written(now),
        ..About::default()
    };
    Message::Execution(Box::new(Envelope { event, about }))
}

/// A picture of a step whose end was told without it.
fn screenshot(execution: &ExecutionId, step: u32, screenshot_url: String, now: SystemTime) -> Message {
    let event = SessionEvent::Screenshot(Screenshot { screenshot_url, action_id: None, step_order: Some(step) });
    let (execution_id, step_id) = (Some(Id::from(execution.as_str())), Some(Id::from(&format!("step-{step}"))));
    Message::Session(Box::new(Envelope {
        event,
        about: About { execution_id, step_id, timestamp: written(now), ..About::default() },
    }))
}

/// What went wrong, in the form the protocol has for it.
pub(super) fn complaint(message: &str) -> ExecutionEvent {
    ExecutionEvent::Error(Complaint { error_message: message.to_owned(), step_id: None })
}

/// It has not begun yet, in these words.
pub(super) fn waiting(words: &str) -> ExecutionEvent {
    ExecutionEvent::Log(Log { level: Level::Info, message: words.to_owned(), step_id: None })
}

/// A moment as the protocol writes it.
pub(super) fn written(now: SystemTime) -> String {
    humantime::format_rfc3339_millis(now).to_string()
}

fn status(state: StepState) -> StepStatus {
    match state {
        StepState::Running => StepStatus::Running,
        StepState::Passed => StepStatus::Passed,
        StepState::Failed => StepStatus::Failed,
    }
}

fn step_id(step: &SessionStep) -> Id {
    Id::from(&format!("step-{}", step.number))
}

fn told_step(step: &SessionStep, screenshot_url: Option<String>) -> Step {
    Step {
        step_id: step_id(step),
        step_order: step.number,
        status: status(step.state),
        duration_seconds: step.duration_ms.map(|ms| Amount::new(ms as f64 / 1000.0)),
        screenshot_url,
        error_message: step.error.as_ref().map(|error| bounds::cut(error, ERROR_MAX)),
    }
}

fn result(step: &SessionStep, screenshot: Option<String>) -> StepResult {
    StepResult {
        step_id: step_id(step),
        status: status(step.state),
        duration: step.duration_ms.map(|ms| Amount::new(ms as f64)),
        screenshot,
        error_message: step.error.as_ref().map(|error| bounds::cut(error, LINE_MAX)),
    }
}

/// What an agent of others says of an execution.
pub(super) fn heard(event: Envelope<ExecutionEvent>) -> Option<Telling> {
    let news = match event.event {
        ExecutionEvent::Start(_) | ExecutionEvent::Progress(_) => Vec::new(),
        ExecutionEvent::StepStart(step) => vec![News::Step(step_of(&step, StepState::Running))],
        ExecutionEvent::StepComplete(step) => {
            let state = if step.status == StepStatus::Failed { StepState::Failed } else { StepState::Passed };
            let picture = step.screenshot_url.as_deref().and_then(picture_of);
            let picture = picture.map(|image| News::Picture(step.step_order, image));
            [News::Step(step_of(&step, state))].into_iter().chain(picture).collect()
        }
        ExecutionEvent::Log(log) => vec![News::Log(log.level, log.message)],
        ExecutionEvent::Error(complaint) => vec![News::Error(complaint.error_message)],
        ExecutionEvent::Complete(complete) => {
            let duration_ms = Some(complete.metrics.total_duration.get() as u64);
            let exit_code = match complete.status {
                Outcome::Completed => 0,
                Outcome::Failed => 1,
                Outcome::Cancelled => EXIT_CANCELLED,
            };
            vec![News::Complete { exit_code, duration_ms }]
        }
    };
    Some(Telling { session: event.about.execution_id.map(ExecutionId::from), news })
        .filter(|told| !told.news.is_empty())
}

fn step_of(step: &Step, state: StepState) -> SessionStep {
    let words = plain::step(step.step_order, state, format!("Step {}", step.step_order));
    let duration_ms = step.duration_seconds.map(|seconds| (seconds.get() * 1000.0) as u64);
    SessionStep { duration_ms, error: step.error_message.clone(), ..words }
}

/// The picture in a `data:` address.
fn picture_of(url: &str) -> Option<Vec<u8>> {
    let (_, base64) = url.strip_prefix("data:image/")?.split_once(";base64,")?;
    STANDARD.decode(base64).ok()
}

/// The work that somebody asks for.
pub(super) fn started(start: ExecutionStart) -> Result<Command, Malformed> {
    let execution = ExecutionId::from(start.execution_id);
    let code = source(start.code, start.steps, "steps")
        .map_err(|why| Malformed { message: format!("execution_start: {why}"), session: Some(execution.clone()) })?;
    let config = ExecutionConfig::default();
    Ok(Command::StartExecution(StartExecution { execution, target: None, code, config }))
}

/// A picture that is its own address.
pub(super) fn in_itself(image: &[u8]) -> Option<String> {
    let kind = if image.starts_with(b"\x89PNG") { "png" } else { "jpeg" };
    Some(format!("data:image/{kind};base64,{}", STANDARD.encode(image)))
}
