//! A hub and an agent as processes.

use crate::{UNDERSTUDY, output, scratch};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Secret of a hub that lives as long as this process.
const SECRET: &str = "only-for-the-length-of-a-benchmark";

/// Both end with this value.
pub(crate) struct Line {
    pub(crate) url: String,
    agent: Ended,
    _hub: Ended,
}

/// A process that is ended with this value.
pub(crate) struct Ended(pub(crate) Child);

impl Ended {
    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A hub that listens, and its address.
pub(crate) fn hub() -> (Ended, String) {
    let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let hub = Command::new(UNDERSTUDY)
        .args(["serve", "--listen", &address.to_string(), "--jwt-secret", SECRET])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map(Ended)
        .expect("the hub");
    let patience = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < patience, "the hub does not listen");
        thread::sleep(Duration::from_millis(20));
    }
    (hub, format!("http://{address}"))
}

impl Line {
    /// Returns when the agent has registered.
    pub(crate) fn start(agent_flags: &[&str]) -> Self {
        let (hub, url) = hub();
        let mut agent = Command::new(UNDERSTUDY)
            .args(["agent", "--server", &url, "--token", &token("agent"), "--log-level", "info", "--state-dir"])
            .arg(scratch("state"))
            .args(agent_flags)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map(Ended)
            .expect("the agent");
        let mut log = BufReader::new(agent.0.stderr.take().expect("a pipe"));
        let mut told = String::new();
        while !told.contains("registered") {
            told.clear();
            assert!(log.read_line(&mut told).expect("a log") > 0, "the agent ended before it was registered");
        }
        thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { url, agent, _hub: hub }
    }

    /// Megabytes: what is resident of the agent; and of agent and children together, with what they share counted once.
    pub(crate) fn memory(&self) -> Option<(f64, f64)> {
        let agent = self.agent.0.id();
        let children = fs::read_to_string(format!("/proc/{agent}/task/{agent}/children")).ok()?;
        let all = children.split_whitespace().filter_map(|id| id.parse().ok()).chain([agent]);
        let together = all.filter_map(|id| kilobytes(id, "smaps_rollup", "Pss:")).sum::<f64>();
        Some((kilobytes(agent, "status", "VmRSS:")? / 1024.0, together / 1024.0))
    }
}

fn kilobytes(process: u32, file: &str, field: &str) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/{file}")).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(field))?;
    value.trim().trim_end_matches(" kB").parse().ok()
}

/// A token of the hub's.
pub(crate) fn token(role: &str) -> String {
    output(Command::new(UNDERSTUDY).args(["token", "--jwt-secret", SECRET, "--role", role])).trim().to_owned()
}
