//! The agent: as a part of this process between a server in memory and sessions that do what the test says, on a clock that
//! jumps; and as the real program (`process`), with a hub and Chromium.

#![expect(clippy::unwrap_used, reason = "tests; clippy exempts only functions marked #[test]")]

mod browsers;
mod commands;
mod connecting;
mod crashes;
mod delivery;
mod doctor;
mod ending;
mod guard;
mod health;
#[expect(dead_code, reason = "shared with the tests of the hub")]
#[path = "../hub/client.rs"]
mod hub_client;
mod limits;
mod mask;
#[path = "../support/noise.rs"]
mod noise;
mod past;
#[path = "../support/peer.rs"]
mod peer;
mod process;
mod protocols;
#[path = "../support/proxy.rs"]
mod proxy;
mod recording;
mod recording_process;
mod stuck;
mod support;
mod uploads;
mod way;
