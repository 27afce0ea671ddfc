//! What is known of a run so far: its tests, their attempts, what came of each.

use crate::model::run::{Attempt, RunEvent, Status, StepBegin, StepCategory, TestCase, TestError};
use std::collections::HashMap;

/// All attempts at a test together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Expected,
    Unexpected,
    /// As expected in the end, but not at first.
    Flaky,
    Skipped,
    /// Not begun, or skipped for the sake of another test.
    DidNotRun,
    Interrupted,
}

/// A test and what was tried.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) case: TestCase,
    pub(super) attempts: Vec<Attempt>,
    /// Per attempt that has errors: titles of the `test.step`s in which it failed.
    failed_in: Vec<Vec<String>>,
    /// Of the running attempt.
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    id: u32,
    parent: Option<u32>,
    own: bool,
    title: String,
    failed: bool,
}

impl Entry {
    pub(super) fn verdict(&self) -> Verdict {
        verdict(&self.attempts)
    }

    /// ` › outer › inner` where all attempts failed in the same `test.step`, else empty.
    pub(super) fn failed_step(&self) -> String {
        match self.failed_in.split_first() {
            Some((first, rest)) if rest.iter().all(|path| path == first) => {
                first.iter().map(|title| format!(" › {title}")).collect()
            }
            _ => String::new(),
        }
    }

    /// Titles of the `test.step`s that run now.
    pub(super) fn running_steps(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter(|step| step.own && !step.failed).map(|step| step.title.as_str())
    }

    fn step_begins(&mut self, step: &StepBegin) {
        let own = step.category == StepCategory::Step;
        self.steps.push(Step { id: step.id, parent: step.parent, own, title: step.title.clone(), failed: false });
    }

    /// Forgets a step that went well: only failed ones are of interest afterwards.
    fn step_ends(&mut self, id: u32, failed: bool) {
        if failed {
            self.steps.iter_mut().filter(|step| step.id == id).for_each(|step| step.failed = true);
        } else {
            self.steps.retain(|step| step.id != id);
        }
    }

    fn ends(&mut self, attempt: &Attempt) {
        let steps = std::mem::take(&mut self.steps);
        if !attempt.errors.is_empty() {
            self.failed_in.push(failed_path(&steps));
        }
        self.attempts.push(attempt.clone());
    }
}

/// What all attempts at a test come to.
pub(super) fn verdict(attempts: &[Attempt]) -> Verdict {
    let interrupted = attempts.iter().any(|attempt| attempt.status == Status::Interrupted);
    let mut finished = attempts.iter().filter(|attempt| attempt.status != Status::Interrupted).peekable();
    let all_skipped = finished.peek().is_none() || finished.clone().all(|a| a.status == Status::Skipped);
    if all_skipped {
        let wanted = attempts.last().is_some_and(|attempt| attempt.expected_status == Status::Skipped);
        return match (interrupted, wanted) {
            (true, _) => Verdict::Interrupted,
            (false, true) => Verdict::Skipped,
            (false, false) => Verdict::DidNotRun,
        };
    }
    let fine = |attempt: &Attempt| attempt.status == attempt.expected_status;
    let mut ran = finished.filter(|attempt| attempt.status != Status::Skipped || fine(attempt));
    match (ran.clone().all(fine), ran.any(fine)) {
        (true, _) => Verdict::Expected,
        (false, true) => Verdict::Flaky,
        (false, false) => Verdict::Unexpected,
    }
}

/// Down from the test as long as exactly one step failed and it is a `test.step`.
fn failed_path(steps: &[Step]) -> Vec<String> {
    let mut path = Vec::new();
    let mut parent = None;
    loop {
        let mut failed = steps.iter().filter(|step| step.failed && step.parent == parent);
        match (failed.next(), failed.next()) {
            (Some(step), None) if step.own => {
                path.push(step.title.clone());
                parent = Some(step.id);
            }
            _ => return path,
        }
    }
}

