//! `compilerOptions.paths` of a tsconfig.json: other names for files below the root.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Patterns and what they stand for, the most particular first.
#[derive(Debug, Clone, Default)]
pub(crate) struct PathAliases {
    /// What targets are relative to.
    base: PathBuf,
    /// Before and after the `*` (none where there is no `*`), and the targets.
    patterns: Vec<(String, Option<String>, Vec<String>)>,
    /// Whether every bare name may be a file below `base`.
    has_base: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Config {
    extends: Option<Extends>,
    compiler_options: CompilerOptions,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Extends {
    One(String),
    Many(Vec<String>),
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CompilerOptions {
    base_url: Option<String>,
    paths: Option<BTreeMap<String, Vec<String>>>,
}

/// Files that extend files that extend files.
const DEPTH: usize = 16;

impl PathAliases {
    /// Of the folder's tsconfig.json or jsconfig.json; none where there is neither.
    pub(crate) fn read(folder: &Path) -> Option<Self> {
        let file =
            ["tsconfig.json", "jsconfig.json"].map(|name| folder.join(name)).into_iter().find(|file| file.is_file())?;
        let mut aliases = Self::default();
        aliases.add(&file, DEPTH);
        Some(aliases)
    }

    /// What a file says, over what those say that it extends.
    fn add(&mut self, file: &Path, depth: usize) {
        let folder = file.parent().unwrap_or(file);
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let config = match serde_json::from_str::<Config>(&plain_json(&text)) {
            Ok(config) => config,
            Err(error) => return tracing::warn!("{}: it is not read: {error}", file.display()),
        };
        let extended = match config.extends {
            Some(Extends::One(one)) => vec![one],
            Some(Extends::Many(many)) => many,
            None => Vec::new(),
        };
        for name in extended.iter().filter(|_| depth > 0) {
            if let Some(file) = extended_file(folder, name) {
                self.add(&file, depth - 1);
            }
        }
        let options = config.compiler_options;
        if let Some(base) = &options.base_url {
            self.base = folder.join(base);
            self.has_base = true;
        }
        if let Some(paths) = options.paths {
            let base = if self.has_base { self.base.clone() } else { folder.to_path_buf() };
            self.set(base, paths);
        }
    }

    fn set(&mut self, base: PathBuf, paths: BTreeMap<String, Vec<String>>) {
        self.base = base;
        self.patterns = paths
            .into_iter()
            .map(|(pattern, targets)| match pattern.split_once('*') {
                Some((before, after)) => (before.to_owned(), Some(after.to_owned()), targets),
                None => (pattern, None, targets),
            })
            .collect();
        self.patterns.sort_by_key(|(before, after, _)| (after.is_some(), std::cmp::Reverse(before.len())));
    }

    /// Where the file may be that an import means; to be tried in this order.
    pub(crate) fn candidates(&self, specifier: &str) -> Vec<PathBuf> {
        let matched = self.patterns.iter().find_map(|(before, after, targets)| match after {
            None => (specifier == before).then_some((targets, "")),
            Some(after) => {
                let rest = specifier.strip_prefix(before.as_str())?.strip_suffix(after.as_str())?;
                Some((targets, rest))
            }
        });
        let targets =
            matched.into_iter().flat_map(|(targets, rest)| targets.iter().map(move |to| to.replacen('*', rest, 1)));
        targets.chain(self.has_base.then(|| specifier.to_owned())).map(|target| self.base.join(target)).collect()
    }
}

/// A file beside, or one of a package.
fn extended_file(folder: &Path, name: &str) -> Option<PathBuf> {
    let found = if name.starts_with('.') || name.starts_with('/') {
        vec![folder.join(name)]
    } else {
        let above = folder.ancestors().map(|above| above.join("node_modules").join(name));
        above.flat_map(|file| [file.join("tsconfig.json"), file]).collect()
    };
    let with_ending = |file: &PathBuf| {
        let mut text = file.clone().into_os_string();
        text.push(".json");
        PathBuf::from(text)
    };
    found.iter().flat_map(|file| [file.clone(), with_ending(file)]).find(|file| file.is_file())
}

/// Without comments and commas before a closing bracket.
fn plain_json(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.trim_start_matches('\u{feff}').chars().peekable();
    let mut in_string = false;
    while let Some(c) = rest.next() {
        match (c, rest.peek()) {
            ('\\', Some(_)) if in_string => {
                plain.push(c);
                plain.extend(rest.next());
                continue;
            }
            ('"', _) => in_string = !in_string,
            ('/', Some('/')) if !in_string => {
                while rest.next_if(|c| *c != '\n').is_some() {}
                continue;
            }
            ('/', Some('*')) if !in_string => {
                let mut before = ' ';
                rest.next();
                for c in rest.by_ref() {
                    if before == '*' && c == '/' {
                        break;
                    }
                    before = c;
                }
                continue;
            }
            (']' | '}', _) if !in_string => {
                let kept = plain.trim_end().trim_end_matches(',').len();
                plain.truncate(kept);
            }
            _ => {}
        }
        plain.push(c);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_stand_for_files() {
        let folder = tempfile::tempdir().unwrap();
        let config = r#"{
            // of the project
            "compilerOptions": { /* "baseUrl": "x", */
                "baseUrl": "./src",
                "paths": { "@pages/*": ["pages/*", "../old/*.page"], "@pages/login": ["special"], "data": ["./d/\"//,x"], },
            },
        }"#;
        std::fs::write(folder.path().join("tsconfig.json"), config).unwrap();
        let aliases = PathAliases::read(folder.path()).unwrap();
        let cases: [(&str, &[&str]); 4] = [
            ("@pages/home", &["pages/home", "../old/home.page", "@pages/home"]),
            ("@pages/login", &["special", "@pages/login"]),
            ("data", &["./d/\"//,x", "data"]),
            ("other", &["other"]),
        ];
        for (specifier, expected) in cases {
            let expected: Vec<_> = expected.iter().map(|path| folder.path().join("./src").join(path)).collect();
            assert_eq!(aliases.candidates(specifier), expected, "{specifier}");
        }
        assert!(PathAliases::read(Path::new("/nowhere")).is_none());
    }
}
