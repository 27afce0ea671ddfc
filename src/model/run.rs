//! What a run of tests is made of: tests, attempts, steps, errors, and the events in which they are told.

use super::Level;
use serde::{Deserialize, Serialize};

/// A place in a source file; both from 1, columns in UTF-16 units.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Location {
    /// As the user named it, or relative to the root of the run.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
}

/// How an attempt ended, in Playwright's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// No error.
    #[default]
    Passed,
    /// At least one error.
    Failed,
    /// Its timeout passed.
    TimedOut,
    /// Not run.
    Skipped,
    /// The run ended first.
    Interrupted,
}

/// A note on a test, as `test.info().annotations` has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotation {
    /// `skip`, `fixme`, `slow`, `fail`, or the author's own.
    #[serde(rename = "type")]
    pub kind: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where it was made by a call of the framework or by a declaration; none for one that the author put into the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

/// A test as its file declares it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestCase {
    /// Unique in the file and stable over loads of the same source: made from the title path and ordinal.
    pub id: String,
    /// Titles of the `describe` blocks and the test's own, outermost first.
    pub title_path: Vec<String>,
    /// Of the `test(` call.
    pub location: Location,
    /// Of the `describe` blocks in `title_path`.
    #[serde(default)]
    pub describes: Vec<Location>,
    /// `@fast`, …
    #[serde(default)]
    pub tags: Vec<String>,
    /// Known before it runs.
    #[serde(default)]
    pub annotations: Vec<Annotation>,
    /// `Failed` for `test.fail`, `Skipped` for `test.skip` and `fixme`.
    #[serde(default)]
    pub expected_status: Status,
    /// Milliseconds; 0 is none.
    pub timeout: u64,
    /// Overrides the run's where `describe.configure` says so.
    #[serde(default)]
    pub retries: Option<u32>,
    /// Of a configuration; empty where there is none.
    #[serde(default)]
    pub project: String,
    /// `--repeat-each` index, from 0.
    #[serde(default)]
    pub repeat: u32,
    /// Tests with the same group run in one worker, in order (`serial` mode); none otherwise.
    #[serde(default)]
    pub serial_group: Option<String>,
}

impl TestCase {
    /// `describe › test`.
    #[must_use]
    pub fn title(&self) -> String {
        self.title_path.join(" › ")
    }

    /// By what a later run knows it, whatever else that one runs: ids may depend on that.
    #[must_use]
    pub fn lasting_name(&self, project: &str, repeat: u32) -> String {
        let project = if project.is_empty() { String::new() } else { format!("[{project}] › ") };
        let repeat = if repeat == 0 { String::new() } else { format!(" ~{repeat}") };
        format!("{project}{} › {}{repeat}", self.location.file, self.title())
    }
}

/// An error of a test, of a hook or of loading.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestError {
    /// With the name in front, as Playwright prints it: `Error: expect(locator).toHaveText(expected) failed\n\n…`.
    pub message: String,
    /// Frames at original positions, one a line: `    at name (file:line:column)`; empty where there is none.
    #[serde(default)]
    pub stack: String,
    /// Of the innermost frame in a file of the user's.
    #[serde(default)]
    pub location: Option<Location>,
    /// The lines around `location` with a marker, as Playwright prints them.
    #[serde(default)]
    pub snippet: Option<String>,
}

/// What kind of step it is, in Playwright's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepCategory {
    /// A call of the API.
    #[serde(rename = "pw:api")]
    Api,
    /// A matcher.
    #[serde(rename = "expect")]
    Expect,
    /// `test.step`.
    #[serde(rename = "test.step")]
    Step,
    /// `beforeEach` and friends.
    #[serde(rename = "hook")]
    Hook,
    /// Set-up or tear-down of a fixture.
    #[serde(rename = "fixture")]
    Fixture,
}

