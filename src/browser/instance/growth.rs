//! How much a profile grows in which the pages of a test store what they like.

use super::Browser;
use crate::artifacts::Bounds;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(250);
/// It is longer where there is so much that a look takes its time, so many times as long as that.
const PATIENCE: u32 = 10;
/// A disk's blocks are told in such; bytes.
const BLOCK: u64 = 512;

impl Browser {
    /// From now on its profile counts there, as long as it is on the disk. Where there is no room for it the browser is ended, and its pages
    /// say why.
    pub fn keep_profile_within(&self, bounds: &Bounds) {
        let Some(process) = self.0.process.as_ref().filter(|_| bounds.are_there()) else { return };
        let (browser, profile, mut share) = (self.clone(), process.profile().to_owned(), bounds.share());
        tokio::spawn(async move {
            while !browser.is_closed() {
                let (begun, folder) = (Instant::now(), profile.clone());
                let looked = tokio::task::spawn_blocking(move || taken(&folder)).await;
                if let Err(spent) = share.is_now(looked.unwrap_or_default()) {
                    browser.end_because(&format!("{}: its profile takes more", spent.bound()));
                    break;
                }
                tokio::select! {
                    () = browser.closed() => {}
                    () = sleep(PAUSE.max(begun.elapsed() * PATIENCE)) => {}
                }
            }
            // It is gone with its profile then, and nothing of that counts.
            browser.close().await;
            drop(share);
        });
    }
}

/// Bytes on the disk of all that is below a folder. What goes meanwhile has none.
fn taken(folder: &Path) -> u64 {
    let mut all = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let Ok(found) = entry.metadata() else { continue };
            all += found.blocks() * BLOCK;
            if found.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn all_that_is_below_a_folder_is_counted() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let deep = folder.path().join("a/b");
        fs::create_dir_all(&deep)?;
        let before = taken(folder.path());
        fs::write(folder.path().join("one"), vec![1; 1 << 20])?;
        fs::write(deep.join("two"), vec![1; 2 << 20])?;
        // Of what nobody has written there is nothing.
        fs::File::create(deep.join("three"))?.set_len(1 << 40)?;
        std::os::unix::fs::symlink("/", folder.path().join("all"))?;
        let more = taken(folder.path()) - before;
        assert!((3 << 20..4 << 20).contains(&more), "{more}");
        assert_eq!(taken(&folder.path().join("none")), 0);
        Ok(())
    }
}
