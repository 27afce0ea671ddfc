//! One running session as the agent sees it: everything it says, up to exactly one completion, or the word that none has come.

use super::outbox::is_last;
use super::slots::Ears;
use super::work::{Kind, Owed, Work};
use super::{AgentOptions, SessionStarter, runs};
use crate::model::{Event, ExecutionId};
use crate::session::{Controls, LiveControls};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Events a session may be ahead of the agent.
const AHEAD: usize = 256;

/// From a session to the agent.
#[derive(Debug)]
pub(super) enum Told {
    /// Something happened.
    Event(Event),
    /// It has ended after so many milliseconds, and has not told its completion.
    Failed(ExecutionId, u64),
    /// Nothing follows, and its slot is free.
    Ended(ExecutionId),
}

/// Runs the session to its end in a task of its own, so that a panic in it costs this session only.
pub(super) async fn run(
    starter: SessionStarter,
    options: AgentOptions,
    work: Work,
    tell: mpsc::Sender<Told>,
    ears: Ears,
) {
    let (begun, execution) = (Instant::now(), work.id().clone());
    let (events, mut said) = mpsc::channel(AHEAD);
    let Ears { cancel, controls, wishes, shown } = ears;
    let work = tokio::spawn(async move {
        match work {
            Work::Execution(start) => (starter.execute)(start, events, cancel).await,
            Work::Run(run) => {
                let owed = Owed { execution: run.clone(), kind: Kind::Execution };
                let instead = tokio::select! {
                    biased;
                    () = cancel.cancelled() => owed.never_started("Cancelled before it was started"),
                    fetched = runs::fetch(options, &run) => match fetched {
                        Ok(start) => return (starter.execute)(start, events, cancel).await,
                        Err(why) => owed.failed(&why, None, 0),
                    },
                };
                for event in instead {
                    let _ = events.send(event).await;
                }
            }
            Work::Recording(start) => {
                (starter.record)(start, events, Controls { controls, cancel, shown: Some(shown) }).await
            }
            Work::Browser(execution, _) => {
                let controls = LiveControls { controls: wishes, cancel, shown: Some(shown) };
                (starter.drive)(execution, events, controls).await;
            }
        }
    });
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
        let _ = tell.send(Told::Failed(execution.clone(), duration_ms)).await;
    }
    let _ = tell.send(Told::Ended(execution)).await;
}
