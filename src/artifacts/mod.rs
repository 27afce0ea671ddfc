//! What a session leaves behind: folders, and images shrunk to a byte budget.

mod output;
mod places;
pub mod shrink;

pub use output::Output;
pub use places::{PlaceError, Places};
