//! What is only named in a request is fetched from the server before it is executed.

use super::AgentOptions;
use crate::model::{ExecutionId, StartExecution};
use crate::wire::http::{HttpError, get};
use std::time::Duration;
use url::Url;

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
    let url = address(options.run_url.as_deref(), &options.server, run)?;
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
        HttpError::Unreachable(_) | HttpError::Late => true,
        HttpError::Status(status) => matches!(status, 429 | 502..=504),
        HttpError::Body => false,
    }
}

fn address(template: Option<&str>, server: &Url, run: &ExecutionId) -> Result<Url, String> {
    // Of a path, so that an id with a slash or a question mark stays one segment.
    let id: String = url::form_urlencoded::byte_serialize(run.as_str().as_bytes()).collect();
    let id = id.replace('+', "%20");
    let filled = template.unwrap_or(USUAL).replace(PLACE, &id);
    let mut url = server.join(&filled).map_err(|error| format!("{filled} is no address: {error}"))?;
    // As the server has them; none of these changes can fail.
    let scheme = match url.scheme() {
        "ws" => "http",
        "wss" => "https",
        other => other,
    };
    let scheme = scheme.to_owned();
    let _ = url.set_scheme(&scheme);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_below_the_server_or_where_the_template_says() {
        for (server, template, run, expected) in [
            ("ws://server.example:3000/ws", None, "r-1", "http://server.example:3000/api/runs/r-1"),
            ("https://server.example", None, "a/b c?d", "https://server.example/api/runs/a%2Fb%20c%3Fd"),
            ("wss://server.example/ws", Some("/runs/{runId}.json"), "r", "https://server.example/runs/r.json"),
            ("ws://s.example", Some("https://api.example/{runId}?full=1"), "r", "https://api.example/r?full=1"),
        ] {
            let url = address(template, &server.parse().unwrap(), &run.into()).unwrap();
            assert_eq!(url.as_str(), expected);
        }
    }
}
