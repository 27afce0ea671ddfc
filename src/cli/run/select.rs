//! Which files the arguments of `run` mean.

use super::recording::{ENDINGS, is_recording};
use crate::runner::protocol::Place;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Endings of spec files, as Playwright's default `testMatch` has them.
const SPEC: [&str; 2] = ["spec", "test"];
const SOURCE: [&str; 8] = ["ts", "js", "mts", "cts", "mjs", "cjs", "tsx", "jsx"];
/// Folders in which nobody has tests of their own.
const NOT_SEARCHED: [&str; 1] = ["node_modules"];
/// Names like one that was not found are told up to this distance.
const LIKE: usize = 4;
/// So many specs are named where none comes near.
const NAMED: usize = 5;

/// Files to run, in order, and the places in them where not all of a file is wanted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Selection {
    /// Relative to the current folder, with `..` where they are outside.
    pub(super) files: Vec<String>,
    pub(super) lines: BTreeMap<String, Vec<Place>>,
}

/// Why arguments mean no files, as a sentence for the user.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// There is no such test: what was not found, and what comes near.
    NothingThere(String),
    /// There is such a file, and it is no test.
    NoTest(String),
}

impl std::fmt::Display for Unusable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::NothingThere(why) | Self::NoTest(why)) = self;
        f.write_str(why)
    }
}

/// Resolves arguments: a file, a folder (all specs below it), a part of a spec's path, each with `:line` or `:line:column`
/// behind it. No argument is the current folder. Files below `output` are not looked at.
///
/// # Errors
/// Where an argument means no test.
pub(super) fn select(cwd: &Path, arguments: &[String], output: &Path) -> Result<Selection, Unusable> {
    let mut found = Found { selection: Selection::default(), whole: Vec::new() };
    let mut searched: Option<Vec<String>> = None;
    let mut search = || searched.get_or_insert_with(|| specs_below(cwd, cwd, output)).clone();
    if arguments.is_empty() {
        let specs = search();
        if specs.is_empty() {
            return Err(Unusable::NothingThere(format!(
                "no tests found: there is no *.spec.ts or *.test.ts (or .js, .mjs, .tsx, …) in {} or below. \
                 Name a file or a folder: understudy run tests/login.spec.ts",
                cwd.display()
            )));
        }
        specs.into_iter().for_each(|file| found.add(file, None));
    }
    for argument in arguments {
        let (path, place) = split(argument, |path| cwd.join(path).exists());
        let full = cwd.join(path);
        if full.is_file() {
            if !is_source(path) && !is_recording(path) {
                return Err(Unusable::NoTest(format!(
                    "{path} is no test file: its name should end in one of .{}, or in one of .{} where it is a recording",
                    SOURCE.join(", ."),
                    ENDINGS.join(", .")
                )));
            }
            found.add(relative(cwd, &full), place);
            continue;
        }
        let files = if full.is_dir() {
            let files = specs_below(cwd, &full, output);
            if files.is_empty() {
                return Err(Unusable::NothingThere(format!(
                    "no tests found: there is no *.spec.ts or *.test.ts in {path} or below"
                )));
            }
            files
        } else {
            let all = search();
            let lower = path.to_lowercase();
            let files: Vec<String> = all.iter().filter(|file| file.to_lowercase().contains(&lower)).cloned().collect();
            if files.is_empty() {
                return Err(Unusable::NothingThere(not_found(path, &all)));
            }
            files
        };
        files.into_iter().for_each(|file| found.add(file, place));
    }
    Ok(found.selection)
}

struct Found {
    selection: Selection,
    /// Files that were also named without a line.
    whole: Vec<String>,
}

impl Found {
    fn add(&mut self, file: String, place: Option<Place>) {
        if !self.selection.files.contains(&file) {
            self.selection.files.push(file.clone());
        }
        match place {
            Some(place) if !self.whole.contains(&file) => self.selection.lines.entry(file).or_default().push(place),
            Some(_) => {}
            None => {
                self.selection.lines.remove(&file);
                self.whole.push(file);
            }
        }
    }
}

