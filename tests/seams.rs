//! Who may know whom: reads every `crate::…` and `super::…` path under `src` and compares it with the table under "Seams" in
//! ARCHITECTURE.md. The table is the only place to change when a new seam is really wanted.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn rooms_know_only_whom_they_may() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = Table::parse(&fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap());
    let mut breaches = Vec::new();
    let mut files = rust_files(&root.join("src"));
    files.sort();
    assert!(files.len() > 20, "found only {} files under src", files.len());
    for file in files {
        let relative = file.strip_prefix(root).unwrap().to_path_buf();
        breaches.extend(table.breaches(&relative, &fs::read_to_string(&file).unwrap()));
    }
    assert!(
        breaches.is_empty(),
        "not allowed by the table under \"Seams\" in ARCHITECTURE.md:\n  {}",
        breaches.join("\n  ")
    );
}

#[test]
fn the_check_can_fail() {
    let table = Table::parse(
        "# X\n## Seams\n```text\nmodel, wire -> nothing of ours\nbrowser -> model, wire::{http,tls}\nrunner -> runner\n\
         runner::worker -> runner::protocol, model\nlib, cli -> everything\n```\n",
    );
    let cases: &[(&str, &str, &str, &[&str])] = &[
        ("own room", "src/browser/page.rs", "use crate::browser::frame::Frame;", &[]),
        ("allowed", "src/browser/page.rs", "use crate::model::{Locator, run::{Status}};", &[]),
        ("allowed part of a room", "src/browser/page.rs", "use crate::wire::{http, tls::Client};", &[]),
        ("forbidden part of a room", "src/browser/page.rs", "use crate::wire::{http, socketio};", &["wire::socketio"]),
        ("forbidden room", "src/model/run.rs", "use crate::browser::Page;", &["browser::Page"]),
        ("in a group of several", "src/model/run.rs", "use crate::{model::ids, cli::run};", &["cli::run"]),
        ("a path in an expression", "src/wire/tls.rs", "fn f() { crate::cli::main(); }", &["cli::main"]),
        ("by super", "src/model/run.rs", "use super::super::cli;", &["cli"]),
        ("super within the room", "src/model/run.rs", "use super::ids::RunId;", &[]),
        ("super of an inline module", "src/model/mod.rs", "mod tests { use super::*; }", &[]),
        (
            "super past an inline module",
            "src/model/mod.rs",
            "mod tests { fn f() {} } use super::cli::main;",
            &["cli::main"],
        ),
        ("sub-rooms", "src/runner/worker/engine.rs", "use crate::runner::host::Runner;", &["runner::host::Runner"]),
        ("allowed sub-room", "src/runner/worker/engine.rs", "use crate::runner::protocol::ToHost;", &[]),
        ("the room above", "src/runner/mod.rs", "use crate::runner::worker::run;", &[]),
        ("everything", "src/cli/run.rs", "use crate::browser::Page; use crate::wire::socketio;", &[]),
        (
            "comments and strings",
            "src/model/run.rs",
            "// crate::cli\n/* crate::cli::x */ const A: &str = r#\"crate::cli::\"#; const B: char = '\"';",
            &[],
        ),
        ("visibility is not a path", "src/model/run.rs", "pub(crate) fn f<'a>(x: &'a str) {}", &[]),
        ("renamed", "src/model/run.rs", "use crate::browser::Page as P;", &["browser::Page"]),
        ("glob", "src/model/run.rs", "use crate::browser::*;", &["browser::*"]),
    ];
    for (name, file, source, expected) in cases {
        let found = table.breaches(Path::new(file), source);
        let expected: Vec<_> = expected.iter().map(|path| format!("{file}: crate::{path}")).collect();
        assert_eq!(found, expected, "{name}");
    }
    let unknown = table.breaches(Path::new("src/kitchen/mod.rs"), "");
    assert_eq!(unknown, ["src/kitchen/mod.rs: a room without a line in the table"]);
}

