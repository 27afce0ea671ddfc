//! The operations of one worker while they run, and the pictures taken of what they did.

use super::mailbox::Mailbox;
use super::pictures::Pictures;
use super::service::{Call, Service};
use super::stage::Stage;
use crate::browser::progress::{Interruption, interruptible};
use crate::runner::protocol::{OpError, ToHost, ToWorker};
use futures_util::FutureExt;
use serde_json::Value;
use std::collections::HashMap;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

/// For closing what a worker opened.
const DISPOSE_PATIENCE: Duration = Duration::from_secs(5);
/// What ends pages.
const CLOSING: [&str; 2] = ["page.close", "context.close"];
/// Done before anything that the worker asks for later begins: whoever listens hears what he causes. It waits for nothing.
const SUBSCRIBING: &str = "page.subscribe";
/// A worker with so many running operations is not listened to until one of them ends.
const OPERATIONS_AT_ONCE: usize = 4096;

/// See the module.
pub(crate) struct Operations {
    service: Arc<dyn Service>,
    outbox: Mailbox,
    tasks: JoinSet<()>,
    running: HashMap<u32, (AbortHandle, Interruption)>,
    pictures: Pictures,
    /// Completes when the last one has begun.
    begun: Option<oneshot::Receiver<()>>,
}

impl Operations {
    /// Results go to `outbox`.
    pub(crate) fn new(service: Arc<dyn Service>, outbox: Mailbox) -> Self {
        Self {
            service,
            outbox,
            tasks: JoinSet::new(),
            running: HashMap::new(),
            pictures: Pictures::default(),
            begun: None,
        }
    }

    /// Whether no more can be started now.
    pub(crate) fn full(&self) -> bool {
        self.tasks.len() >= OPERATIONS_AT_ONCE
    }

    /// Waits until something ends; for ever where nothing runs. Cancel safe.
    pub(crate) async fn one_ends(&mut self) {
        tokio::select! {
            Some(_) = self.tasks.join_next() => {}
            () = self.pictures.one_ends() => {}
        }
    }

    /// The worker said this of itself.
    pub(crate) fn told(&self, message: &ToHost) {
        self.service.told(message);
    }

    /// Starts an operation; its result goes to the worker by itself. `pictured` is the run's number of the step to be pictured.
    pub(crate) fn perform(&mut self, stage: &Arc<Stage>, id: u32, pictured: Option<u32>, call: Call) {
        if call.name == SUBSCRIBING {
            let begun = AssertUnwindSafe(self.service.clone().perform(call)).catch_unwind().now_or_never();
            let result = begun.and_then(Result::ok).unwrap_or_else(|| Err(panicked())).map(|performed| performed.value);
            self.outbox.send(ToWorker::OpResult { id, result });
            return;
        }
        let exposure = pictured.map(|step| (self.pictures.of(stage.clone(), step), call.params.clone()));
        // What shows on a picture, or takes away what is pictured, waits until the picture is taken.
        let still = (pictured.is_some() || CLOSING.contains(&&*call.name)).then(|| self.pictures.still());
        let (service, outbox) = (self.service.clone(), self.outbox.clone());
        let interruption = Interruption::default();
        let performing = interruptible(interruption.clone(), service.clone().perform(call));
        let performing = async move {
            if let Some(still) = still {
                still.await;
            }
            // A panic is an answer and not the end of everything.
            AssertUnwindSafe(performing).catch_unwind().await.unwrap_or_else(|_| Err(panicked()))
        };
        let (begins, begun) = oneshot::channel();
        let performing = begun_after(self.begun.replace(begun), performing, begins);
        let task = self.tasks.spawn(async move {
            let result = performing.await;
            let (result, picture) = match result {
                Ok(performed) => (Ok(performed.value), performed.picture),
                Err(error) => (Err(error), exposure.as_ref().and_then(|(_, params)| service.sight(params))),
            };
            if let (Some((exposure, _)), Some(picture)) = (exposure, picture) {
                exposure.take(picture).await;
            }
            outbox.send(ToWorker::OpResult { id, result });
        });
        if self.running.len() >= 2 * self.tasks.len() {
            self.running.retain(|_, (running, _)| !running.is_finished());
        }
        self.running.insert(id, (task, interruption));
    }

    /// Performs an operation; the worker waits for its end and does nothing else.
    pub(crate) fn ask(&mut self, name: String, params: Value) {
        let (service, outbox) = (self.service.clone(), self.outbox.clone());
        self.tasks.spawn(async move {
            let asked = AssertUnwindSafe(service.perform(Call { step: None, name, params })).catch_unwind().await;
            let result = asked.unwrap_or_else(|_| Err(panicked()));
            let result = result.map(|performed| performed.value).map_err(|error| (error.name, error.message));
            outbox.send(ToWorker::Answer { result });
        });
    }

    /// Answers what the worker asks `Intl`; it waits for that and does nothing else.
    pub(crate) fn localize(&mut self, question: String) {
        let (service, outbox) = (self.service.clone(), self.outbox.clone());
        self.tasks.spawn(async move {
            outbox.send(localized(service, question).await);
        });
    }

    /// Nobody waits for it any more.
    pub(crate) fn abandon(&mut self, id: u32) {
        if let Some((operation, _)) = self.running.remove(&id) {
            operation.abort();
        }
    }

    /// Somebody wants it to end now, with an error in these words.
    pub(crate) fn interrupt(&self, id: u32, why: String, line: Option<String>) {
        if let Some((_, interruption)) = self.running.get(&id) {
            interruption.interrupt(why, line);
        }
    }

    /// Breaks off what runs.
    pub(crate) fn abort(&mut self) {
        self.tasks.abort_all();
    }

    /// Closes what was opened.
    pub(crate) async fn dispose(mut self) {
        self.abort();
        self.pictures.finish().await;
        if timeout(DISPOSE_PATIENCE, self.service.clone().dispose()).await.is_err() {
            tracing::warn!("failed to close what a worker opened within {DISPOSE_PATIENCE:?}");
        }
    }
}

/// The answer of a browser's `Intl`.
pub(crate) async fn localized(service: Arc<dyn Service>, question: String) -> ToWorker {
    let result = service.localize(question).await.map(Value::String).map_err(|why| ("EIO".to_owned(), why));
    ToWorker::Answer { result }
}

/// Begins `work` when what was asked for before has begun: what waits for something does so before the next one causes it.
async fn begun_after<T>(
    before: Option<oneshot::Receiver<()>>,
    work: impl Future<Output = T>,
    begins: oneshot::Sender<()>,
) -> T {
    if let Some(before) = before {
        // Who was given up before has begun, too.
        let _ = before.await;
    }
    let mut work = pin!(work);
    let first = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await;
    // Nobody may come after.
    let _ = begins.send(());
    match first {
        Poll::Ready(value) => value,
        Poll::Pending => work.await,
    }
}

fn panicked() -> OpError {
    let message = "The operation broke off by an error of understudy itself; see the log.".to_owned();
    OpError { name: "Error".to_owned(), message, closed: false }
}
