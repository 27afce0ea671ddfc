//! Protocol 000: Socket.IO events between clients, a server and agents.

pub mod agent;
pub mod hub;
