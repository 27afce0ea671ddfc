//! What a session leaves behind: folders, and images shrunk to a byte budget.

#[cfg(test)]
#[path = "../../tests/support/noise.rs"]
pub(crate) mod noise;
mod output;
mod places;
pub mod shrink;

pub use output::Output;
pub use places::{PlaceError, Places};
