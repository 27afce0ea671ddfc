//! What a worker's operations are served by. A trait, so that processes, schedules and deadlines are tested without a browser.

use super::mailbox::Mailbox;
use crate::artifacts::Places;
use crate::browser::Mode;
use crate::runner::protocol::{OpError, ToHost};
use futures_util::future::BoxFuture;
use serde_json::Value;
use std::sync::Arc;

/// Begins to take a picture of the page when it is called: what the browser is asked for afterwards is not on it. None when
/// the page is gone.
pub type Picture = Box<dyn FnOnce() -> BoxFuture<'static, Option<Film>> + Send>;

/// A picture as it was taken: makes an image file of it, which takes a while.
pub type Film = Box<dyn FnOnce() -> Vec<u8> + Send>;

/// What an operation brought.
pub struct Performed {
    /// For the worker.
    pub value: Value,
    /// Of what there is to see now, where there is something.
    pub picture: Option<Picture>,
}

/// What a worker asks for.
#[derive(Debug, Clone)]
pub struct Call {
    /// The worker's number of the step it belongs to, if there is one.
    pub step: Option<u32>,
    /// `locator.click`, …
    pub name: String,
    /// By name.
    pub params: Value,
}

/// Everything one worker process has in the browser.
pub trait Service: Send + Sync {
    /// Performs an operation of the table. Dropping the future abandons it.
    fn perform(self: Arc<Self>, call: Call) -> BoxFuture<'static, Result<Performed, OpError>>;
    /// What the worker says of itself: steps, output. In order, and before the operations that come after it.
    fn told(&self, _message: &ToHost) {}
    /// Of what there is to see where an operation with these parameters failed.
    fn sight(&self, _params: &Value) -> Option<Picture> {
        None
    }
    /// What a browser's `Intl` answers; see `ops/linguist.js`.
    ///
    /// # Errors
    /// Why nobody answers, a sentence.
    fn localize(self: Arc<Self>, _question: String) -> BoxFuture<'static, Result<String, String>> {
        Box::pin(async { Err("Intl: there is no browser to ask".to_owned()) })
    }
    /// Closes all that was opened.
    fn dispose(self: Arc<Self>) -> BoxFuture<'static, ()>;
}

/// What a service is made for.
pub struct Surroundings {
    /// Leads to the worker.
    pub events: Mailbox,
    /// Of the run.
    pub mode: Mode,
    /// Where files are written.
    pub artifacts: Places,
}

/// Makes the service of one worker process. Must not wait for the browser: that is for the first operation.
pub type Services = Arc<dyn Fn(Surroundings) -> Arc<dyn Service> + Send + Sync>;
