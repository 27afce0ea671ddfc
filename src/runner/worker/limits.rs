//! When to stop a script that does not stop by itself. Shared by the thread of the engine and the one that reads the pipe.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How long a script may go on after `Cancel` before it is interrupted: long enough for a teardown to begin, far below the
/// second after which the host kills the process.
const CANCEL_GRACE: Duration = Duration::from_millis(150);

/// Why a script was interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interrupted {
    /// Its deadline passed while it did not give the engine back.
    Deadline,
    /// `Cancel` came and it did not give the engine back.
    Cancel,
}

/// Times are microseconds since `start`; 0 is none.
#[derive(Debug)]
pub(crate) struct Limits {
    start: Instant,
    deadline: AtomicU64,
    cancel: AtomicU64,
    tripped: AtomicU8,
}

impl Limits {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            deadline: AtomicU64::new(0),
            cancel: AtomicU64::new(0),
            tripped: AtomicU8::new(0),
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn moment(&self, duration: Duration) -> u64 {
        u64::try_from((self.elapsed() + duration).as_micros()).unwrap_or(u64::MAX).max(1)
    }

    /// Counted from now; none lifts it.
    pub(crate) fn set_deadline(&self, duration: Option<Duration>) {
        self.deadline.store(duration.map_or(0, |duration| self.moment(duration)), Relaxed);
    }

    /// `Cancel` was read from the pipe.
    pub(crate) fn cancel_read(&self) {
        self.cancel.store(self.moment(CANCEL_GRACE), Relaxed);
    }

    /// The script was told of it: it had the engine given back.
    pub(crate) fn cancel_told(&self) {
        self.cancel.store(0, Relaxed);
    }

    /// Asked by the engine again and again while a script runs.
    pub(crate) fn must_stop(&self) -> bool {
        if self.tripped.load(Relaxed) != 0 {
            return true;
        }
        let (deadline, cancel) = (self.deadline.load(Relaxed), self.cancel.load(Relaxed));
        if deadline == 0 && cancel == 0 {
            return false;
        }
        let now = self.moment(Duration::ZERO);
        let why = if cancel != 0 && now > cancel {
            2
        } else if deadline != 0 && now > deadline {
            1
        } else {
            return false;
        };
        self.tripped.store(why, Relaxed);
        true
    }

    /// Whether and why a script was stopped.
    pub(crate) fn interrupted(&self) -> Option<Interrupted> {
        match self.tripped.load(Relaxed) {
            1 => Some(Interrupted::Deadline),
            2 => Some(Interrupted::Cancel),
            _ => None,
        }
    }
}
