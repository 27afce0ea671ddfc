//! What the service manager is told to do.

use super::super::CouldNotRun;
use super::place::{LABEL, NAME, Place};
use std::path::Path;
use std::process::{Command, Stdio};

/// Which one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Manager {
    Systemd { user: bool },
    Launchd { user: bool },
}

impl Manager {
    /// Whether there is one that can be told.
    pub(super) fn is_there(self) -> bool {
        match self {
            Self::Systemd { user: false } => Path::new("/run/systemd/system").exists(),
            Self::Systemd { user: true } => self.systemctl(&["show", "-p", "Version"]).is_ok(),
            Self::Launchd { .. } => true,
        }
    }

    /// Takes the unit and starts it; does not wait until it is ready.
    pub(super) fn start(self, place: &Place) -> Result<(), CouldNotRun> {
        match self {
            Self::Systemd { .. } => {
                self.systemctl(&["daemon-reload"])?;
                self.systemctl(&["enable", NAME])?;
                self.systemctl(&["restart", "--no-block", NAME]).map(drop)
            }
            Self::Launchd { user } => {
                let _ = told("launchctl", &["bootout", &domain(user, true)]);
                told("launchctl", &["bootstrap", &domain(user, false), &place.unit.display().to_string()]).map(drop)
            }
        }
    }

    /// Ends it for good. One that is not there is no failure.
    pub(super) fn stop(self) {
        let done = match self {
            Self::Systemd { .. } => self.systemctl(&["disable", "--now", NAME]),
            Self::Launchd { user } => told("launchctl", &["bootout", &domain(user, true)]),
        };
        if let Err(error) = done {
            tracing::debug!(%error, "the service was not running");
        }
    }

    /// After its unit is gone.
    pub(super) fn forget(self) {
        if let Self::Systemd { .. } = self {
            let _ = self.systemctl(&["daemon-reload"]);
        }
    }

    /// Whether it runs, and lines about it.
    pub(super) fn status(self) -> Result<(bool, String), CouldNotRun> {
        match self {
            Self::Systemd { .. } => {
                let fields = "ActiveState,SubState,StatusText,MainPID,NRestarts,ActiveEnterTimestamp,UnitFileState";
                let text = self.systemctl(&["show", "-p", fields, NAME])?;
                Ok((text.lines().any(|line| line == "ActiveState=active"), text))
            }
            Self::Launchd { user } => {
                let text = told("launchctl", &["print", &domain(user, true)])?;
                Ok((text.contains("state = running"), text))
            }
        }
    }

    /// How to see what it logs.
    pub(super) fn logs(self, place: &Place) -> String {
        match self {
            Self::Systemd { user: false } => format!("journalctl -u {NAME} -f"),
            Self::Systemd { user: true } => format!("journalctl --user -u {NAME} -f"),
            Self::Launchd { .. } => format!("tail -f {}", place.log.display()),
        }
    }

    fn systemctl(self, arguments: &[&str]) -> Result<String, CouldNotRun> {
        let user = matches!(self, Self::Systemd { user: true });
        let all: Vec<&str> = user.then_some("--user").into_iter().chain(arguments.iter().copied()).collect();
        told("systemctl", &all)
    }
}

fn domain(user: bool, service: bool) -> String {
    let domain = if user { format!("gui/{}", rustix::process::getuid().as_raw()) } else { "system".to_owned() };
    if service { format!("{domain}/{LABEL}") } else { domain }
}

fn told(program: &str, arguments: &[&str]) -> Result<String, CouldNotRun> {
    let line = format!("{program} {}", arguments.join(" "));
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| CouldNotRun(format!("run `{line}`: {error}")))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => {
            let words = String::from_utf8_lossy(&output.stderr);
            Err(CouldNotRun(format!("`{line}` has failed ({}): {}", output.status, words.trim())))
        }
    }
}

/// Makes the account that the service runs as, where there is none; its number and its group's.
pub(super) fn account(name: &str, home: &Path) -> Result<(u32, u32), CouldNotRun> {
    let number = |flag: &str| -> Option<u32> { told("id", &[flag, name]).ok()?.trim().parse().ok() };
    if number("-u").is_none() {
        let home = home.display().to_string();
        let nologin = "/usr/sbin/nologin";
        told(
            "useradd",
            &["--system", "--user-group", "--home-dir", &home, "--no-create-home", "--shell", nologin, name],
        )?;
    }
    number("-u")
        .zip(number("-g"))
        .ok_or_else(|| CouldNotRun(format!("there is no account {name}, and none could be made")))
}
