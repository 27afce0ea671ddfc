//! One Chromium, one site, and short ways to both.

use axum::Router;
use axum::http::StatusCode;
use axum::response::{Html, Redirect};
use axum::routing::get;
use serde_json::{Value, json};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use understudy::artifacts::Places;
use understudy::browser::navigation::GotoOptions;
use understudy::browser::{
    BrowserContext, BrowserPool, ContextOptions, Evaluation, LaunchOptions, LoadState, Mode, Page,
};
use understudy::runner::host::ops::{Operations, OperationsOptions};
use understudy::runner::host::{Letter, mailbox};
use understudy::runner::protocol::ToWorker;

/// Generous: only a broken test takes so long.
pub(crate) const TIMEOUT: u64 = 20_000;

/// One Chromium and one server for all tests; a runtime of their own, so that no test's end takes them along.
pub(crate) struct Shared {
    runtime: tokio::runtime::Runtime,
    pub(crate) pool: BrowserPool,
    pub(crate) origin: String,
}

pub(crate) fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async move { axum::serve(listener, site()).await.unwrap() });
        Shared { runtime, pool: BrowserPool::new(LaunchOptions::default()), origin }
    })
}

pub(crate) fn site() -> Router {
    Router::new()
        .route("/", get(|| async { Html("<title>Home</title><h1>Home</h1><a href='/second'>second</a>") }))
        .route("/second", get(|| async { Html("<title>Second</title><a id=hash href='#part'>part</a>") }))
        .route("/redirect", get(|| async { Redirect::temporary("/second") }))
        .route("/missing", get(|| async { (StatusCode::NOT_FOUND, Html("<title>Nothing here</title>")) }))
        .route("/nothing", get(|| async { StatusCode::NO_CONTENT }))
        .route("/script", get(|| async { Html("<script>window.seen = `early is ${window.early}`</script>") }))
        .route("/frames", get(|| async { Html("<iframe name=inner src='/second'></iframe>") }))
        .route(
            "/form",
            get(|| async { Html("<input id=name autofocus><button onclick=\"location.href='/second'\">go</button>") }),
        )
}

pub(crate) async fn with_page<T>(options: Value, work: impl AsyncFnOnce(Page, &str) -> T) -> T {
    let shared = shared();
    let options: ContextOptions = serde_json::from_value(options).unwrap();
    let context: BrowserContext =
        shared.pool.acquire(Mode::Headless).await.unwrap().new_context(options).await.unwrap();
    let page = context.new_page().await.unwrap();
    let result = work(page, &shared.origin).await;
    context.close();
    result
}

pub(crate) fn run(work: impl Future<Output = ()>) {
    shared().runtime.block_on(work);
}

pub(crate) fn goto(until: LoadState) -> GotoOptions {
    GotoOptions { wait_until: until, timeout: TIMEOUT, referer: None }
}

pub(crate) fn expression(text: &str) -> Evaluation {
    Evaluation { expression: text.into(), ..Evaluation::default() }
}

pub(crate) async fn evaluate(page: &Page, text: &str) -> Value {
    page.main_frame().main_context().await.unwrap().evaluate(&expression(text)).await.unwrap()
}

/// A worker's end of the operation table.
pub(crate) struct Worker {
    pub(crate) operations: std::sync::Arc<Operations>,
    events: tokio::sync::mpsc::UnboundedReceiver<Letter>,
    pub(crate) artifacts: tempfile::TempDir,
}

impl Worker {
    pub(crate) fn new() -> Self {
        Self::of(&shared().pool)
    }

    pub(crate) fn of(pool: &BrowserPool) -> Self {
        Self::with(pool, OperationsOptions::default())
    }

    pub(crate) fn with(pool: &BrowserPool, options: OperationsOptions) -> Self {
        let (sender, events) = mailbox();
        let artifacts = tempfile::tempdir().unwrap();
        let places = Places::from(artifacts.path().to_owned()).within(options.artifacts.bounds().clone());
        let options = OperationsOptions { artifacts: places, ..options };
        let operations = Operations::new(pool.clone(), Mode::Headless, sender, options);
        Self { operations, events, artifacts }
    }

    pub(crate) async fn op(&self, name: &str, params: Value) -> Result<Value, String> {
        self.operations.perform(name, params).await.map(|performed| performed.value).map_err(|error| error.message)
    }

    /// Events so far, as `target name params`.
    pub(crate) fn events(&mut self) -> Vec<(String, String, Value)> {
        let mut events = Vec::new();
        while let Ok(Letter { message: ToWorker::Event { target, name, params }, .. }) = self.events.try_recv() {
            events.push((target, name, params));
        }
        events
    }

    pub(crate) async fn event(&mut self, wanted: &str) -> Value {
        while let Some(letter) = self.events.recv().await {
            if let ToWorker::Event { name, params, .. } = letter.message
                && name == wanted
            {
                return params;
            }
        }
        panic!("no event {wanted}");
    }

    pub(crate) async fn page(&mut self, options: Value) -> (String, String, String) {
        let context = self.op("context.new", json!({ "options": options })).await.unwrap();
        let context = context["context"].as_str().unwrap().to_owned();
        let page = self.op("context.newPage", json!({ "context": context })).await.unwrap();
        // Of several pages each is told of.
        let mut created = self.event("page").await;
        while created["page"] != page["page"] {
            created = self.event("page").await;
        }
        let frame = created["mainFrame"]["frame"].as_str().unwrap().to_owned();
        (context, page["page"].as_str().unwrap().to_owned(), frame)
    }
}

/// Runs a spec with a folder of its own for temporary files.
pub(crate) fn run_spec(place: &std::path::Path, body: &str) -> Command {
    let spec = place.join("one.spec.ts");
    let text =
        format!("import {{ test }} from '@playwright/test';\ntest('one', async ({{ page }}) => {{ {body} }});\n");
    std::fs::write(&spec, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_understudy"));
    command.arg("run").arg(spec).arg("--output").arg(place.join("output")).env("TMPDIR", place);
    command.stdin(Stdio::null()).stderr(Stdio::null());
    command
}

pub(crate) fn profiles_in(place: &std::path::Path) -> usize {
    let names = std::fs::read_dir(place).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_str().unwrap().starts_with("understudy-profile-")).count()
}
