//! `understudy run`: Playwright Test files, here, without a server.

mod files;
mod reporters;
mod select;
mod values;

use super::CouldNotRun;
use crate::artifacts::{Output, Places};
use crate::browser::launch::find_chromium;
use crate::browser::{BrowserPool, LaunchOptions, Mode};
use crate::config;
use crate::model::run::{Outcome, RunEvent};
use crate::report::Reporter;
use crate::runner::host::{RunRequest, Runner, RunnerOptions, ops};
use crate::runner::protocol::WorkerConfig;
use files::Files;
use reporters::{Mark, reporters};
use select::{Selection, select};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use values::{name, shard, url, whole, workers};

/// What stands in front of every title: the browser, as in a project of Playwright's.
const PROJECT: &str = "chromium";

/// Run Playwright Test files here, without a server and without Node.js
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 all passed, 1 some failed, 2 could not run, 130 interrupted.\n\n\
                        Example: understudy run tests/login.spec.ts:12 --headed")]
pub(super) struct Args {
    /// Spec files, folders with specs, or parts of their paths; `file:line` runs what stands at that line. All specs
    /// below the current folder where nothing is named
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// Only tests whose file and titles match this regular expression
    #[arg(short, long, value_name = "RE")]
    grep: Option<String>,
    /// Only tests whose file and titles do not match it
    #[arg(long, value_name = "RE")]
    grep_invert: Option<String>,
    /// How many tests at a time, or percent of the cores
    #[arg(short = 'j', long, value_name = "N", default_value = "50%", value_parser = workers)]
    workers: usize,
    /// How often a failing test is tried again
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = whole::<u32>)]
    retries: u32,
    /// How often every test is run
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    repeat_each: u32,
    /// Milliseconds a test may take; 0 is for ever
    #[arg(long, value_name = "MS", default_value_t = 30_000, value_parser = whole::<u64>)]
    timeout: u64,
    /// Stop after so many failed tests
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, value_parser = whole::<u32>)]
    max_failures: u32,
    /// Stop after the first failed test
    #[arg(short = 'x', conflicts_with = "max_failures")]
    stop_at_first: bool,
    /// The I-th of N equal parts of the tests, such as 1/3
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<(u32, u32)>,
    /// Name the tests and do not run them
    #[arg(long, conflicts_with = "reporter")]
    list: bool,
    /// How to tell what happens, for people or as one JSON object per finished attempt; repeatable. jsonl takes standard
    /// output for itself
    #[arg(long, value_name = "NAME", default_value = "list")]
    reporter: Vec<ReporterName>,
    /// What relative addresses in `page.goto` are relative to
    #[arg(long, value_name = "URL", value_parser = url)]
    base_url: Option<String>,
    /// Show the browser
    #[arg(long)]
    headed: bool,
    /// Where tests leave files
    #[arg(short, long, value_name = "DIR", default_value = "test-results")]
    output: PathBuf,
    /// The Chromium to use; looked for in the usual places where none is named
    #[arg(long, value_name = "PATH")]
    browser: Option<PathBuf>,
    /// An argument for Chromium; repeatable
    #[arg(long, value_name = "ARG", allow_hyphen_values = true)]
    browser_arg: Vec<String>,
    /// A variable of the environment that tests may read; repeatable. All where none is named
    #[arg(long, value_name = "NAME", value_parser = name)]
    env: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ReporterName {
    List,
    Jsonl,
}

