//! Giving up what a worker does not need. The host already gave it an empty environment and no file but three pipes.
//!
//! Nothing here is needed for the worker to work, so nothing here is an error: a system that refuses still has the other
//! walls, the engine without functions for such things first of all. What is missing is told to the host.

#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod land;
pub(super) mod probe;

use crate::runner::protocol::Walls;
use rustix::process::{Resource, Rlimit, chdir, setrlimit};

/// For what is not the script's own: the program, stacks, copies of messages on their way; bytes.
const BESIDES: u64 = 1 << 30;

/// Gives up privileges, for good: what root may do beyond others, and gaining any by starting a program. To be called before there
/// are other threads, which then have none either.
pub(crate) fn drop_privileges() {
    #[cfg(target_os = "linux")]
    {
        use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities, set_no_new_privs};
        let none = CapabilitySet::empty();
        let _ = set_no_new_privs(true);
        let _ = set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none });
    }
}

/// Takes files, TCP and other processes away from the thread that calls it (landlock); what is open stays usable.
pub(crate) fn shut_out_thread() -> Walls {
    #[cfg(target_os = "linux")]
    return land::lock();
    #[cfg(not(target_os = "linux"))]
    return Walls::default();
}

/// Leaves the folder it was started in and gives up opening files and sockets, starting processes, writing files, dumping
/// core and, at last, every call of the system that scripts do not need. What is open (the pipes) stays usable. To be called when all
/// threads run; `walls` are those of the others.
pub(crate) fn enter(walls: Walls) -> Walls {
    let walls = walls.and(shut_out_thread());
    give_up_resources();
    Walls { calls: filter_calls(), ..walls }
}

fn give_up_resources() {
    let _ = chdir("/");
    for resource in [Resource::Nofile, Resource::Fsize, Resource::Nproc] {
        limit(resource, 0);
    }
    // With 0 a system that hands it to a program (systemd-coredump, apport) does so all the same.
    limit(Resource::Core, 1);
}

/// In all threads.
fn filter_calls() -> bool {
    #[cfg(target_os = "linux")]
    return calls::filter();
    #[cfg(not(target_os = "linux"))]
    return false;
}

/// Bounds the memory of the whole process, for scripts that may use `script` bytes: messages and the parser count here.
pub(crate) fn limit_memory(script: u64) {
    limit(Resource::As, script.saturating_mul(4).saturating_add(BESIDES));
}

/// Bounds the processor's time of the whole process, all of its threads and what it has used already; seconds. It ends by a signal of its own
/// then (`SIGXCPU`), and whoever does without that one a second later.
pub(crate) fn limit_time(most: u64) {
    let _ = setrlimit(Resource::Cpu, Rlimit { current: Some(most), maximum: Some(most.saturating_add(1)) });
}

fn limit(resource: Resource, most: u64) {
    let _ = setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
}
