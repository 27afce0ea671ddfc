//! `run`, `config` and help. Tests that run specs need Chromium.

use super::support::{Done, Folder, processes_with, understudy, wait_for_end};
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

const PASSING: &str = "import { test, expect } from '@playwright/test';\n\
    test('adds', async () => { expect(1 + 1).toBe(2); });\n\
    test('shows', async ({ page }) => {\n  await page.setContent('<p>hello</p>');\n  await expect(page.locator('p')).toHaveText('hello');\n});\n";
const FAILING: &str = "import { test, expect } from '@playwright/test';\n\
    test.describe('greeting', () => {\n  test('says world', async ({ page }) => {\n    await page.setContent('<p>hello</p>');\n    \
    await expect(page.locator('p')).toHaveText('world', { timeout: 300 });\n  });\n});\n\
    test('passes', async () => {});\n";
const UNSUPPORTED: &str = "import { test } from '@playwright/test';\ntest('x', async ({ page, browser }) => {\n  await page.pickLocator();\n  \
    await page.pickLocator();\n  await browser.bind('x');\n});\n";
const BROKEN: &str = "import { test } from '@playwright/test';\ntest('x', async () => {\n  const x = ;\n});\n";

#[test]
fn help_of_every_command_has_an_example() {
    let folder = Folder::with(&[]);
    let help = folder.run(&["--help"]).out;
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    // The names are indented by two, what follows of their descriptions by more.
    let commands = commands.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let commands: Vec<_> = commands.filter(|name| !name.is_empty() && *name != "help").collect();
    assert!(commands.contains(&"run") && commands.contains(&"config"), "{commands:?}");
    for command in commands {
        folder.run(&[command, "--help"]).has(0, &["Example: ", "Usage: understudy"]);
    }
    insta::assert_snapshot!("help_of_run", folder.run(&["run", "--help"]).out);
}

#[test]
fn what_is_not_supported_is_told_before_anything_runs() {
    let folder = Folder::with(&[("a.spec.ts", UNSUPPORTED), ("b.spec.ts", PASSING)]);
    let done = folder.run(&["run"]);
    done.has(
        2,
        &[
            "Error: used and not supported:\n    page.pickLocator (nobody sits in front of the browser of a run; `understudy record` picks \
             locators) at a.spec.ts:3:14, a.spec.ts:4:14\n    browser.bind (",
            "a.spec.ts:5:17\n",
            "--allow-unsupported",
            "> 3 |   await page.pickLocator();",
        ],
    );
    assert!(!format!("{}{}", done.out, done.err).contains("passed"), "nothing ran");
    folder.run(&["run", "--allow-unsupported"]).has(1, &["2 passed", "page.pickLocator is not supported: "]);
}

