//! Sockets: Socket.IO, raw WebSockets, TLS. Knows frames, not commands.

pub mod client;
pub mod dial;
pub mod frame;
pub mod http;
pub mod proxy;
mod reasons;
#[cfg(feature = "rust-socketio")]
pub mod rust_socketio;
mod socket;
pub mod socketio;
pub mod tls;
mod upgrade;
pub mod websocket;
