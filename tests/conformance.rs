//! `understudy run` says what the official runner says: every spec under `fixtures/specs` is run and each attempt is compared with
//! the captured verdict (`fixtures/specs/verdicts.json`, see SOURCE.md there) — status, words of the error, call log, line.
//!
//! What is known to differ stands in `fixtures/specs/differences.json`: of an attempt the fields, and why. Anything else fails,
//! an entry that has become needless too.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "support/site.rs"]
mod site;

use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

macro_rules! areas {
    ($($area:ident)*) => {
        $(#[test] fn $area() { conforms(stringify!($area)); })*

        const AREAS: &[&str] = &[$(stringify!($area)),*];
    };
}
areas! {
    actions
    bridges
    browsers
    clock
    context
    devtools
    edges
    elements
    ends
    expect
    fixtures
    frames
    framework
    grep
    har
    locators
    network
    only
    pages
    request
    retries
    shop
    signals
    snapshots
    tests
    todo
    tracing
    video
    websocket
    workers
}

/// Each run has a Chromium and workers of its own: one at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// On a busy machine a timeout of 300 ms fires before the page was looked at. Who may differ for that reason alone is asked again
/// so often, and differs when he does so every time.
const SECOND_LOOKS: usize = 3;

#[test]
fn every_spec_has_verdicts() {
    let verdicts = verdicts();
    let judged: BTreeSet<&str> = verdicts.iter().map(|verdict| verdict["file"].as_str().unwrap()).collect();
    let mut specs = BTreeSet::new();
    for folder in fs::read_dir(specs_folder()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    {
        let area = folder.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(AREAS.contains(&area.as_str()), "{area} has no test");
        for file in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()) {
            if file.ends_with(".spec.ts") {
                specs.insert(format!("{area}/{file}"));
            }
        }
    }
    // Files in which `only` leaves nothing have no verdict.
    specs.remove("only/other.spec.ts");
    assert_eq!(judged, specs.iter().map(String::as_str).collect());
}

fn conforms(area: &str) {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let site = site::serve();
    let mut differences = differences(area, &site, 2);
    for _ in 0..SECOND_LOOKS {
        if differences.is_empty() || differences.values().any(|difference| !difference.may_be_slowness) {
            break;
        }
        let again = self::differences(area, &site, 1);
        differences.retain(|name, _| again.contains_key(name));
        differences.extend(again.into_iter().filter(|(_, difference)| !difference.may_be_slowness));
    }
    let texts: Vec<_> = differences.iter().map(|(name, difference)| format!("{name}\n{}", difference.text)).collect();
    assert!(texts.is_empty(), "{} differ:\n{}", texts.len(), texts.join("\n"));
}

/// Where a run of an area differs from the official verdicts beyond what is known.
fn differences(area: &str, site: &str, workers: u32) -> BTreeMap<String, Difference> {
    let mut known = known(area);
    let mut found: BTreeMap<String, Value> = run(area, site, workers)
        .iter()
        .map(|line| normalise(line, site))
        .map(|verdict| (key(&verdict), verdict))
        .collect();
    let mut differences = BTreeMap::new();
    for verdict in verdicts().into_iter().filter(|verdict| is_of(area, verdict["file"].as_str().unwrap())) {
        let name = key(&verdict);
        let tolerated = known.remove(&name).map_or_else(BTreeSet::new, |known| known.fields);
        let text = match found.remove(&name) {
            Some(found) => difference(&verdict, &found, &tolerated),
            None => Some("  was not run".to_owned()),
        };
        let may_be_slowness = verdict["error"].as_str().is_some_and(|text| text.contains("Timeout:"))
            || verdict["log"].as_array().is_some_and(|log| !log.is_empty())
            || verdict["more"].as_array().is_some_and(|more| !more.is_empty());
        differences.extend(text.map(|text| (name, Difference { text, may_be_slowness })));
    }
    let wrong = |text: &str| Difference { text: text.to_owned(), may_be_slowness: false };
    differences.extend(found.into_keys().map(|name| (name, wrong("  was not run by the official runner"))));
    differences.extend(known.into_keys().map(|name| (name, wrong("  stands in differences.json and is no test"))));
    differences
}

/// What differs in an attempt.
struct Difference {
    text: String,
    /// The official runner's attempt ended by a short timeout too: what its call log holds depends on how fast the machine was.
    may_be_slowness: bool,
}

/// An entry of `differences.json`.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    /// The fields that differ.
    fields: BTreeSet<String>,
    /// For people.
    #[serde(rename = "why")]
    _why: String,
}

fn known(area: &str) -> BTreeMap<String, Known> {
    let text = fs::read_to_string(specs_folder().join("differences.json")).unwrap();
    let mut all: BTreeMap<String, Known> = serde_json::from_str(&text).unwrap();
    all.retain(|name, _| is_of(area, name));
    all
}

fn is_of(area: &str, file: &str) -> bool {
    file.split_once('/').is_some_and(|(folder, _)| folder == area)
}

fn specs_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/specs")
}

fn verdicts() -> Vec<Value> {
    let file: Value = serde_json::from_str(&fs::read_to_string(specs_folder().join("verdicts.json")).unwrap()).unwrap();
    file["verdicts"].as_array().unwrap().clone()
}

fn key(verdict: &Value) -> String {
    format!("{} › {} #{}", verdict["file"].as_str().unwrap(), verdict["title"].as_str().unwrap(), verdict["retry"])
}

