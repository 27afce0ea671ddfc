//! What is only named in a request is fetched from the server before it is executed.

use super::AgentOptions;
use super::address::fill;
use crate::model::{ExecutionId, StartExecution};
use crate::wire::http::{HttpError, get};
use std::time::Duration;

/// Attempts at a server that is not there, or not quite.
const ATTEMPTS: u32 = 4;
/// Between the first two; doubled each time.
const PAUSE: Duration = Duration::from_millis(500);
/// What stands for the id in a template.
const PLACE: &str = "{runId}";

/// Where runs are, unless the options say something else: below the server's root.
const USUAL: &str = "/api/runs/{runId}";

/// Fetches and reads; says in words why there is nothing to execute.
pub(super) async fn fetch(options: AgentOptions, run: &ExecutionId) -> Result<StartExecution, String> {
    let read = options.protocol.run.ok_or("This protocol has no runs to fetch")?;
    let template = options.run_url.as_deref().unwrap_or(USUAL);
    let url = fill(template, &options.server, &[(PLACE, run.as_str())])?;
    let mut pause = PAUSE;
    for attempt in 1.. {
        let token = options.token.read().await.map_err(|error| error.to_string())?;
        match get(&url, token.as_deref(), &options.dialer).await {
            Ok(body) => return read(run, &body),
            Err(error) if attempt < ATTEMPTS && may_pass(&error) => {
                tracing::warn!(%run, %error, attempt, "a run cannot be fetched; trying again");
            }
            Err(HttpError::Status(404)) => return Err(format!("The server has no run {run} (HTTP 404)")),
            Err(error) => return Err(format!("The run {run} cannot be fetched: {error}")),
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    Err(format!("The run {run} cannot be fetched"))
}

fn may_pass(error: &HttpError) -> bool {
    match error {
        HttpError::Unreachable(_) | HttpError::Late(_) => true,
        HttpError::Status(status) => matches!(status, 429 | 502..=504),
        HttpError::Body => false,
    }
}
