//! Loading: every file in a process of its own.

use super::Run;
use crate::model::run::{TestCase, TestError};
use crate::runner::host::drive::{Loaded, Worker};
use crate::runner::host::service::Surroundings;
use crate::runner::host::spawn::ZONE;
use crate::runner::host::stage::plain;
use crate::runner::protocol::{Module, WorkerConfig};
use std::collections::VecDeque;
use tokio::task::JoinSet;

/// Workers that have loaded a file and wait for their turn, at least; further files are loaded again when it is theirs.
const KEPT: usize = 16;

pub(super) type LoadEnd = Result<(Worker, Loaded), Option<TestError>>;

impl Run<'_> {
    /// Loads every file, some at a time. Workers that have loaded one are kept, up to a number.
    pub(super) async fn load_all(&self) -> Result<(Vec<Vec<TestCase>>, u32, VecDeque<Worker>), Vec<TestError>> {
        let workers = self.request.workers.max(1);
        let mut files: Vec<Option<Loaded>> = self.files.iter().map(|_| None).collect();
        let mut waiting: VecDeque<usize> = (0..files.len()).collect();
        let mut loading = JoinSet::new();
        let mut idle = VecDeque::new();
        let mut errors = Vec::new();
        while let Some(file) = waiting.front().copied() {
            if loading.len() < workers {
                waiting.pop_front();
                loading.spawn(self.load(file)?);
                continue;
            }
            Self::take_loaded(loading.join_next().await, &mut files, &mut idle, &mut errors);
        }
        while let done @ Some(_) = loading.join_next().await {
            Self::take_loaded(done, &mut files, &mut idle, &mut errors);
        }
        if !errors.is_empty() || self.stage.cancel.is_cancelled() {
            for worker in idle {
                worker.dispose().await;
            }
            return Err(errors);
        }
        let files: Vec<Loaded> = files.into_iter().flatten().collect();
        if self.request.forbid_only
            && let Some(test) = files.iter().filter(|file| file.only).find_map(|file| file.tests.first())
        {
            for worker in idle {
                worker.dispose().await;
            }
            return Err(vec![focused(test)]);
        }
        // One `test.only` anywhere leaves out the files without.
        let only = files.iter().any(|file| file.only);
        let steps = files.iter().filter(|file| !only || file.only).map(|file| file.steps).sum();
        let tests = files.into_iter().map(|file| if only && !file.only { Vec::new() } else { file.tests }).collect();
        Ok((tests, steps, idle))
    }

    fn take_loaded(
        done: Option<Result<LoadEnd, tokio::task::JoinError>>,
        files: &mut [Option<Loaded>],
        idle: &mut VecDeque<Worker>,
        errors: &mut Vec<TestError>,
    ) {
        match done {
            Some(Ok(Ok((worker, loaded)))) => {
                files[worker.file] = Some(loaded);
                // Those over are killed as they are dropped; they have opened nothing.
                if idle.len() < KEPT {
                    idle.push_back(worker);
                }
            }
            Some(Ok(Err(error))) => errors.extend(error),
            Some(Err(error)) => errors.push(plain(format!("Error: loading broke off: {error}"))),
            None => {}
        }
    }

    /// Loads a file in a new process.
    pub(super) fn load(&self, file: usize) -> Result<impl Future<Output = LoadEnd> + Send + use<>, Vec<TestError>> {
        let (project, number) = self.files[file];
        let project = &self.request.projects[project];
        let entry: Module = project.files[number].clone();
        let failed = |why: String| vec![plain(format!("Error: {why}"))];
        let time = self.stage.processor.clone();
        let cpu_limit = time.as_ref().map_or(Ok(0), |time| time.left()).map_err(|spent| failed(spent.to_string()))?;
        let process = self.runner.nursery.take(project.config.env.get(ZONE).map(String::as_str));
        let mut process = process.map_err(|error| failed(format!("failed to start a worker process: {error}")))?;
        process.count_in(time);
        let service = (self.runner.services)(Surroundings {
            events: process.outbox.clone(),
            mode: project.mode,
            artifacts: self.request.artifacts.clone(),
        });
        let config = WorkerConfig { retries: project.retries, cpu_limit, ..project.config.clone() };
        Ok(Worker::load(process, service, self.stage.clone(), config, file, entry))
    }
}

fn focused(test: &TestCase) -> TestError {
    let title = format!("{} {}", test.location.file, test.title_path.join(" "));
    TestError {
        message: format!("Error: item focused with '.only' is not allowed due to the 'forbidOnly' option: \"{title}\""),
        location: Some(test.location.clone()),
        ..TestError::default()
    }
}
