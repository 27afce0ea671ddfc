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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_was_named_has_to_be_there() {
        let error = find_chromium(Some(Path::new("/nowhere/chrome"))).unwrap_err().to_string();
        assert!(error.starts_with("there is no program at /nowhere/chrome."), "{error}");
    }
}
