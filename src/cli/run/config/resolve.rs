//! What a configuration and the flags mean together; flags win.

use super::hooks;
use super::notes;
use super::projects::{self, Wanted};
use super::raw::{RawConfig, RawReporter, WebServer, Workers};
use crate::cli::run::args::UpdateSnapshots;
use crate::runner::host::{ConfigFile, Module, Project};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What is to be run, in so far as the configuration says so.
#[derive(Default)]
pub(in crate::cli::run) struct Resolved {
    /// Those that others depend on first. Without their modules' sources.
    pub(in crate::cli::run) projects: Vec<Project>,
    /// Of each project its spec files, relative to the current folder.
    pub(in crate::cli::run) files: Vec<Vec<String>>,
    /// Of each project which files are its own, as the configuration has it.
    pub(in crate::cli::run) matching: Vec<Matching>,
    pub(in crate::cli::run) workers: Option<usize>,
    pub(in crate::cli::run) max_failures: Option<u32>,
    /// Milliseconds.
    pub(in crate::cli::run) global_timeout: Option<u64>,
    pub(in crate::cli::run) forbid_only: bool,
    /// A test that passed only when it was tried again fails the run.
    pub(in crate::cli::run) fail_on_flaky: bool,
    /// What tests print is not shown.
    pub(in crate::cli::run) quiet: bool,
    pub(in crate::cli::run) update_snapshots: Option<UpdateSnapshots>,
    pub(in crate::cli::run) shard: Option<(u32, u32)>,
    pub(in crate::cli::run) reporters: Vec<ReporterChoice>,
    pub(in crate::cli::run) web_servers: Vec<WebServer>,
    /// Of the whole run and of projects.
    pub(in crate::cli::run) output_dirs: Vec<PathBuf>,
    /// The configuration's own path.
    pub(in crate::cli::run) file: Option<PathBuf>,
    /// The folder of the configuration.
    pub(in crate::cli::run) folder: PathBuf,
    /// The folder that reports tell paths from.
    pub(in crate::cli::run) root_dir: PathBuf,
    /// For Chromium's command line.
    pub(in crate::cli::run) browser_args: Vec<String>,
    pub(in crate::cli::run) executable: Option<PathBuf>,
    pub(in crate::cli::run) metadata: Value,
    /// `globalSetup` and `globalTeardown`.
    pub(in crate::cli::run) hooks: Option<Module>,
    /// The first file of `globalSetup`.
    pub(in crate::cli::run) setup: Option<PathBuf>,
    /// The first file of `globalTeardown`.
    pub(in crate::cli::run) teardown: Option<PathBuf>,
    /// `webServer` as it stands there, where it is one.
    pub(in crate::cli::run) web_server: Option<Value>,
    /// What is not honoured, a sentence each.
    pub(in crate::cli::run) notes: Vec<String>,
}

/// `testMatch` and `testIgnore`, regular expressions between slashes. Without the first the usual one holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::cli::run) struct Matching {
    pub(in crate::cli::run) test_match: Vec<String>,
    pub(in crate::cli::run) test_ignore: Vec<String>,
}

/// A reporter that the configuration names.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cli::run) struct ReporterChoice {
    pub(in crate::cli::run) name: String,
    /// Full path.
    pub(in crate::cli::run) file: Option<PathBuf>,
    pub(in crate::cli::run) options: Value,
}

/// What the flags say that changes how projects are made.
pub(in crate::cli::run) struct Flags<'f> {
    pub(in crate::cli::run) cwd: &'f Path,
    pub(in crate::cli::run) projects: &'f [String],
    pub(in crate::cli::run) no_deps: bool,
    pub(in crate::cli::run) retries: Option<u32>,
    pub(in crate::cli::run) repeat_each: Option<u32>,
    pub(in crate::cli::run) timeout: Option<u64>,
    pub(in crate::cli::run) output: Option<&'f Path>,
    pub(in crate::cli::run) base_url: Option<&'f str>,
    pub(in crate::cli::run) trace: Option<&'static str>,
    pub(in crate::cli::run) fully_parallel: bool,
    pub(in crate::cli::run) headed: bool,
    pub(in crate::cli::run) allow_unsupported: bool,
}

