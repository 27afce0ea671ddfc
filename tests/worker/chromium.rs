//! Runs on real Chromium: what the person at the other end gets.

use super::support::{self, Told};
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use std::sync::OnceLock;
use understudy::browser::{BrowserPool, LaunchOptions};
use understudy::model::run::{Outcome, RunEvent};
use understudy::runner::host::{RunRequest, Runner, RunnerOptions, Screenshots};

struct Shared {
    runtime: tokio::runtime::Runtime,
    pool: BrowserPool,
    origin: String,
}

const FORM: &str = "<title>Form</title><h1>Sign in</h1><label>Name <input></label>\
    <button onclick=\"document.querySelector('h1').textContent = 'Hello, ' + document.querySelector('input').value\">Go</button>";

fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let site = Router::new().route("/", get(|| async { Html(FORM) }));
        runtime.spawn(async move { axum::serve(listener, site).await.unwrap() });
        Shared { runtime, pool: BrowserPool::new(LaunchOptions::default()), origin }
    })
}

/// Runs on Chromium; `/` is the form.
fn play(mut request: RunRequest) -> Told {
    let shared = shared();
    request.config.r#use.insert("baseURL".to_owned(), shared.origin.clone().into());
    request.artifacts = tempfile::tempdir().unwrap().keep().into();
    shared.runtime.block_on(async {
        let program = Some(env!("CARGO_BIN_EXE_understudy").into());
        let runner = Runner::new(shared.pool.clone(), RunnerOptions { program, ..RunnerOptions::default() }).unwrap();
        support::listen(&runner, request, Box::new(|_, _| {})).await
    })
}

fn body(body: &str) -> RunRequest {
    support::request(&format!(
        "import {{ test, expect }} from '@playwright/test';\ntest('t', async ({{ page }}) => {{\n{body}\n}});\n"
    ))
}

#[test]
fn a_page_is_opened() {
    let told = play(RunRequest {
        screenshots: Screenshots::Steps,
        ..body(
            "await page.goto('/'); expect(await page.title()).toBe('Form'); expect(await page.evaluate(() => 6 * 7)).toBe(42);",
        )
    });
    assert_eq!(told.lines(), ["t passed"]);
    assert_eq!(told.outcome, Outcome::Passed);
    let pictures = told.events.iter().filter(|event| matches!(event, RunEvent::Screenshot { .. })).count();
    assert!(pictures >= 1, "{pictures} pictures");
}