#[test]
fn what_cannot_be_run_ends_with_2_and_says_what_to_do() {
    let folder = Folder::with(&[
        ("a.spec.ts", PASSING),
        ("notes.txt", "hello"),
        ("empty/helper.ts", ""),
        ("bad/none.spec.ts", "// nothing"),
        ("bad/import.spec.ts", "import './missing';"),
        ("bad/throws.spec.ts", "import '@playwright/test';\nthrow new Error('at load');"),
        ("bad/package.spec.ts", "import lodash from 'lodash';\nlodash();"),
    ]);
    fs::write(folder.path().join("bad/bytes.spec.ts"), b"\xff\xfe").unwrap();
    let cases: &[(&[&str], &[&str])] = &[
        (&[], &["Usage: understudy"]),
        (&["rnu"], &["unrecognized subcommand 'rnu'"]),
        (&["run", "--bogus"], &["unexpected argument '--bogus'"]),
        (&["run", "--video", "on"], &["unexpected argument '--video'"]),
        (&["run", "--workers", "zzz"], &["--workers", "50%"]),
        (&["run", "--timeout", "5s"], &["--timeout <MS>", "a whole number is expected"]),
        (&["run", "--shard", "3/2"], &["I/N is expected"]),
        (&["run", "--base-url", "localhost:3000"], &["http://localhost:3000"]),
        (&["run", "--env", "A=b"], &["the name of a variable is expected"]),
        (&["run", "--reporter", "xml"], &["one of list, line, dot, json, jsonl, junit, html is expected"]),
        (&["run", "--list", "--reporter", "jsonl"], &["cannot be used with"]),
        (&["run", "--browser", "/no/such/chromium", "a.spec.ts"], &["there is no program at /no/such/chromium"]),
        (
            &["run", "--output", "notes.txt", "a.spec.ts"],
            &["the output folder notes.txt cannot be used", "--output DIR"],
        ),
        (&["run", "b.spec.ts"], &["no tests found", "\"b.spec.ts\"", "`understudy run --list`"]),
        (&["run", "empty"], &["no tests found: there is no *.spec.ts or *.test.ts in empty or below"]),
        (&["run", "notes.txt"], &["notes.txt is no test file", ".ts, .js"]),
        (&["run", "bad/bytes.spec.ts"], &["bad/bytes.spec.ts: it is no text in UTF-8"]),
        (&["run", "bad/none.spec.ts"], &["Error: No tests found\n"]),
        (&["run", "bad/import"], &["Cannot find module './missing'", "imported at bad/import.spec.ts:1:8"]),
        (&["run", "bad/package"], &["Cannot find module 'lodash'", "> 1 | import lodash"]),
        (&["run", "bad/throws"], &["Error: at load", "> 2 | throw new Error('at load');"]),
        (&["run", "a.spec", "-g", "nobody"], &["No tests found with a title that matches \"nobody\""]),
        (&["run", "a.spec:99"], &["No tests found with a test at a.spec.ts:99"]),
        (&["run", "a.spec", "-g", "("], &["\"(\" is not a regular expression: "]),
        (&["--settings", "none.toml", "run"], &["failed to read the settings none.toml"]),
    ];
    for (arguments, parts) in cases {
        folder.run(arguments).has(2, parts);
    }
    // More shards than tests.
    folder.run(&["run", "a.spec", "--shard", "3/3"]).has(0, &[]);
}

#[test]
fn settings_come_from_environment_and_file() {
    let files = [("understudy/config.toml", "workers = 3\n[run]\nretries = 2\n"), ("bad.toml", "wrokers = 3\n")];
    let folder = Folder::with(&files);
    let done = folder.run_with(&[("UNDERSTUDY_RETRIES", "1")], &["config", "run"]);
    done.has(0, &["retries = 1 ", "# from UNDERSTUDY_RETRIES", "workers = 3 ", "understudy/config.toml"]);
    folder.run(&["--settings", "bad.toml", "config"]).has(2, &["bad.toml have a key \"wrokers\" that is no flag"]);
    folder.run_with(&[("UNDERSTUDY_WORKERS", "many")], &["run"]).has(2, &["invalid value 'many' for '--workers"]);
    let secrets = [
        ("AGENT_TOKEN", "hidden1"),
        ("UNDERSTUDY_JWT_SECRET", "hidden2"),
        ("UNDERSTUDY_BASE_URL", "http://me:hidden3@localhost"),
    ];
    let done = folder.run_with(&secrets, &["config"]);
    done.has(0, &["token = \"***\"", "# from AGENT_TOKEN", "jwt-secret = \"***\"", "http://me:***@localhost"]);
    assert!(!done.out.contains("hidden"), "{}", done.out);
}

