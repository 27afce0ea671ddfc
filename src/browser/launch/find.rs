//! Which Chromium.

use super::LaunchError;
use std::path::{Path, PathBuf};

/// Where Chromium and its kin are installed by their packages.
const USUAL_PLACES: &[&str] = &[
    "/usr/bin/chromium",
    "/usr/local/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome-stable",
    "/usr/bin/google-chrome",
    "/opt/google/chrome/chrome",
    "/snap/bin/chromium",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/opt/homebrew/bin/chromium",
];

/// The program to start.
pub fn find_chromium(named: Option<&Path>) -> Result<PathBuf, LaunchError> {
    if let Some(path) = named {
        return if path.is_file() {
            Ok(path.to_owned())
        } else {
            Err(LaunchError::NoSuchFile { path: path.to_owned() })
        };
    }
    USUAL_PLACES
        .iter()
        .map(PathBuf::from)
        .find(|path| path.is_file())
        .ok_or_else(|| LaunchError::NotFound { looked: USUAL_PLACES.iter().map(|place| (*place).to_owned()).collect() })
}

/// Channels of browsers that are installed by their makers, and where: on Linux, on macOS.
const CHANNELS: &[(&str, &str, &str)] = &[
    ("chrome", "/opt/google/chrome/chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    (
        "chrome-beta",
        "/opt/google/chrome-beta/chrome",
        "/Applications/Google Chrome Beta.app/Contents/MacOS/Google Chrome Beta",
    ),
    (
        "chrome-dev",
        "/opt/google/chrome-unstable/chrome",
        "/Applications/Google Chrome Dev.app/Contents/MacOS/Google Chrome Dev",
    ),
    (
        "chrome-canary",
        "/opt/google/chrome-canary/chrome",
        "/Applications/Google Chrome Canary.app/Contents/MacOS/Google Chrome Canary",
    ),
    ("msedge", "/opt/microsoft/msedge/msedge", "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge"),
    (
        "msedge-beta",
        "/opt/microsoft/msedge-beta/msedge",
        "/Applications/Microsoft Edge Beta.app/Contents/MacOS/Microsoft Edge Beta",
    ),
    (
        "msedge-dev",
        "/opt/microsoft/msedge-dev/msedge",
        "/Applications/Microsoft Edge Dev.app/Contents/MacOS/Microsoft Edge Dev",
    ),
    (
        "msedge-canary",
        "/opt/microsoft/msedge-canary/msedge",
        "/Applications/Microsoft Edge Canary.app/Contents/MacOS/Microsoft Edge Canary",
    ),
];
/// Channels that mean the Chromium that is here.
const OWN: [&str; 3] = ["chromium", "chromium-headless-shell", "chromium-tip-of-tree"];

/// The program of a channel; none where it is the Chromium that is here.
///
/// # Errors
/// When there is no such channel, or it is not installed.
pub fn find_channel(channel: &str) -> Result<Option<PathBuf>, LaunchError> {
    if channel.is_empty() || OWN.contains(&channel) {
        return Ok(None);
    }
    let known = CHANNELS.iter().find(|(name, ..)| *name == channel);
    let (_, linux, mac) = known.ok_or_else(|| LaunchError::UnknownChannel { channel: channel.to_owned() })?;
    let path = PathBuf::from(if cfg!(target_os = "macos") { mac } else { linux });
    if path.is_file() { Ok(Some(path)) } else { Err(LaunchError::NoSuchChannel { channel: channel.to_owned(), path }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_places() {
        assert_eq!(find_channel("chromium").unwrap(), None);
        let error = find_channel("netscape").unwrap_err().to_string();
        assert_eq!(error, "Unsupported chromium channel \"netscape\"");
    }

    #[test]
    fn the_one_that_was_named_has_to_be_there() {
        let error = find_chromium(Some(Path::new("/nowhere/chrome"))).unwrap_err().to_string();
        assert!(error.starts_with("there is no program at /nowhere/chrome."), "{error}");
    }
}
