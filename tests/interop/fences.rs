//! What `fences.md` says about the documents is whole and true.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn text(path: &str) -> String {
    fs::read_to_string(file(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// First and last line of each fence.
fn fences(document: &str) -> Vec<(usize, usize)> {
    let marks: Vec<usize> = text(&format!("fixtures/seeds/{document}.md"))
        .lines()
        .enumerate()
        .filter(|(_, line)| line.trim_start().starts_with("```"))
        .map(|(index, _)| index + 1)
        .collect();
    marks.chunks(2).map(|pair| (pair[0], pair[1])).collect()
}

/// What stands between backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn each_fence_is_run_or_has_a_reason_not_to_be() {
    let table = text("tests/interop/fences.md");
    let documents: Vec<&str> = table.split("\n## ").skip(1).collect();
    assert_eq!(documents.len(), 5);
    for document in documents {
        let (name, rows) = document.split_once('\n').unwrap();
        let mut lines = Vec::new();
        let fences = fences(name);
        for row in rows.lines().filter(|row| row.starts_with("| ") && !row.starts_with("| line")) {
            let cells: Vec<&str> = row.trim_matches('|').splitn(3, '|').map(str::trim).collect();
            let its: Vec<usize> = cells[0].split(", ").map(|line| line.parse().unwrap()).collect();
            assert!(cells[2].len() > 4, "{name}: {row}");
            for quoted in quoted(cells[2]) {
                if let Some((module, test)) = quoted.split_once("::") {
                    let source = text(&format!("tests/interop/{module}.rs"));
                    assert!(source.contains(&format!("#[test]\nfn {test}()")), "{quoted} is no test");
                } else if quoted.ends_with(".json") {
                    let cases: Vec<Value> = serde_json::from_str(&text(quoted)).unwrap();
                    for line in &its {
                        let (first, last) = fences.iter().find(|fence| fence.0 == *line).unwrap();
                        let inside = |case: &Value| {
                            let at = |n: usize| usize::try_from(case["lines"][n].as_u64().unwrap()).unwrap();
                            *first <= at(0) && at(1) <= *last
                        };
                        assert!(cases.iter().any(inside), "{quoted} has no message of {name}, line {line}");
                    }
                }
            }
            lines.extend(its);
        }
        lines.sort_unstable();
        assert_eq!(lines, fences.iter().map(|fence| fence.0).collect::<Vec<_>>(), "{name}");
    }
}
