//! What stands between test code that broke out of the engine and the machine.

use serde::{Deserialize, Serialize};

/// Which walls of the system's stand around a worker, besides its limits and having nothing open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Walls {
    /// No file can be opened (landlock; Linux 5.13).
    pub files: bool,
    /// No TCP (landlock; Linux 6.7).
    pub network: bool,
    /// No signals to other processes (landlock; Linux 6.12).
    pub signals: bool,
    /// No calls of the system but some thirty (seccomp).
    pub calls: bool,
}

/// What a worker that tried to break out says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// Those it stood behind.
    pub walls: Walls,
    /// What it could do nevertheless.
    pub could: Vec<String>,
}

impl Walls {
    /// There is no other.
    pub const ALL: Self = Self { files: true, network: true, signals: true, calls: true };

    /// Those of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            files: self.files && other.files,
            network: self.network && other.network,
            signals: self.signals && other.signals,
            calls: self.calls && other.calls,
        }
    }

    /// What the system does not have, in words; none where all walls stand.
    #[must_use]
    pub fn missing(self) -> Option<String> {
        let all = [
            (self.calls, "seccomp"),
            (self.files, "landlock for files (Linux 5.13)"),
            (self.network, "landlock for TCP (Linux 6.7)"),
            (self.signals, "landlock for signals (Linux 6.12)"),
        ];
        let missing: Vec<_> = all.into_iter().filter(|(stands, _)| !stands).map(|(_, what)| what).collect();
        (!missing.is_empty()).then(|| missing.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(Walls::ALL.missing(), None);
        let walls = Walls { signals: false, ..Walls::ALL };
        assert_eq!(walls.missing().as_deref(), Some("landlock for signals (Linux 6.12)"));
        assert!(Walls::default().and(Walls::ALL).missing().is_some_and(|text| text.starts_with("seccomp, landlock")));
    }
}
