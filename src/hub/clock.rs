//! Time as the relay knows it: milliseconds on a clock that all hubs share, where there are several.

use serde::{Deserialize, Serialize};
use std::ops::{Add, AddAssign};
use std::time::{Duration, Instant as Local, SystemTime, UNIX_EPOCH};

/// A point in time, milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Instant(u64);

impl Instant {
    /// That many milliseconds after the beginning of the clock.
    pub(super) fn at(milliseconds: u64) -> Self {
        Self(milliseconds)
    }

    /// How long after another; nothing where it was before.
    pub(super) fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, span: Duration) {
        *self = *self + span;
    }
}

/// What time it is, about: as it was when somebody said so last, and what has passed here since.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    said: Instant,
    heard: Local,
}

impl Clock {
    /// By this machine's.
    pub(super) fn local() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { said: Instant::default() + since, heard: Local::now() }
    }

    /// It is so late.
    pub(super) fn set(&mut self, now: Instant) {
        *self = Self { said: now, heard: Local::now() };
    }

    /// It never goes back.
    pub(super) fn now(&self) -> Instant {
        self.said + self.heard.elapsed()
    }

    /// When that is here.
    pub(super) fn here(&self, then: Instant) -> Local {
        self.heard + then.saturating_duration_since(self.said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_counted_in_milliseconds_and_never_before_the_beginning() {
        let begin = Instant::at(5);
        let mut then = begin + Duration::from_micros(2_900);
        assert_eq!(then, Instant::at(7));
        then += Duration::MAX;
        assert_eq!(then, Instant::at(u64::MAX));
        assert_eq!(begin.saturating_duration_since(then), Duration::ZERO);
        assert_eq!(Instant::at(9).saturating_duration_since(begin), Duration::from_millis(4));
    }

    #[test]
    fn a_clock_goes_on_from_what_was_said() {
        let mut clock = Clock::local();
        assert!(clock.now() >= clock.said);
        clock.set(Instant::at(1_000));
        assert!(clock.now() >= Instant::at(1_000) && clock.now() < Instant::at(60_000));
        assert_eq!(clock.here(Instant::at(1_500)), clock.heard + Duration::from_millis(500));
        assert_eq!(clock.here(Instant::at(1)), clock.heard, "what has passed is now");
    }
}
