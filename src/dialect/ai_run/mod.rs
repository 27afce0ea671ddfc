//! Protocol 001: JSON text over a raw WebSocket; whoever connects shows a token first, asks for a run and hears of each of its steps.

pub mod agent;
mod commands;
pub mod hub;
pub mod messages;
mod source;
mod story;
