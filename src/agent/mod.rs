//! The daemon: registration, heartbeat, reconnect, slots, outbox.
