//! What a service manager (systemd) leaves in the environment.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Where it listens, and how often it wants to hear something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manager {
    /// `NOTIFY_SOCKET`
    pub socket: PathBuf,
    /// `WATCHDOG_USEC`, where it is meant for this process.
    pub watchdog: Option<Duration>,
}

/// The service manager that has started this process, where one has. Reads the environment.
#[must_use]
pub fn manager() -> Option<Manager> {
    of(&super::environment(), std::process::id())
}

fn of(environment: &BTreeMap<String, String>, process: u32) -> Option<Manager> {
    let socket = environment.get("NOTIFY_SOCKET").filter(|path| path.starts_with(['/', '@']))?;
    let ours = environment.get("WATCHDOG_PID").is_none_or(|pid| *pid == process.to_string());
    let watchdog = environment.get("WATCHDOG_USEC").filter(|_| ours).and_then(|time| time.parse().ok());
    Some(Manager { socket: socket.into(), watchdog: watchdog.filter(|time| *time > 0).map(Duration::from_micros) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systemd_says() {
        let path = PathBuf::from("/run/notify");
        for (variables, expected) in [
            (&[][..], None),
            (&[("NOTIFY_SOCKET", "relative")], None),
            (&[("NOTIFY_SOCKET", "/run/notify")], Some(None)),
            (&[("NOTIFY_SOCKET", "/run/notify"), ("WATCHDOG_USEC", "30000000")], Some(Some(Duration::from_secs(30)))),
            (&[("NOTIFY_SOCKET", "/run/notify"), ("WATCHDOG_USEC", "1"), ("WATCHDOG_PID", "8")], Some(None)),
            (
                &[("NOTIFY_SOCKET", "/run/notify"), ("WATCHDOG_USEC", "1"), ("WATCHDOG_PID", "7")],
                Some(Some(Duration::from_micros(1))),
            ),
            (&[("NOTIFY_SOCKET", "/run/notify"), ("WATCHDOG_USEC", "0")], Some(None)),
        ] {
            let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let expected = expected.map(|watchdog| Manager { socket: path.clone(), watchdog });
            assert_eq!(of(&environment, 7), expected, "{variables:?}");
        }
    }
}
