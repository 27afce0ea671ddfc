//! `globalSetup` and `globalTeardown` of a configuration: what runs before all tests and after them, in one process of its own.

use super::Run;
use crate::model::run::{RunEvent, TestError};
use crate::runner::host::loading::{Answer, until_loaded};
use crate::runner::host::operations::Operations;
use crate::runner::host::service::{Call, Surroundings};
use crate::runner::host::spawn::{Process, ZONE};
use crate::runner::host::stage::{Allowance, Stage, plain};
use crate::runner::protocol::{Module, ToHost, ToWorker, WorkerConfig};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What is undone after a cancellation is given so long.
const FAREWELL: Duration = Duration::from_secs(10);

/// The process of the hooks, between their two sides.
pub(super) struct Hooks {
    process: Process,
    operations: Operations,
    allowance: Allowance,
    stage: Arc<Stage>,
    projects: Vec<WorkerConfig>,
}

/// What hooks leave behind.
pub(super) struct Ended {
    /// What went wrong, in order.
    pub(super) errors: Vec<TestError>,
    /// `process.env` for the tests.
    pub(super) env: BTreeMap<String, String>,
}

impl Hooks {
    /// Loads what is to run, and nothing of it yet.
    pub(super) async fn load(run: &Run<'_>, entry: Module) -> Result<Self, TestError> {
        let projects = || run.request.projects.iter().map(|project| project.config.clone());
        let config = projects().next().unwrap_or_default();
        let path = entry.path.clone();
        let failed = |error| plain(format!("Error: failed to start a worker process: {error}"));
        let mut process = run.runner.nursery.take(config.env.get(ZONE).map(String::as_str)).map_err(failed)?;
        let service = (run.runner.services)(Surroundings {
            events: process.outbox.clone(),
            mode: run.request.projects.first().map(|project| project.mode).unwrap_or_default(),
            artifacts: run.request.artifacts.clone(),
        });
        process.tells(run.stage.events.clone());
        process.send(ToWorker::LoadHooks { config, entry });
        let (mut allowance, stage) = (Allowance::default(), run.stage.clone());
        let log = |level, text| allowance.log(&stage, None, level, text);
        match until_loaded(&mut process, &*stage.loader, &service, &path, stage.load_limit, log).await? {
            Answer::Hooks => {
                let operations = Operations::new(service, process.outbox.clone());
                // Names of variables are told once, lines are nobody's business.
                let plain = |config| WorkerConfig { env: BTreeMap::new(), lines: BTreeMap::new(), ..config };
                Ok(Self { process, operations, allowance, stage, projects: projects().map(plain).collect() })
            }
            Answer::Tests { .. } | Answer::Config(_) => Err(plain(format!("Error: {path}: these are no hooks"))),
        }
    }

    /// Those before the tests. None when the run was cancelled meanwhile.
    pub(super) async fn set_up(&mut self) -> Option<Ended> {
        let cancel = self.stage.cancel.clone();
        tokio::select! {
            ended = self.call(false) => Some(ended),
            () = cancel.cancelled() => None,
        }
    }

    /// Those after the tests, and the end of the process; what went wrong.
    pub(super) async fn tear_down(mut self) -> Vec<TestError> {
        let cancel = self.stage.cancel.clone();
        let late = async {
            cancel.cancelled().await;
            tokio::time::sleep(FAREWELL).await;
        };
        let errors = tokio::select! {
            ended = self.call(true) => ended.errors,
            () = late => vec![plain("Error: globalTeardown was ended: it took too long after the run was cancelled".to_owned())],
        };
        let Self { mut process, operations, .. } = self;
        tokio::join!(process.kill(), operations.dispose());
        errors
    }

    async fn call(&mut self, over: bool) -> Ended {
        self.process.send(ToWorker::Hooks { over, projects: self.projects.clone() });
        let failed = |why: String| Ended { errors: vec![plain(why)], env: BTreeMap::new() };
        let overrun = self.process.outbox.overrun();
        loop {
            let message = tokio::select! {
                message = self.process.next(), if !self.operations.full() => message,
                () = overrun.cancelled() => {
                    return failed("Error: more happened in the pages of globalSetup than it took".to_owned());
                }
                () = self.operations.one_ends() => continue,
            };
            match message {
                Some(Ok(ToHost::HooksEnded { errors, env })) => return Ended { errors, env },
                Some(Ok(message)) => self.take(message),
                Some(Err(error)) => return failed(format!("Error: the process of globalSetup says nonsense: {error}")),
                None => return failed("Error: the process of globalSetup ended unexpectedly".to_owned()),
            }
        }
    }

    fn take(&mut self, message: ToHost) {
        self.operations.told(&message);
        match message {
            ToHost::Log { level, text, .. } => self.allowance.log(&self.stage, None, level, text),
            ToHost::Op { id, step, name, params } => {
                self.operations.perform(&self.stage, id, None, Call { step, name, params });
            }
            ToHost::File { call, params } => {
                self.process.send(ToWorker::Answer { result: self.stage.loader.file(&call, &params) });
            }
            ToHost::Ask { name, params } => self.operations.ask(name, params),
            ToHost::Intl { question } => self.operations.localize(question),
            ToHost::Abandon { id } => self.operations.abandon(id),
            ToHost::Error { error } => self.allowance.error(&self.stage, error),
            // Steps of hooks are told to nobody.
            _ => {}
        }
    }
}

impl Run<'_> {
    /// Runs what comes before the tests. What is left is for after them; none where nothing was asked for, or where it failed:
    /// then all has been undone and told.
    pub(super) async fn begin_hooks(&mut self) -> Result<Option<Hooks>, ()> {
        let Some(entry) = self.request.hooks.clone().filter(|_| !self.request.list_only) else { return Ok(None) };
        let tell =
            |errors: Vec<TestError>| errors.into_iter().for_each(|error| self.stage.tell(RunEvent::Error(error)));
        let mut hooks = Hooks::load(self, entry).await.map_err(|error| tell(vec![error]))?;
        match hooks.set_up().await {
            Some(Ended { errors, env }) if errors.is_empty() => {
                for project in &mut self.request.projects {
                    project.config.env.clone_from(&env);
                }
                Ok(Some(hooks))
            }
            ended => {
                tell(ended.map(|ended| ended.errors).unwrap_or_default());
                tell(hooks.tear_down().await);
                Err(())
            }
        }
    }
}
