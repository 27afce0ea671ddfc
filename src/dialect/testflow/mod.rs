//! Protocol 000: Socket.IO events between clients, a server and agents.

pub mod agent;
mod commands;
#[cfg(test)]
mod contract;
pub(super) mod events;
pub mod hub;

/// What both ends of ours announce in `extensions`.
pub const EXTENSION: &str = "understudy/1";
