//! What the flags, and the configuration where there is one, ask for.

use super::CouldNotRun;
use super::about::{Known, about};
use super::args::{Args, TraceMode};
use super::config::{self, Flags, Resolved, WebServer};
use super::files::Files;
use super::recording::is_recording;
use super::reporters::{Choice, Kind};
use super::select::{self, Selection, Unusable, narrow, select};
use crate::artifacts::{Output, Places};
use crate::browser::{BrowserPool, LaunchOptions, Mode};
use crate::runner::host::{Module, Project, RunRequest, Runner, ops};
use crate::runner::protocol::WorkerConfig;
use clap::ValueEnum;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Where tests leave files when nobody says so.
const OUTPUT: &str = "test-results";
/// Of the cores.
const WORKERS: &str = "50%";

/// A run that only has to be started.
pub(super) struct Plan {
    pub(super) request: RunRequest,
    pub(super) browser: LaunchOptions,
    /// Of the run and of projects; the first is the one that word is left in.
    pub(super) outputs: Vec<PathBuf>,
    pub(super) reporters: Vec<Choice>,
    pub(super) web_servers: Vec<WebServer>,
    /// The folder of the configuration, which its paths are relative to.
    pub(super) folder: PathBuf,
    /// What reports say about the run.
    pub(super) about: Value,
    /// The folder that reports tell paths from.
    pub(super) root_dir: PathBuf,
    /// A test that passed only when it was tried again fails the run.
    pub(super) fail_on_flaky: bool,
    /// What tests print is not shown.
    pub(super) quiet: bool,
    /// What is not honoured.
    pub(super) notes: Vec<String>,
}

/// # Errors
/// What was not found, or what makes no sense, as a sentence.
pub(super) async fn plan(args: &Args, cwd: &Path) -> Result<Plan, CouldNotRun> {
    let file = config::find(cwd, args.config.as_deref()).map_err(CouldNotRun)?;
    let env = environment(&args.env);
    match file {
        Some(file) => with_config(args, cwd, &file, env).await,
        None => without_config(args, cwd, env),
    }
}

fn without_config(args: &Args, cwd: &Path, env: BTreeMap<String, String>) -> Result<Plan, CouldNotRun> {
    if let Some(name) = args.project.first() {
        return Err(CouldNotRun(format!(
            "--project {name} names a project of a configuration, and there is none here"
        )));
    }
    let output = select::plain(&cwd.join(args.output.as_deref().unwrap_or(Path::new(OUTPUT))));
    let selection = match select(cwd, &args.paths, &output) {
        Err(Unusable::NothingThere(_)) if args.pass_with_no_tests => Selection::default(),
        selection => selection.map_err(|why| CouldNotRun(why.to_string()))?,
    };
    let loader = Files::new(cwd, vec![cwd.to_path_buf()])?;
    let modules: Result<Vec<_>, _> = selection.files.iter().map(|file| loader.entry(file)).collect();
    let mut r#use = serde_json::Map::from_iter([("screenshot".to_owned(), "only-on-failure".into())]);
    if let Some(base) = &args.base_url {
        r#use.insert("baseURL".to_owned(), base.as_str().into());
    }
    if let Some(trace) = args.trace {
        r#use.insert("trace".to_owned(), trace.name().into());
    }
    let config = WorkerConfig {
        timeout: args.timeout.unwrap_or(30_000),
        r#use,
        env,
        // Tests see the nameless project of a run without a configuration.
        project: String::new(),
        allow_unsupported: args.allow_unsupported,
        output_dir: output.display().to_string(),
        grep: args.grep.clone(),
        grep_invert: args.grep_invert.clone(),
        lines: selection.lines,
        root: cwd.display().to_string(),
        test_dir: cwd.display().to_string(),
        snapshot_dir: cwd.display().to_string(),
        ..WorkerConfig::default()
    };
    let project = Project {
        files: modules.map_err(CouldNotRun)?,
        config,
        fully_parallel: args.fully_parallel,
        retries: args.retries.unwrap_or(0),
        repeat_each: args.repeat_each.unwrap_or(1),
        mode: if args.headed { Mode::Headed } else { Mode::Headless },
        ..Project::default()
    };
    let resolved = Resolved {
        projects: vec![project],
        output_dirs: vec![output],
        folder: cwd.to_path_buf(),
        root_dir: cwd.to_path_buf(),
        metadata: json!({}),
        ..Resolved::default()
    };
    finish(args, cwd, loader, resolved)
}

