//! Chromiums that hang, grow, or outlive their owners.

use super::support::{evaluate, expression, profiles_in, run, run_spec};
use crate::end::{process, wait_for_end};
use rustix::process::{Pid, Signal, getpgid, kill_process};
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;
use understudy::browser::{Browser, BrowserPool, Ceiling, ContextOptions, LaunchOptions, Mode, Page};

const MIB: u64 = 1 << 20;

fn signal(process: u32, signal: Signal) {
    kill_process(pid(process), signal).unwrap();
}

fn pid(process: u32) -> Pid {
    Pid::from_raw(process.try_into().unwrap()).unwrap()
}

async fn page_in(browser: &Browser) -> Page {
    browser.new_context(ContextOptions::default()).await.unwrap().new_page().await.unwrap()
}

#[test]
fn a_chromium_that_does_not_answer_is_replaced() {
    run(async {
        let pool = BrowserPool::new(LaunchOptions { patience: Duration::from_secs(1), ..LaunchOptions::default() });
        let hung = pool.acquire(Mode::Headless).await.unwrap().process_id().unwrap();
        // A signal of the terminal to all of us does not reach it.
        assert_eq!(getpgid(Some(pid(hung))).unwrap(), pid(hung));
        let ended = process(hung).unwrap();
        signal(hung, Signal::STOP);
        let next = pool.acquire(Mode::Headless).await.unwrap();
        assert_ne!(next.process_id(), Some(hung));
        assert_eq!(evaluate(&page_in(&next).await, "1 + 1").await, json!(2));
        tokio::task::spawn_blocking(move || wait_for_end(&ended)).await.unwrap();
        pool.close().await;
    });
}

#[test]
fn a_chromium_that_hangs_when_its_owner_is_killed_is_ended_by_the_next() {
    let place = tempfile::tempdir().unwrap();
    let hang = "console.log('it runs'); await new Promise(() => {});";
    let mut owner = run_spec(place.path(), hang).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(owner.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("it runs")));
    let profile = std::fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().path());
    let noted = profile.filter_map(|path| std::fs::read_to_string(path.join("chromium.pid")).ok()).next().unwrap();
    let hung: u32 = noted.split(' ').next().unwrap().parse().unwrap();
    let ended = process(hung).unwrap();
    signal(hung, Signal::STOP);
    owner.kill().unwrap();
    owner.wait().unwrap();
    assert_eq!(profiles_in(place.path()), 1);
    assert!(run_spec(place.path(), "").stdout(Stdio::null()).status().unwrap().success());
    wait_for_end(&ended);
    assert_eq!(profiles_in(place.path()), 0);
}

#[test]
fn a_chromium_that_has_grown_gets_no_more_sessions() {
    run(async {
        let ceiling = Ceiling { base: 0, each: 0, look: Duration::from_millis(50), ..Ceiling::default() };
        let pool = BrowserPool::new(LaunchOptions { ceiling, ..LaunchOptions::default() });
        let grown = pool.acquire(Mode::Headless).await.unwrap();
        let page = page_in(&grown).await;
        loop {
            // Each look at it is in this time.
            assert_eq!(evaluate(&page, "new Promise(done => setTimeout(() => done(1), 50))").await, json!(1));
            if pool.acquire(Mode::Headless).await.unwrap().process_id() != grown.process_id() {
                break;
            }
        }
        // Who is there stays.
        assert_eq!(evaluate(&page, "1 + 1").await, json!(2));
        assert!(!grown.is_closed());
        page.context().close();
        grown.closed().await;
        pool.close().await;
    });
}

#[test]
fn a_page_that_takes_all_memory_is_ended_and_says_why() {
    run(async {
        let ceiling = Ceiling { all: 600 * MIB, look: Duration::from_millis(100), ..Ceiling::default() };
        let pool = BrowserPool::new(LaunchOptions { ceiling, ..LaunchOptions::default() });
        let browser = pool.acquire(Mode::Headless).await.unwrap();
        let (page, other) = (page_in(&browser).await, page_in(&browser).await);
        let context = page.main_frame().main_context().await.unwrap();
        let greedy = expression("globalThis.kept = new Uint8Array(700 << 20).fill(1), new Promise(() => {})");
        let error = context.evaluate(&greedy).await.unwrap_err().to_string();
        assert!(error.starts_with("Target crashed: it used ") && error.ends_with(" of at most 600 MiB"), "{error}");
        assert_eq!(page.gone().await.to_string(), error);
        assert_eq!(evaluate(&other, "1 + 1").await, json!(2));
        pool.close().await;
    });
}
