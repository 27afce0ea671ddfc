//! Reporters against the official ones: of the list the same words in the same colours (`fixtures/report`), of the JSON the same annotations and
//! times (`fixtures/annotations`).

use super::support::{Done, is_time, understudy};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// What differs from run to run, or between the two for a reason: durations, how often something was polled, and columns of frames
/// that an `await` goes on from.
fn steady(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut log: Option<Vec<String>> = None;
    let mut style = Vec::new();
    for line in text.lines() {
        let line = cells(line, &mut style);
        let bare = bare(&line);
        if let Some(seen) = &mut log {
            let rest = bare.trim_start().trim_start_matches("- ");
            let rest = rest.split_once(" × ").map_or(rest, |(_, rest)| rest).to_owned();
            if bare.is_empty() {
                log = None;
            } else {
                let again = seen.contains(&rest) || rest.starts_with("waiting ") && rest.ends_with("ms");
                if !again && !rest.contains("retrying") {
                    let styles: Vec<_> = line.iter().filter(|(c, _)| *c != ' ').map(|(_, style)| style).collect();
                    lines.push(format!("{:?}- {rest}", styles[0]));
                    seen.push(rest);
                }
                continue;
            }
        } else if bare.trim() == "Call log:" {
            log = Some(Vec::new());
        }
        lines.push(without_numbers(&line));
    }
    lines
}

type Cell = (char, Vec<u8>);

/// The characters of a line with the control codes that hold for each; `style` goes on from line to line.
fn cells(line: &str, style: &mut Vec<u8>) -> Vec<Cell> {
    let mut cells = Vec::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if let Some((code, after)) = rest.strip_prefix("\x1b[").and_then(|after| after.split_once('m')) {
            let code: u8 = code.parse().unwrap();
            match code {
                // Where two texts differ is not marked by understudy.
                7 | 27 => {}
                22 => style.retain(|one| *one > 2),
                39 => style.retain(|one| *one <= 2),
                code => {
                    style.retain(|one| (*one <= 2) != (code <= 2) || *one != code && code <= 2);
                    style.push(code);
                }
            }
            style.sort_unstable();
            rest = after;
        } else {
            // The official one does not end what is bold where it is dim: that is no model.
            let dim = style.contains(&2);
            let shown = style.iter().copied().filter(|one| c != ' ' && !(dim && *one == 1)).collect();
            cells.push((c, shown));
            rest = &rest[c.len_utf8()..];
        }
    }
    cells
}

fn bare(line: &[Cell]) -> String {
    line.iter().map(|(c, _)| *c).collect()
}

/// The line with its styles as marks, and without durations, counts and the columns of frames.
fn without_numbers(line: &[Cell]) -> String {
    let mut text = String::new();
    let mut last: &[u8] = &[];
    for (c, style) in line {
        if *c != ' ' && style != last {
            text.push_str(&format!("{style:?}"));
            last = style;
        }
        text.push(*c);
    }
    let mut text = text.trim_end().to_owned();
    if let Some(at) = text.rfind('(').filter(|at| is_time(&text[*at..])) {
        text.replace_range(at.., "(time)");
    }
    if bare(line).trim_start().starts_with("at ") {
        let end = text.ends_with(')');
        let column = text.trim_end_matches(')').rfind(':').unwrap_or(text.len());
        text.replace_range(column.., if end { ")" } else { "" });
    }
    text
}

#[test]
fn failures_are_told_in_the_words_and_colours_of_the_official_reporter() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/report");
    let output = tempfile::tempdir().unwrap();
    let mut command = understudy(&fixture);
    command.env("FORCE_COLOR", "1").args(["run", "--workers", "1", "--retries", "1", "--output"]).arg(output.path());
    let done = Done::from(command.output().unwrap());
    assert_eq!(done.code, Some(1), "{}", done.err);
    let ours = done.out.replace(&*output.path().to_string_lossy(), "test-results");
    let official = fs::read_to_string(fixture.join("official.ansi")).unwrap();
    let (ours, official) = (steady(&ours), steady(&official));
    let differs = ours.iter().zip(&official).position(|(ours, official)| ours != official);
    let at = differs.unwrap_or_else(|| ours.len().min(official.len()));
    let around = |lines: &[String]| lines[at.saturating_sub(5)..(at + 5).min(lines.len())].join("\n");
    assert!(ours == official, "line {}\n--- ours\n{}\n--- official\n{}", at + 1, around(&ours), around(&official));
}

#[test]
fn annotations_and_times_are_told_as_by_the_official_reporter() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/annotations");
    let output = tempfile::tempdir().unwrap();
    let mut command = understudy(&fixture);
    command.args(["run", "--workers", "1", "--reporter", "json", "--output"]).arg(output.path());
    let done = Done::from(command.output().unwrap());
    assert_eq!(done.code, Some(1), "{}", done.err);
    let report: Value = serde_json::from_str(&done.out).unwrap();
    let mut ours = Vec::new();
    for suite in report["suites"].as_array().unwrap() {
        tests_of(suite, suite["title"].as_str().unwrap(), &fixture, &mut ours);
    }
    let official: Vec<Value> =
        serde_json::from_str(&fs::read_to_string(fixture.join("official.json")).unwrap()).unwrap();
    for (ours, official) in ours.iter().zip(&official) {
        assert_eq!(ours, official, "\n{ours}\n{official}");
    }
    assert_eq!(ours.len(), official.len());
}

/// What is compared. `tests/interop/report.mjs` takes the same out of the official report; change both.
fn tests_of(suite: &Value, titles: &str, folder: &Path, found: &mut Vec<Value>) {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let notes = |value: &Value| -> Value {
        let told = list(value).into_iter().map(|mut note| {
            let place = note.as_object_mut().unwrap().remove("location");
            if let Some(place) = place {
                let file = Path::new(place["file"].as_str().unwrap()).strip_prefix(folder).unwrap();
                note["at"] = format!("{}:{}:{}", file.display(), place["line"], place["column"]).into();
            }
            note
        });
        told.collect()
    };
    for spec in list(&suite["specs"]) {
        for test in list(&spec["tests"]) {
            let results = list(&test["results"]).into_iter().map(|result| {
                let ran = result["workerIndex"].as_i64().unwrap() >= 0;
                json!({ "status": result["status"], "ran": ran, "annotations": notes(&result["annotations"]) })
            });
            found.push(json!({
                "title": format!("{titles} › {}", spec["title"].as_str().unwrap()), "timeout": test["timeout"],
                "expectedStatus": test["expectedStatus"], "status": test["status"], "annotations": notes(&test["annotations"]),
                "results": results.collect::<Vec<_>>(),
            }));
        }
    }
    for inner in list(&suite["suites"]) {
        tests_of(&inner, &format!("{titles} › {}", inner["title"].as_str().unwrap()), folder, found);
    }
}
