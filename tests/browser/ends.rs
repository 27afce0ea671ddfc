//! Browsers, contexts and pages that go away; browsers that are not there.

use super::support::{TIMEOUT, Worker, evaluate, expression, goto, profiles_in, run, run_spec, with_page};
#[cfg(target_os = "linux")]
use crate::end::{process, wait_for_end};
use serde_json::json;
use std::process::{Command, Stdio};
use std::time::Duration;
use understudy::browser::{BrowserPool, ContextOptions, LaunchOptions, LoadState, Mode, Page};

async fn page_in(pool: &BrowserPool) -> Page {
    let browser = pool.acquire(Mode::Headless).await.unwrap();
    browser.new_context(ContextOptions::default()).await.unwrap().new_page().await.unwrap()
}

fn kill(process: u32) {
    assert!(Command::new("kill").args(["-9", &process.to_string()]).status().unwrap().success());
}

#[test]
fn a_killed_page_or_context_fails_what_waits() {
    run(with_page(json!({}), async |page, _| {
        let frame = page.main_frame();
        let context = frame.main_context().await.unwrap();
        let hanging = expression("new Promise(() => {})");
        let (result, closed) = tokio::join!(context.evaluate(&hanging), page.close(false));
        closed.unwrap();
        assert!(result.unwrap_err().is_closed());
        let error = frame.title().await.unwrap_err().to_string();
        assert_eq!(error, "Target page, context or browser has been closed");
    }));
}

#[test]
fn a_killed_browser_fails_everything_at_once_and_is_replaced() {
    run(async {
        let pool = BrowserPool::new(LaunchOptions::default());
        let browser = pool.acquire(Mode::Headless).await.unwrap();
        let killed = browser.process_id().unwrap();
        let mut worker = Worker::of(&pool);
        let (_, page, frame) = worker.page(json!({})).await;
        let hanging = json!({ "frame": frame, "expression": "new Promise(() => {})" });
        let (result, ()) = tokio::join!(worker.op("frame.evaluate", hanging), async { kill(killed) });
        assert_eq!(result.unwrap_err(), "Target page, context or browser has been closed");
        assert_eq!(worker.event("closed").await, json!({}));
        let error = worker.op("page.screenshot", json!({ "page": page, "timeout": TIMEOUT })).await.unwrap_err();
        assert_eq!(error, "Target page, context or browser has been closed");
        browser.closed().await;
        worker.operations.dispose().await;
        let mut next = Worker::of(&pool);
        let (_, _, frame) = next.page(json!({})).await;
        let sum = json!({ "frame": frame, "expression": "1 + 1" });
        assert_eq!(next.op("frame.evaluate", sum).await.unwrap(), json!({ "value": 2 }));
        assert_ne!(pool.acquire(Mode::Headless).await.unwrap().process_id(), Some(killed));
        pool.close().await;
    });
}

#[test]
fn a_closed_browser_fails_everything() {
    run(async {
        let pool = BrowserPool::new(LaunchOptions::default());
        let page = page_in(&pool).await;
        let context = page.main_frame().main_context().await.unwrap();
        let hanging = expression("new Promise(() => {})");
        let (result, ()) = tokio::join!(context.evaluate(&hanging), pool.close());
        assert!(result.unwrap_err().is_closed());
        assert!(page.is_closed());
    });
}

#[test]
fn a_crashed_page_says_so_and_takes_nothing_along() {
    run(with_page(json!({}), async |page, origin| {
        let other = page.context().new_page().await.unwrap();
        let context = page.main_frame().main_context().await.unwrap();
        let hanging = expression("new Promise(() => {})");
        let options = goto(LoadState::Load);
        let frame = page.main_frame();
        let (hung, went) = tokio::join!(context.evaluate(&hanging), frame.goto("chrome://crash", &options));
        assert_eq!(hung.unwrap_err().to_string(), "Target crashed");
        assert!(went.is_err());
        assert_eq!(page.gone().await.to_string(), "Target crashed");
        assert_eq!(frame.title().await.unwrap_err().to_string(), "Target crashed");
        other.main_frame().goto(&format!("{origin}/"), &options).await.unwrap();
        assert_eq!(evaluate(&other, "document.title").await, json!("Home"));
    }));
}

