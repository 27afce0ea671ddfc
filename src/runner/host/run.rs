//! A run: load all files, schedule their tests over workers, tell what happens, know how it ended.

mod hooks;
mod load;
mod request;

pub use request::{Project, RunRequest, RunnerOptions, Screenshots};

use super::drive::Worker;
use super::mailbox::mailbox;
use super::ops;
use super::processor::ProcessorTime;
use super::schedule::{JobEnd, Key, Manner, Schedule, Wishes};
use super::service::{Service, Services, Surroundings};
use super::spawn::{Nursery, Process};
use super::stage::{Stage, plain};
use crate::artifacts::Places;
use crate::browser::{BrowserPool, Mode};
use crate::model::run::{Attempt, Outcome, RunEvent, Status, TestCase, TestError};
use crate::runner::events::EventSender;
use crate::runner::protocol::Planned;
use std::collections::{HashSet, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A file that takes longer to load is given up. Playwright has no such limit.
pub const LOAD_LIMIT: Duration = Duration::from_secs(70);
/// What a worker may take between tests, beyond a test's timeout.
const PAUSE_LIMIT: Duration = Duration::from_secs(30);

/// Runs tests, one run after the other or several at once.
pub struct Runner {
    nursery: Arc<Nursery>,
    keep_warm: bool,
    load_limit: Duration,
    services: Services,
}

impl Runner {
    /// A runner whose tests see pages of this pool. Within a runtime only.
    ///
    /// # Errors
    /// When the system does not say which program this is.
    pub fn new(pool: BrowserPool, options: RunnerOptions) -> io::Result<Self> {
        Self::with_services(ops::services(pool, ops::OperationsOptions::default()), options)
    }

    /// A runner whose operations are served by `services`. Within a runtime only.
    ///
    /// # Errors
    /// When the system does not say which program this is.
    pub fn with_services(services: Services, options: RunnerOptions) -> io::Result<Self> {
        let nursery = Arc::new(Nursery::new(options.program, options.zone)?);
        let load_limit = options.load_limit.unwrap_or(LOAD_LIMIT);
        let runner = Self { services, nursery, keep_warm: options.keep_warm, load_limit };
        runner.warm_up();
        Ok(runner)
    }

    /// A process of its own for whoever asks.
    pub(crate) fn process(&self) -> io::Result<Process> {
        self.nursery.take(None)
    }

    /// Serves a process that runs no tests.
    pub(crate) fn service(&self) -> Arc<dyn Service> {
        let (events, artifacts) = (mailbox().0, Places::default());
        (self.services)(Surroundings { events, mode: Mode::Headless, artifacts })
    }

    pub(crate) fn load_limit(&self) -> Duration {
        self.load_limit
    }

    /// Has a process ready for the next run, if one is wanted.
    fn warm_up(&self) {
        if self.keep_warm {
            let nursery = self.nursery.clone();
            tokio::spawn(async move { nursery.prepare().await });
        }
    }

    /// Runs to the end and says how it ended. All events were sent then. Cancelling takes less than a second.
    pub async fn run(&self, request: RunRequest, events: EventSender, cancel: CancellationToken) -> Outcome {
        // The run's own: its timeout and its limit of failures end it as a cancellation from outside does.
        let stop = cancel.child_token();
        let stage = Arc::new(Stage {
            events,
            cancel: stop.clone(),
            loader: request.loader.clone(),
            pictures: request.screenshots == Screenshots::Steps,
            steps: AtomicU32::new(0),
            workers: AtomicU32::new(0),
            artifacts: request.artifacts.clone(),
            many_files: request.projects.iter().map(|project| project.files.len()).sum::<usize>() > 1,
            load_limit: self.load_limit,
            pause_limit: request
                .projects
                .iter()
                .map(|project| Some(project.config.timeout).filter(|timeout| *timeout > 0))
                .max()
                .flatten()
                .map(|timeout| PAUSE_LIMIT.saturating_add(Duration::from_millis(timeout))),
            processor: request.cpu_limit.map(|most| Arc::new(ProcessorTime::of(most))),
        });
        let timeout = request.timeout;
        let files = request.projects.iter().enumerate();
        let files = files.flat_map(|(project, it)| (0..it.files.len()).map(move |file| (project, file))).collect();
        let running = Run { runner: self, stage: stage.clone(), request, files }.run();
        tokio::pin!(running);
        let timed_out = async {
            match timeout {
                Some(timeout) => tokio::time::sleep(timeout).await,
                None => std::future::pending().await,
            }
        };
        let outcome = tokio::select! {
            outcome = &mut running => outcome,
            () = timed_out => {
                stop.cancel();
                running.await;
                let ms = timeout.unwrap_or_default().as_millis();
                stage.tell(RunEvent::Error(plain(format!("Error: The run was ended after its timeout of {ms}ms."))));
                Outcome::TimedOut
            }
        };
        self.warm_up();
        match outcome {
            Outcome::TimedOut => Outcome::TimedOut,
            _ if cancel.is_cancelled() => Outcome::Cancelled,
            outcome => outcome,
        }
    }
}

struct Run<'r> {
    runner: &'r Runner,
    stage: Arc<Stage>,
    request: RunRequest,
    /// Of each file that is run its project, and its number there.
    files: Vec<(usize, usize)>,
}

