//! The browser room on real Chromium, against a server in this process.

#![expect(clippy::unwrap_used, reason = "tests; clippy exempts only functions marked #[test]")]

#[cfg(target_os = "linux")]
#[path = "../support/end.rs"]
mod end;
mod ends;
mod frames;
mod hosts;
mod inside;
mod operations;
mod pages;
#[cfg(target_os = "linux")]
mod supervision;
mod support;
mod trust;
