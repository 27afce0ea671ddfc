//! `understudy agent` under the official Socket.IO server with its defaults: packets of 1 MB, a ping every 25 s.

use crate::process::{Agent, Peer};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The official server's limit of a packet, bytes.
const MAX_PACKET: usize = 1_000_000;

pub(crate) const PASSING: &str = r#"
import { test, expect } from '@playwright/test';
test('greets', async ({ page }) => {
  await page.setContent('<label>Name <input></label><button onclick="hello.textContent = `Hello, ${document.querySelector(`input`).value}!`">Greet</button><p id="hello"></p>');
  await page.getByLabel('Name').fill('Ada');
  await page.getByRole('button', { name: 'Greet' }).click();
  await expect(page.locator('#hello')).toHaveText('Hello, Ada!');
  console.log('greeted');
});"#;

pub(crate) const FAILING: &str = r#"
import { test, expect } from '@playwright/test';
test('greets in vain', async ({ page }) => {
  await page.setContent('<h1>Good morning</h1>');
  await expect(page.getByRole('heading')).toHaveText('Good night', { timeout: 200 });
});"#;

pub(crate) const BROKEN: &str = "import { test } from '@playwright/test';\ntest('x', async () => {\n  const = 1;\n});";

const TRIVIAL: &str = "import { test } from '@playwright/test';\ntest('nothing', async () => {});";

/// The official server and an agent that has registered with it.
fn line(flags: &[&str]) -> (Peer, Agent) {
    let (mut server, url) = Peer::server();
    let agent = Agent::start(&url, "let me in", flags);
    server.event("agent:register", |_| true);
    (server, agent)
}

/// A script that logs `ready` and then does what it is told.
fn after_ready(body: &str) -> String {
    format!(
        "import {{ test }} from '@playwright/test';\ntest('x', async ({{ page }}) => {{ console.log('ready'); {body} }});"
    )
}

fn ready(server: &mut Peer, execution: &str) {
    server.event("execution:log", |payload| payload["executionId"] == execution && payload["message"] == "ready");
}

#[test]
fn an_agent_says_who_it_is_and_that_it_lives() {
    let (mut server, url) = Peer::server();
    let _agent = Agent::start(&url, "let me in", &["--heartbeat", "100ms"]);
    let auth = server.until("a connection", |line| line.get("connected").cloned());
    assert_eq!(auth["token"], "let me in");
    let registered = server.event("agent:register", |_| true);
    assert_eq!(registered["name"], "the agent");
    let system = &registered["systemInfo"];
    assert!(["linux", "darwin"].contains(&system["platform"].as_str().unwrap()), "{system}");
    assert!(["x64", "arm64"].contains(&system["arch"].as_str().unwrap()), "{system}");
    for text in ["nodeVersion", "playwrightVersion", "agentVersion"] {
        assert!(system[text].is_string(), "{text}: {system}");
    }
    for _ in 0..3 {
        let args =
            server.until("a heartbeat", |line| (line["event"] == "agent:heartbeat").then(|| line["args"].clone()));
        assert_eq!(args, json!([]));
    }
}

