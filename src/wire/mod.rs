//! Sockets: Socket.IO, raw WebSockets, TLS. Knows frames, not commands.

pub mod client;
pub mod frame;
pub mod http;
mod reasons;
#[cfg(feature = "rust-socketio")]
pub mod rust_socketio;
mod socket;
pub mod socketio;
pub mod tls;
mod upgrade;
pub mod websocket;
