//! The browser room on real Chromium, against a server in this process.

#![expect(clippy::unwrap_used, reason = "tests; clippy exempts only functions marked #[test]")]

mod ends;
mod frames;
mod hosts;
mod operations;
mod pages;
mod support;
mod trust;
