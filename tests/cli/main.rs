//! The binary as people and CI files use it: help, exit codes, what is printed.

#![expect(clippy::unwrap_used, reason = "a test")]

mod again;
mod config;
mod hooks;
#[cfg(test)]
mod imports;
mod node;
mod official;
mod recordings;
mod reporters;
mod run;
mod service;
mod support;
mod video;
