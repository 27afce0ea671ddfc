//! Run events to session events: numbers the steps, words the log. Pure; one value per execution.

use super::explain::explain;
use crate::model::run::{Attempt, Outcome, RunEvent, Status, StepBegin, TestCase, TestError};
use crate::model::{Event, ExecutionId, Level, SessionStep, StepState};
use std::collections::HashMap;
use std::fmt::Write as _;

/// Tells the story of one execution.
#[derive(Debug)]
pub struct Narration {
    execution: ExecutionId,
    tests: HashMap<String, TestCase>,
    order: Vec<String>,
    begun: u32,
    /// Steps by the worker's id. A fresh worker counts from the start again; its ids replace the old ones.
    steps: HashMap<u32, SessionStep>,
    verdicts: HashMap<String, Verdict>,
    errors: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Expected,
    Flaky,
    Unexpected,
    Skipped,
}

impl Narration {
    /// The story of `execution`, from its beginning.
    #[must_use]
    pub fn new(execution: ExecutionId) -> Self {
        Self {
            execution,
            tests: HashMap::new(),
            order: Vec::new(),
            begun: 0,
            steps: HashMap::new(),
            verdicts: HashMap::new(),
            errors: 0,
        }
    }

    /// What a server is told of one event of the run; often nothing.
    #[must_use]
    pub fn tell(&mut self, event: RunEvent) -> Vec<Event> {
        match event {
            RunEvent::Planned { tests, .. } => self.planned(tests),
            RunEvent::Counted { steps } => {
                vec![Event::ExecutionPlanned { execution: self.execution.clone(), steps }]
            }
            RunEvent::TestBegin { test, retry, .. } => vec![self.test_begin(&test, retry)],
            RunEvent::StepBegin { step, .. } => self.step_begin(step).into_iter().collect(),
            RunEvent::StepEnd { id, duration_ms, error, .. } => {
                self.step_end(id, duration_ms, error).into_iter().collect()
            }
            RunEvent::Screenshot { step, image } => self.screenshot(step, image).into_iter().collect(),
            RunEvent::Log { level, text, .. } => vec![self.log(level, text)],
            RunEvent::TestEnd(attempt) => self.test_end(&attempt),
            RunEvent::Error(error) => {
                self.errors += 1;
                vec![self.log(Level::Error, in_full(&error))]
            }
        }
    }

    /// The last words: the tally, and the completion after which nothing follows.
    #[must_use]
    pub fn end(&self, outcome: Outcome, duration_ms: u64) -> Vec<Event> {
        let (level, words) = match outcome {
            Outcome::Passed => (Level::Info, self.tally()),
            Outcome::Failed => (Level::Error, self.tally()),
            Outcome::CouldNotRun => (Level::Error, self.could_not_run()),
            Outcome::Cancelled => (Level::Warn, "Execution cancelled".to_owned()),
            Outcome::TimedOut => (Level::Error, format!("Execution timed out after {}", seconds(duration_ms))),
        };
        vec![
            self.log(level, words),
            Event::ExecutionComplete { execution: self.execution.clone(), exit_code: outcome.exit_code(), duration_ms },
        ]
    }

    fn log(&self, level: Level, message: String) -> Event {
        Event::ExecutionLog { execution: self.execution.clone(), level, message }
    }

    fn planned(&mut self, tests: Vec<TestCase>) -> Vec<Event> {
        let count = tests.len();
        self.order = tests.iter().map(|test| test.id.clone()).collect();
        self.tests = tests.into_iter().map(|test| (test.id.clone(), test)).collect();
        vec![self.log(Level::Info, format!("Running {count} {}", if count == 1 { "test" } else { "tests" }))]
    }

    fn test_begin(&self, id: &str, retry: u32) -> Event {
        let title = self.title(id);
        let retry = if retry == 0 { String::new() } else { format!(" (retry #{retry})") };
        self.log(Level::Info, format!("▶ {title}{retry}"))
    }

    fn step_begin(&mut self, begin: StepBegin) -> Option<Event> {
        let explained = explain(&begin)?;
        self.begun += 1;
        let step = SessionStep {
            number: self.begun,
            state: StepState::Running,
            action: explained.action,
            explanation: explained.text,
            location: begin.location,
            duration_ms: None,
            error: None,
        };
        self.steps.insert(begin.id, step.clone());
        Some(Event::ExecutionStep { execution: self.execution.clone(), step })
    }