#[test]
fn passing_code_is_0_with_its_log_steps_and_screenshots() {
    let (mut server, _agent) = line(&[]);
    assert_eq!(server.execute("e-1", PASSING), 0);
    assert!(server.log("e-1").contains("greeted"), "{}", server.log("e-1"));

    let ended: Vec<_> =
        server.told("execution:step", "e-1").into_iter().filter(|step| step["status"] != "running").collect();
    let types: Vec<_> = ended.iter().map(|step| step["action"]["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["setContent", "fill", "click", "expect"]);
    for (step, number) in ended.iter().zip(1..) {
        assert_eq!((&step["status"], &step["stepNumber"]), (&json!("passed"), &json!(number)), "{step}");
        assert!(step["location"]["line"].is_u64() && step["explanation"].is_string(), "{step}");
    }
    let pictured: Vec<_> =
        server.told("execution:screenshot", "e-1").iter().map(|shot| shot["stepNumber"].as_u64().unwrap()).collect();
    assert_eq!(pictured, [1, 2, 3, 4]);
    for shot in server.told("execution:screenshot", "e-1") {
        let start = &shot["imageData"].as_str().unwrap()[..8];
        assert!(start.starts_with("/9j/") || start.starts_with("iVBORw0K"), "plain base64 of JPEG or PNG: {start}");
    }
}

#[test]
fn failing_code_is_1_with_expected_received_and_line() {
    let (mut server, _agent) = line(&[]);
    assert_eq!(server.execute("e-1", FAILING), 1);
    let log = server.log("e-1");
    for part in ["greets in vain", "Good night", "Good morning", "test.spec.ts:5:", "toHaveText('Good night'"] {
        assert!(log.contains(part), "no {part:?} in:\n{log}");
    }
    let failed = server.told("execution:log", "e-1").into_iter().filter(|line| line["level"] == "error").count();
    assert!(failed > 0, "no line of level error");
    let steps = server.told("execution:step", "e-1");
    assert!(steps.last().is_some_and(|step| step["status"] == "failed" && step["error"].is_string()), "{steps:?}");
}

#[test]
fn code_that_cannot_be_run_is_2_and_says_where() {
    let (mut server, _agent) = line(&[]);
    assert_eq!(server.execute("broken", BROKEN), 2);
    let log = server.log("broken");
    assert!(log.contains("test.spec.ts:3:9") && log.contains("const = 1"), "{log}");

    for (execution, code, words) in [
        ("empty", "", "No tests"),
        ("no-tests", "const a = 1;", "No tests"),
        ("import", "import fs from 'fs-extra';\nfs();", "fs-extra"),
        ("throws", "throw new Error('on the way in');", "on the way in"),
    ] {
        assert_eq!(server.execute(execution, code), 2, "{execution}");
        let log = server.log(execution);
        assert!(log.to_lowercase().contains(&words.to_lowercase()), "{execution}: {log}");
    }
}

/// Cancels an execution in the middle of this; returns how long its end takes.
pub(crate) fn cancelled(server: &mut Peer, execution: &str, body: &str) -> Duration {
    server.start_execution(execution, &after_ready(body));
    ready(server, execution);
    let asked = Instant::now();
    server.emit("execution:cancel", &[json!({"executionId": execution})]);
    assert_eq!(server.complete(execution), 130, "{execution}");
    asked.elapsed()
}

#[test]
fn a_cancel_ends_what_waits_and_what_spins() {
    let (mut server, _agent) = line(&[]);
    for (execution, body) in [
        ("await", "await new Promise(() => {});"),
        ("timer", "await page.waitForTimeout(100_000);"),
        ("action", "await page.getByText('nowhere').click({ timeout: 0 });"),
        ("loop", "for (;;) {}"),
        ("builtin", "new Array(2 ** 32 - 2).sort();"),
        ("page", "await page.evaluate(() => { for (;;) {} });"),
    ] {
        // A machine that is busy with something else may be late once.
        let mut late = Vec::new();
        let in_time =
            [execution.to_owned(), format!("{execution} again"), format!("{execution} at last")].iter().any(|id| {
                let took = cancelled(&mut server, id, body);
                late.push(took);
                took < Duration::from_secs(1)
            });
        assert!(in_time, "{execution}: {late:?}");
    }
    assert_eq!(server.execute("after", PASSING), 0, "the agent is as good as before");
    for execution in ["await", "timer", "action", "loop", "builtin", "page"] {
        assert_eq!(server.told("execution:complete", execution).len(), 1, "{execution}");
    }
}

#[test]
fn malformed_commands_are_answered_and_change_nothing() {
    let (mut server, _agent) = line(&["--max-sessions", "2"]);
    server.start_execution("running", &after_ready("await new Promise(() => {});"));
    ready(&mut server, "running");

    let shapes = [
        vec![],
        vec![Value::Null],
        vec![json!(true)],
        vec![json!(7)],
        vec![json!("running")],
        vec![json!([])],
        vec![json!([{"executionId": "running"}])],
        vec![json!({})],
        vec![json!({"executionId": null, "code": TRIVIAL})],
        vec![json!({"executionId": 7, "code": TRIVIAL})],
        vec![json!({"executionId": {"$ne": ""}, "code": TRIVIAL})],
        vec![json!({"executionId": "", "code": TRIVIAL})],
        vec![json!({"executionId": "x".repeat(100_000), "code": TRIVIAL})],
        vec![json!({"execution_id": "no-code"})],
        vec![json!("{\"executionId\": \"text\"}")],
    ];
    for event in ["execution:start", "execution:cancel", "recording:start", "recording:cancel"] {
        for shape in &shapes {
            // What a cancel does not need is no fault of it.
            let answers = |payload: &Value| payload["message"].as_str().is_some_and(|text| text.contains(event));
            if event == "execution:cancel" && shape.first().is_some_and(|payload| payload["executionId"] == "") {
                continue;
            }
            server.emit(event, shape);
            server.event("error", answers);
        }
    }
    for wrong in [
        json!({"executionId": "no-code"}),
        json!({"executionId": "no-code", "code": null}),
        json!({"executionId": "no-code", "code": ["test"]}),
        json!({"executionId": "no-code", "code": TRIVIAL, "config": 1}),
        json!({"executionId": "no-code", "code": TRIVIAL, "config": {"viewport": {"width": -1, "height": "a"}}}),
    ] {
        server.emit("execution:start", &[wrong]);
        server.event("error", |payload| payload["executionId"] == "no-code");
    }
    let refused = server.ask("execution:start", &[json!({"executionId": "no-code"})]);
    assert!(refused.to_string().contains("code"), "{refused}");
    server.event("error", |payload| payload["executionId"] == "no-code");
    for unknown in ["", "execution:begin", "constructor", "__proto__", "message"] {
        server.emit(unknown, &[json!({"executionId": "running"})]);
    }

    assert_eq!(server.execute("after", TRIVIAL), 0);
    server.emit("execution:cancel", &[json!({"executionId": "running"})]);
    assert_eq!(server.complete("running"), 130);
    let completed = server.heard.iter().filter(|line| line["event"] == "execution:complete").count();
    assert_eq!(completed, 2, "nothing else was started or ended");
    assert!(!server.heard.iter().any(|line| line.get("disconnected").is_some()), "the connection stayed up");
}

#[test]
fn a_recording_through_the_preview() {
    const PAGE: &str = "data:text/html,<label>Name <input></label>";
    let (mut server, _agent) = line(&[]);
    server.emit(
        "recording:start",
        &[json!({"testFlowId": "f", "executionId": "r", "url": PAGE, "language": "python",
            "config": {"viewport": {"width": 400, "height": 300}}})],
    );
    let mine = |payload: &Value| payload["executionId"] == "r";
    assert_eq!(server.event("recording:ready", mine)["testFlowId"], "f");
    let frame = server.event("recording:frame", mine);
    assert_eq!((&frame["width"], &frame["height"], &frame["page"]), (&json!(400), &json!(300), &json!("page")));
    assert!(frame["frame"].as_str().is_some_and(|jpeg| jpeg.starts_with("/9j/")), "JPEG as plain base64");
    server.emit("recording:input", &[json!({"executionId": "r", "type": "press", "key": "Tab"})]);
    server.emit("recording:input", &[json!({"executionId": "r", "type": "text", "text": "Ada"})]);
    server.event("recording:action", |payload| payload["code"].as_str().is_some_and(|code| code.contains("Ada")));
    server.emit("recording:stop", &[json!({"testFlowId": "f", "executionId": "r"})]);
    let complete = server.event("recording:complete", mine);
    assert_eq!((&complete["testFlowId"], &complete["success"]), (&json!("f"), &json!(true)));
    let code = complete["code"].as_str().unwrap_or_default();
    assert!(code.contains("page.get_by_role(\"textbox\", name=\"Name\").fill(\"Ada\")"), "{code}");
}

#[test]
fn a_screenshot_of_noise_and_a_long_log_stay_under_the_limit() {
    const NOISE: &str = r#"
import { test } from '@playwright/test';
test.use({ viewport: { width: 1920, height: 1080 } });
test('noise', async ({ page }) => {
  await page.setContent(`<body style="margin:0"><canvas width="1920" height="1080"></canvas><script>
    const context = document.querySelector('canvas').getContext('2d');
    const image = context.createImageData(1920, 1080);
    for (let at = 0; at < image.data.length; at += 65536) crypto.getRandomValues(image.data.subarray(at, at + 65536));
    for (let at = 3; at < image.data.length; at += 4) image.data[at] = 255;
    context.putImageData(image, 0, 0);
  </script>`);
  console.log('x'.repeat(3_000_000));
});"#;
    let (mut server, _agent) = line(&[]);
    assert_eq!(server.execute("noise", NOISE), 0);
    let shots = server.told("execution:screenshot", "noise");
    assert_eq!(shots.len(), 1);
    assert!(shots[0]["imageData"].as_str().unwrap().len() > 100_000, "this was noise");
    for line in &server.heard {
        assert!(line["args"].to_string().len() < MAX_PACKET);
        assert!(line.get("disconnected").is_none(), "{line}");
    }
}

#[test]
fn results_survive_a_lost_connection() {
    let (mut server, _agent) = line(&[]);
    let body = "await page.waitForFunction(() => globalThis.done, undefined, { timeout: 60_000 });";
    server.start_execution(
        "e-1",
        &after_ready(&format!("setTimeout(() => page.evaluate(() => {{ globalThis.done = 1; }}), 300); {body}")),
    );
    ready(&mut server, "e-1");
    server.disconnect();
    server.until("the end of the connection", |line| line.get("disconnected").cloned());
    let again = server.event("agent:register", |_| true);
    assert_eq!(again["name"], "the agent");
    let completed = server.told("execution:complete", "e-1").len();
    assert!(completed == 1 || server.complete("e-1") == 0, "told once, after the agent was back");
    assert_eq!(server.execute("e-2", TRIVIAL), 0);
    assert_eq!(server.told("execution:complete", "e-1").len(), 1);
}

#[test]
fn the_same_execution_is_not_run_twice() {
    let (mut server, _agent) = line(&[]);
    server.start_execution("e-1", TRIVIAL);
    server.start_execution("e-1", TRIVIAL);
    assert_eq!(server.complete("e-1"), 0);
    server.start_execution("e-1", FAILING);
    assert_eq!(server.execute("e-2", TRIVIAL), 0);
    assert_eq!(server.told("execution:complete", "e-1").len(), 1);
}

#[test]
fn a_refused_token_is_read_again_for_the_next_attempt() {
    let (mut server, url) = Peer::server();
    let agent = Agent::start(&url, "refused", &[]);
    server.until("a refusal", |line| line.get("refused").cloned());
    agent.set_token("a better one");
    let auth = server.until("a connection", |line| line.get("connected").cloned());
    assert_eq!(auth["token"], "a better one");
    let refusals = server.heard.iter().filter(|line| line.get("refused").is_some()).count();
    assert!(refusals <= 2, "{refusals} attempts with a token that was refused");
}

#[test]
fn sigterm_lets_what_runs_end() {
    let (mut server, mut agent) = line(&[]);
    let body = "await page.waitForFunction(() => globalThis.done, undefined, { timeout: 60_000 });";
    server.start_execution(
        "e-1",
        &after_ready(&format!("setTimeout(() => page.evaluate(() => {{ globalThis.done = 1; }}), 500); {body}")),
    );
    ready(&mut server, "e-1");
    agent.terminate();
    assert_eq!(server.complete("e-1"), 0);
    assert!(agent.ended().success());
}

#[test]
fn the_servers_ping_is_answered() {
    let (mut server, _agent) = line(&[]);
    server.until("an answered ping", |line| line.get("alive").cloned());
    assert_eq!(server.execute("e-1", TRIVIAL), 0);
    assert!(!server.heard.iter().any(|line| line.get("disconnected").is_some()));
}
