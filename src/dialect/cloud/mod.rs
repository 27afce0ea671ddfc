//! Protocol 004: JSON text over a raw WebSocket, a token in its address; who is there, what agents do, notifications and chat.

pub mod agent;
pub mod hub;
pub mod messages;
mod story;
