//! How much memory a Chromium may have.

use std::time::Duration;
use sysinfo::System;

const MIB: u64 = 1 << 20;

/// How much memory a Chromium may have, bytes that it shares with nobody. Looked at on Linux only.
#[derive(Debug, Clone, Copy)]
pub struct Ceiling {
    /// Beyond so much, and so much for each of its contexts, the next session gets another Chromium; this one ends with its last context.
    pub base: u64,
    /// For each of its contexts.
    pub each: u64,
    /// Beyond so much its greediest renderer is ended: its page says that it crashed, and why.
    pub all: u64,
    /// Between two looks while there are contexts.
    pub look: Duration,
}

/// What is to be done with a Chromium.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing.
    Fine,
    /// It gets no more sessions.
    Grown,
    /// A renderer has to go.
    TooMuch,
}

impl Ceiling {
    /// One of so many bytes in all.
    #[must_use]
    pub fn of(all: u64) -> Self {
        let usual = Self::default();
        Self { base: usual.base.min(all / 2), each: usual.each.min(all / 4), all, ..usual }
    }

    pub(super) fn judge(&self, bytes: u64, contexts: usize) -> Verdict {
        let contexts = u64::try_from(contexts).unwrap_or(u64::MAX);
        if bytes > self.all {
            Verdict::TooMuch
        } else if bytes > self.base.saturating_add(self.each.saturating_mul(contexts)) {
            Verdict::Grown
        } else {
            Verdict::Fine
        }
    }
}

impl Default for Ceiling {
    /// 1 GiB and 512 MiB for each context; three quarters of what this machine, or this container, has.
    fn default() -> Self {
        Self { base: 1024 * MIB, each: 512 * MIB, all: machine() / 4 * 3, look: Duration::from_secs(2) }
    }
}

/// Bytes of memory of this machine, or of its part that we may use.
fn machine() -> u64 {
    let Ok(mut system) = System::new() else { return u64::MAX };
    system.refresh_memory();
    let most = system.cgroup_limits().map(|limits| limits.total_memory).filter(|limit| *limit > 0);
    most.unwrap_or(u64::MAX).min(system.total_memory())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_may_cost_something() {
        let ceiling = Ceiling { base: 100, each: 10, all: 500, look: Duration::ZERO };
        for (bytes, contexts, verdict) in [
            (100, 0, Verdict::Fine),
            (101, 0, Verdict::Grown),
            (101, 1, Verdict::Fine),
            (500, 40, Verdict::Fine),
            (500, 39, Verdict::Grown),
            (501, usize::MAX, Verdict::TooMuch),
        ] {
            assert_eq!(ceiling.judge(bytes, contexts), verdict, "{bytes} {contexts}");
        }
    }

    #[test]
    fn this_machine_has_some() {
        let all = Ceiling::default().all;
        assert!(all > 256 * MIB && all < 1 << 50, "{all}");
    }
}
