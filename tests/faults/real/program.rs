//! The real programs, and what they leave.

use crate::tongue::Tongue;
use rustix::process::{Pid, Signal, kill_process};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// Longer than anything here takes on a machine that is busy with other tests.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// Of the hub's tokens.
pub(super) const SECRET: &str = "a secret of the tests that is long enough";

/// `understudy agent` or `understudy serve`; its log goes where it can be read afterwards.
pub(crate) struct Program(Child);

impl Program {
    pub(super) fn agent(server: SocketAddr, token: &str, place: &Path, tongue: Tongue) -> Self {
        Self::agent_of(server, token, place, tongue, 3)
    }

    /// With so many slots.
    pub(crate) fn agent_of(server: SocketAddr, token: &str, place: &Path, tongue: Tongue, slots: u64) -> Self {
        let mut command = command(place, "agent.log");
        command.args(["agent", "--server", &format!("http://{server}"), "--token", token]);
        command.args(["--protocol", tongue.name(), "--max-sessions", &slots.to_string()]);
        command.args(["--log-level", "debug", "--state-dir"]).arg(place.join("state"));
        Self(command.env("TMPDIR", place.join("tmp")).spawn().unwrap())
    }

    pub(crate) fn id(&self) -> Option<u32> {
        self.0.id()
    }

    /// And where it listens.
    pub(crate) async fn hub(place: &Path) -> (Self, SocketAddr) {
        let mut command = command(place, "hub.log");
        command.args(["serve", "--listen", "127.0.0.1:0", "--jwt-secret", SECRET]).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let find = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Some((_, rest)) = line.split_once("http://") {
                    return address(rest).unwrap();
                }
            }
            panic!("the hub does not say where it listens")
        };
        let address = timeout(PATIENCE, find).await.expect("a hub");
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        (Self(child), address)
    }

    pub(super) fn signal(&self, signal: Signal) {
        let Some(pid) = self.0.id() else { return };
        kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal).unwrap();
    }

    /// Its end; nothing where it does not come.
    pub(super) async fn end(&mut self) -> Option<ExitStatus> {
        timeout(PATIENCE, self.0.wait()).await.ok().map(|end| end.unwrap())
    }

    pub(crate) async fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.end().await.expect("an end");
    }
}

/// `127.0.0.1:1234` at the beginning.
fn address(text: &str) -> Option<SocketAddr> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':').unwrap_or(text.len());
    text[..end].trim_end_matches('.').parse().ok()
}

fn command(place: &Path, log: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_understudy"));
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    let log = std::fs::OpenOptions::new().create(true).append(true).open(place.join(log)).unwrap();
    command.arg("--no-color").stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
    command
}

/// Processes with this place in their command line: all of a Chromium's. The browser itself first.
pub(super) fn browsers(place: &Path) -> Vec<u32> {
    let place = place.join("tmp").display().to_string();
    let mut found: Vec<(bool, u32)> = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // One that has just ended has none.
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        if line.contains(&place) {
            found.push((line.contains("--type="), id));
        }
    }
    found.sort_unstable();
    found.into_iter().map(|(_, id)| id).collect()
}

/// Profiles that lie there.
pub(super) fn profiles(place: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(place.join("tmp")).unwrap().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| name.contains("profile")).collect()
}