/// # Errors
/// What in the configuration makes no sense.
pub(in crate::cli::run) fn resolve(file: ConfigFile, path: &Path, flags: &Flags<'_>) -> Result<Resolved, String> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let raw: RawConfig = serde_path(&file.value).map_err(|why| format!("{name}: {why}"))?;
    let mut resolved = Resolved { file: Some(path.to_path_buf()), folder: folder.clone(), ..Resolved::default() };
    resolved.notes = notes::of(&raw, &file.lost).into_iter().map(|note| format!("{name}: {note}")).collect();
    let mut wanted = Wanted { raw: &raw, folder: &folder, flags, env: &file.env, notes: Vec::new() };
    projects::add(&mut wanted, &mut resolved).map_err(|why| format!("{name}: {why}"))?;
    let found = wanted.notes.into_iter().map(|note| format!("{name}: {note}"));
    resolved.notes.extend(found);
    let full = |path: &String| crate::cli::run::select::plain(&folder.join(path));
    resolved.root_dir = raw.common.test_dir.as_ref().map_or_else(|| folder.clone(), full);
    resolved.workers = raw.common.workers.as_ref().map(workers).transpose().map_err(|why| format!("{name}: {why}"))?;
    resolved.max_failures = raw.max_failures;
    resolved.global_timeout = raw.global_timeout.filter(|ms| *ms > 0);
    resolved.forbid_only = raw.forbid_only;
    resolved.fail_on_flaky = raw.fail_on_flaky_tests;
    resolved.quiet = raw.quiet;
    resolved.update_snapshots = raw.update_snapshots;
    resolved.shard = raw.shard.as_ref().map(|shard| (shard.current, shard.total));
    resolved.reporters = raw.reporter.iter().flat_map(|reporter| reporters(reporter, &folder)).collect();
    resolved.web_servers = raw.web_server.as_ref().map(super::raw::OneOrMany::list).unwrap_or_default();
    resolved.hooks = hooks::of(&raw, &folder, flags.cwd);
    resolved.setup = hooks::first(raw.global_setup.as_ref(), &folder);
    resolved.teardown = hooks::first(raw.global_teardown.as_ref(), &folder);
    resolved.web_server = file.value.get("webServer").filter(|server| server.is_object()).cloned();
    resolved.metadata = raw.common.metadata.clone().unwrap_or_else(|| json!({}));
    Ok(resolved)
}

/// Says where a value is of the wrong kind.
fn serde_path(value: &Value) -> Result<RawConfig, String> {
    serde_json::from_value(value.clone())
        .map_err(|error| format!("a value is not of the kind that is expected: {error}"))
}

fn workers(workers: &Workers) -> Result<usize, String> {
    match workers {
        Workers::Number(0) => Err("workers must be a positive number".to_owned()),
        Workers::Number(number) => Ok(*number),
        Workers::Percent(text) => crate::cli::run::values::workers(text).map_err(|why| format!("workers: {why}")),
    }
}

/// The file that a built-in reporter writes is named by one of these.
const FILE_OPTIONS: [&str; 2] = ["outputFile", "outputFolder"];

fn reporters(raw: &RawReporter, folder: &Path) -> Vec<ReporterChoice> {
    let of = |name: &str, options: Value| {
        let file = FILE_OPTIONS.iter().find_map(|option| options.get(option)?.as_str().map(|file| folder.join(file)));
        ReporterChoice { name: name.to_owned(), file, options }
    };
    match raw {
        RawReporter::Name(name) => vec![of(name, Value::Null)],
        RawReporter::List(list) => list
            .iter()
            .filter_map(|item| match item {
                Value::String(name) => Some(of(name, Value::Null)),
                Value::Array(pair) => Some(of(pair.first()?.as_str()?, pair.get(1).cloned().unwrap_or(Value::Null))),
                _ => None,
            })
            .collect(),
    }
}
