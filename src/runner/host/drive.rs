//! One worker process from its first file to its end: loads, runs jobs, serves operations, and ends what does not end by itself.

use super::loader::ModuleLoader;
use super::schedule::JobEnd;
use super::service::{Picture, Service};
use super::spawn::Process;
use crate::artifacts::Places;
use crate::model::Level;
use crate::model::run::{Attempt, RunEvent, Status, StepBegin, TestCase, TestError};
use crate::runner::protocol::{Module, OpError, Planned, ToHost, ToWorker, WorkerConfig};
use futures_util::FutureExt;
use serde_json::Value;
use std::collections::HashMap;
use std::future::pending;
use std::panic::AssertUnwindSafe;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// Between `Cancel` and the end of the process: cancelled runs are over within a second.
const CANCEL_PATIENCE: Duration = Duration::from_millis(700);
/// For closing what a worker opened.
const DISPOSE_PATIENCE: Duration = Duration::from_secs(5);
/// How long the closing of a page waits for pictures of it.
const PICTURE_PATIENCE: Duration = Duration::from_millis(500);
/// Pictures in the making per worker; further steps go without.
const PICTURES_AT_ONCE: usize = 3;
/// Text that a worker may log, bytes; what follows is dropped with a notice.
const LOG_LIMIT: usize = 16 << 20;

/// What all workers of a run share.
pub(crate) struct Stage {
    pub(crate) events: mpsc::UnboundedSender<RunEvent>,
    pub(crate) cancel: CancellationToken,
    pub(crate) loader: Arc<dyn ModuleLoader>,
    /// Whether steps are to be pictured.
    pub(crate) pictures: bool,
    /// Numbers of steps are unique in a run.
    pub(crate) steps: AtomicU32,
    /// Where files of attempts are.
    pub(crate) artifacts: Places,
    /// Whether ids of tests need their file's number in front.
    pub(crate) many_files: bool,
}

impl Stage {
    pub(crate) fn tell(&self, event: RunEvent) {
        // Nobody listens any more: the run goes on to its end all the same.
        let _ = self.events.send(event);
    }

    /// The id by which a test of a file is known outside.
    pub(crate) fn id(&self, file: usize, test: &str, repeat: u32) -> String {
        let mut id = if self.many_files { format!("{file}/{test}") } else { test.to_owned() };
        if repeat > 0 {
            id.push_str(&format!("~{repeat}"));
        }
        id
    }
}

/// A worker that has loaded a file.
pub(crate) struct Worker {
    pub(crate) file: usize,
    process: Process,
    service: Arc<dyn Service>,
    stage: Arc<Stage>,
    operations: JoinSet<()>,
    running_operations: HashMap<u32, AbortHandle>,
    pictures: JoinSet<()>,
    /// The worker's numbers of steps → the run's.
    steps: HashMap<u32, u32>,
    logged: usize,
}

/// The attempt that runs.
struct Running {
    planned: Planned,
    began: Instant,
    hung_at: Option<Instant>,
}

/// Why a worker ended before it was done.
enum Broken {
    Died(Option<ExitStatus>),
    Hung,
    Cancelled,
}

/// What [`Worker::load`] found.
pub(crate) struct Loaded {
    pub(crate) tests: Vec<TestCase>,
    pub(crate) only: bool,
}

