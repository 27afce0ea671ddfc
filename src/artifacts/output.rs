//! The output folder of `run`: emptied where an earlier run made it, marked so that the next one knows.

use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Says how the last run went; Playwright's name and fields, so that either may clean up after the other.
const MARK: &str = ".last-run.json";

/// A folder that one run fills.
#[derive(Debug)]
pub struct Output {
    folder: PathBuf,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LastRun<'a> {
    status: &'a str,
    failed_tests: &'a [String],
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failed {
    failed_tests: Vec<String>,
}

impl Output {
    /// Makes `folder`, or removes what an earlier run left in it. Nothing is removed from a folder without the mark of a run: it may be
    /// anybody's.
    ///
    /// # Errors
    /// When it cannot be made or something in it cannot be removed.
    pub fn begin(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        if folder.join(MARK).is_file() {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                let is_folder = entry.file_type()?.is_dir();
                if is_folder { fs::remove_dir_all(entry.path())? } else { fs::remove_file(entry.path())? }
            }
        }
        Ok(Self { folder })
    }

    /// Names of the tests that failed when this folder was filled last; none where no run says so.
    #[must_use]
    pub fn last_failed(folder: &Path) -> Option<Vec<String>> {
        let mark = fs::read_to_string(folder.join(MARK)).ok()?;
        Some(serde_json::from_str::<Failed>(&mark).ok()?.failed_tests)
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Leaves the mark: names of the tests that failed.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end(&self, passed: bool, failed_tests: &[String]) -> io::Result<()> {
        let last = LastRun { status: if passed { "passed" } else { "failed" }, failed_tests };
        fs::write(self.folder.join(MARK), serde_json::to_string_pretty(&last)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_run_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("login-retry1/test-failed-1.png");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "").unwrap();
        let begin = || Output::begin(folder.path().to_path_buf()).unwrap();
        let output = begin();
        assert!(file.exists(), "nobody marked the folder");
        output.end(false, &["login › x".to_owned()]).unwrap();
        let mark = fs::read_to_string(folder.path().join(MARK)).unwrap();
        assert_eq!(mark, "{\n  \"status\": \"failed\",\n  \"failedTests\": [\n    \"login › x\"\n  ]\n}");
        assert_eq!(Output::last_failed(folder.path()), Some(vec!["login › x".to_owned()]));
        begin();
        assert_eq!(Output::last_failed(folder.path()), None);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(Output::begin(folder.path().join("none")).is_ok());
    }
}
