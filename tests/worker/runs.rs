//! Runs as a whole: files in, events and an outcome out.

use super::support::{files, install, play, play_with, request};
use std::process::Command;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use understudy::model::run::{Outcome, RunEvent};
use understudy::runner::host::RunRequest;

const IMPORT: &str = "import { test, expect } from '@playwright/test';\n";

async fn check(name: &str, source: &str, change: impl FnOnce(&mut RunRequest), outcome: Outcome, lines: &[&str]) {
    let mut request = request(&format!("{IMPORT}{source}"));
    change(&mut request);
    let told = play(request).await;
    assert_eq!(told.lines(), lines, "{name}");
    assert_eq!(told.outcome, outcome, "{name}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tests_run_and_are_told_of() {
    let none = |_: &mut RunRequest| {};
    check("one", "test('t', () => { console.log('hi'); });", none, Outcome::Passed, &["log: hi", "t passed"]).await;
    check(
        "failing goes on in a new process",
        "test('a', () => { throw new Error('no'); }); test('b', () => {});",
        none,
        Outcome::Failed,
        &["a failed: Error: no", "b passed"],
    )
    .await;
    check(
        "tried again",
        "test('a', ({}, info) => { if (info.retry < 2) throw new Error(`no ${info.retry}`); }); test('b', () => {});",
        |request| request.projects[0].retries = 2,
        Outcome::Passed,
        &["a failed: Error: no 0", "a#1 failed: Error: no 1", "a#2 passed", "b passed"],
    )
    .await;
    check(
        "repeated",
        "test('a', ({}, info) => console.log(info.repeatEachIndex));",
        |request| request.projects[0].repeat_each = 2,
        Outcome::Passed,
        &["log: 0", "a passed", "log: 1", "a passed"],
    )
    .await;
    check(
        "after enough failures the rest is left",
        "test('a', () => { throw new Error('no'); }); test('b', () => {});",
        |request| request.max_failures = 1,
        Outcome::Failed,
        &["a failed: Error: no", "error: Testing stopped early after 1 maximum allowed failures."],
    )
    .await;
    check("no tests", "", none, Outcome::CouldNotRun, &["error: Error: No tests found"]).await;
    check("only listed", "test('a', () => {});", |request| request.list_only = true, Outcome::Passed, &[]).await;
    check(
        "filtered",
        "test('apple', () => {}); test('pear', () => {}); test('pear pie', () => {});",
        |request| {
            request.projects[0].config.grep = Some("pear".to_owned());
            request.projects[0].config.grep_invert = Some("pie".to_owned());
        },
        Outcome::Passed,
        &["pear passed"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_do_not_load_say_why() {
    let cases = [
        ("test('a', () => { const x = ; });", "SyntaxError: a.spec.ts: Unexpected token (2:29)"),
        (
            "import x from './x';\ntest('a', () => { x(); });",
            "Error: Cannot find module './x': this code was sent to an agent, which has no files of yours.",
        ),
        (
            "import fs from 'fs';\ntest('a', () => { fs(); });",
            "Error: Module 'fs' is not available: test code runs without access to files, network and processes.",
        ),
        ("null.x;", "TypeError: Cannot read properties of null (reading 'x')"),
    ];
    for (source, error) in cases {
        let told = play(request(&format!("{IMPORT}{source}"))).await;
        assert_eq!(told.outcome, Outcome::CouldNotRun, "{source}");
        let lines = told.lines();
        assert!(lines.len() == 1 && lines[0].starts_with(&format!("error: {error}")), "{lines:?}");
        let RunEvent::Error(error) = &told.events[0] else { panic!("{:?}", told.events) };
        assert!(error.snippet.as_ref().is_some_and(|text| text.contains("> 2 |")), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_files_share_the_workers() {
    let spec = |name: &str| format!("{IMPORT}test('{name}', () => {{}});");
    let (a, b, c) = (spec("a"), spec("b"), spec("c"));
    let mut request = files(&[("a.spec.ts", &a), ("b.spec.ts", &b), ("c.spec.ts", &c)]);
    request.workers = 2;
    let told = play(request.clone()).await;
    let mut lines = told.lines();
    lines.sort();
    assert_eq!(
        (lines, told.outcome),
        (vec!["a passed".to_owned(), "b passed".to_owned(), "c passed".to_owned()], Outcome::Passed)
    );
    request.shard = Some((2, 3));
    assert_eq!(play(request.clone()).await.lines(), ["b passed"]);
    // One `only` leaves out the other files.
    request.shard = None;
    request.projects[0].files[2].source = format!("{IMPORT}test('x', () => {{}}); test.only('only', () => {{}});");
    assert_eq!(play(request).await.lines(), ["only passed"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_run_has_a_deadline() {
    let mut request = request(&format!("{IMPORT}test('a', async () => {{ await new Promise(() => {{}}); }});"));
    request.timeout = Some(Duration::from_millis(1500));
    let told = play(request).await;
    assert_eq!(told.outcome, Outcome::TimedOut);
    assert_eq!(told.lines(), ["a interrupted", "error: Error: The run was ended after its timeout of 1500ms."]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_killed_fails_its_test_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (program, pid) = (folder.path().join("worker"), folder.path().join("pid"));
    let script = format!("#!/bin/sh\necho $$ > {}\nexec {} \"$@\"\n", pid.display(), env!("CARGO_BIN_EXE_understudy"));
    install(&script, &program);
    let source = format!(
        "{IMPORT}test('a', async () => {{ console.log('now'); await new Promise(() => {{}}); }}); test('b', () => {{}});"
    );
    let kill = move |event: &RunEvent, _: &CancellationToken| {
        if matches!(event, RunEvent::Log { .. }) {
            let pid = std::fs::read_to_string(&pid).unwrap();
            assert!(Command::new("kill").arg("-9").arg(pid.trim()).status().unwrap().success());
        }
    };
    let lines = play_with(&program, request(&source), Box::new(kill)).await.lines();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[1].starts_with("a failed: Error: the worker process ended unexpectedly (signal 9)"), "{lines:?}");
    assert_eq!(lines[2], "b passed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_have_numbers_and_parallel_ones_different_places() {
    let spec = |name: &str| {
        format!(
            "{IMPORT}test('{name}', async ({{}}, info) => {{ console.log(info.parallelIndex, info.workerIndex, \
             process.env.TEST_PARALLEL_INDEX, process.env.TEST_WORKER_INDEX); }});"
        )
    };
    let specs: Vec<(String, String)> = (0..20).map(|n| (format!("{n}.spec.ts"), spec(&format!("t{n}")))).collect();
    let specs: Vec<(&str, &str)> = specs.iter().map(|(path, source)| (path.as_str(), source.as_str())).collect();
    let mut request = files(&specs);
    request.workers = 3;
    let told = play(request).await;
    let mut indices = Vec::new();
    for line in told.lines().iter().filter_map(|line| line.strip_prefix("log: ")) {
        let numbers: Vec<usize> = line.split(' ').map(|number| number.parse().unwrap()).collect();
        let [parallel, worker, parallel_env, worker_env] = numbers[..] else { panic!("{line}") };
        assert!(parallel < 3 && parallel == parallel_env && worker == worker_env, "{line}");
        indices.push(worker);
    }
    indices.sort_unstable();
    assert_eq!(indices, (0..20).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_listens_hears_what_was_begun_in_the_same_breath() {
    let source = "test('t', async ({ page }) => {
        const going = page.goto('about:blank');
        page.on('request', () => {});
        await going;
    });";
    let told = play(request(&format!("{IMPORT}{source}"))).await;
    assert_eq!(told.lines(), ["t passed"]);
    let at = |name: &str| told.performed.iter().position(|performed| performed == name).unwrap();
    assert!(at("page.subscribe") < at("frame.goto"), "{:?}", told.performed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_asked_for_begins_in_that_order() {
    let source = "test('t', async ({ page }) => {
        await Promise.all(Array.from({ length: 400 }, (_, i) => (i % 3 ? page.title() : page.goto('about:blank'))));
    });";
    let told = play(request(&format!("{IMPORT}{source}"))).await;
    assert_eq!(told.lines(), ["t passed"]);
    let begun = told.performed.iter().filter(|name| name.starts_with("frame."));
    for (i, name) in begun.enumerate() {
        assert_eq!(name, if i % 3 == 0 { "frame.goto" } else { "frame.title" }, "{i}");
    }
}
