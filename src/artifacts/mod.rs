//! What a session leaves behind: folders, and images shrunk to a byte budget.

mod bounds;
#[cfg(test)]
#[path = "../../tests/support/noise.rs"]
pub(crate) mod noise;
mod output;
mod places;
pub mod shrink;

pub use bounds::{Bounds, Share, Spent, words};
pub use output::Output;
pub use places::{PlaceError, Places};