/// Each flag of `--help` in the environment and in a settings file.
#[test]
fn every_flag_is_a_variable_and_a_key() {
    let folder = Folder::with(&[]);
    let printed = folder.run(&["config"]).out;
    let commands: Vec<&str> = printed.split("\n\n").collect();
    assert!(commands.len() > 4, "{printed}");
    for text in commands {
        let command = text.split([']', '[']).nth(1).unwrap();
        let help = folder.run(&[command, "--help"]).out;
        for flag in help.lines().filter_map(|line| line.trim_start().strip_prefix("--").or(line.split(", --").nth(1))) {
            let flag = flag.split([' ', '<']).next().unwrap();
            if !["help", "settings", "version"].contains(&flag) {
                let known = text
                    .lines()
                    .any(|line| line.starts_with(&format!("{flag} = ")) || line == format!("# {flag} is not set"));
                assert!(known, "--{flag} of {command} is not in\n{text}");
            }
        }
        fs::write(folder.path().join("of.toml"), text).unwrap();
        folder.run(&["--settings", "of.toml", "config", command]).has(0, &["of.toml"]);
    }
}

#[test]
fn listing_runs_nothing_and_needs_no_browser() {
    let folder =
        Folder::with(&[("a.spec.ts", PASSING), ("sub/b.test.js", FAILING), ("node_modules/c.spec.ts", BROKEN)]);
    let done = folder.run(&["run", "--list"]);
    done.has(0, &[]);
    assert_eq!(
        done.out,
        "Listing tests:\n  a.spec.ts:2:1 › adds\n  a.spec.ts:3:1 › shows\n  \
         sub/b.test.js:3:3 › greeting › says world\n  sub/b.test.js:8:1 › passes\n\
         Total: 4 tests in 2 files\n"
    );
    for (arguments, count) in [
        (&["sub/b.test.js:2"][..], "Total: 1 test in 1 file"),
        (&["sub/b.test.js:8", "a.spec.ts"], "Total: 3 tests in 2 files"),
        (&["-g", "greeting|adds"], "Total: 2 tests in 2 files"),
        (&["--grep-invert", "says"], "Total: 3 tests in 2 files"),
        (&["--shard", "1/2"], "Total: 2 tests in 1 file"),
        (&["--repeat-each", "3", "sub"], "Total: 6 tests in 1 file"),
    ] {
        folder.run(&[&["run", "--list"], arguments].concat()).has(0, &[count]);
    }
}

#[test]
fn passing_tests_end_with_0() {
    let folder = Folder::with(&[("a.spec.ts", PASSING)]);
    let done = folder.run(&["run"]);
    done.has(0, &["Running 2 tests using 1 worker", "✓  1 a.spec.ts:2:1 › adds", "  2 passed ("]);
    assert!(!done.out.contains('\x1b'), "no colours where it is no terminal: {}", done.out);
    let done = folder.run_with(&[("FORCE_COLOR", "1")], &["run"]);
    assert!(done.out.contains("\x1b[32m✓\x1b[39m"), "{}", done.out);
    let done = folder.run_with(&[("FORCE_COLOR", "1")], &["--no-color", "run"]);
    assert!(!done.out.contains('\x1b'), "{}", done.out);
}

#[test]
fn a_failing_test_is_told_as_playwright_users_know_it() {
    let folder = Folder::with(&[("tests/greeting.spec.ts", FAILING)]);
    let done = folder.run(&["run", "--workers", "1"]);
    done.has(1, &[]);
    insta::assert_snapshot!(done.steady());
}

#[test]
fn jsonl_has_standard_output_for_itself() {
    let folder = Folder::with(&[("greeting.spec.ts", FAILING)]);
    let done = folder.run(&["run", "--reporter", "jsonl", "--reporter", "list", "--retries", "1"]);
    done.has(1, &[]);
    assert!(done.err.contains("  1 failed\n"), "{}", done.err);
    let lines: Vec<serde_json::Value> = done.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<String> =
        lines.iter().map(|line| format!("{} {} {}", line["title"], line["status"], line["retry"])).collect();
    for expected in
        ["\"greeting › says world\" \"failed\" 0", "\"greeting › says world\" \"failed\" 1", "\"passes\" \"passed\" 0"]
    {
        assert!(told.iter().any(|line| line == expected), "{expected} in {told:?}");
    }
    let failed = &lines.iter().find(|line| line["status"] == "failed").unwrap()["error"];
    assert!(failed["message"].as_str().unwrap().contains("Expected: \"world\""), "{failed}");
    assert_eq!(failed["location"]["line"], 5);
}

