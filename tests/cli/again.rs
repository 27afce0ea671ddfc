//! `--last-failed`, and flags about what a run without tests, a flaky one and a talkative one come to.

use super::support::Folder;
use std::fs;

const A: &str = "import { test, expect } from '@playwright/test';\n\
    test('good', async () => { console.log('a talks'); });\ntest('bad', async () => { expect(1).toBe(2); });\n";
const B: &str = "import { test, expect } from '@playwright/test';\n\
    test.describe('b', () => {\n  test('bad', async () => { expect(1).toBe(2); });\n  test('good', async () => {});\n});\n";
const CONFIG: &str = "export default { projects: [\n\
    { name: 'setup', testMatch: /setup/ },\n{ name: 'one', testMatch: /\\.spec/, dependencies: ['setup'] },\n\
    { name: 'two', testMatch: /a\\.spec/ } ] };\n";
const SETUP: &str = "import { test } from '@playwright/test';\ntest('prepares', async () => {});\n";

/// Titles of the tests that a run with these arguments would run.
fn listed(folder: &Folder, arguments: &[&str]) -> Vec<String> {
    let done = folder.run(&[&["run", "--list"], arguments].concat());
    done.has(0, &[]);
    let lines = done.out.lines().filter(|line| line.starts_with("  "));
    lines.map(|line| line.trim().to_owned()).collect()
}

#[test]
fn last_failed_runs_what_failed_whatever_else_is_named() {
    let folder = Folder::with(&[("a.spec.ts", A), ("b.spec.ts", B)]);
    assert_eq!(listed(&folder, &["--last-failed"]).len(), 4, "no run says what failed");
    folder.run(&["run"]).has(1, &["2 failed", "2 passed"]);
    let failed = ["a.spec.ts:3:1 › bad", "b.spec.ts:3:3 › b › bad"];
    assert_eq!(listed(&folder, &["--last-failed"]), failed);
    // One file where there were two, and a part of what failed.
    assert_eq!(listed(&folder, &["--last-failed", "a.spec.ts"]), failed[..1]);
    // As with the official runner the parts are those of the whole run.
    assert_eq!(listed(&folder, &["--last-failed", "--shard", "2/2"]), failed[1..]);
    fs::write(folder.path().join("a.spec.ts"), A.replace("toBe(2)", "toBe(1)")).unwrap();
    folder.run(&["run", "--last-failed"]).has(1, &["Running 2 tests", "1 failed", "1 passed"]);
    fs::write(folder.path().join("b.spec.ts"), B.replace("toBe(2)", "toBe(1)")).unwrap();
    folder.run(&["run", "--last-failed"]).has(0, &["Running 1 test using", "1 passed"]);
    // And once more: a run without tests leaves nothing to be tried again.
    for _ in 0..2 {
        folder.run(&["run", "--last-failed"]).has(2, &["Error: No tests found with a failure in the last run"]);
    }
}

#[test]
fn after_a_run_that_found_no_tests_nothing_has_failed() {
    let folder = Folder::with(&[("a.spec.ts", A)]);
    let none = &["Error: No tests found with a failure in the last run"];
    let here = folder.path().join("broken.spec.ts");
    for arguments in [&["-g", "nobody"][..], &["-g", "nobody", "--pass-with-no-tests"], &["broken"]] {
        folder.run(&["run", "a.spec"]).has(1, &["1 failed"]);
        fs::write(&here, "not a(spec").unwrap();
        folder.run(&[&["run"], arguments].concat());
        fs::remove_file(&here).unwrap();
        folder.run(&["run", "--last-failed"]).has(2, none);
    }
    // What only looks leaves no word.
    folder.run(&["run", "a.spec"]).has(1, &["1 failed"]);
    folder.run(&["run", "--list", "-g", "nobody"]).has(2, &[]);
    assert_eq!(listed(&folder, &["--last-failed"]), ["a.spec.ts:3:1 › bad"]);
}

#[test]
fn last_failed_brings_what_a_project_depends_on() {
    let files = [("playwright.config.ts", CONFIG), ("x.setup.ts", SETUP), ("a.spec.ts", A), ("b.spec.ts", B)];
    let folder = Folder::with(&files);
    folder.run(&["run", "--project", "one"]).has(1, &["2 failed", "3 passed"]);
    assert_eq!(
        listed(&folder, &["--last-failed"]),
        ["[setup] › x.setup.ts:2:1 › prepares", "[one] › a.spec.ts:3:1 › bad", "[one] › b.spec.ts:3:3 › b › bad"]
    );
    // Nothing of this project failed: what others depend on is for nobody.
    let none = folder.run(&["run", "--last-failed", "--project", "two", "--pass-with-no-tests"]);
    none.has(0, &[]);
    assert!(!none.out.contains("passed"), "{}", none.out);
}

#[test]
fn a_run_without_tests_may_pass() {
    let folder = Folder::with(&[("a.spec.ts", A), ("notes.txt", "hello"), ("empty/helper.ts", "")]);
    for arguments in [&["nowhere"][..], &["empty"], &["-g", "nobody"]] {
        let mut arguments = [&["run", "--reporter", "junit"], arguments].concat();
        folder.run(&arguments).has(2, &[]);
        arguments.push("--pass-with-no-tests");
        folder.run(&arguments).has(0, &["<testsuites id=\"\" name=\"\" tests=\"0\""]);
    }
    folder.run(&["run", "notes.txt", "--pass-with-no-tests"]).has(2, &["notes.txt is no test file"]);
}

#[test]
fn flags_say_what_a_configuration_can() {
    let flaky = "import { test, expect } from '@playwright/test';\n\
        test('x', async ({}, info) => { console.log('it talks'); expect(info.retry).toBe(1); });\n";
    let folder = Folder::with(&[("x.spec.ts", flaky)]);
    folder.run(&["run", "--retries", "1"]).has(0, &["1 flaky", "it talks"]);
    let quiet = folder.run(&["run", "--retries", "1", "--fail-on-flaky-tests", "--quiet"]);
    quiet.has(1, &["1 flaky"]);
    assert!(!quiet.out.lines().any(|line| line == "it talks"), "{}", quiet.out);
}
