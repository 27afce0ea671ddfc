//! Protocol 002: Socket.IO events about executions, and about browsers that are driven, recorded and played back.

pub mod events;
pub mod messages;
pub mod sessions;