#[test]
fn a_file_that_does_not_parse_ends_with_2_and_its_position() {
    let folder = Folder::with(&[("a.spec.ts", PASSING), ("broken.spec.ts", BROKEN)]);
    let done = folder.run(&["run"]);
    done.has(2, &["SyntaxError: broken.spec.ts: ", "> 3 |   const x = ;", "    |             ^"]);
    assert!(!done.out.contains("✓"), "nothing runs: {}", done.out);
}

#[test]
fn retries_flaky_tests_and_limits_of_failures() {
    let flaky = "import { test, expect } from '@playwright/test';\n\
        test('second time', async ({}, info) => { expect(info.retry).toBe(1); });\n";
    let failures = "import { test, expect } from '@playwright/test';\n\
        for (let i = 0; i < 6; i++) test(`fails ${i}`, async () => { expect(i).toBe(-1); });\n";
    let folder = Folder::with(&[("flaky.spec.ts", flaky), ("failures.spec.ts", failures)]);
    folder.run(&["run", "flaky", "--retries", "1"]).has(0, &["(retry #1)", "  1 flaky\n"]);
    folder.run(&["run", "flaky"]).has(1, &["  1 failed\n"]);
    folder.run(&["run", "failures", "--max-failures", "2"]).has(1, &["  2 failed\n", "  4 did not run\n"]);
    folder.run(&["run", "failures", "-x"]).has(1, &["  1 failed\n", "  5 did not run\n"]);
}

#[test]
fn tests_import_files_read_the_environment_and_run_in_parallel() {
    let spec = "import { test, expect } from '@playwright/test';\nimport { greeting } from '../lib/greeting';\n\
        test('env', async ({ baseURL }) => {\n  expect(greeting(process.env.WHO)).toBe('hello you');\n  expect(process.env.OTHER).toBe(undefined);\n  \
        expect(baseURL).toBe('http://localhost:1');\n});\n";
    let helper = "export const greeting = (who?: string) => `hello ${who}`;\n";
    let files: Vec<(String, &str)> = (0..4).map(|n| (format!("tests/{n}.spec.ts"), spec)).collect();
    let mut files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    files.push(("lib/greeting.ts", helper));
    let folder = Folder::with(&files);
    let environment = [("WHO", "you"), ("OTHER", "x")];
    let flags = ["run", "--workers", "4", "--env", "WHO", "--base-url", "http://localhost:1"];
    folder.run_with(&environment, &flags).has(0, &["Running 4 tests using 4 workers", "  4 passed ("]);
}

