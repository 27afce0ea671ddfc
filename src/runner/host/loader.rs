//! Where imported modules come from: the worker has no files, the host reads them under a policy.

use super::packages::{self, Asked};
use super::paths::PathAliases;
use crate::runner::protocol::Module;
use serde_json::Value;
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Answers imports.
pub trait ModuleLoader: Send + Sync {
    /// The module that `specifier` means in the module at `from`.
    ///
    /// # Errors
    /// Why there is none, a sentence for the author of the test.
    fn resolve(&self, specifier: &str, from: &str, asked: Asked) -> Result<Module, String>;

    /// Answers a call of Node.js's `fs`.
    ///
    /// # Errors
    /// The code (`ENOENT`) and what is wrong.
    fn file(&self, _call: &str, _params: &Value) -> Result<Value, (String, String)> {
        Err(("EACCES".to_owned(), "test code runs without access to files".to_owned()))
    }
}

/// For code that came alone: an agent is sent one source text and has no files for it.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoImports;

impl ModuleLoader for NoImports {
    fn resolve(&self, specifier: &str, _from: &str, _asked: Asked) -> Result<Module, String> {
        Err(format!(
            "Cannot find module '{specifier}': this code was sent to an agent, which has no files of yours. \
             Put what it needs into the code itself; '@playwright/test' and some modules of Node.js can be imported"
        ))
    }
}

/// Files below a root, and packages in `node_modules` there; nothing outside of it is ever read, not through links either.
#[derive(Debug)]
pub struct FileLoader {
    root: PathBuf,
    /// Of the folders that were asked about.
    aliases: Mutex<HashMap<PathBuf, Arc<PathAliases>>>,
}

/// Tried in this order when an import has no ending that is a file. Same order as Playwright's.
const ENDINGS: [&str; 8] = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs"];
/// More is no source text.
const LARGEST: u64 = 10 << 20;

impl FileLoader {
    /// Paths of modules are relative to `root`.
    ///
    /// # Errors
    /// When there is no such folder.
    pub fn new(root: &Path) -> std::io::Result<Self> {
        Ok(Self { root: root.canonicalize()?, aliases: Mutex::default() })
    }

    /// Reads an entry, a path below the root.
    ///
    /// # Errors
    /// Why it cannot be read, as a sentence.
    pub fn entry(&self, path: &Path) -> Result<Module, String> {
        self.read(&self.root.join(path)).map_err(|why| format!("{}: {why}", path.display()))
    }

    fn read(&self, file: &Path) -> Result<Module, String> {
        let real = file.canonicalize().map_err(|error| error.to_string())?;
        let relative = real.strip_prefix(&self.root).map_err(|_| "it lies outside the folder of the run".to_owned())?;
        let path = relative.to_string_lossy().replace('\\', "/");
        let size = real.metadata().map_err(|error| error.to_string())?.len();
        if size > LARGEST {
            return Err(format!("it has {size} bytes, more than a source file has"));
        }
        let source = std::fs::read_to_string(&real).map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => "it is no text in UTF-8".to_owned(),
            _ => error.to_string(),
        })?;
        Ok(Module::new(path, source.trim_start_matches('\u{feff}')))
    }

    /// Of the tsconfig.json nearest to a folder, up to the root.
    fn aliases(&self, folder: &Path) -> Arc<PathAliases> {
        let mut known = self.aliases.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(aliases) = known.get(folder) {
            return aliases.clone();
        }
        let above = folder.ancestors().take_while(|above| above.starts_with(&self.root));
        let aliases = Arc::new(above.into_iter().find_map(PathAliases::read).unwrap_or_default());
        known.insert(folder.to_path_buf(), aliases.clone());
        aliases
    }

    /// Where the file may be, in the order to be tried.
    fn wanted(&self, specifier: &str, folder: &Path, asked: Asked) -> Result<Vec<PathBuf>, String> {
        let lost = || format!("Cannot find module '{specifier}'");
        let relative =
            ["./", "../"].iter().any(|start| specifier.starts_with(start)) || specifier == "." || specifier == "..";
        if relative {
            return Ok(candidates(&normal(&folder.join(specifier))));
        }
        if let Some(path) = specifier.strip_prefix("file://").or(specifier.starts_with('/').then_some(specifier)) {
            return Ok(candidates(&normal(Path::new(path))));
        }
        if let Some(found) =
            specifier.starts_with('#').then(|| packages::find_private(folder, specifier, asked)).flatten()
        {
            return match found {
                Ok(files) => Ok(files),
                Err(package) => self.wanted(&package, folder, asked),
            };
        }
        let in_node_modules = folder.components().any(|part| part.as_os_str() == "node_modules");
        let aliased = if in_node_modules { Vec::new() } else { self.aliases(folder).candidates(specifier) };
        let mut files: Vec<PathBuf> = aliased.iter().flat_map(|wanted| candidates(&normal(wanted))).collect();
        if files.iter().any(|file| file.is_file()) {
            return Ok(files);
        }
        let found = packages::find(folder, specifier, asked).or_else(|lost| match lost {
            packages::Lost::Part => packages::find(folder, specifier, asked.other()),
            packages::Lost::Package => Err(lost),
        });
        match found {
            Ok(found) => files.extend(found.iter().flat_map(|file| candidates(&normal(file)))),
            Err(packages::Lost::Part) => {
                return Err(format!("{}: the package is there, but it does not hand out this part", lost()));
            }
            Err(packages::Lost::Package) => {
                return Err(format!(
                    "{}: it is no file, no path of a tsconfig.json, and in no node_modules from here upwards",
                    lost()
                ));
            }
        }
        Ok(files)
    }
}

