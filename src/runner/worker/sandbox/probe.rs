//! A worker that tries to break out, without waiting for code that does: `worker probe [landlock|calls|limits]` gives up what workers give
//! up, all of it or one part only, and prints as JSON which walls there are and what it still could do. It does no harm where it can.

use super::{drop_privileges, enter, filter_calls, give_up_resources, shut_out_thread};
use crate::runner::protocol::{Probe, Walls};
use rustix::process::{Pid, Resource, getppid, test_kill_process};
use std::fs::File;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::{io, thread};

/// Gives up one part, or everything as workers do; tries and tells.
pub(in crate::runner::worker) fn main(part: Option<&str>) -> Result<(), String> {
    // Nobody can be asked afterwards.
    let parent = getppid();
    drop_privileges();
    let walls = match part {
        None => enter(Walls::ALL),
        Some("landlock") => shut_out_thread(),
        Some("calls") => Walls { calls: filter_calls(), ..Walls::default() },
        Some("limits") => {
            give_up_resources();
            Walls::default()
        }
        Some(other) => return Err(format!("no such part: {other}")),
    };
    let could = attempts(parent).into_iter().filter(|(_, done)| *done).map(|(what, _)| what.to_owned()).collect();
    let told = serde_json::to_vec(&Probe { walls, could }).map_err(|error| error.to_string())?;
    io::stdout().write_all(&told).map_err(|error| error.to_string())
}

/// What a worker has no business with, and whether it went through.
fn attempts(parent: Option<Pid>) -> Vec<(&'static str, bool)> {
    let mut attempts = vec![
        ("read a file", File::open("/etc/passwd").is_ok()),
        ("list a folder", std::fs::read_dir("/").is_ok()),
        ("read about itself", File::open("/proc/self/maps").is_ok()),
        ("write a file", tempfile::tempfile().is_ok()),
        ("connect by TCP", reached(TcpStream::connect((Ipv4Addr::LOCALHOST, 1)).map(drop))),
        ("listen", TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).is_ok()),
        ("send by UDP", UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).is_ok()),
        ("open a socket of the machine", UnixDatagram::unbound().is_ok()),
        ("start a program", Command::new("/bin/true").status().is_ok()),
        ("start a thread", thread::Builder::new().spawn(|| {}).is_ok()),
        ("signal its parent", parent.is_some_and(|parent| test_kill_process(parent).is_ok())),
        ("signal everybody", test_kill_process(Pid::INIT).is_ok()),
    ];
    #[cfg(target_os = "linux")]
    attempts.extend([
        ("change its parent's limits", parent.is_some_and(lowered)),
        ("hold its parent", parent.is_some_and(|parent| held(parent).is_ok())),
        ("be a file of code", memory_file().is_ok()),
    ]);
    attempts
}

/// A refusal by who is there is an answer.
fn reached(result: io::Result<()>) -> bool {
    result.err().is_none_or(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// To what they are.
#[cfg(target_os = "linux")]
fn lowered(parent: Pid) -> bool {
    let own = rustix::process::getrlimit(Resource::Core);
    rustix::process::prlimit(Some(parent), Resource::Core, own).is_ok()
}

#[cfg(target_os = "linux")]
fn held(parent: Pid) -> rustix::io::Result<()> {
    rustix::process::pidfd_open(parent, rustix::process::PidfdFlags::empty()).map(drop)
}

#[cfg(target_os = "linux")]
fn memory_file() -> rustix::io::Result<()> {
    rustix::fs::memfd_create("probe", rustix::fs::MemfdFlags::CLOEXEC).map(drop)
}
