//! What a run is about.

use super::messages::StartAgent;
use crate::dialect::source::source;
use crate::model::{ExecutionConfig, ExecutionId, StartExecution};

/// What is to be executed; each step is shown, whatever the agent was started with.
///
/// # Errors
/// In words: it says nothing that can be done.
pub(super) fn execution(start: StartAgent) -> Result<StartExecution, String> {
    if start.goal.is_some() && start.code.is_none() && start.actions.is_none() {
        return Err("Runs by `goal` are not there yet: give `code` or `actions`".to_owned());
    }
    let code =
        source(start.code, start.actions, "actions").map_err(|why| format!("The run {}: {why}", start.run_id))?;
    let config = ExecutionConfig { screenshots: Some(true), ..ExecutionConfig::default() };
    Ok(StartExecution { execution: ExecutionId::from(start.run_id), target: None, code, config })
}
