//! Chromium's private folder: deleted after it ended, or by whoever comes next where its owner was killed. A Chromium that outlived its
//! owner, because it hangs, is ended then too.

use super::LaunchError;
use super::group::{Group, stat_of};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// How the names of the folders begin.
const PREFIX: &str = "understudy-profile-";

/// Inside of each: locked as long as its owner lives.
const LOCK: &str = "owner.lock";

/// Inside of each: number and beginning of the Chromium that uses it.
const PROCESS: &str = "chromium.pid";

/// What was killed has ended within so long.
const END: Timespec = Timespec { tv_sec: 5, tv_nsec: 0 };

/// How often, and at which intervals, deleting is tried: Chromium's helpers may still write for a moment.
const REMOVALS: (usize, Duration) = (20, Duration::from_millis(50));

/// A profile is larger than this before its first page: MiB.
const ROOM: u64 = 16;

/// Chromium without room for its profile hangs, or ends, and says nothing that helps.
///
/// # Errors
/// When there is less.
pub(super) fn find_room() -> Result<(), LaunchError> {
    let place = tempfile::env::temp_dir();
    // A place that cannot be asked will be told of when it is used.
    let free = rustix::fs::statvfs(&place).map_or(u64::MAX, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    let free_mib = free >> 20;
    if free_mib < ROOM { Err(LaunchError::NoRoom { place, free_mib }) } else { Ok(()) }
}

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
            // Somebody who sweeps may be faster.
            let owner = match File::create(&lock) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                owner => owner?,
            };
            if owner.try_lock().is_ok() && lock.exists() {
                return Ok(Self { folder, kept: None, _owner: owner });
            }
        }
    }

    /// From now on this process writes there.
    pub(super) fn used_by(&self, process: Option<u32>) {
        let Some((process, stat)) = process.and_then(|process| Some((process, stat_of(process)?))) else { return };
        if let Err(error) = fs::write(self.folder.path().join(PROCESS), format!("{process} {}", stat.began)) {
            tracing::debug!(%error, "failed to note the number of Chromium's process");
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

    /// Where reports of crashes would go.
    pub(super) fn crashes(&self) -> PathBuf {
        self.folder.path().join("crashes")
    }

    /// From now on there is no place for them, nor for what pages had in memory that is in them. Chromium must have begun: else it looks for
    /// another place.
    pub(super) fn refuse_reports(&self) {
        let place = self.crashes();
        for _ in 0..REMOVALS.0 {
            let _ = fs::remove_dir_all(&place);
            // In a file there are no files. Whoever makes reports may be making its folders anew.
            if File::create(&place).is_ok() {
                return;
            }
        }
        tracing::warn!(place = %place.display(), "failed to refuse reports of crashes: they go with the profile");
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
            // One without was left between two steps of its making, or of its end.
            && let Ok(lock) = OpenOptions::new().create(true).truncate(false).write(true).open(entry.path().join(LOCK))
            && lock.try_lock().is_ok()
        {
            tracing::debug!(path = %entry.path().display(), "deletes a profile that was left");
            reap(&entry.path().join(PROCESS));
            // Another who sweeps may be at it too.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}

/// Ends the Chromium that this file names, if it still is that one.
fn reap(file: &Path) {
    let named = fs::read_to_string(file).ok().and_then(|text| {
        let (process, began) = text.split_once(' ')?;
        Some((process.parse::<u32>().ok()?, began.parse::<u64>().ok()?))
    });
    let Some((process, began)) = named else { return };
    let Some(leader) = i32::try_from(process).ok().and_then(Pid::from_raw) else { return };
    // Held from here on, the number stays that process's even after its end.
    let Ok(handle) = pidfd_open(leader, PidfdFlags::empty()) else { return };
    if stat_of(process).is_none_or(|stat| stat.began != began) {
        return;
    }
    tracing::warn!(process, "ends a Chromium whose owner was killed");
    Group::led_by(process).into_iter().for_each(Group::kill);
    if poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&END)).is_err() {
        tracing::debug!(process, "failed to wait for its end");
    }
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
        let half_made = place.path().join(format!("{PREFIX}new"));
        fs::create_dir(&half_made).unwrap();
        let other = place.path().join("other");
        fs::create_dir(&other).unwrap();
        fs::write(other.join(LOCK), "").unwrap();
        sweep(place.path()).unwrap();
        assert!(!left.exists() && !half_made.exists());
        assert!(owned.folder.path().exists() && other.exists());
    }
    #[cfg(target_os = "linux")]
    #[test]
    fn a_number_that_is_somebody_else_s_by_now_is_let_be() {
        use std::os::unix::process::{CommandExt, ExitStatusExt};
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join(PROCESS);
        let mut child = std::process::Command::new("sleep").arg("600").process_group(0).spawn().unwrap();
        let began = stat_of(child.id()).unwrap().began;
        for words in [format!("{} {}", child.id(), began + 1), format!("{}", child.id()), "x 1".into(), "0 1".into()] {
            fs::write(&file, words).unwrap();
            reap(&file);
        }
        reap(&place.path().join("missing"));
        assert!(child.try_wait().unwrap().is_none());
        fs::write(&file, format!("{} {began}", child.id())).unwrap();
        reap(&file);
        assert_eq!(child.wait().unwrap().signal(), Some(9));
    }
}
