//! The flags of `run`.

use super::node::RunnerName;
use super::reporters::Choice;
use super::values::{name, shard, url, whole, workers};
use std::path::PathBuf;

/// Run Playwright Test files here, without a server and without Node.js
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 all passed, 1 some failed, 2 could not run, 130 interrupted.\n\n\
                        Example: understudy run tests/login.spec.ts:12 --headed")]
pub(in crate::cli) struct Args {
    /// Spec files, recordings (.json, .jsonl), folders with specs, or parts of specs' paths; `file:line` runs what stands
    /// at that line. All specs below the current folder where nothing is named
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<String>,
    /// Only tests whose file and titles match this regular expression
    #[arg(short, long, value_name = "RE")]
    pub(super) grep: Option<String>,
    /// Only tests whose file and titles do not match it
    #[arg(long, value_name = "RE")]
    pub(super) grep_invert: Option<String>,
    /// The configuration: a playwright.config.ts or its folder; the one in the current folder where none is named. Flags
    /// win over it
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Only projects of the configuration with this name, `*` stands for anything; with what they depend on; repeatable
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub(super) project: Vec<String>,
    /// Without the projects that others depend on
    #[arg(long)]
    pub(super) no_deps: bool,
    /// How many tests at a time, or percent of the cores [default: 50%]
    #[arg(short = 'j', long, value_name = "N", value_parser = workers)]
    pub(super) workers: Option<usize>,
    /// Tests of one file at the same time, too
    #[arg(long)]
    pub(super) fully_parallel: bool,
    /// How often a failing test is tried again [default: 0]
    #[arg(long, value_name = "N", value_parser = whole::<u32>)]
    pub(super) retries: Option<u32>,
    /// How often every test is run [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) repeat_each: Option<u32>,
    /// Milliseconds a test may take; 0 is for ever [default: 30000]
    #[arg(long, value_name = "MS", value_parser = whole::<u64>)]
    pub(super) timeout: Option<u64>,
    /// Milliseconds the whole run may take; 0 is for ever
    #[arg(long, value_name = "MS", value_parser = whole::<u64>)]
    pub(super) global_timeout: Option<u64>,
    /// A `test.only` anywhere is an error
    #[arg(long)]
    pub(super) forbid_only: bool,
    /// A test that passes only when it is tried again fails the run
    #[arg(long)]
    pub(super) fail_on_flaky_tests: bool,
    /// Stop after so many failed tests
    #[arg(long, value_name = "N", value_parser = whole::<u32>)]
    pub(super) max_failures: Option<u32>,
    /// Stop after the first failed test
    #[arg(short = 'x', conflicts_with = "max_failures")]
    pub(super) stop_at_first: bool,
    /// The I-th of N equal parts of the tests, such as 1/3
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub(super) shard: Option<(u32, u32)>,
    /// Only tests that failed in the last run, as its output folder says; all where it does not
    #[arg(long)]
    pub(super) last_failed: bool,
    /// That there are no tests to run is no error
    #[arg(long)]
    pub(super) pass_with_no_tests: bool,
    /// Which snapshots are written anew: those that are missing or differ where nothing more is said. Without the flag those
    /// that are missing, and their tests fail
    #[arg(short, long, value_name = "WHICH", num_args = 0..=1, default_missing_value = "changed")]
    pub(super) update_snapshots: Option<UpdateSnapshots>,
    /// Name the tests and do not run them
    #[arg(long, conflicts_with = "reporter")]
    pub(super) list: bool,
    /// How to tell what happens: list, line, dot, json, jsonl, junit or html, with `=FILE` where it shall be written;
    /// repeatable. json, jsonl and junit without a file take standard output for themselves [default: list]
    #[arg(long, value_name = "NAME[=FILE]", value_parser = super::reporters::choice)]
    pub(super) reporter: Vec<Choice>,
    /// Do not show what tests print
    #[arg(long)]
    pub(super) quiet: bool,
    /// What relative addresses in `page.goto` are relative to
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(super) base_url: Option<String>,
    /// Who runs the tests: this program, or the official runner of this machine with Node.js
    #[arg(long, value_name = "NAME", default_value = "builtin")]
    pub(super) runner: RunnerName,
    /// Show the browser
    #[arg(long)]
    pub(super) headed: bool,
    /// Where tests leave files [default: test-results]
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
    /// Record a trace of every test, to be opened with `npx playwright show-trace`; `retain-on-failure` keeps those of
    /// tests that failed
    #[arg(long, value_name = "MODE")]
    pub(super) trace: Option<TraceMode>,
    /// The Chromium to use; looked for in the usual places where none is named
    #[arg(long, value_name = "PATH")]
    pub(super) browser: Option<PathBuf>,
    /// An argument for Chromium; repeatable
    #[arg(long, value_name = "ARG", allow_hyphen_values = true)]
    pub(super) browser_arg: Vec<String>,
    /// A variable of the environment that tests may read; repeatable. All where none is named
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub(super) env: Vec<String>,
    /// Run tests that use members of Playwright's API which are not there: they fail when they get there, not before the run
    #[arg(long)]
    pub(super) allow_unsupported: bool,
}

/// As `use: { trace }` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum TraceMode {
    On,
    Off,
    RetainOnFailure,
    OnFirstRetry,
    OnAllRetries,
    RetainOnFirstFailure,
}

impl TraceMode {
    /// As tests know it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::RetainOnFailure => "retain-on-failure",
            Self::OnFirstRetry => "on-first-retry",
            Self::OnAllRetries => "on-all-retries",
            Self::RetainOnFirstFailure => "retain-on-first-failure",
        }
    }
}

/// Which snapshots are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum UpdateSnapshots {
    All,
    Changed,
    Missing,
    None,
}
