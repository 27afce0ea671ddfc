//! Sockets: Socket.IO, HTTP, TLS. Knows frames, not commands.
