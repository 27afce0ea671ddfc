//! Selectors, actions and matchers on real Chromium, through the operation table. What is expected is what Playwright 1.65.1 does and
//! says with the same pages.

#![expect(clippy::unwrap_used, reason = "a test")]

mod actions;
mod frames;
mod selectors;
#[path = "../support/site.rs"]
mod site;

use serde_json::{Value, json};
use std::sync::{Arc, OnceLock};
use understudy::browser::{BrowserPool, LaunchOptions, Mode};
use understudy::runner::host::ops::{Operations, OperationsOptions};
use understudy::runner::host::{Letter, mailbox};
use understudy::runner::protocol::ToWorker;

/// Generous: only a broken test takes so long.
const TIMEOUT: u64 = 20_000;

/// One Chromium for all tests; a runtime of its own, so that no test's end takes it along.
struct Shared {
    runtime: tokio::runtime::Runtime,
    pool: BrowserPool,
}

fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| {
        let runtime = tokio::runtime::Runtime::new().expect("works");
        Shared { runtime, pool: BrowserPool::new(LaunchOptions::default()) }
    })
}

/// A page, as a worker has it.
struct Bench {
    operations: Arc<Operations>,
    page: String,
    frame: String,
}

impl Bench {
    async fn new(options: Value) -> Self {
        let (sender, mut events) = mailbox();
        let operations = Operations::new(shared().pool.clone(), Mode::Headless, sender, OperationsOptions::default());
        let op = async |name, params| operations.perform(name, params).await.expect("works").value;
        let context = op("context.new", json!({ "options": options })).await;
        let page = op("context.newPage", json!({ "context": context["context"] })).await["page"].clone();
        let frame = loop {
            if let Some(Letter { message: ToWorker::Event { name, params, .. }, .. }) = events.recv().await
                && name == "page"
            {
                break params["mainFrame"]["frame"].as_str().expect("a name").to_owned();
            }
        };
        Self { operations, page: page.as_str().expect("a name").to_owned(), frame }
    }

    async fn op(&self, name: &str, mut params: Value) -> Result<Value, String> {
        if params.get("frame").is_none() {
            params["frame"] = self.frame.clone().into();
        }
        if params.get("timeout").is_none() {
            params["timeout"] = TIMEOUT.into();
        }
        self.operations.perform(name, params).await.map(|performed| performed.value).map_err(|error| error.message)
    }

    async fn set_content(&self, html: &str) {
        self.op("frame.setContent", json!({ "html": html })).await.expect("works");
    }

    async fn evaluate(&self, expression: &str) -> Value {
        let value = self.op("frame.evaluate", json!({ "expression": expression })).await.expect("works");
        plain(&value["value"])
    }
}

/// A serialized value (src/model/serialize.js) of plain JSON.
fn plain(value: &Value) -> Value {
    let Value::Object(object) = value else { return value.clone() };
    if let Some(Value::Array(items)) = object.get("a") {
        items.iter().map(plain).collect()
    } else if let Some(Value::Array(entries)) = object.get("o") {
        Value::Object(entries.iter().map(|e| (e[0].as_str().unwrap_or_default().to_owned(), plain(&e[1]))).collect())
    } else {
        Value::Null
    }
}

fn run(work: impl Future<Output = ()>) {
    shared().runtime.block_on(work);
}