/// A step that began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepBegin {
    /// Unique within the worker.
    pub id: u32,
    /// The step it is part of.
    pub parent: Option<u32>,
    /// What kind.
    pub category: StepCategory,
    /// `Click getByRole('button', { name: 'Save' })`, `Expect "toHaveText"`, the author's words for `test.step`.
    pub title: String,
    /// `locator.click`, `page.goto`, `expect.toHaveText`; empty for other kinds.
    #[serde(default)]
    pub api_name: String,
    /// What the action was done with: `selector`, `url`, `value`, `key`, …; secrets masked.
    #[serde(default)]
    pub params: serde_json::Value,
    /// Where in the source.
    #[serde(default)]
    pub location: Option<Location>,
}

/// A finished attempt at a test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// [`TestCase::id`].
    pub test: String,
    /// From 0.
    pub retry: u32,
    /// How it ended.
    pub status: Status,
    /// How it should have ended, by its annotations at the end.
    pub expected_status: Status,
    /// Milliseconds.
    pub duration_ms: u64,
    /// In order; soft ones included.
    #[serde(default)]
    pub errors: Vec<TestError>,
    /// At the end of the attempt.
    #[serde(default)]
    pub annotations: Vec<Annotation>,
    /// Milliseconds that it had at its end; 0 is none. None where the test did not run to its end in a worker: then nothing is known but
    /// what its file declares.
    #[serde(default)]
    pub timeout: Option<u64>,
    /// Files it left behind.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
}

impl Attempt {
    /// Whether it ended as it should have, or was not to be done.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        self.status == Status::Skipped || self.status == self.expected_status
    }
}

/// A file or a text an attempt left behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// The author's or `screenshot`, `trace`, ….
    pub name: String,
    /// MIME type.
    pub content_type: String,
    /// Where it lies.
    #[serde(default)]
    pub path: Option<String>,
    /// The content, base64, where it is not a file.
    #[serde(default)]
    pub body: Option<String>,
}

/// Which of the processes that run tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerIndex {
    /// Of all, in order of their beginning.
    pub worker: u32,
    /// Of those at work at the same time.
    pub parallel: u32,
}

/// One event of a run, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum RunEvent {
    /// All files were read; these tests will run.
    Planned {
        /// In the order of declaration, filters applied.
        tests: Vec<TestCase>,
        /// How many workers will be used.
        workers: usize,
    },
    /// So many steps they have, as far as their text says.
    Counted {
        /// Of all files together.
        steps: u32,
    },
    /// An attempt begins.
    TestBegin {
        /// [`TestCase::id`].
        test: String,
        /// From 0.
        retry: u32,
        /// The process it runs in; none where it does not run.
        worker: Option<WorkerIndex>,
    },
    /// A step begins.
    StepBegin {
        /// [`TestCase::id`]; none while hooks of a whole file run.
        test: Option<String>,
        /// The step.
        step: StepBegin,
    },
    /// A step ended.
    StepEnd {
        /// [`TestCase::id`]; none while hooks of a whole file run.
        test: Option<String>,
        /// [`StepBegin::id`].
        id: u32,
        /// Milliseconds.
        duration_ms: u64,
        /// None when it went well.
        error: Option<TestError>,
    },
    /// The page after a step with its target outlined; may come after later steps began.
    Screenshot {
        /// [`StepBegin::id`].
        step: u32,
        /// JPEG.
        image: Vec<u8>,
    },
    /// `console.log` and friends of the test.
    Log {
        /// [`TestCase::id`], inside one.
        test: Option<String>,
        /// How serious.
        level: Level,
        /// Without a trailing newline.
        text: String,
    },
    /// An attempt ended.
    TestEnd(Attempt),
    /// Something outside any test went wrong: a file that does not load, a worker that died.
    Error(TestError),
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All tests ended as expected, retries counted.
    Passed,
    /// At least one did not.
    Failed,
    /// Nothing could be run: syntax, no tests, no browser. Already told as [`RunEvent::Error`].
    CouldNotRun,
    /// Cancelled from outside.
    Cancelled,
    /// The run's own deadline passed.
    TimedOut,
}

impl Outcome {
    /// The exit code of CLI.md and protocol 000.
    #[must_use]
    pub fn exit_code(self) -> i32 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::CouldNotRun => 2,
            Self::TimedOut => 124,
            Self::Cancelled => 130,
        }
    }
}
