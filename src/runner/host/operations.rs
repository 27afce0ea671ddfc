//! The operations of one worker while they run, and the pictures taken of what they did.

use super::service::{Picture, Service};
use super::stage::Stage;
use crate::model::run::RunEvent;
use crate::runner::protocol::{OpError, ToWorker};
use futures_util::FutureExt;
use serde_json::Value;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

/// For closing what a worker opened.
const DISPOSE_PATIENCE: Duration = Duration::from_secs(5);
/// How long the closing of a page waits for pictures of it; a page that hangs gives none.
const PICTURE_PATIENCE: Duration = Duration::from_secs(2);
/// The same when the worker is gone: what was cancelled is over within a second.
const LAST_PICTURE_PATIENCE: Duration = Duration::from_millis(200);
/// Pictures in the making per worker; further steps go without.
const PICTURES_AT_ONCE: usize = 3;
/// A worker with so many running operations is not listened to until one of them ends.
const OPERATIONS_AT_ONCE: usize = 4096;

/// See the module.
pub(crate) struct Operations {
    service: Arc<dyn Service>,
    outbox: mpsc::UnboundedSender<ToWorker>,
    tasks: JoinSet<()>,
    running: HashMap<u32, AbortHandle>,
    pictures: JoinSet<()>,
}

impl Operations {
    /// Results go to `outbox`.
    pub(crate) fn new(service: Arc<dyn Service>, outbox: mpsc::UnboundedSender<ToWorker>) -> Self {
        Self { service, outbox, tasks: JoinSet::new(), running: HashMap::new(), pictures: JoinSet::new() }
    }

    /// Whether no more can be started now.
    pub(crate) fn full(&self) -> bool {
        self.tasks.len() >= OPERATIONS_AT_ONCE
    }

    /// Waits until something ends; for ever where nothing runs. Cancel safe.
    pub(crate) async fn one_ends(&mut self) {
        tokio::select! {
            Some(_) = self.tasks.join_next() => {}
            Some(_) = self.pictures.join_next() => {}
            else => std::future::pending().await,
        }
    }

    /// Starts an operation; its result goes to the worker by itself. `step` is the run's number of the step to be pictured.
    pub(crate) async fn perform(
        &mut self,
        stage: &Arc<Stage>,
        id: u32,
        step: Option<u32>,
        name: String,
        params: Value,
    ) {
        if name == "page.close" || name == "context.close" {
            tokio::select! {
                () = self.finish_pictures(PICTURE_PATIENCE) => {}
                () = stage.cancel.cancelled() => {}
            }
        }
        let performing = self.service.clone().perform(name, params);
        let outbox = self.outbox.clone();
        let (pictured, picture) = oneshot::channel();
        let task = self.tasks.spawn(async move {
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
        if self.running.len() >= 2 * self.tasks.len() {
            self.running.retain(|_, running| !running.is_finished());
        }
        self.running.insert(id, task);
        if step.is_some() && self.pictures.len() < PICTURES_AT_ONCE {
            let stage = stage.clone();
            self.pictures.spawn(async move {
                if let Ok((step, picture)) = picture.await {
                    take_picture(&stage, step, picture).await;
                }
            });
        }
    }

    /// Nobody waits for it any more.
    pub(crate) fn abandon(&mut self, id: u32) {
        if let Some(operation) = self.running.remove(&id) {
            operation.abort();
        }
    }

    /// Breaks off what runs.
    pub(crate) fn abort(&mut self) {
        self.tasks.abort_all();
    }

    /// Closes what was opened.
    pub(crate) async fn dispose(mut self) {
        self.abort();
        self.finish_pictures(LAST_PICTURE_PATIENCE).await;
        if timeout(DISPOSE_PATIENCE, self.service.clone().dispose()).await.is_err() {
            tracing::warn!("failed to close what a worker opened within {DISPOSE_PATIENCE:?}");
        }
    }

    async fn finish_pictures(&mut self, patience: Duration) {
        let all = async { while self.pictures.join_next().await.is_some() {} };
        if timeout(patience, all).await.is_err() {
            self.pictures.abort_all();
        }
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
