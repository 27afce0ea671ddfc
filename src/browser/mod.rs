//! The only room that knows CDP: launch, supervise, context, page, frame, locator, input.

pub mod error;
pub mod progress;

pub use error::BrowserError;
pub use progress::{CallLog, Deadline, Progress};
