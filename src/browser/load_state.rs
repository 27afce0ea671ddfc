//! How far a document is loaded.

/// How far a document is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LoadState {
    /// The navigation was committed: the response arrived and the old document is gone.
    Commit,
    /// The document is parsed (`DOMContentLoaded`).
    DomContentLoaded,
    /// The `load` event fired.
    #[default]
    Load,
    /// There were no connections for half a second.
    NetworkIdle,
}

impl LoadState {
    /// By Playwright's name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "commit" => Self::Commit,
            "domcontentloaded" => Self::DomContentLoaded,
            "load" => Self::Load,
            "networkidle" | "networkidle0" => Self::NetworkIdle,
            _ => return None,
        })
    }

    /// Playwright's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::DomContentLoaded => "domcontentloaded",
            Self::Load => "load",
            Self::NetworkIdle => "networkidle",
        }
    }

    /// Where a frame keeps whether it is so far; committed it is as soon as it is there.
    pub(super) fn slot(self) -> usize {
        match self {
            Self::Commit | Self::DomContentLoaded => 0,
            Self::Load => 1,
            Self::NetworkIdle => 2,
        }
    }
}
