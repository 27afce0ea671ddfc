//! The agent on a clock that jumps, between a wire, a server and sessions that all do what a seed says; killed in between.

mod agent;
mod schedule;
mod sessions;
mod way;
mod wire;

use schedule::{Lies, Schedule};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

/// Schedules in CI; `UNDERSTUDY_SCHEDULES` says otherwise.
const SCHEDULES: u64 = 10_000;
/// The one to be played again, told in full: `UNDERSTUDY_SEED`.
const SEED: &str = "UNDERSTUDY_SEED";

/// In a world of its own.
fn alone<T>(world: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(world)
}

/// Says what is wrong.
fn play(seed: u64, lies: Lies) -> Vec<String> {
    alone(async { Schedule::new(seed, lies).play().await })
}

/// Plays these on all cores; the first that shows a fault, and what it is.
fn first_fault(seeds: u64, lies: Lies) -> Option<(u64, Vec<String>)> {
    let (next, worst) = (AtomicU64::new(0), AtomicU64::new(u64::MAX));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.min(worst.load(Ordering::Relaxed)) {
                        return;
                    }
                    // What panics is told with its seed, too.
                    let played = catch_unwind(AssertUnwindSafe(|| play(seed, lies)));
                    if played.map_or(true, |faults| !faults.is_empty()) {
                        worst.fetch_min(seed, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let seed = worst.into_inner();
    (seed < u64::MAX).then(|| (seed, play(seed, lies)))
}

#[test]
fn nothing_is_lost_told_twice_or_left_whatever_happens() {
    if let Ok(seed) = std::env::var(SEED) {
        let seed = seed.parse().unwrap();
        assert_eq!(play(seed, Lies::No), [] as [&str; 0], "seed {seed}");
        return;
    }
    let many = std::env::var("UNDERSTUDY_SCHEDULES").map_or(SCHEDULES, |many| many.parse().unwrap());
    if let Some((seed, faults)) = first_fault(many, Lies::No) {
        panic!("{SEED}={seed} plays it again: {faults:#?}");
    }
}

#[test]
fn an_agent_that_sends_nothing_again_is_found_out() {
    let (_, faults) = first_fault(300, Lies::Proofs).expect("a fault");
    assert!(faults.iter().any(|fault| fault.ends_with("has no end") || fault.ends_with("not told")), "{faults:?}");
}

#[test]
fn an_agent_that_forgets_is_found_out() {
    let (_, faults) = first_fault(300, Lies::Disk).expect("a fault");
    assert!(faults.iter().any(|fault| fault.ends_with("has no end") || fault.ends_with("not told")), "{faults:?}");
}

#[test]
fn a_schedule_can_be_played_again() {
    for seed in 0..20 {
        let again = |_| alone(async { Schedule::new(seed, Lies::No).told().await });
        let told: Vec<_> = (0..3).map(again).collect();
        assert!(told[0] == told[1] && told[1] == told[2], "{seed}");
    }
}
