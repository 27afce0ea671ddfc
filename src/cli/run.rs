//! `understudy run`: Playwright Test files, here, without a server.

mod about;
mod args;
mod config;
mod disk;
mod files;
mod node;
mod plan;
mod recording;
mod reporters;
mod select;
mod servers;
mod values;

use super::CouldNotRun;
use crate::artifacts::Output;
use crate::browser::launch::find_chromium;
use crate::browser::{BrowserPool, Mode};
use crate::model::run::{Outcome, RunEvent};
use crate::report::{About, Reporter};
use crate::runner::events::{self, EventReceiver};
use crate::runner::host::{Runner, ops};
pub(super) use args::Args;
pub(super) use node::RunnerName;
use plan::{Plan, plan};
use recording::Explainer;
use reporters::{Mark, reporters};
use servers::Servers;
use std::io;
use std::process::ExitCode;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// Of a run that was ended from outside.
const INTERRUPTED: u8 = 130;

pub(super) fn run(args: Args, no_color: bool) -> Result<ExitCode, CouldNotRun> {
    let began = Instant::now();
    let cwd = std::env::current_dir()?;
    super::runtime()?.block_on(async move {
        if args.runner == node::RunnerName::Node {
            return node::run(&args, &cwd).await;
        }
        let plan = plan(&args, &cwd).await?;
        let Plan { request, browser, outputs, reporters: choices, web_servers, folder, about, root_dir, .. } = plan;
        plan.notes.iter().for_each(|note| super::say(&format!("note: {note}")));
        if !args.list {
            find_chromium(browser.executable.as_deref())?;
        }
        let cancel = CancellationToken::new();
        let about = About { cwd: cwd.clone(), root_dir, config: about, began };
        let mut reporters = reporters(&args, &choices, no_color, &about, request.shard)?;
        if !args.list {
            for (at, folder) in outputs.iter().enumerate() {
                let made = Output::begin(folder.clone()).map_err(|error| {
                    let folder = folder.strip_prefix(&cwd).unwrap_or(folder).display();
                    CouldNotRun(format!(
                        "the output folder {folder} cannot be used: {error}. Name another one with --output DIR"
                    ))
                })?;
                if at == 0 {
                    reporters.push(Box::new(Mark::new(made)));
                }
            }
        }
        let servers = Servers::default();
        let watching = tokio::spawn(interrupted(cancel.clone(), servers.clone()));
        if !args.list {
            let started = tokio::select! {
                started = servers.start(&web_servers, &folder) => started.map_err(CouldNotRun),
                () = cancel.cancelled() => return Ok(ExitCode::from(INTERRUPTED)),
            };
            if started.is_err() {
                servers.end().await;
            }
            started?;
        }
        let mode = request.projects.first().map(|project| project.mode).unwrap_or_default();
        let pool = BrowserPool::new(browser);
        let files = ops::ReadableFiles::From(cwd);
        let options = ops::OperationsOptions { files, trust: ops::Trust::Machine, ..Default::default() };
        let runner = Runner::with_services(ops::services(pool.clone(), options), super::runner_options())?;
        let explainer = Explainer::of(request.projects.iter().flat_map(|project| &project.files));
        let (sender, events) = events::channel();
        let starting = (!args.list).then(|| start_browser(pool.clone(), mode, cancel.clone()));
        let run = runner.run(request, sender, cancel);
        let (outcome, flaky) = tokio::join!(run, tell(events, &explainer, plan.quiet, &mut reporters));
        let outcome = match outcome {
            Outcome::Passed if flaky && plan.fail_on_flaky => Outcome::Failed,
            outcome => outcome,
        };
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
        servers.end().await;
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
async fn interrupted(cancel: CancellationToken, servers: Servers) -> io::Result<()> {
    super::serve::told_to_end().await?;
    cancel.cancel();
    super::serve::told_to_end().await?;
    servers.kill();
    std::process::exit(Outcome::Cancelled.exit_code())
}

/// Tells the reporters all events, of a quiet run without what tests print; whether a test passed only when it was tried again.
async fn tell(
    mut events: EventReceiver,
    explainer: &Explainer,
    quiet: bool,
    reporters: &mut [Box<dyn Reporter>],
) -> bool {
    let mut flaky = false;
    while let Some(event) = events.recv().await {
        match &event {
            RunEvent::Log { .. } if quiet => continue,
            RunEvent::TestEnd(attempt) => flaky |= attempt.retry > 0 && attempt.status == attempt.expected_status,
            _ => {}
        }
        let event = explainer.explain(event);
        for reporter in &mut *reporters {
            reporter.event(&event);
        }
    }
    flaky
}
