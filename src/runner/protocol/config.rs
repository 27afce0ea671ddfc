//! What a worker is told before anything else.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What holds for a whole worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WorkerConfig {
    /// Per-test timeout, milliseconds; 0 is none.
    pub timeout: u64,
    /// Timeout of `expect`, milliseconds.
    pub expect_timeout: u64,
    /// `use` options of config and flags: `baseURL`, `viewport`, `actionTimeout`, `testIdAttribute`, ….
    pub r#use: serde_json::Map<String, Value>,
    /// `process.env` of the tests: allow-listed variables only.
    pub env: BTreeMap<String, String>,
    /// `test.info().project.name`.
    pub project: String,
    /// Retries of the run, for `test.info().project.retries`.
    pub retries: u32,
    /// Bytes the script engine may use.
    pub memory_limit: u64,
    /// Seconds of the processor's time that the process may use; 0 is no bound.
    pub cpu_limit: u64,
    /// Report members that do not exist when they are used, not before the run.
    pub allow_unsupported: bool,
    /// Folder of `test.info().outputPath()`, as text; the host writes.
    pub output_dir: String,
    /// Only tests that match are told in `Loaded`: source of a JavaScript regular expression, without regard to case, over
    /// `project file describe … title tags` joined by spaces.
    pub grep: Option<String>,
    /// Tests that match are left out.
    pub grep_invert: Option<String>,
    /// The configuration's own `grep`: tests that match one of these, as `/source/flags`. All where there is none.
    pub project_grep: Vec<String>,
    /// The configuration's own `grepInvert`.
    pub project_grep_invert: Vec<String>,
    /// The folder that paths are relative to, for `__dirname` and `process.cwd()`; the agent's code knows none.
    pub root: String,
    /// Folder of the project's spec files, absolute.
    pub test_dir: String,
    /// `expect` of the configuration: options of matchers by name.
    pub expect: serde_json::Map<String, Value>,
    /// Folder of the project's snapshots, absolute.
    pub snapshot_dir: String,
    /// Where snapshots are, with `{…}` for what differs.
    pub snapshot_path_template: Option<String>,
    /// Snapshots are not compared.
    pub ignore_snapshots: bool,
    /// `metadata` of the project.
    pub metadata: Value,
    /// What `test.info().config` shows.
    pub full_config: Value,
    /// Of files that are named here only the tests and `describe` blocks at these places are told in `Loaded`.
    pub lines: BTreeMap<String, Vec<Place>>,
}

/// A line of a file, or a place in it; from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// From 1.
    pub line: u32,
    /// From 1; any where there is none.
    pub column: Option<u32>,
}

impl Default for WorkerConfig {
    /// Playwright's.
    fn default() -> Self {
        Self {
            timeout: 30_000,
            expect_timeout: 5_000,
            r#use: serde_json::Map::new(),
            env: BTreeMap::new(),
            project: String::new(),
            retries: 0,
            memory_limit: 256 << 20,
            cpu_limit: 0,
            allow_unsupported: false,
            output_dir: String::new(),
            grep: None,
            grep_invert: None,
            project_grep: Vec::new(),
            project_grep_invert: Vec::new(),
            root: String::new(),
            test_dir: String::new(),
            expect: serde_json::Map::new(),
            snapshot_dir: String::new(),
            snapshot_path_template: None,
            ignore_snapshots: false,
            metadata: Value::Null,
            full_config: Value::Null,
            lines: BTreeMap::new(),
        }
    }
}
