//! Where a session may write.

use super::Bounds;
use std::path::{Component, Path, PathBuf};

/// A folder that everything goes below, and maybe a second one, named by absolute paths only.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Places {
    base: PathBuf,
    beside: Option<PathBuf>,
    bounds: Bounds,
}

/// Why there is no such place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// It leads out of the folder.
    #[error("{0} is outside the artifact folder; files are written there only")]
    Outside(String),
    /// It is the folder itself, or nothing.
    #[error("path: expected the name of a file")]
    NoName,
}

impl From<PathBuf> for Places {
    fn from(base: PathBuf) -> Self {
        Self { base, beside: None, bounds: Bounds::default() }
    }
}

impl Places {
    /// These, and what is below `folder`.
    #[must_use]
    pub fn and(self, folder: PathBuf) -> Self {
        Self { beside: Some(folder), ..self }
    }

    /// The same within these bounds.
    #[must_use]
    pub fn within(self, bounds: Bounds) -> Self {
        Self { bounds, ..self }
    }

    /// How much may be written.
    #[must_use]
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// The folder relative paths begin in.
    #[must_use]
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// The file that test code means by `path`. One from the root of the disk is taken as one from the folder, unless it names the
    /// folder or the second one.
    ///
    /// # Errors
    /// Where it leads out of them.
    pub fn resolve(&self, path: &str) -> Result<PathBuf, PlaceError> {
        let path = Path::new(path);
        let beside = self.beside.as_deref().and_then(|folder| Some((folder, path.strip_prefix(folder).ok()?)));
        let (folder, path) = beside.unwrap_or_else(|| (&self.base, path.strip_prefix(&self.base).unwrap_or(path)));
        let mut inside = PathBuf::new();
        for part in path.components() {
            match part {
                Component::Normal(name) => inside.push(name),
                Component::ParentDir if inside.pop() => {}
                Component::ParentDir => return Err(PlaceError::Outside(path.display().to_string())),
                Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
            }
        }
        if inside.as_os_str().is_empty() { Err(PlaceError::NoName) } else { Ok(folder.join(inside)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_stay_in_the_folders() {
        let places = Places::from(PathBuf::from("/tmp/run")).and(PathBuf::from("/out"));
        let cases: &[(&str, Option<&str>)] = &[
            ("a.png", Some("/tmp/run/a.png")),
            ("shots/./a.png", Some("/tmp/run/shots/a.png")),
            ("shots/../a.png", Some("/tmp/run/a.png")),
            ("/tmp/run/shots/a.png", Some("/tmp/run/shots/a.png")),
            ("/out/a/b.png", Some("/out/a/b.png")),
            ("/out/../b.png", None),
            ("/outside/b.png", Some("/tmp/run/outside/b.png")),
            ("/etc/passwd", Some("/tmp/run/etc/passwd")),
            ("../a.png", None),
            ("a/../../b", None),
            ("/out", None),
            ("", None),
        ];
        for (path, expected) in cases {
            assert_eq!(places.resolve(path).ok(), expected.map(PathBuf::from), "{path}");
        }
    }
}
