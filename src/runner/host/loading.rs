//! What a process does before it runs anything: reads a file with all it imports, and says what is in it.

use super::job::in_words;
use super::loader::ModuleLoader;
use super::operations::localized;
use super::packages::Asked;
use super::run::Runner;
use super::service::Service;
use super::spawn::Process;
use super::stage::plain;
use crate::model::Level;
use crate::model::run::{TestCase, TestError};
use crate::runner::protocol::{Module, StepCount, ToHost, ToWorker, WorkerConfig};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// What is in a file.
pub(crate) enum Answer {
    Tests {
        tests: Vec<TestCase>,
        only: bool,
        /// As far as its text says.
        steps: u32,
    },
    Config(ConfigFile),
    /// They are ready to run.
    Hooks,
}

/// A configuration that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigFile {
    /// As its file has it; regular expressions as `{ "$source", "$flags" }`.
    pub value: Value,
    /// Paths of what is no data: functions and the like.
    pub lost: Vec<String>,
    /// `process.env` when it had run.
    pub env: BTreeMap<String, String>,
}

/// Serves the process until it says what is in the file it was told to load. Kills it where nothing comes of that.
pub(crate) async fn until_loaded(
    process: &mut Process,
    loader: &dyn ModuleLoader,
    service: &Arc<dyn Service>,
    path: &str,
    limit: Duration,
    mut log: impl FnMut(Level, String),
) -> Result<Answer, TestError> {
    let mut late = Instant::now() + limit;
    let mut counted = StepCount::default();
    loop {
        let message = tokio::select! {
            message = process.next() => message,
            () = sleep_until(late) => {
                let unheard = process.unheard();
                if !unheard.is_zero() {
                    late += unheard;
                    continue;
                }
                process.kill().await;
                return Err(plain(format!("Error: {path}: loading it took longer than {}ms", limit.as_millis())));
            }
        };
        late += process.unheard();
        match message {
            Some(Ok(ToHost::Counted { steps })) => counted = steps,
            Some(Ok(ToHost::Loaded { tests, only })) => {
                let steps = counted.of(tests.len());
                return Ok(Answer::Tests { tests, only, steps });
            }
            Some(Ok(ToHost::ConfigLoaded { config, lost, env })) => {
                return Ok(Answer::Config(ConfigFile { value: config, lost, env }));
            }
            Some(Ok(ToHost::HooksLoaded)) => return Ok(Answer::Hooks),
            Some(Ok(ToHost::LoadFailed { error })) => return Err(error),
            Some(Ok(ToHost::Resolve { id, specifier, from, required })) => {
                let asked = if required { Asked::Require } else { Asked::Import };
                let module = loader.resolve(&specifier, &from, asked);
                process.send(ToWorker::Resolved { id, module });
            }
            Some(Ok(ToHost::File { call, params })) => {
                process.send(ToWorker::Answer { result: loader.file(&call, &params) });
            }
            Some(Ok(ToHost::Intl { question })) => process.send(localized(service.clone(), question).await),
            Some(Ok(ToHost::Log { level, text, .. })) => log(level, text),
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                process.kill().await;
                return Err(plain(format!("Error: {path}: the process that loads it says nonsense: {error}")));
            }
            None => {
                let why = match process.ended().await {
                    Ok(status) => {
                        let how = in_words(status);
                        format!(
                            "the process that loads it ended unexpectedly ({how}); its code may be nested too deeply"
                        )
                    }
                    Err(spent) => spent.to_string(),
                };
                return Err(plain(format!("Error: {path}: {why}")));
            }
        }
    }
}

impl Runner {
    /// Reads a configuration in a process of its own; what it prints goes to `log`.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub async fn read_config(
        &self,
        entry: Module,
        config: WorkerConfig,
        loader: &dyn ModuleLoader,
        log: impl FnMut(Level, String),
    ) -> Result<ConfigFile, TestError> {
        let path = entry.path.clone();
        let mut process =
            self.process().map_err(|error| plain(format!("Error: failed to start a worker process: {error}")))?;
        process.send(ToWorker::LoadConfig { config, entry });
        let service = self.service();
        let loaded = until_loaded(&mut process, loader, &service, &path, self.load_limit(), log).await;
        service.dispose().await;
        match loaded? {
            Answer::Config(file) => Ok(file),
            Answer::Tests { .. } | Answer::Hooks => Err(plain(format!("Error: {path}: it is no configuration"))),
        }
    }
}
