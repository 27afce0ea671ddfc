//! One worker process from its first file to its end: loads, runs jobs, serves operations, and ends what does not end by itself.
//! What a worker says is believed about its own tests and nothing else.

use super::job::{Broken, JobRun};
use super::loading::{self, Answer};
use super::operations::Operations;
use super::schedule::JobEnd;
use super::service::{Call, Service};
use super::spawn::Process;
use super::stage::{Allowance, Stage};
use crate::model::run::{Attempt, RunEvent, StepBegin, TestCase, TestError, WorkerIndex};
use crate::runner::protocol::{Module, Planned, ToHost, ToWorker, WorkerConfig};
use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Between `Cancel` and the end of the process: cancelled runs are over within a second, also on a machine that is busy.
const CANCEL_PATIENCE: Duration = Duration::from_millis(500);
/// The same of one that says nothing meanwhile: its script was interrupted 100 ms before, and is in a builtin that does not look.
const SILENT_PATIENCE: Duration = Duration::from_millis(250);

/// A worker that has loaded a file.
pub(crate) struct Worker {
    pub(crate) file: usize,
    process: Process,
    stage: Arc<Stage>,
    operations: Operations,
    /// The worker's numbers of steps → the run's.
    steps: HashMap<u32, u32>,
    allowance: Allowance,
    /// It has one when it has run some.
    index: Option<WorkerIndex>,
}

