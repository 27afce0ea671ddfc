//! The operation table: parse, call `browser`, map, and nothing else. One file for each room of names.

mod api;
mod browser;
mod cdp;
mod certificates;
mod context;
mod coverage;
mod credentials;
mod download;
mod element;
mod expect;
mod failure;
mod files;
mod frame;
mod guard;
mod handle;
mod hars;
mod input;
mod linguist;
mod locator;
mod objects;
mod pace;
mod page;
mod performed;
mod picture;
mod route;
mod screencast;
mod screenshots;
mod scripts;
mod snapshot;
mod sockets;
mod tell;
mod trace;
mod trace_events;
mod traffic;
mod trust;
mod video;
mod watched;
mod worker;

pub use failure::Failure;
pub use files::{ReadableFiles, files_at};
pub use performed::{Outlined, Performed, Shown};
pub use trust::Trust;

use super::mailbox::Mailbox;
use super::service::{self, Service, Services, Surroundings};
use crate::artifacts::Places;
use crate::browser::{BrowserError, BrowserPool, CallLog, Evaluation, Frame, Mode, Page, RemoteObject};
use crate::client::{Gate, Upstream};
use crate::runner::protocol::{OpError, ToHost};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use linguist::Linguist;
use objects::Objects;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use trace::Tracer;

/// How operations are to be served.
#[derive(Debug, Clone, Default)]
pub struct OperationsOptions {
    /// Where files are written.
    pub artifacts: Places,
    /// Which are read.
    pub files: ReadableFiles,
    /// What else tests may ask of the machine.
    pub trust: Trust,
    /// Which hosts tests and, where they are not trusted, their pages may reach. The pool's browsers have their own warden.
    pub gate: Gate,
    /// Through whom the machine reaches others, where it does not directly.
    pub upstream: Option<Upstream>,
    /// Pages that are open at a time, of tests that are not trusted; 64 where nothing is said.
    pub most_pages: Option<usize>,
}

/// What one worker process has in the browser, by the names it knows it by.
pub struct Operations {
    pool: BrowserPool,
    mode: Mode,
    options: OperationsOptions,
    objects: Arc<Objects>,
    api: api::Api,
    browsers: browser::Browsers,
    cdp: cdp::Sessions,
    coverage: coverage::Begun,
    tracer: Tracer,
    hars: hars::Hars,
    linguist: Linguist,
    traced: trace_events::Traced,
    studios: video::Studios,
    screencasts: screencast::Screencasts,
    shows: pace::Shows,
}

impl Operations {
    /// Waits for nothing: the browser is acquired by the first operation that needs it.
    pub fn new(pool: BrowserPool, mode: Mode, events: Mailbox, options: OperationsOptions) -> Arc<Self> {
        let objects = Objects::new(events, guard::most_pages(&options), options.artifacts.bounds().clone());
        Arc::new(Self {
            pool,
            mode,
            options,
            objects,
            api: api::Api::default(),
            browsers: browser::Browsers::default(),
            cdp: cdp::Sessions::default(),
            coverage: coverage::Begun::default(),
            tracer: Tracer::default(),
            hars: hars::Hars::default(),
            linguist: Linguist::default(),
            traced: trace_events::Traced::default(),
            studios: video::Studios::default(),
            screencasts: screencast::Screencasts::default(),
            shows: pace::Shows::default(),
        })
    }

    /// Performs an operation of the table. Dropping the future abandons it.
    pub async fn perform(&self, name: &str, params: Value) -> Result<Performed, OpError> {
        let (room, operation) = name.split_once('.').unwrap_or((name, ""));
        let performed = match room {
            "page" | "context" if operation == "routeWebSockets" => sockets::route(self, params).await,
            "webSocketRoute" => sockets::perform(self, operation, params).await,
            "page" | "context" if scripts::knows(operation) => scripts::perform(self, operation, params).await,
            "download" => download::perform(self, operation, params).await,
            "exposed" => scripts::answer(self, params).await,
            "selectors" => scripts::register_engine(self, params),
            "api" => api::perform(self, operation, params).await,
            "browser" => browser::perform(self, operation, params).await,
            "screencast" => screencast::perform(self, operation, params).await,
            "video" => video::perform(self, operation, params).await,
            "cdp" => cdp::perform(self, operation, params).await,
            "credentials" => credentials::perform(self, operation, params),
            "coverage" => coverage::perform(self, operation, params).await,
            "context" => context::perform(self, operation, params).await,
            "page" => page::perform(self, operation, params).await,
            "frame" if matches!(operation, "waitForSelector" | "querySelector" | "querySelectorAll") => {
                locator::query(self, operation, params).await
            }
            "frame" => frame::perform(self, operation, params).await,
            "locator" => locator::perform(self, operation, params).await,
            "expect" if operation == "screenshot" => screenshots::perform(self, params).await,
            "expect" => expect::perform(self, operation, params).await,
            "snapshot" => snapshot::perform(self, operation, params).await,
            "handle" => handle::perform(self, operation, params).await,
            "keyboard" | "mouse" | "touchscreen" => input::perform(self, name, params).await,
            "dialog" => tell::perform(self, name, params).await,
            "request" | "response" => traffic::perform(self, name, params).await,
            "files" => files::perform(self, operation, params).await,
            "worker" => worker::perform(self, operation, params).await,
            "route" => route::perform(self, operation, params).await,
            "har" => hars::perform(self, operation, params).await,
            "tracing" => trace::perform(self, operation, params).await,
            "artifact" => picture::perform(self, operation, params).await,
            _ => Err(Failure::unknown(name)),
        };
        performed.map_err(OpError::from)
    }