impl Worker {
    /// Has a process load a file.
    ///
    /// # Errors
    /// Why the file cannot be loaded; none when the run was cancelled meanwhile.
    pub(crate) async fn load(
        mut process: Process,
        service: Arc<dyn Service>,
        stage: Arc<Stage>,
        config: WorkerConfig,
        file: usize,
        entry: Module,
    ) -> Result<(Self, Loaded), Option<TestError>> {
        let path = entry.path.clone();
        let cancel = stage.cancel.clone();
        process.send(ToWorker::Load { config, entry });
        let mut logged = 0;
        loop {
            let message = tokio::select! {
                message = process.next() => message,
                () = cancel.cancelled() => return Err(None),
            };
            match message {
                Some(Ok(ToHost::Loaded { tests, only })) => {
                    let worker = Self {
                        file,
                        process,
                        service,
                        stage,
                        operations: JoinSet::new(),
                        running_operations: HashMap::new(),
                        pictures: JoinSet::new(),
                        steps: HashMap::new(),
                        logged,
                    };
                    return Ok((worker, Loaded { tests, only }));
                }
                Some(Ok(ToHost::LoadFailed { error })) => return Err(Some(error)),
                Some(Ok(ToHost::Resolve { id, specifier, from })) => {
                    let module = stage.loader.resolve(&specifier, &from);
                    process.send(ToWorker::Resolved { id, module });
                }
                Some(Ok(ToHost::Log { level, text, .. })) => log(&stage, &mut logged, None, level, text),
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    return Err(Some(plain(format!(
                        "Error: {path}: the process that loads it says nonsense: {error}"
                    ))));
                }
                None => {
                    let how = in_words(process.ended().await);
                    return Err(Some(plain(format!(
                        "Error: {path}: the process that loads it ended unexpectedly ({how}); its code may be nested too deeply"
                    ))));
                }
            }
        }
    }

    /// Runs tests in order. The worker is given back when it can run more.
    pub(crate) async fn run(mut self, tests: Vec<Planned>) -> (JobEnd, Option<Self>) {
        self.process.send(ToWorker::Run { tests: tests.clone() });
        let mut job = JobRun { waiting: tests, running: None, end: JobEnd::default() };
        let spent = match self.until_done(&mut job).await {
            Ok(spent) => spent,
            Err(broken) => {
                self.account_for(broken, &mut job);
                true
            }
        };
        let JobRun { waiting, mut end, .. } = job;
        end.remaining = waiting;
        if spent {
            self.dispose().await;
            return (end, None);
        }
        (end, Some(self))
    }

    /// Ends the process and closes what it opened.
    pub(crate) async fn dispose(mut self) {
        self.operations.abort_all();
        self.process.kill().await;
        self.finish_pictures().await;
        if timeout(DISPOSE_PATIENCE, self.service.clone().dispose()).await.is_err() {
            tracing::warn!("failed to close what a worker opened within {DISPOSE_PATIENCE:?}");
        }
    }

    /// Serves the worker until it is done; whether it is spent.
    async fn until_done(&mut self, job: &mut JobRun) -> Result<bool, Broken> {
        let cancel = self.stage.cancel.clone();
        let mut kill_at = None;
        loop {
            let hung_at = job.running.as_ref().and_then(|running| running.hung_at);
            tokio::select! {
                message = self.process.next() => match message {
                    Some(Ok(message)) => {
                        if let Some(spent) = self.take(message, job).await {
                            return Ok(spent || kill_at.is_some());
                        }
                    }
                    Some(Err(error)) => {
                        tracing::warn!("a worker says nonsense: {error}");
                        return Err(Broken::Died(self.process.kill().await));
                    }
                    None if kill_at.is_some() => return Err(Broken::Cancelled),
                    None => return Err(Broken::Died(self.process.ended().await)),
                },
                Some(_) = self.operations.join_next() => {}
                Some(_) = self.pictures.join_next() => {}
                () = cancel.cancelled(), if kill_at.is_none() => {
                    self.process.send(ToWorker::Cancel);
                    kill_at = Some(Instant::now() + CANCEL_PATIENCE);
                }
                () = at(kill_at) => return Err(Broken::Cancelled),
                () = at(hung_at) => {
                    return Err(Broken::Hung);
                }
            }
        }
    }

    /// Takes one message; whether the worker is done and spent.
    async fn take(&mut self, message: ToHost, job: &mut JobRun) -> Option<bool> {
        match message {
            ToHost::TestBegin { test, timeout, .. } => {
                if let Some(planned) = job.take(&test) {
                    self.tell(RunEvent::TestBegin { test: self.id(&planned), retry: planned.retry });
                    let mut running = Running { planned, began: Instant::now(), hung_at: None };
                    running.renew(timeout);
                    job.running = Some(running);
                }
            }
            ToHost::Deadline { timeout } => {
                if let Some(running) = &mut job.running {
                    running.renew(timeout);
                }
            }
            ToHost::TestEnd { attempt } => {
                // A test that was not begun was skipped.
                let planned = match job.running.take() {
                    Some(running) if running.planned.test == attempt.test => Some(running.planned),
                    other => {
                        job.running = other;
                        job.take(&attempt.test)
                    }
                };
                if let Some(planned) = planned {
                    self.test_ended(planned, attempt, job);
                }
            }
            ToHost::StepBegin { test, step } => {
                let id = self.stage.steps.fetch_add(1, Ordering::Relaxed) + 1;
                self.steps.insert(step.id, id);
                let parent = step.parent.and_then(|parent| self.steps.get(&parent).copied());
                let test = self.outer_id(test.as_deref(), job);
                self.tell(RunEvent::StepBegin { test, step: StepBegin { id, parent, ..step } });
            }
            ToHost::StepEnd { test, id, duration_ms, error } => {
                if let Some(id) = self.steps.get(&id).copied() {
                    let test = self.outer_id(test.as_deref(), job);
                    self.tell(RunEvent::StepEnd { test, id, duration_ms, error });
                }
            }
            ToHost::Log { test, level, text } => {
                let test = self.outer_id(test.as_deref(), job);
                log(&self.stage, &mut self.logged, test, level, text);
            }
            ToHost::Op { id, step, name, params } => self.perform(id, step, name, params).await,
            ToHost::Abandon { id } => {
                if let Some(operation) = self.running_operations.remove(&id) {
                    operation.abort();
                }
            }
            ToHost::Error { error } => self.tell(RunEvent::Error(error)),
            ToHost::Done { spent, .. } => return Some(spent),
            ToHost::Ready | ToHost::Resolve { .. } | ToHost::Loaded { .. } | ToHost::LoadFailed { .. } => {}
        }
        None
    }

    fn test_ended(&self, planned: Planned, mut attempt: Attempt, job: &mut JobRun) {
        for path in attempt.attachments.iter_mut().filter_map(|attachment| attachment.path.as_mut()) {
            if let Ok(full) = self.stage.artifacts.resolve(path) {
                *path = full.display().to_string();
            }
        }
        self.tell(RunEvent::TestEnd(Attempt { test: self.id(&planned), retry: planned.retry, ..attempt.clone() }));
        job.end.ended.push((planned, attempt));
    }

    /// Starts an operation; its result goes to the worker by itself.
    async fn perform(&mut self, id: u32, step: Option<u32>, name: String, params: Value) {
        if name == "page.close" || name == "context.close" {
            self.finish_pictures().await;
        }
        let step = step.filter(|_| self.stage.pictures).and_then(|step| self.steps.get(&step).copied());
        let performing = self.service.clone().perform(name, params);
        let outbox = self.process.outbox.clone();
        let (pictured, picture) = tokio::sync::oneshot::channel();
        let operation = self.operations.spawn(async move {
            // A panic is an answer and not the end of everything.
            let result = AssertUnwindSafe(performing).catch_unwind().await.unwrap_or_else(|_| Err(panicked()));
            let result = result.map(|performed| {
                if let (Some(step), Some(picture)) = (step, performed.picture) {
                    let _ = pictured.send((step, picture));
                }
                performed.value
            });
            let _ = outbox.send(ToWorker::OpResult { id, result });
        });
        self.running_operations.retain(|_, running| !running.is_finished());
        self.running_operations.insert(id, operation);
        if step.is_some() && self.pictures.len() < PICTURES_AT_ONCE {
            let stage = self.stage.clone();
            self.pictures.spawn(async move {
                if let Ok((step, picture)) = picture.await {
                    take_picture(&stage, step, picture).await;
                }
            });
        }
    }

    async fn finish_pictures(&mut self) {
        let all = async { while self.pictures.join_next().await.is_some() {} };
        if timeout(PICTURE_PATIENCE, all).await.is_err() {
            self.pictures.abort_all();
        }
    }

    /// Says of a worker that ended too early what became of its test.
    fn account_for(&self, broken: Broken, job: &mut JobRun) {
        let cancelled = matches!(broken, Broken::Cancelled);
        let (status, message) = match broken {
            Broken::Died(how) => (
                Status::Failed,
                format!(
                    "Error: the worker process ended unexpectedly ({}). What the test did with much memory, deep recursion or \
                     native features of the engine may be the cause; the other tests go on in a new process.",
                    in_words(how)
                ),
            ),
            Broken::Hung => (
                Status::TimedOut,
                "Test timeout exceeded.\n\nThe test did not give back control and was ended together with its process."
                    .to_owned(),
            ),
            Broken::Cancelled => (Status::Interrupted, String::new()),
        };
        let errors = if message.is_empty() { Vec::new() } else { vec![plain(message)] };
        // One that was between tests fails the next, so that every worker makes some progress.
        let (planned, duration) = match job.running.take() {
            Some(running) => (running.planned, running.began.elapsed()),
            None if cancelled || !job.end.ended.is_empty() || job.waiting.is_empty() => {
                errors.into_iter().for_each(|error| self.tell(RunEvent::Error(error)));
                return;
            }
            None => {
                let planned = job.waiting.remove(0);
                self.tell(RunEvent::TestBegin { test: self.id(&planned), retry: planned.retry });
                (planned, Duration::ZERO)
            }
        };
        let attempt = Attempt {
            test: planned.test.clone(),
            retry: planned.retry,
            status,
            expected_status: Status::Passed,
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            errors,
            annotations: Vec::new(),
            attachments: Vec::new(),
        };
        self.test_ended(planned, attempt, job);
    }

    fn id(&self, planned: &Planned) -> String {
        self.stage.id(self.file, &planned.test, planned.repeat)
    }

    /// The outside's id of the test a worker names; the running one's number of repetition counts.
    fn outer_id(&self, test: Option<&str>, job: &JobRun) -> Option<String> {
        let repeat = job.running.as_ref().map_or(0, |running| running.planned.repeat);
        test.map(|test| self.stage.id(self.file, test, repeat))
    }

    fn tell(&self, event: RunEvent) {
        self.stage.tell(event);
    }
}

