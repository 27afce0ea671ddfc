//! How things of this room fail. Texts are Playwright's without the name of the call in front; the facade adds that.

use super::progress::CallLog;
use std::sync::Arc;

/// What every operation on a closed page, context or browser says. Same sentence as Playwright.
pub const CLOSED: &str = "Target page, context or browser has been closed";

/// Why an operation on a browser failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BrowserError {
    /// It took too long.
    #[error("Timeout {timeout_ms}ms exceeded.{log}")]
    Timeout {
        /// How long it could have taken.
        timeout_ms: u64,
        /// What was tried meanwhile.
        log: CallLog,
    },
    /// The page, its context or the browser is gone.
    #[error("{CLOSED}{log}")]
    Closed {
        /// What was tried until then.
        log: CallLog,
    },
    /// Nobody wants it any more.
    #[error("{why}{log}")]
    Interrupted {
        /// In the words of who ended it.
        why: String,
        /// What was tried until then.
        log: CallLog,
    },
    /// The renderer of the page is gone.
    #[error("Target crashed{}{log}", .why.as_ref().map(|why| format!(": {why}")).unwrap_or_default())]
    Crashed {
        /// Where it is known.
        why: Option<Arc<str>>,
        /// What was tried until then.
        log: CallLog,
    },
    /// The frame left the page.
    #[error("Frame was detached{log}")]
    FrameDetached {
        /// What was tried until then.
        log: CallLog,
    },
    /// The document an object belonged to was replaced. Worth another attempt where the operation started from the frame.
    #[error("Execution context was destroyed, most likely because of a navigation.{log}")]
    ContextDestroyed {
        /// What was tried until then.
        log: CallLog,
    },
    /// A selector meant more than one element.
    #[error("{message}{log}")]
    StrictMode {
        /// With the list of elements.
        message: String,
        /// What was tried until then.
        log: CallLog,
    },
    /// A navigation failed or was replaced by another.
    #[error("{message}{log}")]
    Navigation {
        /// `net::ERR_… at URL`, …
        message: String,
        /// What was tried until then.
        log: CallLog,
    },
    /// The page's JavaScript threw.
    #[error("{message}{log}")]
    Script {
        /// `Error: text` and the stack in the page.
        message: String,
        /// What was tried until then.
        log: CallLog,
    },
    /// Chromium refused a command.
    #[error("Protocol error ({method}): {message}{log}")]
    Protocol {
        /// `Page.navigate`, …
        method: String,
        /// In Chromium's words.
        message: String,
        /// What was tried until then.
        log: CallLog,
    },
    /// Anything else, in a complete sentence.
    #[error("{message}{log}")]
    Other {
        /// What and why.
        message: String,
        /// What was tried until then.
        log: CallLog,
    },
}

impl BrowserError {
    /// The page, context or browser is gone.
    pub fn closed() -> Self {
        Self::Closed { log: CallLog::default() }
    }

    /// The renderer is gone.
    pub fn crashed() -> Self {
        Self::Crashed { why: None, log: CallLog::default() }
    }

    /// The frame is gone.
    pub fn detached() -> Self {
        Self::FrameDetached { log: CallLog::default() }
    }

    /// The document is gone.
    pub fn context_destroyed() -> Self {
        Self::ContextDestroyed { log: CallLog::default() }
    }

    /// A navigation that did not end well.
    pub fn navigation(message: impl Into<String>) -> Self {
        Self::Navigation { message: message.into(), log: CallLog::default() }
    }

    /// The page's JavaScript threw.
    pub fn script(message: impl Into<String>) -> Self {
        Self::Script { message: message.into(), log: CallLog::default() }
    }

    /// Chromium refused a command.
    pub fn protocol(method: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Protocol { method: method.into(), message: message.into(), log: CallLog::default() }
    }

    /// Anything else.
    pub fn other(message: impl Into<String>) -> Self {
        Self::Other { message: message.into(), log: CallLog::default() }
    }

    /// Whether nothing can be done with the page any more.
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed { .. } | Self::Crashed { .. })
    }

    /// Whether nothing can be done with the page or the frame any more.
    pub fn is_gone(&self) -> bool {
        self.is_closed() || matches!(self, Self::FrameDetached { .. })
    }

    /// Whether the document was replaced under the operation.
    pub fn is_context_lost(&self) -> bool {
        matches!(self, Self::ContextDestroyed { .. })
    }

    /// What is said of an element whose document is gone.
    pub fn of_element(self) -> Self {
        match self {
            Self::ContextDestroyed { log } => Self::Other { message: "Element is not attached to the DOM".into(), log },
            Self::FrameDetached { log } => Self::Other { message: "Frame has been detached.".into(), log },
            error => error,
        }
    }

    /// The same error with `log`, unless it has lines of its own.
    pub fn with_log(mut self, log: &CallLog) -> Self {
        match &mut self {
            Self::Timeout { log: own, .. }
            | Self::Closed { log: own }
            | Self::Interrupted { log: own, .. }
            | Self::Crashed { log: own, .. }
            | Self::FrameDetached { log: own }
            | Self::ContextDestroyed { log: own }
            | Self::StrictMode { log: own, .. }
            | Self::Navigation { log: own, .. }
            | Self::Script { log: own, .. }
            | Self::Protocol { log: own, .. }
            | Self::Other { log: own, .. } => {
                if own.lines().is_empty() {
                    *own = log.clone();
                }
            }
        }
        self
    }
}
