//! How an operation fails, on its way to the worker.

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
    pub(super) fn gone(id: &str) -> Self {
        let message = if id.starts_with("frame@") {
            "Frame was detached".to_owned()
        } else if id.starts_with("handle@") {
            "JSHandle is disposed".to_owned()
        } else {
            crate::browser::error::CLOSED.to_owned()
        };
        Self(OpError { name: "Error".into(), message, closed: id.starts_with("page@") || id.starts_with("context@") })
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
