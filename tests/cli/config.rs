//! `playwright.config.ts`. What runs pages needs Chromium.

use super::support::{Folder, understudy, wait_for_end};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::fs;
use std::process::Stdio;

const TEST: &str = "import { test } from '@playwright/test';\n";
const CONFIG: &str = "import { defineConfig, devices } from '@playwright/test';\nimport { own } from './own';\n";

fn spec(text: &str) -> String {
    format!("{TEST}{text}")
}

fn config(text: &str) -> String {
    format!("{CONFIG}export default defineConfig({{ {text} }});\n")
}

/// The lines between the first and the last of a listing.
fn listed(out: &str) -> Vec<&str> {
    out.lines().filter_map(|line| line.strip_prefix("  ")).collect()
}

#[test]
fn a_configuration_chooses_files_and_projects() {
    let a = spec("test('one @fast', () => {}); test('two', () => {});");
    let base = [
        ("own.ts", "export const own = { dir: './specs' };"),
        ("specs/a.spec.ts", &a),
        ("specs/deep/b.e2e.ts", &a),
        ("specs/c.setup.ts", &a),
        ("other/d.spec.ts", &a),
        ("own/playwright.config.mjs", "export default { testDir: '../other', name: 'named' };"),
    ];
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("testDir: own.dir", &[], &["specs/a.spec.ts:2:1 › one @fast", "specs/a.spec.ts:2:30 › two"]),
        ("testDir: own.dir, testMatch: '*.e2e.ts', grep: /FAST/i", &[], &["specs/deep/b.e2e.ts:2:1 › one @fast"]),
        ("testIgnore: [/e2e/, '**/specs/**'], grepInvert: /two/", &[], &["other/d.spec.ts:2:1 › one @fast"]),
        ("", &["-c", "own", "-g", "two"], &["[named] › other/d.spec.ts:2:30 › two"]),
        ("", &["--config", "own/playwright.config.mjs", "d.spec:2:1"], &["[named] › other/d.spec.ts:2:1 › one @fast"]),
        (
            "testDir: own.dir, projects: [{ name: 'b', dependencies: ['s'], grep: /two/ }, { name: 's', testMatch: /setup/, \
             teardown: 't', repeatEach: 2, grep: /one/ }, { name: 't', testMatch: /e2e/, grep: /one/ }]",
            &["-g", "two"],
            &[
                "[s] › specs/c.setup.ts:2:1 › one @fast",
                "[s] › specs/c.setup.ts:2:1 › one @fast",
                "[t] › specs/deep/b.e2e.ts:2:1 › one @fast",
                "[b] › specs/a.spec.ts:2:30 › two",
            ],
        ),
        (
            "testDir: own.dir, grep: /one/, projects: [{ name: 'Desk Top', use: devices['Pixel 7'] }, { name: 'b', dependencies: ['c'] }, \
             { name: 'c' }]",
            &["--project", "desk*", "b", "--no-deps"],
            &["[Desk Top] › specs/a.spec.ts:2:1 › one @fast", "[b] › specs/a.spec.ts:2:1 › one @fast"],
        ),
    ];
    for (text, arguments, expected) in cases {
        let text = config(text);
        let folder = Folder::with(&[base.as_slice(), &[("playwright.config.ts", &text)]].concat());
        let done = folder.run(&[&["run", "--list"], *arguments].concat());
        done.has(0, &[]);
        assert_eq!(listed(&done.out), *expected, "{text}\n{}", done.err);
    }
}

#[test]
fn what_a_configuration_asks_for_in_vain_is_told() {
    let a = spec("test('one', () => {});");
    let only = spec("test.only('one', () => {});");
    let base = [("own.ts", "export const own = 1;"), ("a.spec.ts", a.as_str()), ("b/only.spec.ts", only.as_str())];
    let cases: &[(&str, &[&str], i32, &[&str])] = &[
        (
            "captureGitInfo: { commit: true }, preserveOutput: 'always', reportSlowTests: null, flub: 1",
            &["a.spec"],
            0,
            &["note: playwright.config.ts: captureGitInfo has no effect: ", "flub is not known"],
        ),
        ("use: { channel: 'msedge', mine: () => 1 }", &["a.spec"], 0, &["use.channel has", "use.mine is a function"]),
        ("use: { video: { mode: 'on', show: { test: {} } } }", &["a.spec"], 0, &["use.video.show.test has no effect"]),
        (
            "projects: [{ name: 'a' }, { name: 'f', use: devices['Desktop Firefox'] }]",
            &["a.spec"],
            0,
            &["project \"f\" is left out: it is for firefox", "[a] › a.spec.ts"],
        ),
        (
            "projects: [{ name: 'a' }, { name: 'f', use: { browserName: 'webkit' } }]",
            &["--project", "f"],
            2,
            &["project \"f\" is for webkit", "--runner node"],
        ),
        ("projects: [{ name: 'a' }]", &["--project", "c"], 2, &["there is no project \"c\". The projects: \"a\""]),
        ("projects: [{ name: 'a', dependencies: ['c'] }]", &[], 2, &["project \"a\" names \"c\", and there is none"]),
        (
            "projects: [{ name: 'a', dependencies: ['c'] }, { name: 'c', dependencies: ['a'] }]",
            &[],
            2,
            &["projects wait for each other: a -> c -> a"],
        ),
        ("testMatch: /(/u", &[], 2, &["playwright.config.ts", "SyntaxError"]),
        ("timeout: 'long'", &[], 2, &["a value is not of the kind that is expected"]),
        ("workers: 0", &[], 2, &["workers must be a positive number"]),
        ("forbidOnly: true", &[], 2, &["item focused with '.only' is not allowed", "b/only.spec.ts one"]),
        ("", &["nobody"], 2, &["no tests found for nobody"]),
        ("testDir: own.dir.x", &[], 2, &["TypeError", "playwright.config.ts:3"]),
    ];
    for (text, arguments, code, parts) in cases {
        let text = config(text);
        let folder = Folder::with(&[base.as_slice(), &[("playwright.config.ts", &text)]].concat());
        folder.run(&[&["run", "--list"], *arguments].concat()).has(*code, parts);
    }
    let folder = Folder::with(&base);
    folder.run(&["run", "--config", "none"]).has(2, &["there is no configuration none"]);
    folder.run(&["run", "--project", "x"]).has(2, &["--project x names a project of a configuration"]);
}