/// Room (`browser`, `runner::worker`) → what it may name; `None` is everything.
struct Table(Vec<(String, Option<BTreeSet<String>>)>);

impl Table {
    /// Reads the first ```text block below "## Seams".
    fn parse(document: &str) -> Self {
        let block = document
            .split_once("\n## Seams")
            .and_then(|(_, rest)| rest.split_once("```text\n"))
            .and_then(|(_, rest)| rest.split_once("\n```"))
            .expect("ARCHITECTURE.md has a ```text block under \"## Seams\"")
            .0;
        let mut rows = Vec::new();
        for line in block.lines().filter(|line| !line.trim().is_empty()) {
            let (rooms, allowed) = line.split_once("->").unwrap_or_else(|| panic!("no -> in {line:?}"));
            let allowed = match allowed.trim() {
                "everything" => None,
                "nothing of ours" => Some(BTreeSet::new()),
                list => Some(expand(list).into_iter().collect()),
            };
            for room in rooms.split(',') {
                rows.push((room.trim().to_owned(), allowed.clone()));
            }
        }
        Self(rows)
    }

    fn breaches(&self, file: &Path, source: &str) -> Vec<String> {
        let module = module_of(file);
        let name = module.join("::");
        let shown = file.display();
        // The most specific row wins: `runner::worker` before `runner`.
        let row = self.0.iter().filter(|(room, _)| inside(&name, room)).max_by_key(|(room, _)| room.len());
        let Some((room, allowed)) = row else {
            return vec![format!("{shown}: a room without a line in the table")];
        };
        let Some(allowed) = allowed else { return Vec::new() };
        let fine = |path: &str| inside(path, room) || allowed.iter().any(|prefix| inside(path, prefix));
        paths(source, &module)
            .into_iter()
            .filter(|path| !path.is_empty() && !fine(path))
            .map(|path| format!("{shown}: crate::{path}"))
            .collect()
    }
}

/// `a, b::{c,d}` → `a`, `b::c`, `b::d`.
fn expand(list: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = list.trim();
    while !rest.is_empty() {
        let comma = rest.find(',').unwrap_or(rest.len());
        match rest.find('{') {
            Some(open) if open < comma => {
                let close = rest.find('}').expect("a closing brace");
                out.extend(rest[open + 1..close].split(',').map(|name| format!("{}{}", &rest[..open], name.trim())));
                rest = rest[close + 1..].trim_start_matches([',', ' ']);
            }
            _ => {
                out.push(rest[..comma].trim().to_owned());
                rest = rest[comma..].trim_start_matches([',', ' ']);
            }
        }
    }
    out
}

fn inside(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            out.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push(path);
        }
    }
    out
}