async fn with_config(args: &Args, cwd: &Path, file: &Path, env: BTreeMap<String, String>) -> Result<Plan, CouldNotRun> {
    let loader = Files::new(cwd, vec![cwd.to_path_buf()])?;
    // Reading a configuration opens no page.
    let services = ops::services(BrowserPool::new(LaunchOptions::default()), ops::OperationsOptions::default());
    let runner = Runner::with_services(services, crate::cli::runner_options())?;
    let name = select::relative(cwd, file);
    let read = config::read(&runner, &loader, &name, cwd, env).await.map_err(CouldNotRun)?;
    let output = args.output.as_ref().map(|output| select::plain(&cwd.join(output)));
    let flags = Flags {
        cwd,
        projects: &args.project,
        no_deps: args.no_deps,
        retries: args.retries,
        repeat_each: args.repeat_each,
        timeout: args.timeout,
        output: output.as_deref(),
        base_url: args.base_url.as_deref(),
        trace: args.trace.map(TraceMode::name),
        fully_parallel: args.fully_parallel,
        headed: args.headed,
        allow_unsupported: args.allow_unsupported,
    };
    let mut resolved = config::resolve(read, file, &flags).map_err(CouldNotRun)?;
    add_files(args, cwd, &loader, &mut resolved)?;
    finish(args, cwd, loader, resolved)
}

/// The files of the projects, as far as the arguments mean them. What others depend on is run whole.
fn add_files(args: &Args, cwd: &Path, loader: &Files, resolved: &mut Resolved) -> Result<(), CouldNotRun> {
    let mut sources: BTreeMap<&str, Module> = BTreeMap::new();
    let serves: Vec<bool> = (0..resolved.projects.len()).map(|at| is_needed(&resolved.projects, at)).collect();
    let mut any = false;
    // Recordings are in no project: the first takes those that are named.
    let mut recordings: Vec<_> =
        args.paths.iter().filter(|path| is_recording(path) && cwd.join(path).is_file()).collect();
    for (at, (project, files)) in resolved.projects.iter_mut().zip(&resolved.files).enumerate() {
        let arguments = if serves[at] { &[] } else { args.paths.as_slice() };
        let selection = narrow(cwd, arguments, files);
        any |= !serves[at] && !selection.files.is_empty();
        if !serves[at] {
            project.config.grep.clone_from(&args.grep);
            project.config.grep_invert.clone_from(&args.grep_invert);
        }
        project.config.lines = selection.lines;
        for file in files.iter().filter(|file| selection.files.contains(*file)) {
            let module = match sources.get(file.as_str()) {
                Some(module) => module.clone(),
                None => loader.entry(file).map_err(CouldNotRun)?,
            };
            sources.insert(file, module.clone());
            project.files.push(module);
        }
        for path in recordings.extract_if(.., |_| !serves[at]) {
            let file = select::relative(cwd, &cwd.join(path));
            project.files.push(loader.entry(&file).map_err(CouldNotRun)?);
            any = true;
        }
    }
    if any || args.pass_with_no_tests {
        return Ok(());
    }
    let what = if args.paths.is_empty() { String::new() } else { format!(" for {}", args.paths.join(", ")) };
    Err(CouldNotRun(format!(
        "no tests found{what}: no file of the configuration's projects matches (testDir and testMatch say which there are)"
    )))
}

fn is_needed(projects: &[Project], at: usize) -> bool {
    projects.iter().any(|project| project.dependencies.contains(&at) || project.teardown == Some(at))
}

