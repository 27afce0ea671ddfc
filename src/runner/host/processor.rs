//! How much of the processor's time the scripts of a run may use, in all processes that run them one after the other.
//!
//! While a process runs the system looks (`RLIMIT_CPU`, in whole seconds) and ends it; what it has used is counted when it is over.

use rustix::process::Signal;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// Of one run.
#[derive(Debug)]
pub(crate) struct ProcessorTime {
    most: Duration,
    used: Mutex<Duration>,
}

/// All of it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "The scripts of a session may use {} of the processor's time on this agent (--cpu-limit): what ran is ended, and nothing more of the \
     session is run",
    humantime::format_duration(*.most)
)]
pub(crate) struct Spent {
    most: Duration,
}

impl ProcessorTime {
    pub(crate) fn of(most: Duration) -> Self {
        Self { most, used: Mutex::default() }
    }

    /// Seconds for a process that starts now, one at least: the system counts whole ones.
    ///
    /// # Errors
    /// When there are none.
    pub(crate) fn left(&self) -> Result<u64, Spent> {
        let left = self.most.saturating_sub(self.used());
        if left.is_zero() {
            return Err(Spent { most: self.most });
        }
        Ok(left.as_secs() + u64::from(left.subsec_nanos() > 0))
    }

    /// A process has used so much more.
    pub(crate) fn count(&self, more: Duration) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        *used = used.saturating_add(more);
    }

    /// Passes a process that ended in such a way for another reason.
    ///
    /// # Errors
    /// When this is what ended it.
    pub(crate) fn look_at(&self, end: Option<ExitStatus>) -> Result<(), Spent> {
        if end.and_then(|end| end.signal()) == Some(Signal::XCPU.as_raw()) {
            // The system's count may be behind its verdict.
            self.count(self.most);
        }
        self.left().map(drop)
    }

    fn used(&self) -> Duration {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a process has used, all of its threads together; nothing where the system does not say. One that has ended is known until somebody
/// waits for it.
pub(crate) fn used_by(process: u32) -> Duration {
    let process = Pid::from_u32(process);
    let what = ProcessRefreshKind::nothing().with_cpu().without_tasks();
    let Ok(mut system) = System::new() else { return Duration::ZERO };
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[process]), true, what);
    let spent = system.process(process).map_or(0, |process| process.accumulated_cpu_time());
    Duration::from_millis(spent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn what_is_left_is_told_in_whole_seconds() {
        let time = ProcessorTime::of(Duration::from_secs(3));
        assert_eq!(time.left(), Ok(3));
        time.count(Duration::from_millis(1001));
        assert_eq!(time.left(), Ok(2));
        time.count(Duration::from_millis(1998));
        assert_eq!(time.left(), Ok(1));
        assert_eq!(time.look_at(None), Ok(()));
        time.count(Duration::from_millis(1));
        let spent = time.left().unwrap_err();
        assert!(
            spent.to_string().starts_with("The scripts of a session may use 3s of the processor's time"),
            "{spent}"
        );
        assert_eq!(time.look_at(None), Err(spent));
    }

    #[test]
    fn the_system_s_own_verdict_counts() {
        let time = ProcessorTime::of(Duration::from_secs(600));
        for (end, ended_by_it) in [(0, false), (9, false), (11, false), (Signal::XCPU.as_raw(), true)] {
            assert_eq!(time.look_at(Some(ExitStatus::from_raw(end))).is_err(), ended_by_it, "{end}");
        }
        assert!(time.left().is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn one_that_has_ended_is_known_until_somebody_waits_for_it() {
        use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
        let script = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; exec sleep 600 >&-";
        let mut child = Command::new("sh").args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap();
        // Until it is done, and sleeps.
        std::io::copy(child.stdout.as_mut().unwrap(), &mut std::io::sink()).unwrap();
        let asleep = used_by(child.id());
        child.kill().unwrap();
        waitid(WaitId::Pid(Pid::from_child(&child)), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).unwrap();
        let ended = used_by(child.id());
        child.wait().unwrap();
        assert!(asleep > Duration::ZERO && ended >= asleep, "{asleep:?} {ended:?}");
        assert_eq!(used_by(child.id()), Duration::ZERO);
    }
}
