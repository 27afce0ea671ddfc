//! The real agent, the real hub and Chromium, on the real clock: killed and cut off at every step of a session, as a seed says.

mod driver;
mod frames;
mod harms;
mod person;
mod program;
mod proxy;
mod user;

pub(crate) use program::Program;
pub(crate) use proxy::Proxy;
pub(crate) use user::{User, token};

use driver::play;
use futures_util::StreamExt;
use futures_util::stream::iter;

/// Schedules in CI; `UNDERSTUDY_REAL_SCHEDULES` says otherwise.
const SCHEDULES: u64 = 30;
/// The one to be played again: `UNDERSTUDY_REAL_SEED`.
const SEED: &str = "UNDERSTUDY_REAL_SEED";
/// At the same time: each is an agent, a hub and a Chromium.
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_and_nothing_is_left() {
    let seeds = match std::env::var(SEED) {
        Ok(seed) => {
            let seed = seed.parse().unwrap();
            seed..seed + 1
        }
        Err(_) => 0..std::env::var("UNDERSTUDY_REAL_SCHEDULES").map_or(SCHEDULES, |many| many.parse().unwrap()),
    };
    let played: Vec<_> =
        iter(seeds).map(|seed| async move { (seed, play(seed).await) }).buffer_unordered(AT_ONCE).collect().await;
    let bad: Vec<_> = played.into_iter().filter(|(_, faults)| !faults.is_empty()).collect();
    assert!(bad.is_empty(), "{SEED}=… plays it again: {bad:#?}");
}
