//! Where imported modules come from: the worker has no files, the host reads them under a policy.

use super::paths::PathAliases;
use crate::runner::protocol::Module;
use std::path::{Component, Path, PathBuf};

/// Answers imports.
pub trait ModuleLoader: Send + Sync {
    /// The module that `specifier` means in the module at `from`.
    ///
    /// # Errors
    /// Why there is none, a sentence for the author of the test.
    fn resolve(&self, specifier: &str, from: &str) -> Result<Module, String>;
}

/// For code that came alone: an agent is sent one source text and has no files for it.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoImports;

impl ModuleLoader for NoImports {
    fn resolve(&self, specifier: &str, _from: &str) -> Result<Module, String> {
        Err(format!(
            "Cannot find module '{specifier}': this code was sent to an agent, which has no files of yours. \
             Put what it needs into the code itself; '@playwright/test' and some modules of Node.js can be imported"
        ))
    }
}

/// Files below a root; nothing outside of it is ever read, not through links either.
#[derive(Debug, Clone)]
pub struct FileLoader {
    root: PathBuf,
    aliases: PathAliases,
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
        let root = root.canonicalize()?;
        let aliases = PathAliases::read(&root);
        Ok(Self { root, aliases })
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
        Ok(Module { path, source: source.trim_start_matches('\u{feff}').to_owned() })
    }
}

impl ModuleLoader for FileLoader {
    fn resolve(&self, specifier: &str, from: &str) -> Result<Module, String> {
        let lost = || format!("Cannot find module '{specifier}'");
        let relative =
            specifier.starts_with("./") || specifier.starts_with("../") || specifier == "." || specifier == "..";
        let wanted = if relative {
            let folder = self.root.join(from).parent().map_or_else(|| self.root.clone(), Path::to_path_buf);
            vec![folder.join(specifier)]
        } else {
            self.aliases.candidates(specifier)
        };
        let mut files = wanted.iter().flat_map(|wanted| candidates(&normal(wanted)));
        let file = files.find(|file| file.is_file()).ok_or_else(|| match relative {
            true => lost(),
            false => format!(
                "{}: of packages there is '@playwright/test' only; other imports are files by their relative path \
                 or by the paths of the tsconfig.json in the folder of the run",
                lost()
            ),
        })?;
        let known =
            file.extension().and_then(|ending| ending.to_str()).is_some_and(|e| e == "json" || ENDINGS.contains(&e));
        if !known {
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
            ("root/tsconfig.json", r#"{ "compilerOptions": { "paths": { "@lib/*": ["lib/*"] } } }"#),
            ("root/picture.png", ""),
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
                    "Cannot find module 'lodash': of packages there is '@playwright/test' only; other imports are files \
                     by their relative path or by the paths of the tsconfig.json in the folder of the run",
                ),
            ),
            ("@lib/page", Ok("lib/page.ts")),
        ];
        for (specifier, expected) in cases {
            let found = loader.resolve(specifier, "tests/a.spec.ts").map(|module| module.path);
            assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned), "{specifier}");
        }
    }
}
