//! Why there is no browser, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why there is no browser.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// None in the usual places.
    #[error("no Chromium found (looked for {}). Install it with:\n  {}\nor name one with --browser or UNDERSTUDY_BROWSER.", .looked.join(", "), install_hint())]
    NotFound {
        /// Where.
        looked: Vec<String>,
    },
    /// The one that was named is not there.
    #[error("there is no program at {path}. Name another Chromium, or none to have it looked for.", path = .path.display())]
    NoSuchFile {
        /// As it was named.
        path: PathBuf,
    },
    /// Nobody knows this channel.
    #[error("Unsupported chromium channel \"{channel}\"")]
    UnknownChannel {
        /// As it was named.
        channel: String,
    },
    /// The browser of a channel is not installed.
    #[error("Chromium distribution '{channel}' is not found at {path}", path = .path.display())]
    NoSuchChannel {
        /// As it was named.
        channel: String,
        /// Where it would be.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("failed to start {path}: {source}", path = .path.display())]
    Spawn {
        /// Which program.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It went away at once.
    #[error("{path} ended before it could be used ({status}).{output}{hint}", path = .path.display(), hint = snap_hint(.path, .output))]
    Exited {
        /// Which program.
        path: PathBuf,
        /// How.
        status: String,
        /// The last lines it wrote, each on a new line.
        output: String,
    },
    /// There is no room for its profile.
    #[error("there are only {free_mib} MiB left in {place}, where Chromium's profile goes: delete something there, or name another place by TMPDIR.", place = .place.display())]
    NoRoom {
        /// Which folder.
        place: PathBuf,
        /// What is left there, MiB.
        free_mib: u64,
    },
    /// It runs but says nothing.
    #[error("{path} did not answer within {waited:?}.{output}", path = .path.display())]
    Silent {
        /// Which program.
        path: PathBuf,
        /// How long.
        waited: Duration,
        /// The last lines it wrote, each on a new line.
        output: String,
    },
    /// The endpoint cannot be used.
    #[error("failed to connect to the browser at {endpoint}: {reason}")]
    Endpoint {
        /// As it was named.
        endpoint: String,
        /// Why.
        reason: String,
    },
}

fn install_hint() -> &'static str {
    if cfg!(target_os = "macos") { "brew install --cask chromium" } else { "sudo apt-get install chromium" }
}

fn snap_hint(path: &Path, output: &str) -> String {
    if path.ends_with("chromium-browser") && output.contains("snap") {
        "\nUbuntu's chromium package is a stub for a snap: run `snap install chromium`, or install google-chrome-stable.".into()
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_says_what_to_do() {
        let error = LaunchError::NotFound { looked: vec!["/usr/bin/chromium".into(), "/opt/x".into()] }.to_string();
        let install = if cfg!(target_os = "macos") { "brew" } else { "sudo apt-get" };
        assert!(error.starts_with("no Chromium found (looked for /usr/bin/chromium, /opt/x)."), "{error}");
        assert!(error.contains(&format!("Install it with:\n  {install} install ")), "{error}");
        assert!(error.ends_with("or name one with --browser or UNDERSTUDY_BROWSER."), "{error}");
        let stub = |path: &str, output: &str| {
            let status = "exit status: 1".into();
            LaunchError::Exited { path: path.into(), status, output: output.into() }.to_string()
        };
        assert!(stub("/usr/bin/chromium-browser", "\n  requires the chromium snap").contains("snap install chromium"));
        let error = stub("/usr/bin/chromium", "\n  no display");
        assert_eq!(error, "/usr/bin/chromium ended before it could be used (exit status: 1).\n  no display");
    }
}
