//! The reports that programs read, held to what the official runner wrote about the same suite.

use super::support::Folder;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

const CONFIG: &str = "export default { testDir: './tests', retries: 1, workers: 1, projects: [{ name: 'one' }, { name: 'two', grep: /adds/ }] };";
const SPEC: &str = r#"import { test, expect } from '@playwright/test';
test.describe('outer', () => {
  test.describe('inner', { tag: '@deep' }, () => {
    test('adds @fast', { annotation: { type: 'issue', description: 'x-1' } }, async ({}, info) => {
      console.log('out "1"'); console.error('err');
      await test.step('a step', async () => { await test.step('inside', async () => {}); });
      await info.attach('note', { body: 'hello', contentType: 'text/plain' });
    });
  });
  test('fails', async () => {
    await test.step('failing step', async () => { expect(1 + 1).toBe(3); });
  });
  test.skip('skipped', async () => {});
});
test('flaky', async ({}, info) => { expect(info.retry).toBe(1); });
test.fail('fails as it should', async () => { throw new Error('<b>&"]]>'); });
"#;

/// What the official report has in `suites`, `errors` and `stats`: all paths of keys.
const KEYS: &str = include_str!("../../fixtures/report/json-keys.txt");

fn keys(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| keys(item, &format!("{path}[]"), found)),
        Value::Object(map) => {
            for (name, item) in map {
                let path = format!("{path}.{name}");
                found.insert(path.clone());
                // `describe` in `describe` has the keys of `describe`.
                keys(item, &path.replace(".suites[].suites[]", ".suites[]"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn reports_for_programs_are_those_of_the_official_runner() {
    let folder = Folder::with(&[("playwright.config.ts", CONFIG), ("tests/a.spec.ts", SPEC)]);
    let done = folder.run(&[
        "run",
        "--reporter",
        "json=out/r.json",
        "--reporter",
        "junit=out/r.xml",
        "--reporter",
        "html=out/page",
    ]);
    done.has(1, &["·×F°×±·"]);

    let report: Value = serde_json::from_str(&fs::read_to_string(folder.path().join("out/r.json")).unwrap()).unwrap();
    let mut found = BTreeSet::new();
    for part in ["suites", "errors", "stats"] {
        keys(&report[part], &format!(".{part}"), &mut found);
    }
    let expected: BTreeSet<String> = KEYS.lines().map(str::to_owned).collect();
    assert_eq!(found, expected);
    let config = &report["config"];
    assert_eq!(config["metadata"], serde_json::json!({ "actualWorkers": 1 }));
    assert_eq!((&config["quiet"], &config["failOnFlakyTests"]), (&false.into(), &false.into()));
    assert_eq!(config["reporter"][0], serde_json::json!(["json", { "outputFile": "out/r.json" }]));
    assert_eq!(config["projects"][1]["testMatch"], serde_json::json!(["**/*.@(spec|test).?(c|m)[jt]s?(x)"]));
    assert_eq!(config["projects"][1]["testIgnore"], serde_json::json!([]));
    let file = &report["suites"][0];
    let spec =
        |title: &str| file["specs"].as_array().unwrap().iter().find(|spec| spec["title"] == title).unwrap().clone();
    assert_eq!(spec("flaky")["id"], "4bb17c2992a2b9ccc470-1893b4c77c96cf6d018e");
    assert_eq!(spec("flaky")["tests"][0]["status"], "flaky");
    assert_eq!(spec("fails as it should")["tests"][0]["status"], "expected");
    let outer = &file["suites"][0];
    assert_eq!((&outer["title"], &outer["line"], &outer["column"]), (&"outer".into(), &2.into(), &6.into()));
    assert_eq!(outer["specs"][0]["id"], "4bb17c2992a2b9ccc470-b857c19ae89739dc7aef");
    let adds = &outer["suites"][0]["specs"][0];
    assert_eq!(adds["tags"], serde_json::json!(["deep", "fast"]));
    assert_eq!(adds["tests"].as_array().unwrap().len(), 2);
    let result = &adds["tests"][0]["results"][0];
    assert_eq!(result["stdout"], serde_json::json!([{ "text": "out \"1\"\n" }]));
    assert_eq!(result["steps"][0]["steps"][0]["title"], "inside");
    assert_eq!(result["attachments"][0]["body"], "aGVsbG8=");
    let stats = &report["stats"];
    let counts = ["expected", "unexpected", "flaky", "skipped"].map(|name| stats[name].as_u64().unwrap());
    assert_eq!(counts, [3, 1, 1, 1]);

    let xml = fs::read_to_string(folder.path().join("out/r.xml")).unwrap();
    for part in [
        "<testsuites id=\"\" name=\"\" tests=\"6\" failures=\"1\" skipped=\"1\" errors=\"0\"",
        "hostname=\"one\" tests=\"5\" failures=\"1\" skipped=\"1\"",
        "<testcase name=\"outer › inner › adds @fast\" classname=\"a.spec.ts\" time=",
        "<property name=\"issue\" value=\"x-1\">",
        "<system-out>\n<![CDATA[out \"1\"\n]]>\n</system-out>\n<system-err>\n<![CDATA[err\n]]>\n</system-err>",
        "<failure message=\"expect(received).toBe(expected) // Object.is equality\" type=\"expect.toBe\">\n<![CDATA[  [one] › a.spec.ts:10:3",
        "<testcase name=\"outer › skipped\" classname=\"a.spec.ts\">\n<properties>\n<property name=\"skip\" value=\"\">\n</property>\n</properties>\n<skipped>",
    ] {
        assert!(xml.contains(part), "{part}\n{xml}");
    }

    let page = fs::read_to_string(folder.path().join("out/page/index.html")).unwrap();
    for part in
        ["<button data-verdict=\"flaky\"", "class=\"test unexpected\" open>", "failing step", "Expected: 3", "@fast"]
    {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn the_report_in_json_says_what_the_configuration_says() {
    let config = "export default { testDir: './tests', testMatch: [/x\\.spec\\.ts/i, '**/y.ts'], testIgnore: 'no/**', workers: 3, quiet: true,\n\
        failOnFlakyTests: true, metadata: { own: 1 }, globalSetup: './up', globalTeardown: ['./down.ts'],\n\
        reporter: [['json', { outputFile: 'r.json', more: 1 }], ['list']], projects: [{ name: 'one' }, { name: 'two', testMatch: /x/ }] };";
    let hook = "export default () => {};";
    let spec = "import { test } from '@playwright/test';\ntest('x', () => {});";
    let folder = Folder::with(&[
        ("playwright.config.ts", config),
        ("tests/x.spec.ts", spec),
        ("up.ts", hook),
        ("down.ts", hook),
    ]);
    folder.run(&["run"]).has(0, &["2 passed"]);
    let report: Value = serde_json::from_str(&fs::read_to_string(folder.path().join("r.json")).unwrap()).unwrap();
    let config = &report["config"];
    let full = |name: &str| folder.path().canonicalize().unwrap().join(name).display().to_string();
    for (name, expected) in [
        ("quiet", serde_json::json!(true)),
        ("failOnFlakyTests", serde_json::json!(true)),
        // Two tests have no use for a third.
        ("metadata", serde_json::json!({ "own": 1, "actualWorkers": 2 })),
        ("workers", serde_json::json!(3)),
        ("globalSetup", full("up.ts").into()),
        ("globalTeardown", full("down.ts").into()),
        ("reporter", serde_json::json!([["json", { "outputFile": "r.json", "more": 1 }], ["list", null]])),
        ("webServer", Value::Null),
    ] {
        assert_eq!(config[name], expected, "{name}");
    }
    let patterns =
        |at: usize| (config["projects"][at]["testMatch"].clone(), config["projects"][at]["testIgnore"].clone());
    assert_eq!(patterns(0), (serde_json::json!(["/x\\.spec\\.ts/i", "**/y.ts"]), serde_json::json!(["no/**"])));
    assert_eq!(patterns(1), (serde_json::json!(["/x/"]), serde_json::json!(["no/**"])));
}

#[test]
fn one_reporter_may_have_standard_output_for_itself() {
    let folder = Folder::with(&[("a.spec.ts", "import { test } from '@playwright/test';\ntest('x', () => {});")]);
    let done = folder.run(&["run", "--reporter", "json", "--reporter", "list"]);
    done.has(0, &[]);
    let report: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(report["stats"]["expected"], 1);
    assert!(done.err.contains("1 passed"), "{}", done.err);
    let done = folder.run(&["run", "--reporter", "junit"]);
    assert!(done.out.starts_with("<testsuites "), "{}", done.out);
    folder
        .run(&["run", "--reporter", "line"])
        .has(0, &["Running 1 test using 1 worker\n\n[1/1] a.spec.ts:2:1 › x\n  1 passed"]);
    folder.run(&["run", "--reporter", "dot"]).has(0, &["Running 1 test using 1 worker\n·\n  1 passed"]);
    folder.run(&["run", "--reporter", "xml"]).has(2, &["one of list, line, dot, json, jsonl, junit, html is expected"]);
    folder.run(&["run", "--reporter", "json=/proc/none/x"]).has(2, &["the report /proc/none/x cannot be written"]);
    folder.run(&["run", "--reporter", "json", "none"]).has(2, &["no tests found"]);
}

#[test]
fn reports_tell_failures_by_their_kind_and_with_what_they_left() {
    let spec = "import { test, expect } from '@playwright/test';\ntest.describe.configure({ mode: 'serial' });\n\
        test('said', { tag: '@money' }, async ({}, info) => {\n  await info.attach('note', { body: 'what it saw' });\n  \
        expect(1, 'the total').not.toBe(1);\n});\n\
        test('after', async () => {});\n";
    let fails = "import { test } from '@playwright/test';\ntest.fail('passes', async () => {});\n\
        test('throws', async () => { throw new TypeError('no such thing'); });\n";
    let folder = Folder::with(&[("a.spec.ts", spec), ("b.spec.ts", fails)]);
    let done = folder.run(&["run", "--reporter", "junit", "--reporter", "json=r.json"]);
    done.has(
        1,
        &[
            "tests=\"4\" failures=\"2\" skipped=\"1\" errors=\"1\"",
            "<failure message=\"the total\" type=\"expect.not.toBe\">\n<![CDATA[  a.spec.ts:3:1 › said @money ───",
            "    attachment #1: note (text/plain) ───",
            "    what it saw\n",
            "<failure message=\"b.spec.ts:2:6 passes\" type=\"FAILURE\">",
            "    Expected to fail, but passed.",
            "<error message=\"no such thing\" type=\"TypeError\">",
        ],
    );
    let json = std::fs::read_to_string(folder.path().join("r.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let specs = json["suites"][0]["specs"].as_array().unwrap();
    let ok: Vec<_> =
        specs.iter().map(|spec| (spec["title"].as_str().unwrap(), spec["ok"].as_bool().unwrap())).collect();
    assert_eq!(ok, [("said", false), ("after", true)]);
}
