#![doc = include_str!("../ARCHITECTURE.md")]

#[cfg(windows)]
compile_error!("understudy does not support Windows for now; in WSL 2 with Debian it works as on Linux");

pub mod agent;
pub mod artifacts;
pub mod browser;
pub mod cli;
pub mod client;
pub mod codegen;
pub mod config;
pub mod dialect;
pub mod har;
pub mod hub;
pub mod model;
pub mod picture;
pub mod recorder;
pub mod report;
pub mod runner;
pub mod session;
pub mod trace;
pub mod wire;