fn finish(args: &Args, cwd: &Path, loader: Files, mut resolved: Resolved) -> Result<Plan, CouldNotRun> {
    let reporters = reporters(args, &mut resolved);
    let max_failures = if args.stop_at_first { Some(1) } else { args.max_failures };
    let workers = args.workers.or(resolved.workers);
    let half = || super::values::workers(WORKERS).unwrap_or(1);
    let own: Vec<PathBuf> = std::iter::once(cwd.to_path_buf()).chain(resolved.output_dirs.clone()).collect();
    let beside = resolved.output_dirs.iter().find(|output| !output.starts_with(cwd)).or(resolved.output_dirs.first());
    let artifacts = Places::from(cwd.to_path_buf()).and(beside.cloned().unwrap_or_else(|| cwd.to_path_buf()));
    let timeout = args.global_timeout.or(resolved.global_timeout).filter(|ms| *ms > 0).map(Duration::from_millis);
    let workers = workers.unwrap_or_else(half);
    let shard = args.shard.or(resolved.shard);
    let full_config = json!({
        "configFile": resolved.file, "rootDir": resolved.root_dir, "workers": workers, "metadata": resolved.metadata,
        "forbidOnly": args.forbid_only || resolved.forbid_only,
        "globalTimeout": timeout.map_or(0, |timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)),
        "maxFailures": max_failures.or(resolved.max_failures).unwrap_or(0),
        "updateSnapshots": args.update_snapshots.or(resolved.update_snapshots).map_or_else(|| json!("default"), |which| json!(which)),
        "shard": shard.map(|(current, total)| json!({ "current": current, "total": total })),
        "fullyParallel": resolved.projects.iter().all(|project| project.fully_parallel),
    });
    let (fail_on_flaky, quiet) = (args.fail_on_flaky_tests || resolved.fail_on_flaky, args.quiet || resolved.quiet);
    let about = about(&full_config, &resolved, &Known { reporters: &reporters, quiet, fail_on_flaky });
    for project in &mut resolved.projects {
        project.config.full_config = full_config.clone();
    }
    let last = if args.last_failed { resolved.output_dirs.first() } else { None };
    let only = last.and_then(|output| Output::last_failed(output)).map(HashSet::from_iter);
    let executable = args.browser.clone().or(resolved.executable);
    let request = RunRequest {
        projects: resolved.projects,
        loader: Arc::new(loader.writing(own).browsing(executable.clone())),
        hooks: resolved.hooks,
        workers,
        max_failures: max_failures.or(resolved.max_failures).unwrap_or(0),
        forbid_only: args.forbid_only || resolved.forbid_only,
        shard,
        list_only: args.list,
        only,
        none_is_fine: args.pass_with_no_tests,
        timeout,
        artifacts,
        ..RunRequest::default()
    };
    let browser = LaunchOptions {
        executable,
        args: resolved.browser_args.into_iter().chain(args.browser_arg.clone()).collect(),
        // It ends with the run.
        idle: Duration::ZERO,
        ..LaunchOptions::default()
    };
    Ok(Plan {
        request,
        browser,
        outputs: resolved.output_dirs,
        reporters,
        web_servers: resolved.web_servers,
        folder: resolved.folder,
        about,
        root_dir: resolved.root_dir,
        fail_on_flaky,
        quiet,
        notes: resolved.notes,
    })
}

/// Those that the flags name, else the configuration's, else a list.
fn reporters(args: &Args, resolved: &mut Resolved) -> Vec<Choice> {
    let mut choices = args.reporter.clone();
    if choices.is_empty() {
        for choice in &resolved.reporters {
            match Kind::from_str(&choice.name, false) {
                Ok(kind) => choices.push(Choice { kind, file: choice.file.clone() }),
                Err(_) => resolved.notes.push(format!("there is no reporter {:?} here", choice.name)),
            }
        }
    }
    if choices.is_empty() {
        choices.push(Choice { kind: Kind::List, file: None });
    }
    choices
}

fn environment(names: &[String]) -> BTreeMap<String, String> {
    let mut all = crate::config::environment();
    if !names.is_empty() {
        all.retain(|name, _| names.contains(name));
    }
    all
}
