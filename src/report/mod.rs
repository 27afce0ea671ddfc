//! Run events to what a person or a CI server reads.

mod attached;
mod book;
mod epilogue;
mod failure;
mod highlight;
mod html;
mod json;
mod jsonl;
mod junit;
mod line;
mod list;
mod listing;
mod message;
mod output;
mod record;
mod style;
#[cfg(test)]
mod tests;

pub use html::Html;
pub use json::Json;
pub use jsonl::Jsonl;
pub use junit::Junit;
pub use line::{Dot, Line};
pub use list::{List, ListOptions};
pub use listing::Listing;
pub use record::About;
pub use style::Terminal;

use crate::model::run::{Outcome, RunEvent};
use std::io;

/// Told everything that happens in a run, in order.
pub trait Reporter: Send {
    /// One event. What cannot be written is told by [`Reporter::end`].
    fn event(&mut self, event: &RunEvent);
    /// The run is over: the last words.
    ///
    /// # Errors
    /// The first thing that could not be written.
    fn end(&mut self, outcome: Outcome) -> io::Result<()>;
}

/// An error as people read it, without colours.
#[must_use]
pub fn error_words(error: &crate::model::run::TestError) -> String {
    message::error_text(error, None, Terminal { colors: false, size: None }.style())
}