/// The run so far.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) entries: Vec<Entry>,
    index: HashMap<String, usize>,
    /// Outside any test.
    pub(super) errors: Vec<TestError>,
}

impl Book {
    /// Takes an event into account. Of the others nothing is kept.
    pub(super) fn note(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Planned { tests, .. } => {
                self.index = tests.iter().enumerate().map(|(at, test)| (test.id.clone(), at)).collect();
                self.entries = tests
                    .iter()
                    .map(|case| Entry {
                        case: case.clone(),
                        attempts: Vec::new(),
                        failed_in: Vec::new(),
                        steps: Vec::new(),
                    })
                    .collect();
            }
            RunEvent::StepBegin { test: Some(test), step } => {
                if let Some(entry) = self.entry_mut(test) {
                    entry.step_begins(step);
                }
            }
            RunEvent::StepEnd { test: Some(test), id, error, .. } => {
                if let Some(entry) = self.entry_mut(test) {
                    entry.step_ends(*id, error.is_some());
                }
            }
            RunEvent::TestEnd(attempt) => {
                if let Some(entry) = self.entry_mut(&attempt.test) {
                    entry.ends(attempt);
                }
            }
            RunEvent::Error(error) => self.errors.push(error.clone()),
            _ => {}
        }
    }

    pub(super) fn entry(&self, test: &str) -> Option<&Entry> {
        self.index.get(test).map(|at| &self.entries[*at])
    }

    fn entry_mut(&mut self, test: &str) -> Option<&mut Entry> {
        self.index.get(test).map(|at| &mut self.entries[*at])
    }

    /// In the order of declaration.
    pub(super) fn of(&self, verdict: Verdict) -> Vec<&Entry> {
        self.entries.iter().filter(|entry| entry.verdict() == verdict).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_those_of_playwright() {
        use Status::{Failed, Interrupted, Passed, Skipped, TimedOut};
        type Case<'a> = (&'a str, &'a [(Status, Status)], Verdict);
        let cases: &[Case<'_>] = &[
            ("not begun", &[], Verdict::DidNotRun),
            ("passed", &[(Passed, Passed)], Verdict::Expected),
            ("failed as it should", &[(Failed, Failed)], Verdict::Expected),
            ("passed and should not", &[(Passed, Failed)], Verdict::Unexpected),
            ("failed always", &[(Failed, Passed), (TimedOut, Passed)], Verdict::Unexpected),
            ("failed once", &[(Failed, Passed), (Passed, Passed)], Verdict::Flaky),
            ("skipped", &[(Skipped, Skipped)], Verdict::Skipped),
            ("skipped for another's sake", &[(Skipped, Passed)], Verdict::DidNotRun),
            ("serial group tried again", &[(Skipped, Passed), (Passed, Passed)], Verdict::Expected),
            ("interrupted", &[(Interrupted, Passed)], Verdict::Interrupted),
            ("failed, then interrupted", &[(Failed, Passed), (Interrupted, Passed)], Verdict::Unexpected),
        ];
        for (name, attempts, expected) in cases {
            let attempts = attempts
                .iter()
                .map(|(status, expected_status)| Attempt {
                    test: "t".to_owned(),
                    retry: 0,
                    status: *status,
                    expected_status: *expected_status,
                    duration_ms: 1,
                    errors: Vec::new(),
                    annotations: Vec::new(),
                    timeout: None,
                    attachments: Vec::new(),
                })
                .collect();
            let case = serde_json::from_value(serde_json::json!({
                "id": "t", "titlePath": ["t"], "location": {"file": "a.spec.ts", "line": 1, "column": 1}, "timeout": 0
            }));
            let entry = Entry { case: case.unwrap(), attempts, failed_in: Vec::new(), steps: Vec::new() };
            assert_eq!(entry.verdict(), *expected, "{name}");
        }
    }
}