    pub(super) fn readable_files(&self) -> &ReadableFiles {
        &self.options.files
    }

    /// How many objects of each kind are kept for the worker.
    pub fn held(&self) -> BTreeMap<&'static str, usize> {
        let mut held = self.objects.held();
        held.extend(self.api.held());
        held.extend(self.tracer.held());
        held
    }

    /// Closes all that was opened.
    pub async fn dispose(&self) {
        self.cdp.end();
        self.coverage.end();
        self.screencasts.end();
        for context in self.objects.contexts() {
            context.close();
        }
        self.linguist.leave();
        if let Err(error) = self.finish_videos(None).await {
            tracing::warn!(%error, "failed to write a video");
        }
        self.close_studio().await;
        self.browsers.end().await;
    }

    /// The page that an operation with these parameters is about.
    pub(super) fn page_of(&self, params: &Value) -> Option<Page> {
        let named = |name| params.get(name).and_then(Value::as_str);
        match (named("page"), named("frame"), named("handle")) {
            (Some(page), ..) => self.page(page).ok(),
            (None, Some(frame), _) => Some(self.frame(frame).ok()?.page().clone()),
            (None, None, Some(handle)) => self.handle(handle).ok()?.context().page().cloned(),
            (None, None, None) => None,
        }
    }

    /// The page the worker calls so.
    pub fn page(&self, id: &str) -> Result<Page, Failure> {
        self.objects.page(id)
    }

    /// The frame the worker calls so.
    pub fn frame(&self, id: &str) -> Result<Frame, Failure> {
        self.objects.frame(id)
    }

    /// The object the worker calls so.
    pub fn handle(&self, id: &str) -> Result<RemoteObject, Failure> {
        self.objects.handle(id)
    }

    /// Gives the worker a name for an object: `{handle, preview, isElement}`.
    pub fn new_handle(&self, object: RemoteObject) -> Value {
        self.objects.new_handle(object)
    }

    /// A worker's `{value, handles}` with its expression.
    pub(super) fn evaluation(&self, script: Script) -> Result<Evaluation, Failure> {
        let Argument { value, handles } = script.arg.unwrap_or_default();
        Ok(Evaluation {
            expression: script.expression,
            is_function: script.is_function,
            arg: value,
            handles: handles
                .iter()
                .enumerate()
                .map(|(index, id)| self.handle(id).map_err(|_| Failure::no_argument(index, id)))
                .collect::<Result<_, _>>()?,
        })
    }
}

/// An expression and its argument, as the worker sends them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Script {
    expression: String,
    is_function: Option<bool>,
    arg: Option<Argument>,
    #[serde(default)]
    pub(super) return_handle: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Argument {
    #[serde(default = "undefined")]
    pub(super) value: Value,
    #[serde(default)]
    pub(super) handles: Vec<String>,
}

impl Default for Argument {
    fn default() -> Self {
        Self { value: undefined(), handles: Vec::new() }
    }
}

fn undefined() -> Value {
    json!({ "v": "undefined" })
}

/// Parameters as far as `T` asks for them.
pub(super) fn parse<T: DeserializeOwned>(params: Value) -> Result<T, Failure> {
    Ok(serde_json::from_value(params)?)
}

/// What a future brings, if it does so in time; 0 is any time.
pub(super) async fn within<T>(
    timeout_ms: u64,
    work: impl Future<Output = Result<T, BrowserError>>,
) -> Result<T, BrowserError> {
    if timeout_ms == 0 {
        return work.await;
    }
    let passed = || BrowserError::Timeout { timeout_ms, log: CallLog::default() };
    tokio::time::timeout(Duration::from_millis(timeout_ms), work).await.unwrap_or_else(|_| Err(passed()))
}

/// What `host` asks of us; where files are written is its word.
pub fn services(pool: BrowserPool, options: OperationsOptions) -> Services {
    Arc::new(move |surroundings: Surroundings| {
        let options = OperationsOptions { artifacts: surroundings.artifacts, ..options.clone() };
        Operations::new(pool.clone(), surroundings.mode, surroundings.events, options)
    })
}

impl Service for Operations {
    fn perform(self: Arc<Self>, call: service::Call) -> BoxFuture<'static, Result<service::Performed, OpError>> {
        async move {
            let Performed { value, shown } = self.traced(call).await?;
            Ok(service::Performed { value, picture: shown.map(picture::of) })
        }
        .boxed()
    }

    fn told(&self, message: &ToHost) {
        self.tracer.told(message);
    }

    fn sight(&self, params: &Value) -> Option<service::Picture> {
        let page = self.page_of(params)?;
        Performed::from(Value::Null).showing(&page, None).shown.map(picture::of)
    }

    fn localize(self: Arc<Self>, question: String) -> BoxFuture<'static, Result<String, String>> {
        async move { self.linguist.answer(&self.pool, &question).await }.boxed()
    }

    fn dispose(self: Arc<Self>) -> BoxFuture<'static, ()> {
        async move { Self::dispose(&self).await }.boxed()
    }
}
