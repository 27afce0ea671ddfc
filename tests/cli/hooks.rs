//! `globalSetup` and `globalTeardown`, and what else a configuration says of the whole run.

use super::support::Folder;

const CONFIG: &str = "import { defineConfig } from '@playwright/test';\nexport default defineConfig({ testDir: 'tests', globalSetup: [require.resolve('./setup-a'), \
     './setup-b.ts'], globalTeardown: 'teardown.ts', use: { baseURL: 'http://x' }, projects: [{ name: 'p1' }, { name: 'p2', use: { locale: 'de' } }] });\n";
const SETUP_A: &str = "import { request, type FullConfig } from '@playwright/test';\nexport default async function (config: FullConfig) {\n\
     console.log('setup a', config.projects.length, config.projects[0].use.baseURL, config.projects[1].use.locale, config.workers);\n\
     process.env.FROM_A = 'yes'; await (await request.newContext()).dispose();\nreturn async () => console.log('undo a');\n}\n";
const SETUP_B: &str = "export default function () { console.log('setup b', process.env.FROM_A); if (process.env.FAIL) throw new Error('no luck');\n\
     return () => { console.log('undo b'); if (process.env.FAIL_UNDO) throw new Error('no undo'); }; }\n";
const TEARDOWN: &str = "console.log('read', process.env.FROM_A);\nmodule.exports = config => console.log('teardown', config.projects.length);\n";
const SPEC: &str =
    "import { test, expect } from '@playwright/test';\ntest('t', () => expect(process.env.FROM_A).toBe('yes'));\n";

/// What hooks and tests print, in order.
fn said(out: &str) -> Vec<&str> {
    let words = ["setup", "undo", "read", "teardown", "Error:"];
    out.lines().map(str::trim).filter(|line| words.iter().any(|word| line.starts_with(word))).collect()
}

#[test]
fn hooks_run_around_all_tests() {
    let folder = Folder::with(&[
        ("playwright.config.ts", CONFIG),
        ("setup-a.ts", SETUP_A),
        ("setup-b.ts", SETUP_B),
        ("teardown.ts", TEARDOWN),
        ("tests/a.spec.ts", SPEC),
    ]);
    let before = ["setup a 2 http://x de 1", "setup b yes"];
    let after = ["undo a", "read yes", "teardown 2"];
    let done = folder.run(&["run", "--workers", "1"]);
    done.has(0, &["2 passed"]);
    assert_eq!(said(&done.out), [&before[..], &["undo b"], &after].concat());
    // What was set up is undone, and nothing else runs.
    let done = folder.run_with(&[("FAIL", "1")], &["run", "--workers", "1"]);
    done.has(1, &["at setup-b.ts:1", "1 error was not a part of any test"]);
    assert_eq!(said(&done.out), [&before[..], &["Error: no luck"], &after].concat());
    let done = folder.run_with(&[("FAIL_UNDO", "1")], &["run", "--workers", "1"]);
    done.has(1, &["2 passed", "Error: no undo"]);
    assert!(done.out.contains("teardown 2"));
    // A listing runs nothing.
    assert!(said(&folder.run(&["run", "--list"]).out).is_empty());
}

#[test]
fn settings_of_the_whole_run_hold() {
    let spec = "import { test, expect } from '@playwright/test';\ntest('flaky', () => { console.log('prin' + 'ted'); expect(test.info().retry).toBe(1); });\n\
                test('kept', () => expect('x').toMatchSnapshot());\n";
    let config = |text: &str| format!("export default {{ {text} }};\n");
    let run = |text: &str| {
        let config = config(text);
        Folder::with(&[("playwright.config.ts", &*config), ("a.spec.ts", spec)]).run(&["run", "--workers", "1"])
    };
    let done = run("retries: 1, quiet: true, ignoreSnapshots: true");
    done.has(0, &["1 flaky", "1 passed"]);
    assert!(!done.out.contains("printed") && !done.err.contains("no effect"), "{}{}", done.out, done.err);
    let done = run("retries: 1, failOnFlakyTests: true, projects: [{ ignoreSnapshots: true }]");
    done.has(1, &["1 flaky", "1 passed", "printed"]);
}
