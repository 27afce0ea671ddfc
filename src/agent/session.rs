//! One running session as the agent sees it: everything it says, up to exactly one completion.

use super::SessionStarter;
use super::outbox::is_last;
use crate::model::{Event, ExecutionId, Level, StartExecution};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Events a session may be ahead of the agent.
const AHEAD: usize = 256;
/// The agent's own failure: the code was not, or not wholly, run.
const EXIT_NOT_RUN: i32 = 2;

/// From a session to the agent.
#[derive(Debug)]
pub(super) enum Told {
    /// Something happened.
    Event(Event),
    /// Nothing follows, and its slot is free.
    Ended(ExecutionId),
}

/// Runs the session to its end in a task of its own, so that a panic in it costs this session only.
pub(super) async fn run(
    starter: SessionStarter,
    start: StartExecution,
    tell: mpsc::Sender<Told>,
    cancel: CancellationToken,
) {
    let (begun, execution) = (Instant::now(), start.execution.clone());
    let (events, mut said) = mpsc::channel(AHEAD);
    let work = tokio::spawn(async move { (starter.0)(start, events, cancel).await });
    let mut complete = false;
    while let Some(event) = said.recv().await {
        if complete {
            tracing::warn!(%execution, ?event, "a session has spoken after its end");
            continue;
        }
        complete = is_last(&event);
        let _ = tell.send(Told::Event(event)).await;
    }
    if let Err(error) = work.await {
        tracing::error!(%execution, %error, "a session has failed");
    }
    if !complete {
        let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        for event in failed(&execution, "The session has failed inside the agent: its log says more", duration_ms) {
            let _ = tell.send(Told::Event(event)).await;
        }
    }
    let _ = tell.send(Told::Ended(execution)).await;
}

/// What is told of a session that could not be brought to its end.
pub(super) fn failed(execution: &ExecutionId, why: &str, duration_ms: u64) -> [Event; 2] {
    [
        Event::ExecutionLog { execution: execution.clone(), level: Level::Error, message: why.to_owned() },
        Event::ExecutionComplete { execution: execution.clone(), exit_code: EXIT_NOT_RUN, duration_ms },
    ]
}