    fn step_end(&mut self, id: u32, duration_ms: u64, error: Option<TestError>) -> Option<Event> {
        let step = self.steps.get_mut(&id)?;
        step.duration_ms = Some(duration_ms);
        step.state = if error.is_some() { StepState::Failed } else { StepState::Passed };
        step.error = error.map(|error| error.message);
        Some(Event::ExecutionStep { execution: self.execution.clone(), step: step.clone() })
    }

    fn screenshot(&self, step: u32, image: Vec<u8>) -> Option<Event> {
        let step_number = self.steps.get(&step)?.number;
        Some(Event::ExecutionScreenshot { execution: self.execution.clone(), step_number, image })
    }

    fn test_end(&mut self, attempt: &Attempt) -> Vec<Event> {
        let verdict = match (attempt.status, attempt.is_fine()) {
            (Status::Skipped, _) => Verdict::Skipped,
            (_, true) if attempt.retry > 0 => Verdict::Flaky,
            (_, true) => Verdict::Expected,
            (_, false) => Verdict::Unexpected,
        };
        self.verdicts.insert(attempt.test.clone(), verdict);
        let (level, mark) = match verdict {
            Verdict::Skipped => (Level::Info, "-"),
            Verdict::Unexpected => (Level::Error, "✘"),
            Verdict::Expected | Verdict::Flaky => (Level::Info, "✓"),
        };
        let title = self.title(&attempt.test);
        let mut text = format!("{mark} {title} ({})", seconds(attempt.duration_ms));
        if verdict == Verdict::Unexpected {
            if attempt.errors.is_empty() {
                let _ = write!(
                    text,
                    "\n\nExpected to {}, but {}.",
                    outcome_word(attempt.expected_status),
                    outcome_past(attempt.status)
                );
            }
            for error in &attempt.errors {
                text.push_str("\n\n");
                text.push_str(&in_full(error));
            }
        }
        vec![self.log(level, text)]
    }

    fn title(&self, id: &str) -> String {
        self.tests.get(id).map_or_else(|| id.to_owned(), TestCase::title)
    }

    fn tally(&self) -> String {
        let count = |verdict| self.verdicts.values().filter(|seen| **seen == verdict).count();
        let did_not_run = self.order.iter().filter(|id| !self.verdicts.contains_key(*id)).count();
        let parts = [
            (count(Verdict::Unexpected), "failed"),
            (count(Verdict::Flaky), "flaky"),
            (count(Verdict::Skipped), "skipped"),
            (did_not_run, "did not run"),
            (count(Verdict::Expected), "passed"),
            (self.errors, "errors outside tests"),
        ];
        let told: Vec<_> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
        if told.is_empty() { "No test ran".to_owned() } else { told.join(", ") }
    }

    fn could_not_run(&self) -> String {
        if self.errors == 0 {
            "No test could be run".to_owned()
        } else {
            "The code could not be run, see above".to_owned()
        }
    }
}

fn outcome_word(status: Status) -> &'static str {
    match status {
        Status::Passed => "pass",
        Status::Failed => "fail",
        Status::TimedOut => "time out",
        Status::Skipped => "be skipped",
        Status::Interrupted => "be interrupted",
    }
}

fn outcome_past(status: Status) -> &'static str {
    match status {
        Status::Passed => "passed",
        Status::Failed => "failed",
        Status::TimedOut => "timed out",
        Status::Skipped => "was skipped",
        Status::Interrupted => "was interrupted",
    }
}

/// Message, code frame and stack, one under the other.
fn in_full(error: &TestError) -> String {
    let mut text = error.message.trim_end().to_owned();
    for part in [error.snippet.as_deref().unwrap_or(""), &error.stack] {
        if !part.trim().is_empty() {
            text.push_str("\n\n");
            text.push_str(part.trim_end());
        }
    }
    text
}

