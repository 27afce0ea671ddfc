//! `globalSetup` and `globalTeardown`: one module that imports what they name.

use super::raw::{OneOrMany, RawConfig};
use crate::cli::run::select::{plain, relative};
use crate::runner::host::Module;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Beside the configuration, so that what is named is looked for from there. Nobody sees it.
const NAME: &str = "playwright.hooks.js";

/// None where nothing is asked for.
pub(super) fn of(raw: &RawConfig, folder: &Path, cwd: &Path) -> Option<Module> {
    let list = |files: &Option<OneOrMany<String>>| files.as_ref().map(OneOrMany::list).unwrap_or_default();
    let (setups, teardowns) = (list(&raw.global_setup), list(&raw.global_teardown));
    if setups.is_empty() && teardowns.is_empty() {
        return None;
    }
    let entries = |files: &[String]| -> String {
        let entry = |file: &String| format!("[{}, () => import({})],", json!(file), json!(specifier(file, folder)));
        files.iter().map(entry).collect()
    };
    let source =
        format!("export const setups = [{}];\nexport const teardowns = [{}];\n", entries(&setups), entries(&teardowns));
    Some(Module::new(relative(cwd, &folder.join(NAME)), source))
}

/// The file that is named first; none where it is a package.
pub(super) fn first(files: Option<&OneOrMany<String>>, folder: &Path) -> Option<PathBuf> {
    let full = plain(&folder.join(files?.list().first()?));
    if full.is_file() {
        return Some(full);
    }
    let stem = full.file_name()?.to_os_string();
    let mut beside: Vec<PathBuf> = full.parent()?.read_dir().ok()?.flatten().map(|entry| entry.path()).collect();
    beside.sort();
    beside.into_iter().find(|path| path.is_file() && path.file_stem() == Some(&*stem))
}

/// A file where there is one of this name, a package otherwise.
fn specifier(file: &str, folder: &Path) -> String {
    let full = plain(&folder.join(file));
    let beside = full.file_name().is_some_and(|name| {
        let name = name.to_string_lossy();
        let begins = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with(&*name);
        full.parent().and_then(|parent| parent.read_dir().ok()).is_some_and(|all| all.flatten().any(begins))
    });
    if !beside || file.starts_with('.') {
        return file.to_owned();
    }
    let below = relative(folder, &full);
    if below.starts_with('.') { below } else { format!("./{below}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_from_packages() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("e2e")).unwrap();
        std::fs::write(root.join("setup.ts"), "").unwrap();
        std::fs::write(root.join("e2e/down.ts"), "").unwrap();
        let absolute = root.join("setup.ts").display().to_string();
        for (file, expected) in [
            ("./setup", "./setup"),
            ("setup.ts", "./setup.ts"),
            ("setup", "./setup"),
            ("e2e/down.ts", "./e2e/down.ts"),
            (&*absolute, "./setup.ts"),
            ("some-package", "some-package"),
        ] {
            assert_eq!(specifier(file, &root), expected, "{file}");
        }
        for (file, expected) in
            [("./setup", Some("setup.ts")), ("e2e/down.ts", Some("e2e/down.ts")), ("some-package", None)]
        {
            let named = OneOrMany::Many(vec![file.to_owned(), "other".to_owned()]);
            assert_eq!(first(Some(&named), &root), expected.map(|file| root.join(file)), "{file}");
        }
        assert_eq!(specifier("../setup", &root.join("e2e")), "../setup");
        assert_eq!(specifier(&absolute, &root.join("e2e")), "../setup.ts");
    }
}
