//! Giving up what a worker does not need. The host already gave it an empty environment and no file but three pipes.

use rustix::process::{Resource, Rlimit, chdir, setrlimit};

/// Leaves the folder it was started in and gives up opening files and sockets, starting processes, writing files and dumping
/// core. What is open (the pipes) stays usable. To be called when all threads run.
///
/// Nothing here is needed for the worker to work, so nothing here is an error: a system that refuses still has the other
/// walls, the engine without functions for such things first of all.
pub(crate) fn enter() {
    let _ = chdir("/");
    let none = || Rlimit { current: Some(0), maximum: Some(0) };
    for resource in [Resource::Nofile, Resource::Fsize, Resource::Nproc, Resource::Core] {
        let _ = setrlimit(resource, none());
    }
}
