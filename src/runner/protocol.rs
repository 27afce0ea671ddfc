//! What passes between host (parent) and worker (child): frames of a 4-byte big-endian length and JSON, the worker's
//! standard input and output. One worker loads one file (with what it imports), once, and runs tests of it in order.
//!
//! ```text
//! host                                worker
//!   Load {config, entry}       ─────▶                                      (or LoadConfig, answered by ConfigLoaded)
//!                              ◀─────  Resolve {id, specifier, from}      (for every import, before anything is evaluated)
//!   Resolved {id, module}      ─────▶
//!                              ◀─────  Loaded {tests} | LoadFailed {error}
//!   Run {tests, retry}         ─────▶
//!                              ◀─────  TestBegin, StepBegin, Op …, StepEnd, Log, TestEnd
//!   OpResult, Event            ─────▶
//!                              ◀─────  Done {remaining}
//! ```
//!
//! After a test that did not end as expected the worker tears down (`afterAll`, worker fixtures) and says `Done` with the tests
//! it has not run; the host gives those to a fresh worker, as Playwright does.

mod config;
mod frames;
mod walls;

pub use config::{Place, WorkerConfig};
pub use frames::{MAX_FRAME, frame, read_frame};
pub use walls::{Probe, Walls};

use crate::model::Level;
use crate::model::run::{Attempt, StepBegin, TestCase, TestError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Host to worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ToWorker {
    /// Read this file, resolve its imports, evaluate it, answer `Loaded` or `LoadFailed`.
    Load {
        /// What holds for the whole worker.
        config: WorkerConfig,
        /// The spec file.
        entry: Module,
    },
    /// Read this configuration (`playwright.config.ts`), resolve its imports, evaluate it, answer `ConfigLoaded` or `LoadFailed`.
    LoadConfig {
        /// What holds for the whole worker.
        config: WorkerConfig,
        /// The file.
        entry: Module,
    },
    /// Read this module, whose exports are lists of functions that import `globalSetup` and `globalTeardown` files; answer
    /// `HooksLoaded` or `LoadFailed`.
    LoadHooks {
        /// What holds for the whole worker.
        config: WorkerConfig,
        /// The module.
        entry: Module,
    },
    /// Run those hooks that come before the tests, or those that come after them; answer `HooksEnded`.
    Hooks {
        /// Whether the tests are over.
        over: bool,
        /// Of all projects, for what the hooks are told.
        projects: Vec<WorkerConfig>,
    },
    /// Answer to `Resolve`.
    Resolved {
        /// The question's.
        id: u32,
        /// The module, or why there is none (a sentence for the user).
        module: Result<Module, String>,
    },
    /// Run these tests of the loaded file in order.
    Run {
        /// What to run; ids of [`TestCase`].
        tests: Vec<Planned>,
        /// `test.info().workerIndex`: which of all the processes that run tests, in order of their beginning.
        worker_index: u32,
        /// `test.info().parallelIndex`: which of those at work at the same time.
        parallel_index: u32,
    },
    /// Answer to `Op`.
    OpResult {
        /// The operation's.
        id: u32,
        /// Its value or its error.
        result: Result<Value, OpError>,
    },
    /// Answer to `File`, to `Ask` and to `Intl`.
    Answer {
        /// Its value, or code (`ENOENT`) and words.
        result: Result<Value, (String, String)>,
    },
    /// Something happened to an object the worker knows (`page@1`, `frame@2`, …). Sent before the result of the operation that
    /// caused it, so that `page.url()` and friends are right without asking.
    Event {
        /// The object.
        target: String,
        /// `navigated`, `closed`, `console`, …
        name: String,
        /// By name.
        params: Value,
    },
    /// End the running test now (status `interrupted`), tear down, say `Done`. The host kills the process soon after.
    Cancel,
}

/// How many steps a source has, as far as its text says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepCount {
    /// Declarations of tests.
    pub tests: u32,
    /// In tests.
    pub own: u32,
    /// Around each test.
    pub each: u32,
    /// Elsewhere.
    pub once: u32,
}

impl StepCount {
    /// With what else is imported.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            tests: self.tests.saturating_add(other.tests),
            own: self.own.saturating_add(other.own),
            each: self.each.saturating_add(other.each),
            once: self.once.saturating_add(other.once),
        }
    }

    /// Of so many tests; a declaration in a loop makes several.
    #[must_use]
    pub fn of(self, tests: usize) -> u32 {
        let tests = u32::try_from(tests).unwrap_or(u32::MAX);
        if tests == 0 {
            return 0;
        }
        let own = match self.tests {
            0 => self.own,
            declared => u32::try_from(u64::from(self.own) * u64::from(tests) / u64::from(declared)).unwrap_or(u32::MAX),
        };
        own.saturating_add(self.each.saturating_mul(tests)).saturating_add(self.once)
    }
}

