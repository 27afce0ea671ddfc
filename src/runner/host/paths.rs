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
    compiler_options: CompilerOptions,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CompilerOptions {
    base_url: Option<String>,
    paths: BTreeMap<String, Vec<String>>,
}

impl PathAliases {
    /// Of the folder's tsconfig.json or jsconfig.json; none of both is no aliases.
    pub(crate) fn read(folder: &Path) -> Self {
        let text =
            ["tsconfig.json", "jsconfig.json"].iter().find_map(|name| std::fs::read_to_string(folder.join(name)).ok());
        let Some(text) = text else { return Self::default() };
        match serde_json::from_str::<Config>(&plain_json(&text)) {
            Ok(config) => Self::new(folder, config.compiler_options),
            Err(error) => {
                tracing::warn!("{}: the tsconfig is not read: {error}", folder.display());
                Self::default()
            }
        }
    }

    fn new(folder: &Path, options: CompilerOptions) -> Self {
        let base = options.base_url.as_ref().map_or_else(|| folder.to_path_buf(), |base| folder.join(base));
        let mut patterns: Vec<_> = options
            .paths
            .into_iter()
            .map(|(pattern, targets)| match pattern.split_once('*') {
                Some((before, after)) => (before.to_owned(), Some(after.to_owned()), targets),
                None => (pattern, None, targets),
            })
            .collect();
        patterns.sort_by_key(|(before, after, _)| (after.is_some(), std::cmp::Reverse(before.len())));
        Self { base, patterns, has_base: options.base_url.is_some() }
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
        let aliases = PathAliases::read(folder.path());
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
        assert!(PathAliases::read(Path::new("/nowhere")).candidates("a").is_empty());
    }
}
