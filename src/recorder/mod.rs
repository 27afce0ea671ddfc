//! Payloads from pages become actions. The script in `js/` watches; what it sends, and what the browser says of navigations, popups,
//! downloads and dialogs, is merged by [`transcript`].

mod frames;
mod handle;
mod mode;
mod payload;
mod secrets;
pub mod transcript;
mod watch;

pub use handle::{Recorder, RecorderEvent, RecorderOptions};