pub(super) fn run(args: Args, no_color: bool) -> Result<ExitCode, CouldNotRun> {
    let began = Instant::now();
    let cwd = std::env::current_dir()?;
    let output = select::plain(&cwd.join(&args.output));
    let selection = select(&cwd, &args.paths, &output).map_err(CouldNotRun)?;
    let mode = if args.headed { Mode::Headed } else { Mode::Headless };
    let browser = LaunchOptions {
        executable: args.browser.clone(),
        args: args.browser_arg.clone(),
        // It ends with the run.
        idle: Duration::ZERO,
        ..LaunchOptions::default()
    };
    if !args.list {
        find_chromium(browser.executable.as_deref())?;
    }
    let mut reporters = reporters(&args, no_color, &cwd, began);
    if !args.list {
        let made = Output::begin(output.clone()).map_err(|error| {
            let folder = args.output.display();
            CouldNotRun(format!(
                "the output folder {folder} cannot be used: {error}. Name another one with --output DIR"
            ))
        })?;
        reporters.push(Box::new(Mark::new(made)));
    }
    let request = request(&args, &cwd, &output, selection)?;
    super::runtime()?.block_on(async move {
        let pool = BrowserPool::new(browser);
        let files = ops::ReadableFiles::From(std::env::current_dir()?);
        let runner = Runner::with_services(ops::services(pool.clone(), files), RunnerOptions::default())?;
        let cancel = CancellationToken::new();
        let (sender, events) = mpsc::unbounded_channel();
        let starting = (!args.list).then(|| start_browser(pool.clone(), mode, cancel.clone()));
        let watching = tokio::spawn(interrupted(cancel.clone()));
        let run = runner.run(request, sender, cancel);
        let (outcome, ()) = tokio::join!(run, tell(events, &mut reporters));
        watching.abort();
        let no_browser = match starting {
            Some(starting) if starting.is_finished() => starting.await?.err(),
            _ => None,
        };
        let outcome = if no_browser.is_some() { Outcome::CouldNotRun } else { outcome };
        for reporter in &mut reporters {
            reporter.end(outcome)?;
        }
        pool.close().await;
        match no_browser {
            Some(error) => Err(error.into()),
            None => Ok(ExitCode::from(u8::try_from(outcome.exit_code()).unwrap_or(super::COULD_NOT_RUN))),
        }
    })
}

/// Starts Chromium while the files are loaded. Without one there is nothing to run.
fn start_browser(
    pool: BrowserPool,
    mode: Mode,
    cancel: CancellationToken,
) -> tokio::task::JoinHandle<Result<(), crate::browser::LaunchError>> {
    tokio::spawn(async move {
        let started = pool.acquire(mode).await.map(|_| ());
        if started.is_err() {
            cancel.cancel();
        }
        started
    })
}

/// Ctrl-C ends the run: what runs is interrupted and torn down. A second one does not wait for that.
async fn interrupted(cancel: CancellationToken) -> io::Result<()> {
    super::serve::told_to_end().await?;
    cancel.cancel();
    super::serve::told_to_end().await?;
    std::process::exit(Outcome::Cancelled.exit_code())
}

async fn tell(mut events: mpsc::UnboundedReceiver<RunEvent>, reporters: &mut [Box<dyn Reporter>]) {
    while let Some(event) = events.recv().await {
        for reporter in &mut *reporters {
            reporter.event(&event);
        }
    }
}

fn request(args: &Args, cwd: &Path, output: &Path, selection: Selection) -> Result<RunRequest, CouldNotRun> {
    let loader = Files::new(cwd)?;
    let modules: Result<Vec<_>, _> = selection.files.iter().map(|file| loader.entry(file)).collect();
    // Folders outside the current one go by their full path.
    let output_dir = output.strip_prefix(cwd).unwrap_or(output).display().to_string();
    let mut r#use = serde_json::Map::from_iter([("screenshot".to_owned(), "only-on-failure".into())]);
    if let Some(base) = &args.base_url {
        r#use.insert("baseURL".to_owned(), base.as_str().into());
    }
    Ok(RunRequest {
        files: modules.map_err(CouldNotRun)?,
        loader: Arc::new(loader),
        config: WorkerConfig {
            timeout: args.timeout,
            r#use,
            env: environment(&args.env),
            // Tests see the nameless project of a run without a configuration.
            project: String::new(),
            output_dir,
            grep: args.grep.clone(),
            grep_invert: args.grep_invert.clone(),
            lines: selection.lines,
            ..WorkerConfig::default()
        },
        workers: args.workers,
        retries: args.retries,
        repeat_each: args.repeat_each,
        max_failures: if args.stop_at_first { 1 } else { args.max_failures },
        shard: args.shard,
        list_only: args.list,
        mode: if args.headed { Mode::Headed } else { Mode::Headless },
        artifacts: Places::from(cwd.to_path_buf()).and(output.to_path_buf()),
        ..RunRequest::default()
    })
}

fn environment(names: &[String]) -> BTreeMap<String, String> {
    let mut all = config::environment();
    if !names.is_empty() {
        all.retain(|name, _| names.contains(name));
    }
    all
}
