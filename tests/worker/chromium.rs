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

/// For runs on Chromium; `/` is the form.
pub(crate) fn prepare(request: &mut RunRequest) {
    // A busy machine is slow to start a browser, and to ask it a thousand questions.
    request.projects[0].config.timeout = 180_000;
    request.projects[0].config.r#use.insert("baseURL".to_owned(), shared().origin.clone().into());
    request.artifacts = tempfile::tempdir().unwrap().keep().into();
}

/// Serves the site.
pub(crate) fn runtime() -> &'static tokio::runtime::Runtime {
    &shared().runtime
}

/// Runs on Chromium; `/` is the form.
pub(crate) fn play(mut request: RunRequest) -> Told {
    let shared = shared();
    prepare(&mut request);
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

/// How many pixels of a picture have the colour of the outline, about.
fn outlined(image: &[u8]) -> usize {
    let picture = image::load_from_memory(image).unwrap().into_rgb8();
    let red = |pixel: &&image::Rgb<u8>| pixel.0[0] > 190 && pixel.0[1] < 90 && (50..140).contains(&pixel.0[2]);
    picture.pixels().filter(red).count()
}

#[test]
fn every_step_has_its_picture_in_order_with_its_target_outlined() {
    let told = play(RunRequest {
        screenshots: Screenshots::Steps,
        ..body(
            "await page.goto('/');\n\
             await page.getByLabel('Name').fill('Ada');\n\
             await Promise.all([page.getByRole('button').click(), page.getByRole('button').hover()]);\n\
             await expect(page.getByRole('heading')).toHaveText('Hello, Ada');\n\
             await expect(page.getByRole('heading')).toHaveText('Hello, Eve', { timeout: 1 }).catch(() => {});\n\
             await page.locator('#none').click({ timeout: 1 }).catch(() => {});",
        )
    });
    assert_eq!(told.outcome, Outcome::Passed);
    let begun = told.events.iter().filter_map(|event| match event {
        RunEvent::StepBegin { step, .. } => Some((step.id, step.api_name.clone())),
        _ => None,
    });
    let begun: Vec<(u32, String)> = begun.collect();
    let pictures = told.events.iter().filter_map(|event| match event {
        RunEvent::Screenshot { step, image } => Some((*step, outlined(image))),
        _ => None,
    });
    let mut pictured = Vec::new();
    for (step, outlined) in pictures {
        let (_, name) = begun.iter().find(|(id, _)| *id == step).unwrap();
        pictured.push((name.as_str(), outlined > 100));
    }
    pictured[2..4].sort_unstable();
    assert_eq!(
        pictured,
        [
            ("page.goto", false),
            ("locator.fill", true),
            ("locator.click", true),
            ("locator.hover", true),
            ("expect.toHaveText", true),
            ("expect.toHaveText", true),
            ("locator.click", false),
        ]
    );
}
