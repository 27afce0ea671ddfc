//! Understudy among programs that we did not write: the official Socket.IO server of Node.js drives `understudy agent`, the
//! official clients of Node.js and Python drive `understudy serve`. All are processes of their own, as in service.
//!
//! Needs `./install.sh --deps`.

#![expect(clippy::unwrap_used, reason = "tests; clippy exempts only functions marked #[test]")]

mod agent;
mod driven;
mod ends;
mod fences;
mod fragments;
mod hub;
mod node;
mod plain;
mod polling;
mod process;
mod proxy;
mod react;
mod seeds;
mod testbro;
mod trace;
