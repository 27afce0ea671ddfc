//! `run` on recordings. What runs pages needs Chromium.

use super::support::Folder;

const PAGE: &str =
    "data:text/html,<button onclick='this.textContent=`Pressed`'>Press</button><input aria-label=Word type=password>";

/// A recording as `record` writes it: an action a line.
fn recording(actions: &[&str]) -> String {
    let first = format!(r#"{{"name":"openPage","url":{},"pageGuid":"page"}}"#, serde_json::json!(PAGE));
    let actions: Vec<_> = std::iter::once(first.as_str()).chain(actions.iter().copied()).collect();
    format!("{{\n  \"version\": 1,\n  \"options\": {{}},\n  \"actions\": [\n    {}\n  ]\n}}\n", actions.join(",\n    "))
}

const PRESS: &str = r#"{"name":"click","selector":"internal:role=button[name=\"Press\"i]","pageGuid":"page"}"#;
const SEE: &str =
    r#"{"name":"assertText","selector":"button","text":"Pressed","substring":false,"pageGuid":"page","signals":[]}"#;
const SECRET: &str =
    r#"{"name":"fill","selector":"internal:label=\"Word\"i","text":"","secret":"PASSWORD","pageGuid":"page"}"#;
const HELD: &str = r#"{"name":"assertValue","selector":"internal:label=\"Word\"i","value":"s3cret","pageGuid":"page"}"#;

#[test]
fn recordings_are_tests_among_others() {
    let good = recording(&[PRESS, SEE]);
    let lines = format!(
        "{{\"browserName\":\"chromium\",\"contextOptions\":{{\"viewport\":{{\"width\":400,\"height\":300}}}}}}\n\
         {{\"name\":\"openPage\",\"url\":{},\"pageGuid\":\"page@1\"}}\n{}\n",
        serde_json::json!(PAGE),
        PRESS.replace("\"page\"", "\"page@1\"")
    );
    let spec = "import { test } from '@playwright/test';\ntest('spec', () => {});\n";
    let config = "export default { projects: [{ name: 'a' }, { name: 'b' }] };";
    let folder = Folder::with(&[
        ("rec/good.json", good.as_str()),
        ("lines.jsonl", &lines),
        ("a.spec.ts", spec),
        ("configured/a.spec.ts", spec),
        ("configured/playwright.config.ts", config),
    ]);
    let files = ["run", "rec/good.json", "lines.jsonl", "a.spec.ts", "--workers", "1"];
    folder
        .run(&files)
        .has(0, &["rec/good.json:1:1 › good", "lines.jsonl:1:1 › lines", "a.spec.ts:2:1 › spec", "3 passed"]);
    // Folders are searched for specs only: JSON may be anything.
    let all = folder.run(&["run", "--list"]).out;
    assert!(!all.contains("json"), "{all}");
    let named = ["run", "--config", "configured", "--list", "rec/good.json"];
    folder.run(&named).has(0, &["[a] › rec/good.json:1:1 › good", "Total: 1 test in 1 file"]);
    let steps = folder.run(&["run", "rec/good.json", "--reporter", "jsonl"]);
    steps.has(0, &[r#""file":"rec/good.json","title":"good","status":"passed""#]);
}

#[test]
fn a_failure_says_which_action_it_was_and_what_else_is_known_of_it() {
    // What fails at once, however busy the machine is.
    let gone = r##"{"name":"setInputFiles","selector":"internal:label=\"Word\"i","files":["gone.txt"],"pageGuid":"page","alternatives":["internal:text=\"Gone\"i","#gone"],"pageUrl":"http://x/"}"##;
    let folder = Folder::with(&[("shop.json", &recording(&[PRESS, gone]))]);
    folder.run(&["run", "shop.json"]).has(
        1,
        &[
            "Error: ENOENT: no such file or directory, stat 'gone.txt'",
            "Action 3 of 3: setInputFiles getByLabel('Word'), recorded at http://x/",
            "Other locators of the element when it was recorded:",
            "- getByText('Gone')",
            "- locator('#gone')",
            ">  7 |     {\"name\":\"setInputFiles\"",
            "at shop.json:7:5",
            "1 failed",
        ],
    );
}

#[test]
fn a_secret_comes_from_the_environment() {
    let folder = Folder::with(&[("login.json", &recording(&[SECRET, HELD]))]);
    folder.run_with(&[("PASSWORD", "s3cret")], &["run", "login.json"]).has(0, &["1 passed"]);
    let without = folder.run(&["run", "login.json"]);
    without.has(1, &["Action 2 of 3: fill getByLabel('Word')", "the environment variable PASSWORD has to hold it"]);
}

#[test]
fn what_is_no_recording_is_told_with_its_place() {
    let cases = [
        ("{\n", "a.json:2:1: EOF while parsing an object"),
        ("{\"title\":\"x\",\"steps\":[]}", "a.json:1:24: this is no recording: missing field `version`"),
        ("{\"version\":7,\"actions\":[]}", "a.json:1:1: this recording has version 7"),
        (
            "{\"version\":1,\"actions\":[\n{\"name\":\"clik\",\"pageGuid\":\"page\"}]}",
            "a.json:2:1: action 1: unknown variant `clik`",
        ),
    ];
    for (text, told) in cases {
        Folder::with(&[("a.json", text)]).run(&["run", "a.json"]).has(2, &[told]);
    }
}

#[test]
fn what_the_best_selector_does_not_find_is_found_by_the_next_one_that_does() {
    let moved = PRESS
        .replace("Press", "Push")
        .replace(r#""pageGuid""#, r#""alternatives":["internal:text=\"Push\"i","button","body > button"],"pageGuid""#);
    let folder = Folder::with(&[("moved.json", &recording(&[&moved, SEE]))]);
    let words = "getByRole('button', { name: 'Push' }) finds no element: locator('button') is used instead";
    folder.run(&["run", "moved.json"]).has(0, &[words, "1 passed"]);
    let lines = folder.run(&["run", "moved.json", "--reporter", "jsonl"]);
    lines.has(
        0,
        &[r#""annotations":[{"type":"healed","description":"getByRole('button', { name: 'Push' }) finds no element"#],
    );
}
