//! When to try the server again: exponential, with full jitter. Pure: time and chance are arguments.

use std::time::Duration;
use tokio::time::Instant;

/// The first failure is followed by a wait of at most this.
const BASE: Duration = Duration::from_millis(500);
/// No wait is longer: an agent is back within half a minute of its server.
const CAP: Duration = Duration::from_secs(30);
/// A server that was there and is gone was there for others too: nobody comes back before a draw below this.
const LOST: Duration = Duration::from_secs(5);
/// No wait is shorter, so that chance cannot make a hot loop.
const FLOOR: Duration = Duration::from_millis(50);
/// A connection that held for so long was a good one: the next failure is a first one.
const GOOD: Duration = Duration::from_secs(10);
/// Between attempts with credentials that were refused: the first wait, and the longest.
const REFUSED: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));

/// What is remembered of past attempts.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    /// The last of all good connections was lost, and there was none since.
    lost: bool,
    refusals: u32,
    up_since: Option<Instant>,
}

impl Backoff {
    /// The server has accepted us.
    pub(super) fn connected(&mut self, now: Instant) {
        self.refusals = 0;
        self.up_since = Some(now);
    }

    /// No connection, or no more. `chance` is even in 0..1. Returns how long to wait.
    pub(super) fn failed(&mut self, now: Instant, chance: f64) -> Duration {
        if self.up_since.take().is_some_and(|since| now.duration_since(since) >= GOOD) {
            (self.failures, self.lost) = (0, true);
        }
        let ceiling = doubled(BASE, self.failures, CAP).max(if self.lost { LOST } else { BASE });
        self.failures = self.failures.saturating_add(1);
        ceiling.mul_f64(chance.clamp(0.0, 1.0)).max(FLOOR)
    }

    /// The connection was given up here, and nothing is known against the server: what failed before counts no more.
    pub(super) fn afresh(&mut self, chance: f64) -> Duration {
        *self = Self::default();
        BASE.mul_f64(chance.clamp(0.0, 1.0)).max(FLOOR)
    }

    /// The server does not want us: asked again soon, it would be hammered. At least half of each wait is certain.
    pub(super) fn refused(&mut self, chance: f64) -> Duration {
        let ceiling = doubled(REFUSED.0, self.refusals, REFUSED.1);
        self.refusals = self.refusals.saturating_add(1);
        ceiling.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
    }
}

fn doubled(base: Duration, times: u32, cap: Duration) -> Duration {
    base.saturating_mul(1_u32.checked_shl(times).unwrap_or(u32::MAX)).min(cap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap() {
        let (mut backoff, now) = (Backoff::default(), Instant::now());
        let waits: Vec<_> = (0..8).map(|_| backoff.failed(now, 1.0).as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
        for _ in 0..100 {
            assert_eq!(backoff.failed(now, 1.0), CAP);
        }
    }

    #[test]
    fn jitter_is_full_but_never_hot() {
        let (mut backoff, now) = (Backoff::default(), Instant::now());
        for _ in 0..10 {
            assert_eq!(backoff.failed(now, 0.0), FLOOR);
        }
        assert_eq!(backoff.failed(now, 0.5), CAP / 2);
    }

    #[test]
    fn only_a_connection_that_held_starts_afresh() {
        let (mut backoff, start) = (Backoff::default(), Instant::now());
        for _ in 0..5 {
            backoff.failed(start, 1.0);
        }
        backoff.connected(start);
        assert_eq!(backoff.failed(start + Duration::from_secs(9), 1.0).as_millis(), 16_000, "accepted and dropped");
        backoff.connected(start);
        assert_eq!(backoff.failed(start + Duration::from_secs(10), 1.0), LOST, "as many others lose it now");
        let waits: Vec<_> = (0..6).map(|_| backoff.failed(start, 1.0).as_secs()).collect();
        assert_eq!(waits, [5, 5, 5, 8, 16, 30]);
        assert_eq!(backoff.afresh(1.0), BASE);
    }

    /// Even in 0..1, the same in every run.
    fn draws(seed: u64) -> impl FnMut() -> f64 {
        let mut state = seed;
        move || {
            // SplitMix64.
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
        }
    }

    #[test]
    fn two_hundred_agents_that_lose_their_server_at_once_do_not_come_back_at_once() {
        // From a moment's loss to an outage of an hour.
        for outage in [0, 1, 5, 60, 3600].map(Duration::from_secs) {
            let start = Instant::now();
            let lost = start + Duration::from_secs(60);
            let mut seconds = std::collections::BTreeMap::<u64, usize>::new();
            for agent in 0..200 {
                let (mut backoff, mut chance) = (Backoff::default(), draws(agent));
                backoff.connected(start);
                let mut now = lost;
                loop {
                    now += backoff.failed(now, chance());
                    if now >= lost + outage {
                        break;
                    }
                }
                *seconds.entry((now - lost - outage).as_secs()).or_default() += 1;
            }
            let (most, last) = (*seconds.values().max().unwrap(), *seconds.keys().last().unwrap());
            assert!(most <= 100, "{most} of 200 come back in one second after {outage:?}: {seconds:?}");
            assert!(last <= 30, "{outage:?}: {seconds:?}");
        }
    }

    #[test]
    fn a_refusal_is_not_answered_by_hammering() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..6).map(|_| backoff.refused(0.0).as_millis()).collect();
        assert_eq!(waits, [2500, 5000, 10_000, 20_000, 30_000, 30_000]);
        backoff.connected(Instant::now());
        assert_eq!(backoff.refused(1.0).as_millis(), 5000);
    }
}
