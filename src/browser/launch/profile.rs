//! Chromium's private folder: deleted after it ended, or by whoever comes next where its owner was killed.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// How the names of the folders begin.
const PREFIX: &str = "understudy-profile-";

/// Inside of each: locked as long as its owner lives.
const LOCK: &str = "owner.lock";

/// How often, and at which intervals, deleting is tried: Chromium's helpers may still write for a moment.
const REMOVALS: (usize, Duration) = (20, Duration::from_millis(50));

/// The folder of one Chromium.
pub(super) struct Profile {
    folder: TempDir,
    /// Somebody's own, which stays.
    kept: Option<PathBuf>,
    /// Released by the operating system however this process ends.
    _owner: File,
}

impl Profile {
    pub(super) fn new() -> io::Result<Self> {
        Self::below(&tempfile::env::temp_dir())
    }

    /// One that stays in `folder`, which may not be there yet.
    pub(super) fn kept(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self { kept: Some(folder.to_owned()), ..Self::new()? })
    }

    fn below(place: &Path) -> io::Result<Self> {
        loop {
            let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(place)?;
            let lock = folder.path().join(LOCK);
            let owner = File::create(&lock)?;
            // Else somebody who sweeps was faster.
            if owner.try_lock().is_ok() && lock.exists() {
                return Ok(Self { folder, kept: None, _owner: owner });
            }
        }
    }

    /// Where Chromium may write.
    pub(super) fn data(&self) -> PathBuf {
        self.kept.clone().unwrap_or_else(|| self.folder.path().join("data"))
    }

    /// Where downloads go.
    pub(super) fn downloads(&self) -> PathBuf {
        self.folder.path().join("downloads")
    }

    pub(super) async fn remove(self) {
        let (times, interval) = REMOVALS;
        for _ in 0..times {
            match tokio::fs::remove_dir_all(self.folder.path()).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => tokio::time::sleep(interval).await,
                _ => return,
            }
        }
        tracing::debug!(path = %self.folder.path().display(), "failed to delete a profile");
    }
}

/// Deletes the profiles whose owners were killed.
pub fn sweep_profiles() {
    if let Err(error) = sweep(&tempfile::env::temp_dir()) {
        tracing::debug!(%error, "failed to look for profiles that were left");
    }
}

fn sweep(place: &Path) -> io::Result<()> {
    for entry in fs::read_dir(place)?.flatten() {
        let ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if ours
            && entry.file_type().is_ok_and(|kind| kind.is_dir())
            && let Ok(lock) = OpenOptions::new().write(true).open(entry.path().join(LOCK))
            && lock.try_lock().is_ok()
        {
            tracing::debug!(path = %entry.path().display(), "deletes a profile that was left");
            // Another who sweeps may be at it too.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_no_owner_is_swept() {
        let place = tempfile::tempdir().unwrap();
        let owned = Profile::below(place.path()).unwrap();
        let left = place.path().join(format!("{PREFIX}left"));
        fs::create_dir_all(left.join("data/Default")).unwrap();
        fs::write(left.join(LOCK), "").unwrap();
        let being_made = place.path().join(format!("{PREFIX}new"));
        fs::create_dir(&being_made).unwrap();
        let other = place.path().join("other");
        fs::create_dir(&other).unwrap();
        fs::write(other.join(LOCK), "").unwrap();
        sweep(place.path()).unwrap();
        assert!(!left.exists());
        assert!(owned.folder.path().exists() && being_made.exists() && other.exists());
    }
}