fn seconds(ms: u64) -> String {
    if ms < 1000 { format!("{ms}ms") } else { format!("{}.{}s", ms / 1000, ms % 1000 / 100) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::run::{Location, StepCategory};
    use serde_json::json;

    fn case(id: &str, title: &str) -> TestCase {
        TestCase {
            id: id.to_owned(),
            title_path: vec!["cart".to_owned(), title.to_owned()],
            location: Location { file: "a.spec.ts".to_owned(), line: 3, column: 1 },
            describes: Vec::new(),
            tags: vec![],
            annotations: vec![],
            expected_status: Status::Passed,
            timeout: 30_000,
            retries: None,
            project: String::new(),
            repeat: 0,
            serial_group: None,
        }
    }

    fn attempt(id: &str, status: Status, retry: u32) -> Attempt {
        Attempt {
            test: id.to_owned(),
            retry,
            status,
            expected_status: Status::Passed,
            duration_ms: 1234,
            errors: vec![],
            annotations: vec![],
            timeout: None,
            attachments: vec![],
        }
    }

    fn step(id: u32, api_name: &str) -> RunEvent {
        RunEvent::StepBegin {
            test: Some("t".to_owned()),
            step: StepBegin {
                id,
                parent: None,
                category: StepCategory::Api,
                title: api_name.to_owned(),
                api_name: api_name.to_owned(),
                params: json!({"url": "/x", "selector": "#a"}),
                location: None,
            },
        }
    }

    #[test]
    fn steps_are_numbered_without_gaps_and_reads_are_none() {
        let mut story = Narration::new("e".into());
        let mut numbers = vec![];
        for (id, name) in [(7, "page.goto"), (8, "locator.textContent"), (9, "locator.click"), (10, "page.evaluate")] {
            for event in story.tell(step(id, name)) {
                let Event::ExecutionStep { step, .. } = event else { panic!("{event:?}") };
                numbers.push((id, step.number));
            }
        }
        assert_eq!(numbers, [(7, 1), (9, 2)]);
        let shots = story.tell(RunEvent::Screenshot { step: 9, image: vec![1] });
        assert!(matches!(shots[..], [Event::ExecutionScreenshot { step_number: 2, .. }]), "{shots:?}");
        assert!(story.tell(RunEvent::Screenshot { step: 8, image: vec![1] }).is_empty(), "a read has no picture");
    }

    #[test]
    fn the_tally_counts_each_test_once() {
        let mut story = Narration::new("e".into());
        let _ = story.tell(RunEvent::Planned {
            tests: vec![case("a", "adds"), case("b", "pays"), case("c", "ships"), case("d", "never")],
            workers: 1,
        });
        for ended in [
            attempt("a", Status::Failed, 0),
            attempt("a", Status::Passed, 1),
            attempt("b", Status::Passed, 0),
            attempt("c", Status::Failed, 0),
        ] {
            let _ = story.tell(RunEvent::TestEnd(ended));
        }
        let last = story.end(Outcome::Failed, 10);
        let Event::ExecutionLog { message, level: Level::Error, .. } = &last[0] else { panic!("{last:?}") };
        assert_eq!(message, "1 failed, 1 flaky, 1 did not run, 1 passed");
        assert!(matches!(last[1], Event::ExecutionComplete { exit_code: 1, duration_ms: 10, .. }));
    }

    #[test]
    fn a_failure_is_told_with_message_frame_and_stack() {
        let mut story = Narration::new("e".into());
        let _ = story.tell(RunEvent::Planned { tests: vec![case("a", "adds")], workers: 1 });
        let mut failed = attempt("a", Status::Failed, 0);
        failed.errors.push(TestError {
            message: "Error: expect(locator).toHaveText(expected) failed".to_owned(),
            stack: "    at a.spec.ts:5:9".to_owned(),
            location: None,
            snippet: Some("> 5 | await expect(x)".to_owned()),
        });
        let told = story.tell(RunEvent::TestEnd(failed));
        let Event::ExecutionLog { message, .. } = &told[0] else { panic!("{told:?}") };
        assert_eq!(
            message,
            "✘ cart › adds (1.2s)\n\nError: expect(locator).toHaveText(expected) failed\n\n> 5 | await expect(x)\n\n    at a.spec.ts:5:9"
        );
    }
}
