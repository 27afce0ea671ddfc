//! How an operation fails, on its way to the worker.

use crate::browser::error::CLOSED;
use crate::browser::{BrowserError, LaunchError};
use crate::runner::protocol::OpError;

/// An operation's error, in the worker's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(OpError);

impl Failure {
    /// An error in words.
    pub fn new(message: impl Into<String>) -> Self {
        Self(OpError { name: "Error".into(), message: message.into(), closed: false })
    }

    /// No such operation.
    pub fn unknown(name: &str) -> Self {
        Self::new(format!("the operation {name} is not supported by this version of understudy"))
    }

    /// Nothing goes by this name any more.
    /// An argument is a handle that was disposed of.
    pub(super) fn no_argument(index: usize, id: &str) -> Self {
        Self::new(format!("arg.handles[{index}]: no object with guid {id}"))
    }

    pub(super) fn gone(id: &str) -> Self {
        if id.starts_with("frame@") {
            Self::new("Frame was detached")
        } else if ["page@", "context@", "dialog@"].iter().any(|kind| id.starts_with(kind)) {
            Self::closed()
        } else {
            Self::new(CLOSED)
        }
    }

    /// Whether what it was about is closed.
    pub(super) fn is_closed(&self) -> bool {
        self.0.closed
    }

    /// The page it was about is closed.
    pub(super) fn closed() -> Self {
        Self(OpError { name: "Error".into(), message: CLOSED.into(), closed: true })
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl From<Failure> for OpError {
    fn from(failure: Failure) -> Self {
        failure.0
    }
}

impl From<BrowserError> for Failure {
    fn from(error: BrowserError) -> Self {
        let name = if matches!(error, BrowserError::Timeout { .. }) { "TimeoutError" } else { "Error" };
        Self(OpError { name: name.into(), message: error.to_string(), closed: error.is_closed() })
    }
}

impl From<BrowserError> for OpError {
    fn from(error: BrowserError) -> Self {
        Failure::from(error).into()
    }
}

impl From<LaunchError> for Failure {
    fn from(error: LaunchError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::new(format!("wrong parameters: {error}"))
    }
}
