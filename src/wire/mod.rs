//! Sockets: Socket.IO, TLS. Knows frames, not commands.

pub mod client;
pub mod frame;
#[cfg(feature = "rust-socketio")]
pub mod rust_socketio;
pub mod socketio;
pub mod tls;
