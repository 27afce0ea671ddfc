//! What all workers of a run share: where events go, and how much of them one worker may cause.

use super::loader::ModuleLoader;
use super::processor::ProcessorTime;
use crate::artifacts::Places;
use crate::model::Level;
use crate::model::run::{RunEvent, TestError};
use crate::runner::events::EventSender;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What all workers of a run share.
pub(crate) struct Stage {
    pub(crate) events: EventSender,
    pub(crate) cancel: CancellationToken,
    pub(crate) loader: Arc<dyn ModuleLoader>,
    /// Whether steps are to be pictured.
    pub(crate) pictures: bool,
    /// Numbers of steps are unique in a run.
    pub(crate) steps: AtomicU32,
    /// How many processes have run tests.
    pub(crate) workers: AtomicU32,
    /// Where files of attempts are.
    pub(crate) artifacts: Places,
    /// Whether ids of tests need their file's number in front.
    pub(crate) many_files: bool,
    /// For loading a file, its evaluation included.
    pub(crate) load_limit: Duration,
    /// For what a worker does between tests; none is for ever.
    pub(crate) pause_limit: Option<Duration>,
    /// What its processes may use of the processor; none is no bound.
    pub(crate) processor: Option<Arc<ProcessorTime>>,
}

impl Stage {
    pub(crate) fn tell(&self, event: RunEvent) {
        self.events.send(event);
    }

    pub(crate) fn next_worker(&self) -> u32 {
        self.workers.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn next_step(&self) -> u32 {
        self.steps.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The id by which a test of a file is known outside.
    pub(crate) fn id(&self, file: usize, test: &str, repeat: u32) -> String {
        let mut id = if self.many_files { format!("{file}/{test}") } else { test.to_owned() };
        if repeat > 0 {
            id.push_str(&format!("~{repeat}"));
        }
        id
    }
}

/// Text that a worker may log, bytes; what follows is dropped with a notice.
const LOG_LIMIT: usize = 16 << 20;
/// What a line counts at least, bytes: one that waits to be told costs more than its text.
const LINE_LEAST: usize = 8;
/// Steps that a worker may tell of.
const STEP_LIMIT: usize = 50_000;
/// Errors outside of tests that a worker may tell of.
const ERROR_LIMIT: usize = 100;

/// What a worker may tell, so that a test that floods costs its own verdict and not our memory.
#[derive(Debug, Default)]
pub(crate) struct Allowance {
    logged: usize,
    steps: usize,
    errors: usize,
}

impl Allowance {
    /// Tells of a line, or of the first one too many.
    pub(crate) fn log(&mut self, stage: &Stage, test: Option<String>, level: Level, text: String) {
        if !self.has_line(text.len()) {
            return;
        }
        stage.tell(RunEvent::Log { test: test.clone(), level, text });
        if self.logged >= LOG_LIMIT {
            let text = format!("[more than {} MB of output; the rest is left out]", LOG_LIMIT >> 20);
            stage.tell(RunEvent::Log { test, level: Level::Warn, text });
        }
    }

    /// Whether one more line may be told of, of so many bytes.
    fn has_line(&mut self, bytes: usize) -> bool {
        let has = self.logged < LOG_LIMIT;
        self.logged += bytes.max(LINE_LEAST);
        has
    }

    /// Whether one more step may be told of; tells of the first one too many.
    pub(crate) fn step(&mut self, stage: &Stage) -> bool {
        self.steps += 1;
        if self.steps == STEP_LIMIT + 1 {
            let text = format!("[more than {STEP_LIMIT} steps; the rest is left out]");
            stage.tell(RunEvent::Log { test: None, level: Level::Warn, text });
        }
        self.steps <= STEP_LIMIT
    }

    /// Tells of an error outside of tests.
    pub(crate) fn error(&mut self, stage: &Stage, error: TestError) {
        self.errors += 1;
        if self.errors <= ERROR_LIMIT {
            stage.tell(RunEvent::Error(error));
        }
    }
}

/// An error of words alone.
pub(crate) fn plain(message: String) -> TestError {
    TestError { message, ..TestError::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_nothing_come_to_an_end_too() {
        for (bytes, lines) in [(0, 2_097_152), (8, 2_097_152), (1 << 20, 16)] {
            let mut allowance = Allowance::default();
            assert_eq!((0..).take_while(|_| allowance.has_line(bytes)).count(), lines, "{bytes}");
        }
    }
}
