//! An archive on the disk: a `.har` file with files beside it, or all in one `.zip`.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Why there is no archive.
#[derive(Debug, thiserror::Error)]
pub enum HarError {
    /// The disk.
    #[error("failed to write the archive {}: {source}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What was recorded.
#[derive(Debug)]
pub struct Archive {
    /// `{log}`
    pub(super) har: Value,
    /// Bodies by the names of their files.
    pub(super) files: BTreeMap<String, Vec<u8>>,
}

impl Archive {
    /// Writes it: `.zip` holds all, else files go into `resources`, or beside `path`. Takes a while.
    ///
    /// # Errors
    /// When the disk does not want it.
    pub fn save(&self, path: &Path, resources: Option<&Path>) -> Result<(), HarError> {
        let saved = if is_zip(path) { self.zip(path) } else { self.files(path, resources) };
        saved.map_err(|source| HarError::Write { path: path.to_owned(), source })
    }

    /// Which files it makes of how many bytes, where it is saved so; roughly, those of a zip are smaller.
    ///
    /// # Errors
    /// When it cannot be written at all.
    pub fn sizes(&self, path: &Path, resources: Option<&Path>) -> Result<Vec<(PathBuf, u64)>, HarError> {
        let mut count = Count(0);
        let written = serde_json::to_writer(&mut count, &self.har).map_err(io::Error::from);
        written.map_err(|source| HarError::Write { path: path.to_owned(), source })?;
        let files = self.files.iter().map(|(name, content)| (name, content.len() as u64));
        if is_zip(path) {
            return Ok(vec![(path.to_owned(), files.fold(count.0, |sum, (_, bytes)| sum.saturating_add(bytes)))]);
        }
        let folder = resources.unwrap_or_else(|| folder_of(path));
        let files = files.map(|(name, bytes)| (folder.join(name), bytes));
        Ok([(path.to_owned(), count.0)].into_iter().chain(files).collect())
    }

    fn files(&self, path: &Path, resources: Option<&Path>) -> io::Result<()> {
        let folder = folder_of(path);
        fs::create_dir_all(folder)?;
        let mut out = BufWriter::new(File::create(path)?);
        serde_json::to_writer(&mut out, &self.har)?;
        out.flush()?;
        let folder = resources.unwrap_or(folder);
        if !self.files.is_empty() {
            fs::create_dir_all(folder)?;
        }
        for (name, content) in &self.files {
            fs::write(folder.join(name), content)?;
        }
        Ok(())
    }

    fn zip(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(folder_of(path))?;
        let mut zip = ZipWriter::new(BufWriter::new(File::create(path)?));
        let options = SimpleFileOptions::default();
        zip.start_file("har.har", options)?;
        serde_json::to_writer(&mut zip, &self.har)?;
        for (name, content) in &self.files {
            zip.start_file(name.as_str(), options)?;
            zip.write_all(content)?;
        }
        zip.finish()?.flush()
    }
}

fn is_zip(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// Counts what is written, and keeps nothing.
struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::io::Read;

    #[test]
    fn files_are_beside_it_or_in_it() {
        let files = BTreeMap::from([("a.txt".to_owned(), b"hello".to_vec())]);
        let archive = Archive { har: json!({ "log": {} }), files };
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        archive.save(&at("deep/a.har"), None).unwrap();
        assert_eq!(fs::read_to_string(at("deep/a.txt")).unwrap(), "hello");
        archive.save(&at("b.har"), Some(&at("res"))).unwrap();
        assert_eq!(fs::read_to_string(at("b.har")).unwrap(), "{\"log\":{}}");
        assert_eq!(fs::read_to_string(at("res/a.txt")).unwrap(), "hello");
        archive.save(&at("c.zip"), None).unwrap();
        let mut zip = zip::ZipArchive::new(File::open(at("c.zip")).unwrap()).unwrap();
        let mut text = String::new();
        zip.by_name("har.har").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "{\"log\":{}}");
        for (path, resources, sizes) in [
            ("deep/a.har", None, vec![("deep/a.har", 10), ("deep/a.txt", 5)]),
            ("b.har", Some("res"), vec![("b.har", 10), ("res/a.txt", 5)]),
            ("c.zip", None, vec![("c.zip", 15)]),
        ] {
            let sizes: Vec<_> = sizes.into_iter().map(|(name, bytes)| (at(name), bytes)).collect();
            assert_eq!(archive.sizes(&at(path), resources.map(at).as_deref()).unwrap(), sizes);
        }
        assert!(archive.save(folder.path(), None).unwrap_err().to_string().starts_with("failed to write the archive"));
    }
}
