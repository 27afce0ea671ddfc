//! Protocol 003: Socket.IO events in envelopes, told to rooms.

pub mod agent;
pub mod events;
pub mod hub;
pub mod messages;
pub mod rooms;
mod story;
