//! `browser.startTracing`, `browser.stopTracing`.

use super::{Failure, Operations, parse, picture};
use crate::browser::trace_events::{TraceEvents, TraceEventsOptions};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is being traced, by the browser's name; that of all has none.
#[derive(Default)]
pub(super) struct Traced(Mutex<HashMap<Option<String>, State>>);

enum State {
    Starting,
    Running(TraceEvents, Option<String>),
}

#[derive(Deserialize)]
struct Start {
    browser: Option<String>,
    page: Option<String>,
    path: Option<String>,
    #[serde(flatten)]
    options: TraceEventsOptions,
}

#[derive(Deserialize)]
struct Stop {
    browser: Option<String>,
}

pub(super) async fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Value, Failure> {
    if operation == "startTracing" {
        return start(operations, parse(params)?).await;
    }
    let Stop { browser } = parse(params)?;
    let traced = operations.traced.tables().remove(&browser);
    let Some(State::Running(events, path)) = traced else { return Err(Failure::new("Tracing was not started.")) };
    let bytes = events.stop().await?;
    if let Some(path) = path {
        picture::write(operations, &path, &bytes).await?;
    }
    Ok(json!({ "base64": BASE64.encode(bytes) }))
}

async fn start(operations: &Operations, start: Start) -> Result<Value, Failure> {
    if start.browser.is_none() {
        // Chromium traces all of its pages.
        operations.options.trust.allow("browser.startTracing in the browser of others is")?;
    }
    {
        let mut traced = operations.traced.tables();
        if traced.contains_key(&start.browser) {
            return Err(Failure::new("Cannot start recording trace while already recording trace."));
        }
        traced.insert(start.browser.clone(), State::Starting);
    }
    let started = async {
        let (observer, ear) = TraceEvents::observer();
        let session = match &start.page {
            Some(page) => operations.page(page)?.raw_session(observer).await?,
            None => operations.browser(start.browser.as_deref()).await?.raw_session(observer).await?,
        };
        Ok::<_, Failure>(TraceEvents::start(session, ear, start.options).await?)
    };
    let started = started.await;
    let mut traced = operations.traced.tables();
    match started {
        Ok(events) => drop(traced.insert(start.browser, State::Running(events, start.path))),
        Err(error) => {
            traced.remove(&start.browser);
            return Err(error);
        }
    }
    Ok(Value::Null)
}

impl Traced {
    fn tables(&self) -> MutexGuard<'_, HashMap<Option<String>, State>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
