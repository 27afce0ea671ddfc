//! What a run is to do, and how workers are started for it.

use crate::artifacts::Places;
use crate::browser::Mode;
use crate::runner::host::loader::{ModuleLoader, NoImports};
use crate::runner::protocol::{Module, WorkerConfig};
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What a run is to do.
#[derive(Clone)]
pub struct RunRequest {
    /// What is run how; those that others depend on first, for the order of reports.
    pub projects: Vec<Project>,
    /// What runs before all tests and after them: a module that exports `setups` and `teardowns`, lists of
    /// `[name, () => import(file)]`.
    pub hooks: Option<Module>,
    /// For what spec files import.
    pub loader: Arc<dyn ModuleLoader>,
    /// How many at once, at least one.
    pub workers: usize,
    /// After so many failed tests nothing is begun; 0 is no limit.
    pub max_failures: u32,
    /// Which part of how many, from 1.
    pub shard: Option<(u32, u32)>,
    /// Of the tests that are nobody's dependency only those with these [names](crate::model::run::TestCase::lasting_name); none is all.
    pub only: Option<HashSet<String>>,
    /// That there is no test is no error.
    pub none_is_fine: bool,
    /// A `test.only` is an error.
    pub forbid_only: bool,
    /// Only [`RunEvent::Planned`](crate::model::run::RunEvent::Planned).
    pub list_only: bool,
    /// Of the whole run.
    pub timeout: Option<Duration>,
    /// What scripts may use of the processor, in all processes that run them one after the other; of those at the same time each may use what
    /// was left when it began. None is no bound.
    pub cpu_limit: Option<Duration>,
    /// Of which steps there are to be pictures.
    pub screenshots: Screenshots,
    /// Where the run writes.
    pub artifacts: Places,
}

/// Files and how they are run. The same file may be in several.
#[derive(Clone, Default)]
pub struct Project {
    /// What [`TestCase::project`](crate::model::run::TestCase::project) says.
    pub name: String,
    /// Spec files, in order.
    pub files: Vec<Module>,
    /// For every worker; the host sets the indices.
    pub config: WorkerConfig,
    /// Tests of one file in several workers.
    pub fully_parallel: bool,
    /// How often a failing test is tried again.
    pub retries: u32,
    /// How often every test is run; 0 is once.
    pub repeat_each: u32,
    /// Whether the browser is shown.
    pub mode: Mode,
    /// Indices of the projects that must have passed before.
    pub dependencies: Vec<usize>,
    /// Index of the project that cleans up when this one and all that depend on it are over.
    pub teardown: Option<usize>,
}

impl Default for RunRequest {
    fn default() -> Self {
        Self {
            projects: Vec::new(),
            hooks: None,
            loader: Arc::new(NoImports),
            workers: 1,
            max_failures: 0,
            shard: None,
            only: None,
            none_is_fine: false,
            forbid_only: false,
            list_only: false,
            timeout: None,
            cpu_limit: None,
            screenshots: Screenshots::default(),
            artifacts: Places::default(),
        }
    }
}

/// Of which steps there are to be pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Screenshots {
    /// Of every one that shows a page.
    Steps,
    /// None.
    #[default]
    Off,
}

/// How workers are started.
#[derive(Debug, Clone, Default)]
pub struct RunnerOptions {
    /// The program with the hidden command `worker`; this one where nothing is said.
    pub program: Option<PathBuf>,
    /// Have a process ready for the next run, also after each: for those that live long.
    pub keep_warm: bool,
    /// For loading one file, its evaluation included; [`LOAD_LIMIT`](super::LOAD_LIMIT) where nothing is said.
    pub load_limit: Option<Duration>,
    /// Name of the time zone of tests whose environment says nothing about it (`TZ`); the system's where nothing is said.
    pub zone: Option<String>,
}
