#![doc = include_str!("../ARCHITECTURE.md")]

pub mod agent;
pub mod artifacts;
pub mod browser;
pub mod cli;
pub mod codegen;
pub mod config;
pub mod dialect;
pub mod hub;
pub mod model;
pub mod recorder;
pub mod report;
pub mod runner;
pub mod session;
pub mod wire;
