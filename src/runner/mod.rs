//! Test source to events, in two processes of one binary: the host owns the browser, the worker owns the untrusted code.

pub mod events;
pub mod host;
pub mod node;
pub mod protocol;
pub mod worker;

/// The release of Playwright whose behaviour the runner is held to.
pub const PLAYWRIGHT_VERSION: &str = "1.65.1";