/// What was told so far stays, what hangs is interrupted, and no browser is left: at the first signal in order, at the second at
/// once.
#[test]
fn an_interrupt_ends_the_run_with_130() {
    let hanging = "import { test } from '@playwright/test';\ntest('before', async () => {});\n\
        test('hangs', async ({ page }) => { console.log('it hangs'); await new Promise(() => {}); });\ntest('later', async () => {});\n";
    let folder = Folder::with(&[("hang.spec.ts", hanging)]);
    for signals in [1, 2] {
        let mark = format!("--understudy-test={}-{signals}", std::process::id());
        let mut command = understudy(folder.path());
        command.args(["run", "--browser-arg", &mark]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
        let mut seen = String::new();
        while !seen.contains("it hangs") {
            assert!(std::io::BufRead::read_line(&mut out, &mut seen).unwrap() > 0, "{seen}");
        }
        let browsers = processes_with(&mark, child.id());
        assert!(!browsers.is_empty(), "the mark is not in a command line");
        let id = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        for _ in 0..signals {
            rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
        }
        std::io::Read::read_to_string(&mut out, &mut seen).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{seen}");
        assert!(seen.contains("✓  1 hang.spec.ts:2:1 › before"), "{seen}");
        if signals == 1 {
            let lines = ["✘  2 hang.spec.ts:3:1 › hangs", "  1 interrupted\n", "  1 did not run\n", "  1 passed"];
            lines.iter().for_each(|part| assert!(seen.contains(part), "{part:?} is not in\n{seen}"));
        }
        browsers.iter().for_each(wait_for_end);
    }
}

/// Names of folders are those of the official runner for the same titles.
#[test]
fn what_attempts_leave_has_a_folder_each() {
    let spec = "import { test } from '@playwright/test';\n\
        test('a: very/long title with \"quotes\" and ünïcode 漢字 that goes on and on and on, so it is cut', async ({ page, context }) => {\n  \
        await context.newPage();\n  throw new Error('x');\n});\n\
        test.describe('attaches', () => {\n  test('files', async ({ page }, info) => {\n    await page.screenshot({ path: info.outputPath('b.png') });\n    \
        await info.attach('mine, all mine', { path: info.outputPath('b.png') });\n    await info.attach('text', { body: 'some words' });\n    throw new Error('x');\n  });\n});\n\
        test('passes', async ({ page }, info) => { await info.attach('x', { body: 'x' }); });\n";
    let folder = Folder::with(&[("tests/shot.spec.ts", spec), ("test-results/mine.txt", "nobody's")]);
    let done = folder.run(&["run", "--retries", "1", "--workers", "1"]);
    let cut = "test-results/tests-shot-a-very-long-tit-117b6--and-on-and-on-so-it-is-cut";
    done.has(
        1,
        &[&format!("    {cut}/test-failed-1.png\n"), "attachment #2: text (text/plain) ─", "\n    some words\n"],
    );
    for file in [
        &format!("{cut}/test-failed-2.png"),
        &format!("{cut}-retry1/test-failed-2.png"),
        "test-results/tests-shot-attaches-files-retry1/b.png",
        "test-results/tests-shot-attaches-files/test-failed-1.png",
        "test-results/mine.txt",
    ] {
        assert!(folder.path().join(file).is_file(), "{file}\n{}", done.out);
    }
    let attachments = folder.path().join("test-results/tests-shot-attaches-files/attachments");
    let names = fs::read_dir(attachments).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(names.into_iter().all(|name| name.starts_with("mine-all-mine-") && name.ends_with(".png")));
    // The next run removes what the former left, and writes elsewhere where it is told to.
    folder.run(&["run", "-g", "passes"]).has(0, &[]);
    let left = fs::read_dir(folder.path().join("test-results")).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(left.collect::<Vec<_>>(), [".last-run.json"]);
    let elsewhere = tempfile::tempdir().unwrap();
    folder.run(&["run", "-g", "files", "--output", elsewhere.path().to_str().unwrap()]).has(1, &[]);
    assert!(elsewhere.path().join("tests-shot-attaches-files/b.png").is_file());
}

#[test]
fn tests_write_where_they_say() {
    let spec = "import { test, expect } from '@playwright/test';\n\
        test('shot', async ({ page }) => {\n  await page.setContent('<p>x</p>');\n  await page.screenshot({ path: 'shots/here.png' });\n  \
        await page.screenshot({ path: '../outside.png' });\n});\n";
    let folder = Folder::with(&[("in/shot.spec.ts", spec)]);
    let inside: PathBuf = folder.path().join("in");
    let output = understudy(&inside).arg("run").output().unwrap();
    Done::from(output).has(0, &["  1 passed"]);
    assert!(fs::read(inside.join("shots/here.png")).unwrap().starts_with(b"\x89PNG"));
    // Who runs tests of his own trusts them; on an agent they don't get there.
    assert!(folder.path().join("outside.png").exists());
}
