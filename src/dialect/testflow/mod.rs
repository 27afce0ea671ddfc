//! Protocol 000: Socket.IO events between clients, a server and agents.

pub mod agent;
#[cfg(test)]
mod contract;
mod fields;
pub mod hub;

pub use fields::Malformed;

/// What both ends of ours announce in `extensions`.
pub const EXTENSION: &str = "understudy/1";