#[test]
fn a_browser_without_work_is_closed_and_started_again() {
    run(async {
        let pool = BrowserPool::new(LaunchOptions { idle: Duration::from_millis(200), ..LaunchOptions::default() });
        let page = page_in(&pool).await;
        let browser = page.context().browser().clone();
        // As long as there is a context it is in use.
        assert_eq!(evaluate(&page, "new Promise(done => setTimeout(() => done(1), 500))").await, json!(1));
        assert!(!browser.is_closed());
        page.context().close();
        browser.closed().await;
        assert_eq!(evaluate(&page_in(&pool).await, "1 + 1").await, json!(2));
        pool.close().await;
    });
}

#[test]
fn a_browser_that_runs_already_is_used_and_left_running() {
    use std::io::{BufRead, BufReader};
    let profile = tempfile::tempdir().unwrap();
    struct Running(std::process::Child);
    impl Drop for Running {
        fn drop(&mut self) {
            // It may have ended by itself.
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
    let chromium = Command::new(understudy::browser::launch::find_chromium(None).unwrap())
        .args(["--headless", "--no-sandbox", "--remote-debugging-port=0", "about:blank"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut chromium = Running(chromium.unwrap());
    let lines = BufReader::new(chromium.0.stderr.take().unwrap()).lines();
    let socket =
        lines.map_while(Result::ok).find_map(|line| line.strip_prefix("DevTools listening on ").map(str::to_owned));
    let socket = socket.unwrap();
    let (address, _) = socket.strip_prefix("ws://").unwrap().split_once('/').unwrap();
    run(async {
        for endpoint in [socket.clone(), format!("http://{address}")] {
            let pool = BrowserPool::new(LaunchOptions { cdp_endpoint: Some(endpoint), ..LaunchOptions::default() });
            let page = page_in(&pool).await;
            page.main_frame().set_content("<title>Mine</title>", LoadState::Load, TIMEOUT).await.unwrap();
            assert_eq!(evaluate(&page, "document.title").await, json!("Mine"));
            let long = evaluate(&page, "'x'.repeat(1 << 20)").await;
            assert_eq!(long.as_str().map(str::len), Some(1 << 20));
            pool.close().await;
            assert!(page.is_closed());
        }
    });
    assert!(chromium.0.try_wait().unwrap().is_none());
}

#[test]
fn without_a_browser_an_error_says_why() {
    run(async {
        let cases = [
            (
                LaunchOptions { executable: Some("/nowhere/chrome".into()), ..LaunchOptions::default() },
                "there is no program at /nowhere/chrome. Name another Chromium, or none to have it looked for.",
            ),
            (
                LaunchOptions { executable: Some("/bin/false".into()), ..LaunchOptions::default() },
                "/bin/false ended before it could be used (exit status: 1).",
            ),
            (
                LaunchOptions { cdp_endpoint: Some("localhost:9222".into()), ..LaunchOptions::default() },
                "failed to connect to the browser at localhost:9222: a URL like http://127.0.0.1:9222 or \
                 ws://127.0.0.1:9222/devtools/browser/… is expected",
            ),
        ];
        for (options, expected) in cases {
            let error = BrowserPool::new(options).acquire(Mode::Headless).await.map(drop).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_killed_owner_leaves_no_browser_and_the_next_deletes_its_profile() {
    use std::io::{BufRead, BufReader};
    let place = tempfile::tempdir().unwrap();
    let hang = "console.log('it runs'); await new Promise(() => {});";
    let mut owner = run_spec(place.path(), hang).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(owner.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("it runs")));
    let ours = |process: &str| {
        let command = std::fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap_or_default();
        command.contains(place.path().to_str().unwrap()) && command.contains("--remote-debugging-pipe")
    };
    let processes = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let browsers: Vec<_> =
        processes.filter(|process| ours(process)).map(|id| process(id.parse().unwrap()).unwrap()).collect();
    assert!(!browsers.is_empty());
    owner.kill().unwrap();
    owner.wait().unwrap();
    browsers.iter().for_each(wait_for_end);
    assert_eq!(profiles_in(place.path()), 1);
    assert!(run_spec(place.path(), "").stdout(Stdio::null()).status().unwrap().success());
    assert_eq!(profiles_in(place.path()), 0);
}