/// The lines of `understudy run --reporter jsonl`.
fn run(area: &str, site: &str, workers: u32) -> Vec<Value> {
    let output = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_understudy"));
    command
        .current_dir(specs_folder())
        .args(["run", area, "--reporter", "jsonl", "--base-url", site, "--output"])
        .arg(output.path())
        .args(["--workers", &workers.to_string()]);
    let own: Map<String, Value> = fs::read_to_string(specs_folder().join(area).join("run.json"))
        .map(|text| serde_json::from_str(&text).unwrap())
        .unwrap_or_default();
    for (name, flag) in [("retries", "--retries"), ("grep", "--grep"), ("grepInvert", "--grep-invert")] {
        if let Some(value) = own.get(name) {
            command.arg(flag).arg(value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
    }
    let done = command.output().unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(!text.is_empty(), "{:?}: nothing was reported\n{}", done.status, String::from_utf8_lossy(&done.stderr));
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// Where two verdicts differ, two lines a field; and which fields were expected to differ and do not.
fn difference(expected: &Value, found: &Value, tolerated: &BTreeSet<String>) -> Option<String> {
    let fields: BTreeSet<&String> = expected.as_object()?.keys().chain(found.as_object()?.keys()).collect();
    let lines: Vec<_> = fields
        .into_iter()
        // Only where both tell them; an error from a page has no line of the spec with the official runner.
        .filter(|field| {
            !["steps", "errorLine", "more"].contains(&field.as_str())
                || !(expected[*field].is_null() || found[*field].is_null())
        })
        .filter_map(|field| match (expected[field] == found[field], tolerated.contains(field)) {
            (true, true) => Some(format!("  {field} agrees: take it out of differences.json")),
            (false, false) => {
                Some(format!("  {field} expected {}\n  {field} found    {}", expected[field], found[field]))
            }
            (true, false) | (false, true) => None,
        })
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// What of a line of ours is compared. `tests/interop/normalise.mjs` does the same to the official runner's; change both.
fn normalise(line: &Value, site: &str) -> Value {
    let annotations: Vec<_> = line["annotations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|note| match note["description"].as_str().filter(|text| !text.is_empty()) {
            Some(description) => format!("{}: {description}", note["type"].as_str().unwrap()),
            None => note["type"].as_str().unwrap().to_owned(),
        })
        .collect();
    let mut verdict = json!({
        "file": line["file"], "title": line["title"], "retry": line["retry"], "status": line["status"],
        "expectedStatus": line["expectedStatus"], "line": line["location"]["line"], "annotations": annotations,
    });
    if let Some(message) = line["error"]["message"].as_str() {
        let (error, log) = message_and_log(message, site);
        verdict["error"] = error.into();
        verdict["log"] = log.into();
        let at = &line["error"]["location"]["line"];
        if !at.is_null() {
            verdict["errorLine"] = at.clone();
        }
    }
    if let Some(more) = line["more"].as_array().filter(|more| !more.is_empty()) {
        let told = more.iter().map(|error| {
            let (error, log) = message_and_log(error["message"].as_str().unwrap(), site);
            json!({ "error": error, "log": log })
        });
        verdict["more"] = told.collect();
    }
    if let Some(steps) = line["steps"].as_array() {
        verdict["steps"] = steps.iter().map(|step| without_ports(step.as_str().unwrap(), site)).collect();
    }
    verdict
}

/// The site by its two names.
fn without_ports(text: &str, site: &str) -> String {
    let host = site.trim_start_matches("http://");
    text.replace(host, "site").replace(&host.replace("127.0.0.1", "localhost"), "other")
}

/// The text before the call log without what no two runs share, and the call log's distinct lines as they first appear.
fn message_and_log(text: &str, site: &str) -> (String, Vec<String>) {
    // The official runner ends this sentence sometimes.
    const SENTENCE: &str = "Execution context was destroyed, most likely because of a navigation";
    let text = without_ports(&without_colours(text), site).replace(&format!("{SENTENCE}."), SENTENCE);
    let text = without_code_frame(&text);
    let (head, log) = text.split_once("Call log:\n").unwrap_or((text, ""));
    let head: Vec<_> = head.lines().filter(|line| !is_injected_frame(line)).collect();
    let mut lines: Vec<String> = Vec::new();
    for line in log.lines() {
        let line = without_count(line.trim_start_matches([' ', '\t', '-'])).trim_end();
        if !line.is_empty() && !depends_on_speed(line) && !lines.iter().any(|one| one == line) {
            lines.push(line.to_owned());
        }
    }
    (head.join("\n").trim_end().to_owned(), lines)
}

fn without_colours(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |done, part| done + part.split_once('m').map_or("", |(_, rest)| rest))
}

/// Without the code frame and the stack that `toThrow` puts into its message.
fn without_code_frame(text: &str) -> &str {
    let is_frame = |line: &str| {
        let line = line.trim_start_matches(['>', ' ']);
        line.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(" |")
            && line.starts_with(|c: char| c.is_ascii_digit())
    };
    let frame = text.match_indices("\n\n").find(|(at, _)| is_frame(&text[at + 2..]));
    frame.map_or(text, |(at, _)| &text[..at])
}

/// `3 × waiting` → `waiting`.
fn without_count(line: &str) -> &str {
    line.split_once(" × ").filter(|(count, _)| count.chars().all(|c| c.is_ascii_digit())).map_or(line, |(_, rest)| rest)
}

fn is_injected_frame(line: &str) -> bool {
    line.trim_start().starts_with("at ")
        && ["<anonymous>", "__understudy", "understudy:"].iter().any(|mark| line.contains(mark))
}

fn depends_on_speed(line: &str) -> bool {
    line == "element is not stable"
        || line.starts_with("user-agent: ")
        || (line.starts_with("retrying ") && line.contains(" action"))
        || line
            .strip_prefix("waiting ")
            .map(|rest| rest.strip_suffix(" before taking screenshot").unwrap_or(rest))
            .and_then(|rest| rest.strip_suffix("ms"))
            .is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
}