/// `path:line:column` in its parts; a path that exists as it is has none.
fn split(argument: &str, exists: impl Fn(&str) -> bool) -> (&str, Option<Place>) {
    if exists(argument) {
        return (argument, None);
    }
    let number = |text: &str| -> Option<u32> { text.parse().ok().filter(|number| *number > 0) };
    let Some((path, last)) = argument.rsplit_once(':').and_then(|(path, last)| Some((path, number(last)?))) else {
        return (argument, None);
    };
    match path.rsplit_once(':').and_then(|(path, line)| Some((path, number(line)?))) {
        Some((path, line)) => (path, Some(Place { line, column: Some(last) })),
        None => (path, Some(Place { line: last, column: None })),
    }
}

/// All spec files below a folder.
fn specs_below(cwd: &Path, folder: &Path, output: &Path) -> Vec<String> {
    let matches = |path: &Path| path.file_name().is_some_and(|name| is_spec(&name.to_string_lossy()));
    files_below(cwd, folder, &[output.to_path_buf()], matches)
}

/// All files below a folder that match, sorted. Folders of `outputs` are not looked at.
pub(super) fn files_below(
    cwd: &Path,
    folder: &Path,
    outputs: &[PathBuf],
    matches: impl Fn(&Path) -> bool,
) -> Vec<String> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        // One that cannot be read has no tests that could be.
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            // Links to folders are not followed: they may lead in circles.
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => {
                    let skipped = name.starts_with('.') || NOT_SEARCHED.contains(&name.as_str());
                    if !skipped && !outputs.contains(&path) {
                        folders.push(path);
                    }
                }
                Ok(_) if matches(&path) && path.is_file() => files.push(relative(cwd, &path)),
                _ => {}
            }
        }
    }
    files.sort();
    files
}

/// Of files that a configuration found those that the arguments mean; all where there are none.
pub(super) fn narrow(cwd: &Path, arguments: &[String], found: &[String]) -> Selection {
    let mut narrowed = Found { selection: Selection::default(), whole: Vec::new() };
    if arguments.is_empty() {
        found.iter().for_each(|file| narrowed.add(file.clone(), None));
    }
    for file in found {
        for argument in arguments {
            let (path, place) = split(argument, |path| cwd.join(path).exists());
            let full = plain(&cwd.join(path));
            let own = plain(&cwd.join(file));
            let meant = if full.is_file() || full.is_dir() {
                own.starts_with(&full)
            } else {
                own.to_string_lossy().to_lowercase().contains(&path.to_lowercase())
            };
            if meant {
                narrowed.add(file.clone(), place);
            }
        }
    }
    narrowed.selection
}

fn is_source(path: &str) -> bool {
    Path::new(path).extension().and_then(|ending| ending.to_str()).is_some_and(|ending| SOURCE.contains(&ending))
}

fn is_spec(name: &str) -> bool {
    let mut parts = name.rsplit('.');
    let (ending, kind) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    parts.next().is_some() && SOURCE.contains(&ending) && SPEC.contains(&kind)
}

/// From one folder to a path, with `/` and without `.`; through `..` where it is outside.
pub(super) fn relative(from: &Path, path: &Path) -> String {
    let (from, path) = (plain(from), plain(path));
    let common = from.components().zip(path.components()).take_while(|(a, b)| a == b).count();
    let ups = from.components().skip(common).map(|_| "..".to_owned());
    let downs = path.components().skip(common).map(|part| part.as_os_str().to_string_lossy().into_owned());
    ups.chain(downs).collect::<Vec<_>>().join("/")
}

/// Without `.` and `..`.
pub(super) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

fn not_found(wanted: &str, all: &[String]) -> String {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_lowercase();
    let stem = |path: &str| name(path).split('.').next().unwrap_or_default().to_owned();
    let near = |file: &&String| {
        let distance = distance(&name(wanted), &name(file)).min(distance(&stem(wanted), &stem(file)));
        (distance <= LIKE.min(stem(wanted).chars().count() / 2)).then_some(distance)
    };
    let nearest = all.iter().filter_map(|file| Some((near(&file)?, file))).min();
    let hint = match nearest {
        Some((_, file)) => format!("Did you mean {file}?"),
        None if all.is_empty() => "There are no *.spec.ts or *.test.ts files in this folder or below.".to_owned(),
        None if all.len() <= NAMED => format!("The specs here: {}.", all.join(", ")),
        None => format!("`understudy run --list` names the tests of all {} spec files here.", all.len()),
    };
    format!("no tests found: no file or folder {wanted:?}, and no spec whose path contains that. {hint}")
}

