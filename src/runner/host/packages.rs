//! Packages in `node_modules`: found as Node.js finds them. What is found is read by whoever asks.

use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// How a module is asked for: packages may have a version for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// `import`.
    Import,
    /// `require`.
    Require,
}

impl Asked {
    /// The other one.
    pub(super) fn other(self) -> Self {
        match self {
            Self::Import => Self::Require,
            Self::Require => Self::Import,
        }
    }

    fn conditions(self) -> [&'static str; 4] {
        match self {
            Self::Import => ["node", "import", "module-sync", "default"],
            Self::Require => ["node", "require", "module-sync", "default"],
        }
    }
}

/// Why a package cannot be had.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// There is no folder of that name.
    Package,
    /// It is there, but not this part of it.
    Part,
}

/// The candidates for the file that a bare specifier means, seen from a folder.
pub(super) fn find(folder: &Path, specifier: &str, asked: Asked) -> Result<Vec<PathBuf>, Lost> {
    let (name, part) = split(specifier);
    for above in folder.ancestors().filter(|above| above.file_name().is_none_or(|name| name != "node_modules")) {
        let package = above.join("node_modules").join(name);
        if package.is_dir() {
            return entry(&package, part, asked).ok_or(Lost::Part);
        }
    }
    // A package may name itself.
    let own = folder.ancestors().find(|above| above.join("package.json").is_file());
    let own = own.filter(|own| {
        let manifest = manifest(own);
        manifest.get("name").and_then(Value::as_str) == Some(name) && manifest.contains_key("exports")
    });
    own.map_or(Err(Lost::Package), |own| entry(own, part, asked).ok_or(Lost::Part))
}

/// What `#name` means: `imports` of the package around.
pub(super) fn find_private(folder: &Path, specifier: &str, asked: Asked) -> Option<Result<Vec<PathBuf>, String>> {
    let package = folder.ancestors().find(|above| above.join("package.json").is_file())?;
    let manifest = manifest(package);
    let target = matched(manifest.get("imports")?.as_object()?, specifier, asked)?;
    Some(if target.starts_with("./") { Ok(vec![package.join(target)]) } else { Err(target) })
}

/// Whether Node.js takes a file as a module of the new way: by its ending, or by the package that it is in.
pub(super) fn is_new_way(file: &Path) -> bool {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("mjs" | "mts") => true,
        Some("cjs" | "cts") => false,
        _ => {
            let package = file.ancestors().skip(1).find(|above| above.join("package.json").is_file());
            package.is_some_and(|package| manifest(package).get("type").and_then(Value::as_str) == Some("module"))
        }
    }
}

/// `@scope/name/part` in name and `./part`.
fn split(specifier: &str) -> (&str, Option<&str>) {
    let slashes = if specifier.starts_with('@') { 1 } else { 0 };
    match specifier.match_indices('/').nth(slashes) {
        Some((at, _)) => (&specifier[..at], Some(&specifier[at + 1..])),
        None => (specifier, None),
    }
}

fn manifest(package: &Path) -> Map<String, Value> {
    let text = std::fs::read_to_string(package.join("package.json")).unwrap_or_default();
    serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap_or_default()
}

fn entry(package: &Path, part: Option<&str>, asked: Asked) -> Option<Vec<PathBuf>> {
    let manifest = manifest(package);
    if let Some(exports) = manifest.get("exports").filter(|exports| !exports.is_null()) {
        let key = part.map_or_else(|| ".".to_owned(), |part| format!("./{part}"));
        let of_parts = exports.as_object().filter(|map| map.keys().any(|key| key.starts_with('.')));
        let target = match of_parts {
            Some(map) => matched(map, &key, asked),
            None if part.is_none() => target(exports, asked),
            None => None,
        };
        return target.filter(|target| target.starts_with("./")).map(|target| vec![package.join(target)]);
    }
    Some(match part {
        Some(part) => vec![package.join(part)],
        None => {
            let main = manifest.get("main").and_then(Value::as_str).filter(|main| !main.is_empty());
            main.into_iter().map(|main| package.join(main)).chain([package.join("index")]).collect()
        }
    })
}

/// The target of a key of `exports` or `imports`, the most particular pattern first.
fn matched(map: &Map<String, Value>, key: &str, asked: Asked) -> Option<String> {
    if let Some(value) = map.get(key) {
        return target(value, asked);
    }
    let mut patterns: Vec<(&str, &str, &Value)> =
        map.iter().filter_map(|(pattern, value)| pattern.split_once('*').map(|(a, b)| (a, b, value))).collect();
    patterns.sort_by_key(|(before, ..)| std::cmp::Reverse(before.len()));
    patterns.into_iter().find_map(|(before, after, value)| {
        let rest = key.strip_prefix(before)?.strip_suffix(after)?;
        target(value, asked).map(|target| target.replace('*', rest))
    })
}

/// The first that holds, the most particular condition first.
fn target(value: &Value, asked: Asked) -> Option<String> {
    match value {
        Value::String(target) => Some(target.clone()),
        Value::Array(several) => several.iter().find_map(|value| target(value, asked)),
        Value::Object(map) => {
            asked.conditions().iter().filter_map(|name| map.get(*name)).find_map(|value| target(value, asked))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_found_as_nodejs_finds_them() {
        let folder = tempfile::tempdir().unwrap();
        let manifests = [
            ("plain", r#"{ "main": "lib/main" }"#),
            ("none", "{}"),
            ("@scope/both", r#"{ "exports": { "import": "./i.mjs", "require": "./r.cjs" } }"#),
            (
                "parts",
                r#"{ "exports": { ".": { "node": { "import": "./n.mjs" }, "default": "./d.js" }, "./a/*": "./x/*.js",
                    "./a/b/*": [{ "browser": "./no.js" }, "./y/*.js"], "./hidden": null } }"#,
            ),
        ];
        for (name, manifest) in manifests {
            let package = folder.path().join("node_modules").join(name);
            std::fs::create_dir_all(&package).unwrap();
            std::fs::write(package.join("package.json"), manifest).unwrap();
        }
        let from = folder.path().join("tests/deep");
        use Asked::{Import, Require};
        type Case<'c> = (&'c str, Asked, Result<&'c [&'c str], Lost>);
        let cases: &[Case<'_>] = &[
            ("plain", Import, Ok(&["plain/lib/main", "plain/index"])),
            ("plain/part", Import, Ok(&["plain/part"])),
            ("none", Require, Ok(&["none/index"])),
            ("@scope/both", Import, Ok(&["@scope/both/./i.mjs"])),
            ("@scope/both", Require, Ok(&["@scope/both/./r.cjs"])),
            ("@scope/both/x", Require, Err(Lost::Part)),
            ("parts", Import, Ok(&["parts/./n.mjs"])),
            ("parts", Require, Ok(&["parts/./d.js"])),
            ("parts/a/1", Require, Ok(&["parts/./x/1.js"])),
            ("parts/a/b/1", Require, Ok(&["parts/./y/1.js"])),
            ("parts/hidden", Require, Err(Lost::Part)),
            ("absent", Import, Err(Lost::Package)),
        ];
        for (specifier, asked, expected) in cases {
            let found = find(&from, specifier, *asked);
            let expected = expected.as_ref().map(|files| {
                files.iter().map(|file| folder.path().join("node_modules").join(file)).collect::<Vec<_>>()
            });
            assert_eq!(found.as_ref(), expected.as_ref().map_err(|lost| *lost), "{specifier}");
        }
    }
}
