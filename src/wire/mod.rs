//! Sockets: Socket.IO, TLS. Knows frames, not commands.

pub mod client;
pub mod frame;
pub mod socketio;
pub mod tls;