/// Levenshtein's, with the neighbours swapped counted once.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = (0..=a.len()).map(|i| (i..=i + b.len()).collect()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = changed.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: u32, column: impl Into<Option<u32>>) -> Place {
        Place { line, column: column.into() }
    }

    fn site() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in [
            "here/a.spec.ts",
            "here/tests/login.spec.ts",
            "here/tests/logout.test.js",
            "here/tests/helper.ts",
            "here/tests/deep/cart.test.mts",
            "here/node_modules/x/x.spec.ts",
            "here/.hidden/y.spec.ts",
            "here/out/z.spec.ts",
            "here/spec.ts",
            "here/odd:3.spec.ts",
            "beside/b.spec.ts",
        ] {
            let file = folder.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        folder
    }

    #[test]
    fn arguments_mean_files() {
        let site = site();
        let here = site.path().join("here");
        let outside = site.path().join("beside/b.spec.ts").to_string_lossy().into_owned();
        type Case<'a> = (&'a [&'a str], &'a [&'a str], &'a [(&'a str, Vec<Place>)]);
        let all =
            ["a.spec.ts", "odd:3.spec.ts", "tests/deep/cart.test.mts", "tests/login.spec.ts", "tests/logout.test.js"];
        let cases: &[Case<'_>] = &[
            (&[], &all, &[]),
            (&["."], &all, &[]),
            (&["tests"], &all[2..], &[]),
            (&["./tests/deep/"], &all[2..3], &[]),
            (&["tests/login.spec.ts"], &all[3..4], &[]),
            (&["LOG"], &all[3..], &[]),
            (&["login", "cart"], &["tests/login.spec.ts", "tests/deep/cart.test.mts"], &[]),
            (&["tests/helper.ts"], &["tests/helper.ts"], &[]),
            (&["../beside/b.spec.ts"], &["../beside/b.spec.ts"], &[]),
            (&[&outside], &["../beside/b.spec.ts"], &[]),
            (&["a.spec.ts:3"], &all[..1], &[("a.spec.ts", vec![place(3, None)])]),
            (&["login:3:7", "login:9"], &all[3..4], &[("tests/login.spec.ts", vec![place(3, 7), place(9, None)])]),
            (&["login:3", "login"], &all[3..4], &[]),
            (&["login", "login:3"], &all[3..4], &[]),
            (&["odd:3.spec.ts"], &all[1..2], &[]),
            (&["odd:3.spec.ts:4"], &all[1..2], &[("odd:3.spec.ts", vec![place(4, None)])]),
        ];
        for (arguments, files, lines) in cases {
            let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
            let selection = select(&here, &arguments, &here.join("out")).unwrap();
            assert_eq!(selection.files, *files, "{arguments:?}");
            let lines = lines.iter().map(|(file, places)| ((*file).to_owned(), places.clone())).collect();
            assert_eq!(selection.lines, lines, "{arguments:?}");
        }
    }

    #[test]
    fn what_is_not_found_is_told_with_what_comes_near() {
        let site = site();
        let here = site.path().join("here");
        let cases = [
            ("tests/lgoin.spec.ts", "Did you mean tests/login.spec.ts?"),
            ("crat", "Did you mean tests/deep/cart.test.mts?"),
            (
                "something-else",
                "The specs here: a.spec.ts, odd:3.spec.ts, tests/deep/cart.test.mts, tests/login.spec.ts, tests/logout.test.js.",
            ),
            ("nothing.spec.ts:3", "no file or folder \"nothing.spec.ts\""),
            (".hidden/none", "no tests found"),
        ];
        for (argument, expected) in cases {
            let told = select(&here, &[argument.to_owned()], &here.join("out")).unwrap_err().to_string();
            assert!(told.contains(expected), "{argument}: {told}");
        }
        let empty = tempfile::tempdir().unwrap();
        for arguments in [vec![], vec!["x.spec.ts".to_owned()], vec![".".to_owned()]] {
            let told = select(empty.path(), &arguments, Path::new("/out")).unwrap_err().to_string();
            assert!(told.starts_with("no tests found"), "{told}");
        }
    }
}