/// A job while it runs.
struct JobRun {
    waiting: Vec<Planned>,
    running: Option<Running>,
    end: JobEnd,
}

impl JobRun {
    fn take(&mut self, test: &str) -> Option<Planned> {
        let at = self.waiting.iter().position(|planned| planned.test == test)?;
        Some(self.waiting.remove(at))
    }
}

impl Running {
    fn renew(&mut self, timeout: u64) {
        self.hung_at = (timeout > 0).then(|| Instant::now() + Duration::from_millis(timeout));
    }
}

fn panicked() -> OpError {
    let message = "The operation broke off by an error of understudy itself; see the log.".to_owned();
    OpError { name: "Error".to_owned(), message, closed: false }
}

async fn take_picture(stage: &Stage, step: u32, picture: Picture) {
    if let Some(image) = picture().await {
        stage.tell(RunEvent::Screenshot { step, image });
    }
}

fn log(stage: &Stage, logged: &mut usize, test: Option<String>, level: Level, text: String) {
    if *logged >= LOG_LIMIT {
        return;
    }
    *logged += text.len();
    stage.tell(RunEvent::Log { test: test.clone(), level, text });
    if *logged >= LOG_LIMIT {
        let text = format!("[more than {} MB of output; the rest is left out]", LOG_LIMIT >> 20);
        stage.tell(RunEvent::Log { test, level: Level::Warn, text });
    }
}

pub(crate) fn plain(message: String) -> TestError {
    TestError { message, ..TestError::default() }
}

fn in_words(status: Option<ExitStatus>) -> String {
    use std::os::unix::process::ExitStatusExt;
    match status {
        Some(status) => match (status.code(), status.signal()) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "for no known reason".to_owned(),
        },
        None => "for no known reason".to_owned(),
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}
