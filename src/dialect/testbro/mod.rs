//! Protocol 002: Socket.IO events about executions, and about browsers that are driven, recorded and played back.

pub mod agent;
mod control;
pub mod events;
pub mod hub;
mod live;
pub mod messages;
mod recorded;
pub mod sessions;
mod telling;
