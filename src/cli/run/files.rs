//! Modules from anywhere on the disk: `run` trusts its caller.

use super::disk::Disk;
use super::recording::{is_recording, test_of};
use super::select::{plain, relative};
use crate::runner::host::{Asked, FileLoader, ModuleLoader};
use crate::runner::protocol::Module;
use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};

/// Paths of modules are relative to the current folder, which is how people know their files.
pub(super) struct Files {
    cwd: PathBuf,
    all: FileLoader,
    disk: Disk,
}

impl Files {
    /// What runs from `cwd` and writes below these folders.
    pub(super) fn new(cwd: &Path, own: Vec<PathBuf>) -> io::Result<Self> {
        Ok(Self { cwd: cwd.to_path_buf(), all: FileLoader::new(Path::new("/"))?, disk: Disk::new(own) })
    }

    /// The same with other folders to write in.
    pub(super) fn writing(self, own: Vec<PathBuf>) -> Self {
        Self { disk: Disk::new(own), ..self }
    }

    /// The same with this browser for those who ask which it is.
    pub(super) fn browsing(self, browser: Option<PathBuf>) -> Self {
        Self { disk: self.disk.browsing(browser), ..self }
    }

    pub(super) fn entry(&self, path: &str) -> Result<Module, String> {
        let module = self.all.entry(&self.below_root(path)).map_err(|why| match why.split_once(": ") {
            Some((_, why)) => format!("{path}: {why}"),
            None => why,
        })?;
        let module = Module { path: path.to_owned(), ..module };
        if is_recording(path) { test_of(module) } else { Ok(module) }
    }

    fn below_root(&self, path: &str) -> PathBuf {
        let full = plain(&self.cwd.join(path));
        full.strip_prefix("/").map(Path::to_path_buf).unwrap_or(full)
    }
}

impl ModuleLoader for Files {
    fn resolve(&self, specifier: &str, from: &str, asked: Asked) -> Result<Module, String> {
        let module = self.all.resolve(specifier, &self.below_root(from).to_string_lossy(), asked)?;
        let path = relative(&self.cwd, &Path::new("/").join(&module.path));
        Ok(Module { path, ..module })
    }

    fn file(&self, call: &str, params: &Value) -> Result<Value, (String, String)> {
        self.disk.call(call, params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_go_by_their_path_from_the_current_folder() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for (file, text) in [("here/t/a.spec.ts", "a"), ("here/lib/b.ts", "b"), ("beside/c.ts", "c")] {
            std::fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            std::fs::write(root.join(file), text).unwrap();
        }
        let files = Files::new(&root.join("here"), vec![root.clone()]).unwrap();
        let entry = files.entry("t/a.spec.ts").unwrap();
        assert_eq!((entry.path.as_str(), entry.source.as_str()), ("t/a.spec.ts", "a"));
        for (specifier, from, expected) in [
            ("../lib/b", "t/a.spec.ts", "lib/b.ts"),
            ("../../beside/c", "t/a.spec.ts", "../beside/c.ts"),
            ("../here/lib/b", "../beside/c.ts", "lib/b.ts"),
        ] {
            assert_eq!(
                files.resolve(specifier, from, Asked::Import).map(|module| module.path),
                Ok(expected.to_owned()),
                "{specifier}"
            );
        }
        assert_eq!(
            files.resolve("./none", "t/a.spec.ts", Asked::Import),
            Err("Cannot find module './none'".to_owned())
        );
        assert!(files.entry("t/none.ts").unwrap_err().starts_with("t/none.ts: "));
    }
}
