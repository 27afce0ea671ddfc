//! Steps as they are told to servers and reporters, against those of the official runner (`fixtures/specs/verdicts.json`).

use super::support::{self, Told};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use understudy::browser::{BrowserPool, LaunchOptions};
use understudy::model::run::{RunEvent, StepCategory};
use understudy::runner::host::ops::{self, OperationsOptions, ReadableFiles, Trust};
use understudy::runner::host::{FileLoader, Project, RunRequest, Runner, RunnerOptions};
use understudy::runner::protocol::WorkerConfig;

#[path = "../support/site.rs"]
mod site;

/// Those with many kinds of steps; the others' are of the same kinds.
const AREAS: &[&str] = &["framework", "pages", "shop"];

/// What differs, and why.
const KNOWN: &[(&str, &str)] = &[
    ("framework/nesting.spec.ts › side by side", "without asynchronous contexts the innermost open step is the parent"),
    ("framework/nesting.spec.ts › steps give back what their bodies do", "the same"),
    ("framework/failures.spec.ts › two hooks before fail › only the first tells", "official messages have colours"),
];

/// They need folders of the machine, which tests have here only to read.
const ELSEWHERE: &[&str] = &["pages/uploads.spec.ts"];

#[test]
fn steps_are_told_as_the_official_runner_tells_them() {
    let site = site::serve();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/specs");
    let text = std::fs::read_to_string(folder.join("verdicts.json")).unwrap();
    let verdicts: Value = serde_json::from_str(&text).unwrap();
    let mut told = BTreeMap::new();
    for area in AREAS {
        told.append(&mut tree(&runtime.block_on(play(&folder, area, &site)), &site));
    }
    let mut differences = Vec::new();
    for verdict in verdicts["verdicts"].as_array().unwrap() {
        let file = verdict["file"].as_str().unwrap();
        if ELSEWHERE.contains(&file) || !AREAS.iter().any(|area| file.starts_with(&format!("{area}/"))) {
            continue;
        }
        let key = format!("{file} › {}", verdict["title"].as_str().unwrap());
        let expected: Vec<_> = verdict["steps"].as_array().unwrap().iter().map(|step| step.as_str().unwrap()).collect();
        let found = told.get(&key).cloned().unwrap_or_default();
        if expected != found && !KNOWN.iter().any(|(known, _)| *known == key) {
            differences.push(format!("{key}\n  expected {expected:#?}\n  found {found:#?}"));
        }
    }
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

async fn play(folder: &Path, area: &str, site: &str) -> Told {
    let loader = FileLoader::new(folder).unwrap();
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder.join(area)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(".spec.ts"));
    paths.sort();
    let output = tempfile::tempdir().unwrap();
    let mut config = WorkerConfig {
        timeout: 30_000,
        root: folder.display().to_string(),
        output_dir: output.path().display().to_string(),
        ..WorkerConfig::default()
    };
    config.r#use.insert("baseURL".to_owned(), site.into());
    let request = RunRequest {
        projects: vec![Project {
            files: paths.iter().map(|path| loader.entry(path.strip_prefix(folder).unwrap()).unwrap()).collect(),
            config,
            ..Project::default()
        }],
        loader: Arc::new(loader),
        workers: 2,
        artifacts: output.path().to_path_buf().into(),
        ..RunRequest::default()
    };
    let pool = BrowserPool::new(LaunchOptions::default());
    let program = Some(env!("CARGO_BIN_EXE_understudy").into());
    let services = ops::services(
        pool.clone(),
        OperationsOptions {
            files: ReadableFiles::From(folder.to_path_buf()),
            trust: Trust::Machine,
            ..OperationsOptions::default()
        },
    );
    let runner = Runner::with_services(services, RunnerOptions { program, ..RunnerOptions::default() }).unwrap();
    let told = support::listen(&runner, request, Box::new(|_, _| {})).await;
    pool.close().await;
    told
}

/// Of each attempt the lines of tests/interop/verdict-reporter.cjs: `category title`, indented below the parent, `!` where it failed.
fn tree(told: &Told, site: &str) -> BTreeMap<String, Vec<String>> {
    let mut names = HashMap::new();
    let mut steps: HashMap<String, Vec<Step>> = HashMap::new();
    for event in &told.events {
        match event {
            RunEvent::Planned { tests, .. } => {
                names.extend(
                    tests.iter().map(|test| (test.id.clone(), format!("{} › {}", test.location.file, test.title()))),
                );
            }
            RunEvent::StepBegin { test: Some(test), step } => steps.entry(test.clone()).or_default().push(Step {
                id: step.id,
                parent: step.parent,
                category: step.category,
                title: step.title.replace(site, "http://site"),
                failed: false,
            }),
            RunEvent::StepEnd { test: Some(test), id, error: Some(_), .. } => {
                steps
                    .entry(test.clone())
                    .or_default()
                    .iter_mut()
                    .filter(|step| step.id == *id)
                    .for_each(|step| step.failed = true);
            }
            _ => {}
        }
    }
    names
        .into_iter()
        .map(|(id, name)| {
            let mut lines = Vec::new();
            below(None, "", steps.get(&id).map_or(&[], Vec::as_slice), &mut lines);
            (name, lines)
        })
        .collect()
}

struct Step {
    id: u32,
    parent: Option<u32>,
    category: StepCategory,
    title: String,
    failed: bool,
}

/// Hooks are shown by what they do, fixtures not at all.
fn below(parent: Option<u32>, indent: &str, steps: &[Step], lines: &mut Vec<String>) {
    for step in steps.iter().filter(|step| step.parent == parent) {
        let category = match step.category {
            StepCategory::Hook => {
                below(Some(step.id), indent, steps, lines);
                continue;
            }
            StepCategory::Api => "pw:api",
            StepCategory::Expect => "expect",
            StepCategory::Step => "test.step",
            _ => continue,
        };
        lines.push(format!("{indent}{category} {}{}", step.title, if step.failed { " !" } else { "" }));
        below(Some(step.id), &format!("{indent}  "), steps, lines);
    }
}