/// Worker to host.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ToHost {
    /// Facade and engine are up; `Load` may come.
    Ready {
        /// What stands around it.
        #[serde(default)]
        walls: Walls,
    },
    /// Find this import.
    Resolve {
        /// Echoed.
        id: u32,
        /// As written in the source.
        specifier: String,
        /// Path of the importing module.
        from: String,
        /// By `require`.
        #[serde(default)]
        required: bool,
    },
    /// So many steps are in the file and what it imports; told before [`ToHost::Loaded`].
    Counted {
        /// Of all of it.
        steps: StepCount,
    },
    /// The file was evaluated; these are its tests, in order of declaration, filtered by `test.only` and `grep`.
    Loaded {
        /// All tests.
        tests: Vec<TestCase>,
        /// Whether `test.only` or `describe.only` chose them.
        only: bool,
    },
    /// The configuration was evaluated.
    ConfigLoaded {
        /// Its value; regular expressions as `{ "$source", "$flags" }`.
        config: Value,
        /// Paths of what could not be told: functions and the like.
        lost: Vec<String>,
        /// `process.env` afterwards.
        env: BTreeMap<String, String>,
    },
    /// The file could not be parsed, resolved or evaluated.
    LoadFailed {
        /// With line, column and code frame.
        error: TestError,
    },
    /// An attempt begins.
    TestBegin {
        /// [`TestCase::id`].
        test: String,
        /// From 0.
        retry: u32,
        /// Milliseconds the host waits before it kills the worker as hung; 0 is for ever. Renewed by `Deadline`.
        timeout: u64,
    },
    /// The running test changed its timeout; counted from now.
    Deadline {
        /// Milliseconds from now; 0 is for ever.
        timeout: u64,
        /// The limit as its author knows it, without what the host waits beyond it; 0 is none.
        #[serde(default)]
        limit: u64,
    },
    /// An attempt ended.
    TestEnd {
        /// How.
        attempt: Attempt,
    },
    /// A step began.
    StepBegin {
        /// [`TestCase::id`]; none in `beforeAll`/`afterAll` outside a test.
        test: Option<String>,
        /// The step.
        step: StepBegin,
    },
    /// A step ended.
    StepEnd {
        /// [`TestCase::id`].
        test: Option<String>,
        /// Of the step.
        id: u32,
        /// Milliseconds.
        duration_ms: u64,
        /// None when it went well.
        error: Option<TestError>,
    },
    /// `console.…` of the test code.
    Log {
        /// [`TestCase::id`].
        test: Option<String>,
        /// How serious.
        level: Level,
        /// Without a trailing newline.
        text: String,
    },
    /// A call of Node.js's `fs`: the worker waits for `Answer`.
    File {
        /// `readFile`, …
        call: String,
        /// By name.
        params: Value,
    },
    /// Answer to `LoadHooks`.
    HooksLoaded,
    /// Answer to `Hooks`.
    HooksEnded {
        /// What went wrong, in order.
        errors: Vec<TestError>,
        /// `process.env` now.
        env: BTreeMap<String, String>,
    },
    /// A question for a browser's `Intl`: the worker waits for `Answer`, a text.
    Intl {
        /// See `host/ops/linguist.js`.
        question: String,
    },
    /// Perform an operation of that table; the worker waits for `Answer` and does nothing else.
    Ask {
        /// Of the table.
        name: String,
        /// Its parameters.
        params: Value,
    },
    /// Perform an operation of the table in `host/ops`.
    Op {
        /// Echoed.
        id: u32,
        /// The step it belongs to, for screenshots; none for operations that are no step.
        step: Option<u32>,
        /// `locator.click`, …
        name: String,
        /// By name.
        params: Value,
    },
    /// Give up a running operation: nobody waits for it any more (its test ended). No answer.
    Abandon {
        /// The operation's.
        id: u32,
    },
    /// Break off a running operation: it is answered with an error that has its call log. Nothing where it is answered already.
    Interrupt {
        /// The operation's.
        id: u32,
        /// The error's words.
        why: String,
        /// What the call log says of it, if anything.
        line: Option<String>,
    },
    /// An error outside any test (`afterAll` of a file, worker fixtures).
    Error {
        /// What.
        error: TestError,
    },
    /// All that could be run was run; the worker exits when its input closes.
    Done {
        /// Ids not run because a test before them did not end as expected.
        remaining: Vec<String>,
        /// Whether the worker must not be used again (a test failed, or it was cancelled).
        spent: bool,
    },
}

/// One test to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// [`TestCase::id`].
    pub test: String,
    /// From 0.
    pub retry: u32,
    /// `--repeat-each` index, from 0.
    pub repeat: u32,
}

/// Source text and the name it goes by in stacks and reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// Unique; relative to the run's root with `/`.
    pub path: String,
    /// TypeScript, JavaScript or JSON, by the ending of `path`.
    pub source: String,
    /// Where `source` was made of something else: it is TypeScript then, and people see that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

impl Module {
    /// Source as somebody wrote it.
    pub fn new(path: impl Into<String>, source: impl Into<String>) -> Self {
        Self { path: path.into(), source: source.into(), origin: None }
    }
}

/// What a source was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The whole text.
    pub text: String,
    /// From which line of the source on, what place of the text stands behind it: line and column, all from 1, in order.
    pub places: Vec<(u32, u32, u32)>,
}

impl Origin {
    /// Line and column of the text behind a line of the source; its beginning where nothing is.
    pub fn place(&self, line: u32) -> (u32, u32) {
        let after = self.places.partition_point(|(from, ..)| *from <= line);
        self.places[..after].last().map_or((1, 1), |(_, line, column)| (*line, *column))
    }
}

/// How an operation failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpError {
    /// `TimeoutError` or `Error`.
    pub name: String,
    /// Complete but for the name of the call, which the facade puts in front: `Timeout 30000ms exceeded.\nCall log:\n  - …`.
    pub message: String,
    /// Whether the page, context or browser is gone.
    #[serde(default)]
    pub closed: bool,
}
