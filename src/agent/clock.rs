//! The machine's clocks, and what they say when they are compared: that it slept, or that somebody set its time.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// Clocks that part by less are no news: time is adjusted in small steps all the time.
const NEWS: Duration = Duration::from_secs(5);

/// What the machine's clocks say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Since some moment in the past, the time asleep included.
    pub since_boot: Duration,
    /// The calendar's.
    pub wall: SystemTime,
}

/// Where readings come from: the system, unless a test has a better idea.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Reading + Send + Sync>);

impl Clock {
    /// Clocks of one's own.
    pub fn new(read: impl Fn() -> Reading + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// What they say now.
    #[must_use]
    pub fn read(&self) -> Reading {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new(|| Reading { since_boot: since_boot(), wall: SystemTime::now() })
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock(…)")
    }
}

#[cfg(target_os = "linux")]
fn since_boot() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or_default(), u32::try_from(now.tv_nsec).unwrap_or_default())
}

/// Without such a clock, the calendar's: a machine that was asleep, or whose time was set.
#[cfg(not(target_os = "linux"))]
fn since_boot() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// What the clocks did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// The machine was asleep for so long: nobody knows what became of connections.
    Slept(Duration),
    /// Its time was set so much ahead; a machine that was paused from outside looks the same.
    Ahead(Duration),
    /// Its time was set so much back.
    Back(Duration),
}

/// Compares the clocks from time to time with the one that stops while the machine sleeps. Pure.
#[derive(Debug)]
pub(super) struct Watch {
    last: (Instant, Reading),
}

impl Watch {
    pub(super) fn new(now: Instant, reading: Reading) -> Self {
        Self { last: (now, reading) }
    }

    /// What has happened since the last look.
    pub(super) fn look(&mut self, now: Instant, reading: Reading) -> Option<News> {
        let (then, before) = std::mem::replace(&mut self.last, (now, reading));
        let awake = now.saturating_duration_since(then);
        let slept = reading.since_boot.saturating_sub(before.since_boot).saturating_sub(awake);
        if slept >= NEWS {
            return Some(News::Slept(slept));
        }
        match reading.wall.duration_since(before.wall) {
            Ok(passed) if passed.saturating_sub(awake) >= NEWS => Some(News::Ahead(passed - awake)),
            Ok(passed) if awake.saturating_sub(passed) >= NEWS => Some(News::Back(awake - passed)),
            Err(back) => Some(News::Back(back.duration() + awake)).filter(|_| back.duration() + awake >= NEWS),
            Ok(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_clocks_did() {
        let start = Instant::now();
        let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let seconds = Duration::from_secs;
        for (name, awake, since_boot, wall_now, expected) in [
            ("nothing", 2, 2, 1_000_002, None),
            ("a small step", 2, 2, 1_000_005, None),
            ("the loop was late, but nobody slept", 90, 90, 1_000_090, None),
            ("asleep", 2, 3602, 1_003_602, Some(News::Slept(seconds(3600)))),
            ("set ahead", 2, 2, 1_000_602, Some(News::Ahead(seconds(600)))),
            ("set back", 2, 2, 999_402, Some(News::Back(seconds(600)))),
            ("set back a little", 60, 60, 1_000_020, Some(News::Back(seconds(40)))),
        ] {
            let mut watch = Watch::new(start, Reading { since_boot: seconds(7), wall });
            let reading =
                Reading { since_boot: seconds(7 + since_boot), wall: SystemTime::UNIX_EPOCH + seconds(wall_now) };
            assert_eq!(watch.look(start + seconds(awake), reading), expected, "{name}");
            assert_eq!(watch.look(start + seconds(awake), reading), None, "{name}: told once");
        }
    }

    #[test]
    fn the_systems_clocks_go_forward() {
        let (one, other) = (Clock::default().read(), Clock::default().read());
        assert!(other.since_boot >= one.since_boot && one.since_boot > Duration::ZERO);
    }
}
