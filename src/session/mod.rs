//! One actor per session: an execution now, a recording with a later issue. A session does not know that a server exists:
//! it takes a start and a cancellation, and tells what happens as [`crate::model::Event`]s.

mod execution;
mod explain;
mod narration;
mod target;

pub use execution::{SessionOptions, Sessions};
pub use explain::{Explained, explain};
pub use narration::Narration;