/// What [`Worker::load`] found.
pub(crate) struct Loaded {
    pub(crate) tests: Vec<TestCase>,
    pub(crate) only: bool,
    /// Steps, as far as the text says.
    pub(crate) steps: u32,
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
        process.tells(stage.events.clone());
        process.send(ToWorker::Load { config, entry });
        let mut allowance = Allowance::default();
        let log = |level, text| allowance.log(&stage, None, level, text);
        let loaded = tokio::select! {
            loaded = loading::until_loaded(&mut process, &*stage.loader, &service, &path, stage.load_limit, log) => loaded,
            () = cancel.cancelled() => return Err(None),
        };
        match loaded {
            Ok(Answer::Tests { tests, only, steps }) => {
                let operations = Operations::new(service, process.outbox.clone());
                let worker = Self { file, process, stage, operations, steps: HashMap::new(), allowance, index: None };
                Ok((worker, Loaded { tests, only, steps }))
            }
            Ok(Answer::Config(_) | Answer::Hooks) => Err(None),
            Err(error) => Err(Some(error)),
        }
    }

    /// Runs tests in order, as the one of those at work at the same time that has this number. The worker is given back when it
    /// can run more.
    pub(crate) async fn run(mut self, tests: Vec<Planned>, parallel_index: u32) -> (JobEnd, Option<Self>) {
        let worker_index = self.index.map_or_else(|| self.stage.next_worker(), |index| index.worker);
        self.index = Some(WorkerIndex { worker: worker_index, parallel: parallel_index });
        self.process.send(ToWorker::Run { tests: tests.clone(), worker_index, parallel_index });
        let mut job = JobRun::new(tests, self.stage.pause_limit);
        let spent = match self.until_done(&mut job).await {
            Ok(spent) => spent,
            Err(broken) => {
                self.account_for(&broken, &mut job);
                if matches!(broken, Broken::Spent(_)) {
                    self.stage.cancel.cancel();
                }
                true
            }
        };
        let end = job.end();
        if spent {
            self.dispose().await;
            return (end, None);
        }
        (end, Some(self))
    }

    /// Ends the process and closes what it opened.
    pub(crate) async fn dispose(self) {
        let Self { mut process, mut operations, .. } = self;
        operations.abort();
        tokio::join!(process.kill(), operations.dispose());
    }

    /// Serves the worker until it is done; whether it is spent.
    async fn until_done(&mut self, job: &mut JobRun) -> Result<bool, Broken> {
        let (cancel, overrun) = (self.stage.cancel.clone(), self.process.outbox.overrun());
        let (mut cancelled_at, mut patience) = (None::<Instant>, SILENT_PATIENCE);
        loop {
            let kill_at = cancelled_at.map(|at| at + patience);
            tokio::select! {
                message = self.process.next(), if !self.operations.full() => match message {
                    Some(Ok(ToHost::Done { .. })) if kill_at.is_some() => return Err(Broken::Cancelled),
                    Some(Ok(ToHost::Done { spent, .. })) if job.fulfilled() => return Ok(spent),
                    Some(Ok(ToHost::Done { .. })) => return Err(Broken::Nonsense("it is done before its test is".to_owned())),
                    Some(Ok(message)) => {
                        job.postpone(self.process.unheard());
                        if kill_at.is_some() {
                            patience = CANCEL_PATIENCE;
                        }
                        self.take(message, job).await?;
                    }
                    Some(Err(error)) => return Err(Broken::Nonsense(error.to_string())),
                    None if kill_at.is_some() => return Err(Broken::Cancelled),
                    None => return Err(self.process.ended().await.map_or_else(Broken::Spent, Broken::Died)),
                },
                () = self.operations.one_ends() => {}
                () = cancel.cancelled(), if kill_at.is_none() => {
                    self.process.send(ToWorker::Cancel);
                    cancelled_at = Some(Instant::now());
                }
                () = at(kill_at) => return Err(Broken::Cancelled),
                () = overrun.cancelled() => return Err(Broken::Overrun),
                () = at(job.hung_at()) => match self.process.unheard() {
                    Duration::ZERO => return Err(Broken::Hung),
                    unheard => job.postpone(unheard),
                },
            }
        }
    }

    async fn take(&mut self, message: ToHost, job: &mut JobRun) -> Result<(), Broken> {
        self.operations.told(&message);
        match message {
            ToHost::TestBegin { test, timeout, .. } => {
                if let Some(planned) = job.begin(&test, timeout)? {
                    self.tell(RunEvent::TestBegin {
                        test: self.id(&planned),
                        retry: planned.retry,
                        worker: self.index,
                    });
                }
            }
            ToHost::Deadline { timeout, limit } => job.renew(timeout, limit),
            ToHost::TestEnd { attempt } => {
                if let Some((begun, planned)) = job.finish(&attempt.test) {
                    if !begun {
                        self.tell(RunEvent::TestBegin { test: self.id(&planned), retry: planned.retry, worker: None });
                    }
                    self.test_ended(planned, attempt, job);
                }
            }
            ToHost::StepBegin { test, step } => {
                if self.allowance.step(&self.stage) {
                    let id = self.stage.next_step();
                    self.steps.insert(step.id, id);
                    let parent = step.parent.and_then(|parent| self.steps.get(&parent).copied());
                    let test = self.outer_id(test.as_deref(), job);
                    self.tell(RunEvent::StepBegin { test, step: StepBegin { id, parent, ..step } });
                }
            }
            ToHost::StepEnd { test, id, duration_ms, error } => {
                if let Some(id) = self.steps.get(&id).copied() {
                    let test = self.outer_id(test.as_deref(), job);
                    self.tell(RunEvent::StepEnd { test, id, duration_ms, error });
                }
            }
            ToHost::Log { test, level, text } => {
                let test = self.outer_id(test.as_deref(), job);
                self.allowance.log(&self.stage, test, level, text);
            }
            ToHost::Op { id, step, name, params } => {
                let pictured = step.filter(|_| self.stage.pictures).and_then(|step| self.steps.get(&step).copied());
                self.operations.perform(&self.stage, id, pictured, Call { step, name, params });
            }
            ToHost::File { call, params } => {
                let result = self.stage.loader.file(&call, &params);
                self.process.send(ToWorker::Answer { result });
            }
            ToHost::Ask { name, params } => self.operations.ask(name, params),
            ToHost::Intl { question } => self.operations.localize(question),
            ToHost::Abandon { id } => self.operations.abandon(id),
            ToHost::Interrupt { id, why, line } => self.operations.interrupt(id, why, line),
            ToHost::Error { error } => self.allowance.error(&self.stage, error),
            ToHost::Done { .. }
            | ToHost::Ready { .. }
            | ToHost::Resolve { .. }
            | ToHost::Counted { .. }
            | ToHost::Loaded { .. }
            | ToHost::ConfigLoaded { .. }
            | ToHost::HooksLoaded
            | ToHost::HooksEnded { .. }
            | ToHost::LoadFailed { .. } => {}
        }
        Ok(())
    }

    fn test_ended(&self, planned: Planned, mut attempt: Attempt, job: &mut JobRun) {
        // A path that leads elsewhere is none of a test's: nobody shall read what is there for it.
        attempt.attachments.retain_mut(|attachment| {
            let Some(path) = &mut attachment.path else { return true };
            let full = self.stage.artifacts.resolve(path);
            full.map(|full| *path = full.display().to_string()).is_ok()
        });
        self.tell(RunEvent::TestEnd(Attempt { test: self.id(&planned), retry: planned.retry, ..attempt.clone() }));
        job.ended.push((planned, attempt));
    }

    /// Says of a worker that ended too early what became of its test.
    fn account_for(&self, broken: &Broken, job: &mut JobRun) {
        let (begun, planned, attempt) = match job.account_for(broken) {
            Ok(accounted) => accounted,
            Err(error) => return error.into_iter().for_each(|error| self.tell(RunEvent::Error(error))),
        };
        if !begun {
            self.tell(RunEvent::TestBegin { test: self.id(&planned), retry: planned.retry, worker: self.index });
        }
        self.test_ended(planned, attempt, job);
    }

    fn id(&self, planned: &Planned) -> String {
        self.stage.id(self.file, &planned.test, planned.repeat)
    }

    /// The outside's id of the test a worker names; the running one's number of repetition counts.
    fn outer_id(&self, test: Option<&str>, job: &JobRun) -> Option<String> {
        test.map(|test| self.stage.id(self.file, test, job.repeat()))
    }

    fn tell(&self, event: RunEvent) {
        self.stage.tell(event);
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}