/// What a task of a worker brings back.
struct JobDone {
    file: usize,
    slot: u32,
    end: JobEnd,
    worker: Option<Worker>,
}

impl Run<'_> {
    async fn run(mut self) -> Outcome {
        let Ok(hooks) = self.begin_hooks().await else { return Outcome::Failed };
        let outcome = self.play().await;
        let Some(hooks) = hooks else { return outcome };
        let errors = hooks.tear_down().await;
        let outcome = if errors.is_empty() || outcome != Outcome::Passed { outcome } else { Outcome::Failed };
        errors.into_iter().for_each(|error| self.stage.tell(RunEvent::Error(error)));
        outcome
    }

    async fn play(&self) -> Outcome {
        let (files, steps, mut idle) = match self.load_all().await {
            Ok(loaded) => loaded,
            Err(mut errors) => {
                // What is wrong with the run itself every file says.
                errors.dedup();
                errors.into_iter().for_each(|error| self.stage.tell(RunEvent::Error(error)));
                return Outcome::CouldNotRun;
            }
        };
        // While the tests wait for the browser.
        self.runner.warm_up();
        let request = &self.request;
        let wishes = Wishes {
            projects: request.projects.iter().map(manner).collect(),
            project_of: self.files.iter().map(|(project, _)| *project).collect(),
            max_failures: request.max_failures,
            shard: request.shard,
            only: request.only.as_ref().map(|names| self.named(&files, names)),
        };
        let mut schedule = Schedule::new(&files, wishes);
        let workers = request.workers.max(1).min(schedule.widest().max(1));
        let tests = self.planned(&files, &schedule);
        // A shard may have nothing to do: there can be more of them than tests.
        let idle_shard = request.shard.is_some() && files.iter().any(|tests| !tests.is_empty());
        let none = tests.is_empty();
        self.stage.tell(RunEvent::Planned { tests, workers });
        self.stage.tell(RunEvent::Counted { steps });
        let outcome = if none && !idle_shard && !request.none_is_fine {
            self.stage.tell(RunEvent::Error(plain(format!("Error: No tests found{}", self.filters()))));
            Outcome::CouldNotRun
        } else if none || request.list_only {
            Outcome::Passed
        } else {
            self.work(&files, &mut schedule, workers, &mut idle).await
        };
        idle.into_iter().map(Worker::dispose).collect::<JoinSet<_>>().join_all().await;
        outcome
    }

    /// What may have left out all tests, in words.
    fn filters(&self) -> String {
        let Some(Project { config, .. }) = self.request.projects.last() else { return String::new() };
        let grep = config.grep.iter().map(|pattern| format!("a title that matches {pattern:?}"));
        let inverted = config.grep_invert.iter().map(|pattern| format!("a title that does not match {pattern:?}"));
        let places = config.lines.iter().flat_map(|(file, places)| places.iter().map(move |place| (file, place.line)));
        let lines = places.map(|(file, line)| format!("a test at {file}:{line}"));
        let failed = self.request.only.iter().map(|_| "a failure in the last run".to_owned());
        let all: Vec<String> = grep.chain(inverted).chain(lines).chain(failed).collect();
        if all.is_empty() { String::new() } else { format!(" with {}", all.join(" and ")) }
    }

    /// Which tests have one of these lasting names.
    fn named(&self, files: &[Vec<TestCase>], names: &HashSet<String>) -> HashSet<Key> {
        let mut keys = HashSet::new();
        for (file, cases) in files.iter().enumerate() {
            let project = &self.request.projects[self.files[file].0];
            for repeat in 0..project.repeat_each.max(1) {
                let has_one = |case: &&TestCase| names.contains(&case.lasting_name(&project.name, repeat));
                keys.extend(cases.iter().filter(has_one).map(|case| (file, case.id.clone(), repeat)));
            }
        }
        keys
    }

    /// The tests of the run by their outer ids.
    fn planned(&self, files: &[Vec<TestCase>], schedule: &Schedule) -> Vec<TestCase> {
        let mut tests = Vec::new();
        for (file, cases) in files.iter().enumerate() {
            let project = &self.request.projects[self.files[file].0];
            for repeat in 0..project.repeat_each.max(1) {
                for case in cases.iter().filter(|case| schedule.has(file, &case.id, repeat)) {
                    tests.push(TestCase {
                        id: self.stage.id(file, &case.id, repeat),
                        project: project.name.clone(),
                        retries: case.retries.or(Some(project.retries)),
                        repeat,
                        ..case.clone()
                    });
                }
            }
        }
        tests
    }

    /// Keeps the workers busy until nothing is left.
    async fn work(
        &self,
        files: &[Vec<TestCase>],
        schedule: &mut Schedule,
        workers: usize,
        idle: &mut VecDeque<Worker>,
    ) -> Outcome {
        let mut busy: JoinSet<Result<JobDone, Vec<TestError>>> = JoinSet::new();
        let mut slots: Vec<u32> = (0..u32::try_from(workers).unwrap_or(1)).rev().collect();
        let mut leaving = JoinSet::new();
        let mut broken = false;
        loop {
            while !slots.is_empty() && !self.stage.cancel.is_cancelled() && !broken {
                let Some(job) = schedule.next() else { break };
                let Some(slot) = slots.pop() else { break };
                let at = idle.iter().position(|worker| worker.file == job.file);
                let loaded = at.and_then(|at| idle.remove(at));
                let loading = loaded.is_none().then(|| self.load(job.file));
                busy.spawn(async move {
                    let worker = match (loaded, loading) {
                        (Some(worker), _) => worker,
                        (None, Some(loading)) => match loading?.await {
                            Ok((worker, _)) => worker,
                            Err(error) => return Err(error.into_iter().collect()),
                        },
                        (None, None) => return Err(Vec::new()),
                    };
                    let (end, worker) = worker.run(job.tests, slot).await;
                    Ok(JobDone { file: job.file, slot, end, worker })
                });
            }
            match busy.join_next().await {
                None => break,
                Some(Ok(Ok(done))) => {
                    slots.push(done.slot);
                    let consequences = schedule.ended(done.file, &done.end);
                    self.skip(done.file, &files[done.file], consequences.skipped);
                    match done.worker {
                        Some(worker) if schedule.waits(done.file) => idle.push_back(worker),
                        Some(worker) => drop(leaving.spawn(worker.dispose())),
                        None => {}
                    }
                    if schedule.enough() && !self.stage.cancel.is_cancelled() {
                        let limit = self.request.max_failures;
                        let words = format!("Testing stopped early after {limit} maximum allowed failures.");
                        self.stage.tell(RunEvent::Error(plain(words)));
                        self.stage.cancel.cancel();
                    }
                }
                Some(Ok(Err(errors))) => {
                    broken = true;
                    errors.into_iter().for_each(|error| self.stage.tell(RunEvent::Error(error)));
                }
                Some(Err(error)) => {
                    broken = true;
                    self.stage.tell(RunEvent::Error(plain(format!("Error: a worker's task broke off: {error}"))));
                }
            }
        }
        leaving.join_all().await;
        if schedule.failed() || broken { Outcome::Failed } else { Outcome::Passed }
    }

    /// Tells of tests that will not run.
    fn skip(&self, file: usize, cases: &[TestCase], tests: Vec<Planned>) {
        for planned in tests {
            let case = cases.iter().find(|case| case.id == planned.test);
            let test = self.stage.id(file, &planned.test, planned.repeat);
            self.stage.tell(RunEvent::TestBegin { test: test.clone(), retry: planned.retry, worker: None });
            self.stage.tell(RunEvent::TestEnd(Attempt {
                test,
                retry: planned.retry,
                status: Status::Skipped,
                expected_status: case.map_or(Status::Passed, |case| case.expected_status),
                duration_ms: 0,
                errors: Vec::new(),
                annotations: Vec::new(),
                timeout: None,
                attachments: Vec::new(),
            }));
        }
    }
}

fn manner(project: &Project) -> Manner {
    Manner {
        fully_parallel: project.fully_parallel,
        retries: project.retries,
        repeat_each: project.repeat_each,
        dependencies: project.dependencies.clone(),
        teardown: project.teardown,
    }
}
