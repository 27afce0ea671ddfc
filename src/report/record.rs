//! Everything a run told, for reports that are written at its end.

use super::book::{Verdict, verdict};
use crate::model::Level;
use crate::model::run::{Annotation, Attempt, RunEvent, StepBegin, TestCase, TestError, WorkerIndex};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// What a report of a whole run says about the run itself.
#[derive(Debug, Clone)]
pub struct About {
    /// What paths of tests are relative to: the current folder.
    pub cwd: PathBuf,
    /// Where reports tell paths from: `testDir` of the configuration.
    pub root_dir: PathBuf,
    /// `config` of the report in JSON.
    pub config: serde_json::Value,
    /// When the run began.
    pub began: Instant,
}

impl About {
    /// A test's file as reports name it.
    pub(super) fn file(&self, path: &str) -> String {
        let full = self.cwd.join(path);
        let inside = full.strip_prefix(&self.root_dir).map(Path::to_path_buf);
        inside.unwrap_or_else(|_| PathBuf::from(path)).display().to_string()
    }

    /// The full path of a test's file.
    pub(super) fn full(&self, path: &str) -> String {
        self.cwd.join(path).display().to_string()
    }

    /// Milliseconds since the run began.
    pub(super) fn elapsed(&self) -> f64 {
        self.began.elapsed().as_secs_f64() * 1000.0
    }
}

/// A test and how often it was tried.
#[derive(Debug)]
pub(super) struct Test {
    pub(super) case: TestCase,
    pub(super) tries: Vec<Try>,
}

/// One attempt.
#[derive(Debug)]
pub(super) struct Try {
    pub(super) retry: u32,
    pub(super) worker: Option<WorkerIndex>,
    pub(super) started: SystemTime,
    pub(super) printed: Vec<(Level, String)>,
    pub(super) steps: Vec<Step>,
    /// None while it runs, or when the run ended before it.
    pub(super) attempt: Option<Attempt>,
}

/// A step of an attempt.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) begin: StepBegin,
    pub(super) duration_ms: u64,
    pub(super) error: Option<TestError>,
}

impl Test {
    pub(super) fn attempts(&self) -> impl Iterator<Item = (&Try, &Attempt)> {
        self.tries.iter().filter_map(|one| Some((one, one.attempt.as_ref()?)))
    }

    /// Of the last attempt that ran to its end, else what its file declares.
    pub(super) fn annotations(&self) -> &[Annotation] {
        self.last_run().map_or(&self.case.annotations, |attempt| &attempt.annotations)
    }

    /// The same of its time, milliseconds.
    pub(super) fn timeout(&self) -> u64 {
        self.last_run().and_then(|attempt| attempt.timeout).unwrap_or(self.case.timeout)
    }

    fn last_run(&self) -> Option<&Attempt> {
        self.attempts().map(|(_, attempt)| attempt).filter(|attempt| attempt.timeout.is_some()).last()
    }

    pub(super) fn verdict(&self) -> Verdict {
        verdict(&self.attempts().map(|(_, attempt)| attempt.clone()).collect::<Vec<_>>())
    }
}

/// The run so far.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) tests: Vec<Test>,
    index: HashMap<String, usize>,
    pub(super) errors: Vec<TestError>,
    pub(super) started: SystemTime,
    pub(super) workers: usize,
}

impl Default for Record {
    fn default() -> Self {
        Self { tests: Vec::new(), index: HashMap::new(), errors: Vec::new(), started: SystemTime::now(), workers: 1 }
    }
}

impl Record {
    /// Takes an event into account.
    pub(super) fn note(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Planned { tests, workers } => {
                self.index = tests.iter().enumerate().map(|(at, test)| (test.id.clone(), at)).collect();
                self.tests = tests.iter().map(|case| Test { case: case.clone(), tries: Vec::new() }).collect();
                self.workers = *workers;
            }
            RunEvent::TestBegin { test, retry, worker } => {
                if let Some(test) = self.test(test) {
                    test.tries.push(Try {
                        retry: *retry,
                        worker: *worker,
                        started: SystemTime::now(),
                        printed: Vec::new(),
                        steps: Vec::new(),
                        attempt: None,
                    });
                }
            }
            RunEvent::StepBegin { test: Some(test), step } => {
                if let Some(running) = self.running(test) {
                    running.steps.push(Step { begin: step.clone(), duration_ms: 0, error: None });
                }
            }
            RunEvent::StepEnd { test: Some(test), id, duration_ms, error } => {
                let running = self.running(test);
                let step = running.and_then(|running| running.steps.iter_mut().rev().find(|step| step.begin.id == *id));
                if let Some(step) = step {
                    step.duration_ms = *duration_ms;
                    step.error.clone_from(error);
                }
            }
            RunEvent::Log { test: Some(test), level, text } => {
                if let Some(running) = self.running(test) {
                    running.printed.push((*level, format!("{text}\n")));
                }
            }
            RunEvent::TestEnd(attempt) => {
                if let Some(running) = self.running(&attempt.test) {
                    running.attempt = Some(attempt.clone());
                }
            }
            RunEvent::Error(error) => self.errors.push(error.clone()),
            _ => {}
        }
    }

    fn test(&mut self, id: &str) -> Option<&mut Test> {
        self.index.get(id).map(|at| &mut self.tests[*at])
    }

    fn running(&mut self, id: &str) -> Option<&mut Try> {
        self.test(id)?.tries.last_mut()
    }

    /// Of the tests with this verdict.
    pub(super) fn count(&self, wanted: Verdict) -> usize {
        self.tests.iter().filter(|test| test.verdict() == wanted).count()
    }
}

/// `2026-01-31T12:34:56.789Z`
pub(super) fn timestamp(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    // Counted from the first of March of the year 0, where leap days are last.
    let day = days + 719_468;
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let date = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", since.subsec_millis())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn times_are_told_in_utc() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00.007Z"),
            (951_782_400, "2000-02-29T00:00:00.007Z"),
            (1_798_761_599, "2026-12-31T23:59:59.007Z"),
        ] {
            assert_eq!(timestamp(UNIX_EPOCH + Duration::new(seconds, 7_000_000)), expected);
        }
    }
}