const SEEN: &str = "import { test, expect } from '@playwright/test';\n\
    test('sees', async ({ page }, info) => {\n\
      await page.goto('/');\n\
      console.log(JSON.stringify([info.project.name, info.timeout, info.project.retries, process.env.OF_CONFIG, await page.title(),\n\
        page.viewportSize(), info.project.metadata, info.project.testDir.endsWith('/specs'), process.cwd() === info.config.rootDir + '/..']));\n\
      await expect(page.locator('h1')).toHaveText('never');\n\
    });\n";

#[test]
fn options_servers_and_flags_reach_the_tests() {
    let text = format!(
        "import {{ defineConfig }} from '@playwright/test';\nprocess.env.OF_CONFIG = 'yes';\nexport default defineConfig({{ \
         testDir: 'specs', timeout: 70_000, retries: 1, expect: {{ timeout: 111 }}, metadata: {{ m: 1 }}, outputDir: 'out/deep', \
         use: {{ viewport: {{ width: 300, height: 200 }}, baseURL: 'http://127.0.0.1:' + process.env.PORT, screenshot: 'on' }}, \
         projects: [{{ name: 'p', use: {{ viewport: {{ width: 400, height: 200 }} }} }}], \
         webServer: {{ command: {SERVER:?}, url: 'http://127.0.0.1:' + process.env.PORT, stdout: 'pipe', env: {{ GREETING: 'hi' }} }} }});\n"
    );
    let files =
        [("playwright.config.ts", text.as_str()), ("specs/a.spec.ts", SEEN), ("index.html", "<title>served</title>")];
    let folder = Folder::with(&files);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let done = folder.run_with(&[("PORT", &port)], &["run", "--retries", "0"]);
    let seen = r#"["p",70000,0,"yes","served",{"height":200,"width":400},{"m":1},true,false]"#;
    done.has(1, &[seen, "Timeout: 111ms", "1 failed", "[WebServer] greets with hi", "[p] › specs/a.spec.ts:2:1"]);
    assert!(!done.out.contains("Retry #1"), "{}", done.out);
    assert!(folder.path().join("out/deep/a-sees-p/test-failed-1.png").is_file());
    // The server is gone: its port is free.
    std::net::TcpListener::bind(format!("127.0.0.1:{port}")).expect("the port is free");
}

/// Serves the folder until it is ended.
const SERVER: &str = "echo greets with $GREETING; exec python3 -m http.server $PORT --bind 127.0.0.1";

#[test]
fn a_server_that_does_not_come_up_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let cases = [
        ("command: 'exit 3', port: 1".to_owned(), "was not able to start. Exit code: 3"),
        ("command: 'sleep 100', port: 1, timeout: 200".to_owned(), "Timed out waiting 200ms from config.webServer."),
        (format!("command: 'sleep 100', port: {port}"), "is already used, make sure that nothing is running"),
    ];
    for (server, expected) in &cases {
        let text = format!("export default {{ webServer: {{ {server} }} }};");
        let folder = Folder::with(&[("playwright.config.js", &text), ("a.spec.ts", &spec("test('x', () => {});"))]);
        folder.run(&["run"]).has(2, &[expected]);
    }
    let text =
        format!("export default {{ webServer: {{ command: 'exit 1', port: {port}, reuseExistingServer: true }} }};");
    let folder = Folder::with(&[("playwright.config.js", &text), ("a.spec.ts", &spec("test('x', () => {});"))]);
    folder.run(&["run"]).has(0, &["1 passed"]);
}

/// Interrupting a run ends its servers too.
#[test]
fn servers_end_with_an_interrupted_run() {
    let text = "export default { webServer: { command: 'echo $$ > id; touch up; exec sleep 1000' } };";
    let folder = Folder::with(&[
        ("playwright.config.js", text),
        ("a.spec.ts", &spec("test('x', async () => { console.log('runs'); await new Promise(() => {}); });")),
    ]);
    let mut child = understudy(folder.path()).arg("run").stdout(Stdio::piped()).spawn().unwrap();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("runs") {
        line.clear();
        assert!(std::io::BufRead::read_line(&mut out, &mut line).unwrap() > 0, "the run ended early");
    }
    let id: i32 = fs::read_to_string(folder.path().join("id")).unwrap().trim().parse().unwrap();
    let server = pidfd_open(Pid::from_raw(id).unwrap(), PidfdFlags::empty()).unwrap();
    let run = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(run, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    wait_for_end(&server);
}