impl ModuleLoader for FileLoader {
    fn resolve(&self, specifier: &str, from: &str, asked: Asked) -> Result<Module, String> {
        let lost = || format!("Cannot find module '{specifier}'");
        let folder = self.root.join(from).parent().map_or_else(|| self.root.clone(), Path::to_path_buf);
        // The official runner translates people's files to the old way, so they get the packages' versions for it.
        let asked = if packages::is_new_way(&self.root.join(from)) { asked } else { Asked::Require };
        let file = self.wanted(specifier, &folder, asked)?.into_iter().find(|file| file.is_file()).ok_or_else(lost)?;
        let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if ending == "node" {
            return Err(format!(
                "{}: it is a native addon, which runs in Node.js only: `--runner node` runs these tests there",
                lost()
            ));
        }
        let in_package = file.components().any(|part| part.as_os_str() == "node_modules");
        if !(ending == "json" || ENDINGS.contains(&ending) || in_package && ending.is_empty()) {
            return Err(format!("{}: only TypeScript, JavaScript and JSON can be imported", lost()));
        }
        self.read(&file).map_err(|why| format!("{}: {why}", lost()))
    }
}

/// Without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}

/// The file itself, the TypeScript it is compiled from, the file with an ending, the index of the folder.
fn candidates(wanted: &Path) -> Vec<PathBuf> {
    let mut files = vec![wanted.to_path_buf()];
    let compiled = match wanted.extension().and_then(|ending| ending.to_str()) {
        Some("js") => &["ts", "tsx"][..],
        Some("jsx") => &["tsx"],
        Some("mjs") => &["mts"],
        Some("cjs") => &["cts"],
        _ => &[],
    };
    files.extend(compiled.iter().map(|ending| wanted.with_extension(ending)));
    let text = wanted.as_os_str();
    files.extend(ENDINGS.iter().map(|ending| {
        let mut file = text.to_owned();
        file.push(".");
        file.push(ending);
        PathBuf::from(file)
    }));
    files.extend(ENDINGS.iter().map(|ending| wanted.join(format!("index.{ending}"))));
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_below_the_root_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        for (file, text) in [
            ("root/tests/a.spec.ts", ""),
            ("root/lib/page.ts", "page"),
            ("root/lib/index.ts", "index"),
            ("root/data.json", "{}"),
            ("root/tsconfig.json", r#"{ "extends": "./base" }"#),
            ("root/picture.png", ""),
            ("root/node_modules/pure/index.js", ""),
            ("root/node_modules/native/index.node", ""),
            ("root/node_modules/native/package.json", r#"{ "main": "index.node" }"#),
            ("root/tests/own/x.ts", ""),
            (
                "root/base.json",
                r#"{ "compilerOptions": { "paths": { "@deep/*": ["./tests/own/*"], "@lib/*": ["lib/*"] } } }"#,
            ),
            ("secret.ts", "secret"),
        ] {
            let file = folder.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        std::os::unix::fs::symlink(folder.path().join("secret.ts"), root.join("link.ts")).unwrap();
        let loader = FileLoader::new(&root).unwrap();
        let cases = [
            ("../lib/page", Ok("lib/page.ts")),
            ("../lib/page.ts", Ok("lib/page.ts")),
            ("../lib/page.js", Ok("lib/page.ts")),
            ("../lib", Ok("lib/index.ts")),
            ("../data.json", Ok("data.json")),
            ("./none", Err("Cannot find module './none'")),
            ("../../secret", Err("Cannot find module '../../secret': it lies outside the folder of the run")),
            ("../link", Err("Cannot find module '../link': it lies outside the folder of the run")),
            (
                "../picture.png",
                Err("Cannot find module '../picture.png': only TypeScript, JavaScript and JSON can be imported"),
            ),
            (
                "lodash",
                Err(
                    "Cannot find module 'lodash': it is no file, no path of a tsconfig.json, and in no node_modules from here upwards",
                ),
            ),
            (
                "native",
                Err(
                    "Cannot find module 'native': it is a native addon, which runs in Node.js only: `--runner node` runs these tests there",
                ),
            ),
            ("pure", Ok("node_modules/pure/index.js")),
            ("@deep/x", Ok("tests/own/x.ts")),
            ("@lib/page", Ok("lib/page.ts")),
        ];
        for (specifier, expected) in cases {
            let found = loader.resolve(specifier, "tests/a.spec.ts", Asked::Import).map(|module| module.path);
            assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned), "{specifier}");
        }
    }
}
