//! Waiting for the end of processes that are not children of the test, or must not be waited for without a limit. Linux only.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::os::fd::OwnedFd;

/// Longer than any end takes.
const LIMIT: Timespec = Timespec { tv_sec: 60, tv_nsec: 0 };

/// A process by its id; none when it has ended already.
pub(crate) fn process(id: u32) -> Option<OwnedFd> {
    pidfd_open(Pid::from_raw(i32::try_from(id).ok()?)?, PidfdFlags::empty()).ok()
}

/// Until the process has ended; fails when it does not.
pub(crate) fn wait_for_end(process: &OwnedFd) {
    // Readable once the process has ended.
    let ended = poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&LIMIT)).unwrap();
    assert_eq!(ended, 1, "a process does not end");
}
