//! Pictures beside each other: in how many pixels they differ, as people see it. Pure.

mod antialiasing;
mod colour;
mod compare;
mod difference;

#[cfg(test)]
mod tests;

pub use compare::{Comparison, Limits, compare};
pub use difference::{Differences, difference};
