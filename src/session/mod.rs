//! One actor per session: an execution or a recording. A session does not know that a server exists:
//! it takes a start and a cancellation, and tells what happens as [`crate::model::Event`]s.

mod execution;
mod explain;
mod live;
mod masked;
mod narration;
mod recording;
mod target;

pub use execution::{Performer, SessionOptions, Sessions};
pub use explain::{Explained, explain};
pub use live::{LiveControls, Lives, LivesOptions};
pub use narration::Narration;
pub use recording::{Controls, Recordings, RecordingsOptions};
