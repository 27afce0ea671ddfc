//! What an agent lets tests of a server do to its machine.

use crate::process::{Stage, spec};
use serde_json::json;
use std::process::Command;
use tokio::net::TcpListener;

/// Both kinds of flags, and what holds without any.
#[tokio::test]
async fn tests_reach_only_the_hosts_that_the_owner_allows() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let shut = listener.local_addr().unwrap();
    let mut stage = Stage::with(&["--allow-host", "localhost", "--deny-host", &shut.to_string()]).await;
    let code = spec(&format!(
        "const words = async work => {{ try {{ await work(); return 'open'; }} catch (error) {{ return error.message.split('\\n')[0]; }} }};
         for (const url of ['http://{shut}/', 'http://169.254.169.254/', 'http://example.com/']) {{
           console.log(await words(() => page.goto(url)));
           console.log(await words(() => page.request.get(url)));
         }}"
    ));
    stage.start("e1", &code).await;
    let (log, exit) = stage.outcome("e1").await;
    assert_eq!(exit, 0, "{log}");
    for words in [
        format!("page.goto: net::ERR_BLOCKED_BY_ADMINISTRATOR (127.0.0.1 is blocked by --deny-host {shut}) at http://{shut}/"),
        format!("apiRequestContext.get: 127.0.0.1 is blocked by --deny-host {shut}"),
        "page.goto: net::ERR_BLOCKED_BY_ADMINISTRATOR (169.254.169.254 is not reachable from tests: it is an address of the machine's own network link) at http://169.254.169.254/".to_owned(),
        "apiRequestContext.get: 169.254.169.254 is not reachable from tests: it is an address of the machine's own network link".to_owned(),
        "page.goto: net::ERR_BLOCKED_BY_ADMINISTRATOR (example.com is blocked: no --allow-host allows it) at http://example.com/".to_owned(),
        "apiRequestContext.get: example.com is blocked: no --allow-host allows it".to_owned(),
    ] {
        assert!(log.contains(&words), "{words}: {log}");
    }
    // The owner of the machine learns of it too.
    stage.agent.logs(&format!("127.0.0.1 is blocked by --deny-host {shut}")).await;
    stage.end().await;
}

#[test]
fn rules_that_cannot_be_kept_are_refused_at_the_start() {
    let state = tempfile::tempdir().unwrap();
    for (flags, words) in [
        (["--cdp-endpoint", "http://127.0.0.1:1"], "--allow-host and --deny-host cannot be kept with --cdp-endpoint"),
        (["--browser-arg", "--no-proxy-server"], "cannot be kept with --browser-arg --no-proxy-server"),
        (["--allow-host", "http://x/"], "is no pattern of hosts"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_understudy"));
        command.args(["agent", "--deny-host", "a.test", "--state-dir"]).arg(state.path()).args(flags);
        let output = command.output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains(words), "{error}");
        assert_eq!(output.status.code(), Some(2), "{error}");
    }
}

/// Whoever records sees what the browser shows.
#[tokio::test]
async fn recordings_show_no_files_and_no_pages_of_the_browser() {
    let mut stage = Stage::new().await;
    for (number, url) in ["file:///etc/passwd", "chrome://version", "about:version"].into_iter().enumerate() {
        let id = format!("r{number}");
        let start = json!({"testFlowId": "f", "executionId": id, "url": url, "language": "typescript"});
        stage.user.emit("recording:start", start).await;
        let complete = stage.user.expect_where("recording:complete", |told| told["executionId"] == id).await;
        let why = complete["message"].as_str().unwrap_or_default();
        assert!(why.starts_with(&format!("{url} is not allowed on an agent")), "{complete}");
    }
    let start = json!({"testFlowId": "f", "executionId": "r", "url": "about:blank", "language": "typescript"});
    stage.user.emit("recording:start", start).await;
    stage.user.expect_where("recording:ready", |told| told["executionId"] == "r").await;
    let input = json!({"executionId": "r", "type": "navigate", "url": "file:///etc/passwd"});
    stage.user.emit("recording:input", input).await;
    stage.user.emit("recording:stop", json!({"testFlowId": "f", "executionId": "r"})).await;
    let complete = stage.user.expect_where("recording:complete", |told| told["executionId"] == "r").await;
    assert_eq!(complete["success"], true, "{complete}");
    assert!(!complete["code"].to_string().contains("passwd"), "{complete}");
    stage.end().await;
}

#[tokio::test]
async fn files_of_a_session_that_are_too_large_are_told_of() {
    let mut stage = Stage::with(&["--artifact-limit", "1KiB"]).await;
    let code = spec(
        "const words = async work => { try { await work(); return 'kept'; } catch (error) { return error.message; } };
         console.log(await words(() => page.screenshot({ path: 'shot.png' })));",
    );
    stage.start("files", &code).await;
    let (log, exit) = stage.outcome("files").await;
    assert!(log.contains("may have 1 KiB in all on this agent (--artifact-limit): this one was not kept"), "{log}");
    assert!(
        log.contains("The files of a session may have 1 KiB in all (--artifact-limit): what was more was"),
        "{log}"
    );
    assert_eq!(exit, 0, "{log}");
    stage.end().await;
}

#[tokio::test]
async fn a_session_that_uses_the_processor_too_long_is_ended_and_says_so() {
    let mut stage = Stage::with(&["--cpu-limit", "1s"]).await;
    let busy = spec("test.setTimeout(0); await page.setContent('hi'); for (;;);");
    stage.start("busy", &format!("{busy}test('two', () => {{}});")).await;
    let (log, exit) = stage.outcome("busy").await;
    assert!(
        log.contains("The scripts of a session may use 1s of the processor's time on this agent (--cpu-limit)"),
        "{log}"
    );
    assert!(log.contains("1 failed, 1 did not run"), "{log}");
    assert_eq!(exit, 1, "{log}");
    let next = "await page.setContent('<h1>hi</h1>'); await expect(page.locator('h1')).toHaveText('hi');";
    stage.start("next", &spec(next)).await;
    let (log, exit) = stage.outcome("next").await;
    assert_eq!(exit, 0, "{log}");
    stage.end().await;
}

#[tokio::test]
async fn a_session_that_takes_too_long_is_ended_and_says_so() {
    let mut stage = Stage::with(&["--execution-timeout", "2s"]).await;
    stage.start("time", &spec("test.setTimeout(0); await page.evaluate(() => { for (;;) {} });")).await;
    let (log, exit) = stage.outcome("time").await;
    assert!(log.contains("Execution timed out after "), "{log}");
    assert_eq!(exit, 124, "{log}");
    stage.end().await;
}