/// `src/runner/host/mod.rs` → `[runner, host]`.
fn module_of(file: &Path) -> Vec<String> {
    let mut parts: Vec<String> =
        file.with_extension("").iter().skip(1).map(|part| part.to_string_lossy().into_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Separator,
    Sign(char),
}

/// All paths from the root of the crate that `source`, the file of `module`, names.
fn paths(source: &str, module: &[String]) -> Vec<String> {
    let tokens = tokens(source);
    let mut found = Vec::new();
    let mut braces: Vec<bool> = Vec::new();
    let mut inline = 0;
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            Token::Sign('{') => {
                let of_module = at >= 2 && matches!(&tokens[at - 2], Token::Word(word) if word == "mod");
                inline += usize::from(of_module);
                braces.push(of_module);
            }
            Token::Sign('}') => inline -= usize::from(braces.pop().unwrap_or(false)),
            Token::Word(word) if at == 0 || tokens[at - 1] != Token::Separator => {
                let ups = ups(&tokens[at..]);
                let steps = if word == "crate" && tokens.get(at + 1) == Some(&Token::Separator) { 1 } else { ups };
                // `super` of an inline module is this file.
                if steps > 0 && (ups == 0 || ups > inline) {
                    let above = if ups == 0 { 0 } else { module.len().saturating_sub(ups - inline) };
                    at += 2 * steps;
                    tree(&tokens, &mut at, module[..above].join("::"), &mut found);
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// How many `super::` stand at the start.
fn ups(tokens: &[Token]) -> usize {
    tokens
        .chunks(2)
        .take_while(|pair| pair[0] == Token::Word("super".into()) && pair.get(1) == Some(&Token::Separator))
        .count()
}

/// Reads one `a::{b, c::*}` from `at`, adding each leaf below `prefix`.
fn tree(tokens: &[Token], at: &mut usize, mut prefix: String, found: &mut Vec<String>) {
    loop {
        match tokens.get(*at) {
            Some(Token::Word(word)) => push(&mut prefix, word),
            Some(Token::Sign('*')) => push(&mut prefix, "*"),
            Some(Token::Sign('{')) => {
                *at += 1;
                while !matches!(tokens.get(*at), None | Some(Token::Sign('}'))) {
                    match &tokens[*at] {
                        Token::Word(word) if word == "as" => *at += 2,
                        Token::Sign(',') => *at += 1,
                        _ => tree(tokens, at, prefix.clone(), found),
                    }
                }
                *at += 1;
                return;
            }
            _ => {
                *at += 1;
                return found.push(prefix);
            }
        }
        *at += 1;
        if tokens.get(*at) != Some(&Token::Separator) {
            return found.push(prefix);
        }
        *at += 1;
    }
}

fn push(path: &mut String, part: &str) {
    if part != "self" {
        if !path.is_empty() {
            path.push_str("::");
        }
        path.push_str(part);
    }
}

/// Words, `::` and signs of Rust source, without comments, strings and characters.
fn tokens(source: &str) -> Vec<Token> {
    let text: Vec<char> = source.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    let starts = |at: usize, what: &str| what.chars().enumerate().all(|(i, c)| text.get(at + i) == Some(&c));
    while at < text.len() {
        let c = text[at];
        if starts(at, "//") {
            while at < text.len() && text[at] != '\n' {
                at += 1;
            }
        } else if starts(at, "/*") {
            let mut depth = 1;
            at += 2;
            while at < text.len() && depth > 0 {
                if starts(at, "/*") {
                    depth += 1;
                    at += 2;
                } else if starts(at, "*/") {
                    depth -= 1;
                    at += 2;
                } else {
                    at += 1;
                }
            }
        } else if c == '"' {
            at += 1;
            while at < text.len() && text[at] != '"' {
                at += if text[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if c == '\'' {
            // 'x' and '\n' are characters, 'a alone is a lifetime.
            if text.get(at + 1) == Some(&'\\') {
                at += 3;
                while at < text.len() && text[at] != '\'' {
                    at += 1;
                }
                at += 1;
            } else if text.get(at + 2) == Some(&'\'') {
                at += 3;
            } else {
                at += 1;
            }
        } else if c.is_alphanumeric() || c == '_' {
            let start = at;
            while at < text.len() && (text[at].is_alphanumeric() || text[at] == '_') {
                at += 1;
            }
            let word: String = text[start..at].iter().collect();
            let hashes = text[at..].iter().take_while(|c| **c == '#').count();
            if matches!(word.as_str(), "r" | "br" | "cr") && text.get(at + hashes) == Some(&'"') {
                let end: String = format!("\"{}", "#".repeat(hashes));
                at += hashes + 1;
                while at < text.len() && !starts(at, &end) {
                    at += 1;
                }
                at += end.len();
            } else {
                out.push(Token::Word(word));
            }
        } else if starts(at, "::") {
            out.push(Token::Separator);
            at += 2;
        } else {
            if !c.is_whitespace() {
                out.push(Token::Sign(c));
            }
            at += 1;
        }
    }
    out
}
