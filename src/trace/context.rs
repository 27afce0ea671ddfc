//! What one context brings to a trace: of a browser calls, documents, pictures, console and network; of requests calls and network.

use super::call::Call;
use super::event::{Failure, FrameSnapshot, VERSION};
use super::tree::Snapshots;
use super::{Chunk, Clock, Event, network, snapshot};
use crate::browser::progress::{CallWitness, witnessed};
use crate::browser::screencast::ScreencastOptions;
use crate::browser::screenshot::Rect;
use crate::browser::{BrowserContext, Notice, Page, Watch};
use crate::har::{Exchange, Mode};
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::AbortHandle;

/// Of pictures: small, for there are many.
const PICTURES: ScreencastOptions = ScreencastOptions { quality: 60, most: (800, 800) };

/// What is traced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TraceOptions {
    /// Pictures all along.
    pub screenshots: bool,
    /// Documents and the network.
    pub snapshots: bool,
}

impl Default for TraceOptions {
    /// Both.
    fn default() -> Self {
        Self { screenshots: true, snapshots: true }
    }
}

/// A context under trace, until it is dropped.
pub struct ContextTrace {
    /// A browser's; none of requests that no browser makes.
    watch: Option<Watch>,
    shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) chunk: Arc<Chunk>,
    /// `0-trace`: what the names of its parts begin with.
    part: String,
    options: TraceOptions,
    frames: Mutex<HashMap<String, Snapshots>>,
    /// Pictures by page.
    casts: Mutex<HashMap<String, AbortHandle>>,
    pub(super) requests: network::Requests,
}

impl ContextTrace {
    /// Begins to write what happens in `context` into the parts `part` of `chunk`.
    pub fn begin(
        context: &BrowserContext,
        chunk: Arc<Chunk>,
        clock: Clock,
        part: &str,
        title: Option<String>,
        options: TraceOptions,
    ) -> Self {
        let of = context.options();
        let told = json!({
            "viewport": of.viewport().map(|size| json!({ "width": size.width, "height": size.height })),
            "isMobile": of.is_mobile, "deviceScaleFactor": of.device_scale_factor,
        });
        let shared = Shared::begin(chunk, clock, part, options, ("chromium", told, title));
        let weak = Arc::downgrade(&shared);
        let watch = context.watch(Arc::new(move |notice: &Notice| {
            if let Some(shared) = weak.upgrade() {
                shared.notice(notice);
            }
        }));
        for page in context.pages() {
            shared.page(&page);
        }
        Self { watch: Some(watch), shared }
    }

    /// The same of requests that no browser makes, which are told by [`ContextTrace::exchanged`].
    pub fn of_requests(
        chunk: Arc<Chunk>,
        clock: Clock,
        part: &str,
        title: Option<String>,
        options: TraceOptions,
    ) -> Self {
        Self { watch: None, shared: Shared::begin(chunk, clock, part, options, ("", json!({}), title)) }
    }

    /// An answer is there.
    pub fn exchanged(&self, exchange: &Exchange<'_>) {
        if self.shared.options.snapshots {
            let began = self.shared.clock.now() - exchange.took();
            let snapshot = exchange.entry(began, Mode::Full, &*self.shared.chunk);
            self.shared.write_network(&Event::ResourceSnapshot { snapshot });
        }
    }

    /// Runs a call on a page, or one that makes it: with the documents before and after it.
    pub async fn call<T, E>(
        &self,
        begin: Event,
        page: Option<Page>,
        work: impl Future<Output = Result<T, E>>,
        failure: impl Fn(&E) -> Failure,
    ) -> Result<T, E> {
        let Event::Before { call_id: id, .. } = &begin else { return work.await };
        let id = id.clone();
        self.shared.write(&begin);
        if let Some(page) = &page {
            self.shared.snapshot(page, &id, "before", None).await;
        }
        let witness: Arc<dyn CallWitness> = Arc::new(Call { trace: self.shared.clone(), id: id.clone() });
        let result = witnessed(witness, work).await;
        if let Some(page) = &page {
            self.shared.snapshot(page, &id, "after", None).await;
        }
        let error = result.as_ref().err().map(failure);
        self.shared.write(&Event::After {
            call_id: id,
            end_time: self.shared.clock.now(),
            error,
            attachments: Vec::new(),
        });
        result
    }

    /// Writes something that is no call on a page.
    pub fn note(&self, event: &Event) {
        self.shared.write(event);
    }

    /// On the trace's clock.
    pub fn now(&self) -> f64 {
        self.shared.clock.now()
    }

    /// Ends it: what is still to be read of the network is read, for a moment.
    pub async fn end(&self) {
        if let Some(watch) = &self.watch {
            watch.end();
        }
        self.shared.requests.finish().await;
    }
}

impl Drop for ContextTrace {
    fn drop(&mut self) {
        for (_, cast) in self.shared.casts.lock().unwrap_or_else(PoisonError::into_inner).drain() {
            cast.abort();
        }
    }
}

impl Shared {
    /// `about` is the browser, the options of its context, and what the trace is called.
    fn begin(
        chunk: Arc<Chunk>,
        clock: Clock,
        part: &str,
        options: TraceOptions,
        about: (&'static str, serde_json::Value, Option<String>),
    ) -> Arc<Self> {
        let shared = Arc::new(Self {
            clock,
            chunk,
            part: part.to_owned(),
            options,
            frames: Mutex::default(),
            casts: Mutex::default(),
            requests: network::Requests::default(),
        });
        let (browser_name, told, title) = about;
        shared.write(&Event::ContextOptions {
            version: VERSION,
            origin: "library",
            browser_name,
            playwright_version: super::event::PLAYWRIGHT,
            options: told,
            platform: super::event::platform(),
            wall_time: clock.wall(),
            monotonic_time: clock.now(),
            sdk_language: "javascript",
            test_id_attribute_name: None,
            title,
        });
        shared.chunk.open(&format!("{part}.network"));
        shared
    }

    pub(super) fn write(&self, event: &Event) {
        self.chunk.write(&format!("{}.trace", self.part), event);
    }

    pub(super) fn write_network(&self, event: &Event) {
        self.chunk.write(&format!("{}.network", self.part), event);
    }

    fn notice(self: &Arc<Self>, notice: &Notice) {
        let time = self.clock.now();
        match notice {
            Notice::PageCreated(page) => self.page(page),
            Notice::PageClosed(page) => {
                let params = json!({ "pageId": page.id() });
                self.write(&Event::Event {
                    time,
                    class: "BrowserContext",
                    method: "pageClosed",
                    params,
                    page_id: None,
                });
                self.casts.lock().unwrap_or_else(PoisonError::into_inner).remove(page.id());
            }
            Notice::Console(message) => {
                let (url, line, column) = &message.location;
                self.write(&Event::Console {
                    message_type: message.kind.clone(),
                    text: message.text.clone(),
                    args: message.args.iter().map(|arg| json!({ "preview": arg.preview() })).collect(),
                    location: json!({ "url": url, "lineNumber": line, "columnNumber": column }),
                    time,
                    page_id: message.page.as_ref().map(|page| page.id().to_owned()),
                });
            }
            Notice::PageError(error) => {
                let error_value = json!({ "name": error.name, "message": error.message, "stack": error.stack });
                let (url, line, column) = &error.location;
                let location = json!({ "url": url, "lineNumber": line, "columnNumber": column });
                let params = json!({ "error": { "error": error_value }, "location": location });
                let page_id = Some(error.page.id().to_owned());
                self.write(&Event::Event { time, class: "BrowserContext", method: "pageError", params, page_id });
            }
            Notice::Request(request) if self.options.snapshots => network::begun(self, request),
            Notice::RequestFinished(request) | Notice::RequestFailed(request) if self.options.snapshots => {
                network::ended(self, request);
            }
            _ => {}
        }
    }

    fn page(self: &Arc<Self>, page: &Page) {
        let params = json!({ "pageId": page.id() });
        self.write(&Event::Event {
            time: self.clock.now(),
            class: "BrowserContext",
            method: "page",
            params,
            page_id: None,
        });
        if self.options.screenshots {
            let task = tokio::spawn(pictures(Arc::downgrade(self), page.clone()));
            self.casts.lock().unwrap_or_else(PoisonError::into_inner).insert(page.id().to_owned(), task.abort_handle());
        }
    }

    /// The documents of all frames as they are now.
    pub(super) async fn snapshot(&self, page: &Page, call: &str, phase: &'static str, target: Option<Rect>) {
        if !self.options.snapshots {
            return;
        }
        for (frame, document) in snapshot::take(page, target).await {
            let html = {
                let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
                frames.entry(frame.id().to_owned()).or_default().next(document.nodes)
            };
            let snapshot = FrameSnapshot {
                call_id: call.to_owned(),
                phase,
                page_id: page.id().to_owned(),
                frame_id: frame.id().to_owned(),
                frame_url: document.url,
                doctype: document.doctype,
                html,
                viewport: document.viewport,
                timestamp: self.clock.now(),
                wall_time: self.clock.wall(),
                collection_time: document.collection_time,
                resource_overrides: Vec::new(),
                is_main_frame: frame.parent().is_none(),
            };
            self.write(&Event::FrameSnapshot { snapshot });
        }
    }
}

/// Pictures of a page until it or the trace is gone.
async fn pictures(trace: std::sync::Weak<Shared>, page: Page) {
    let Ok(mut screencast) = page.screencast(PICTURES).await else { return };
    while let Some(frame) = screencast.next().await {
        let Some(trace) = trace.upgrade() else { return };
        let wall = trace.clock.wall();
        let file = format!("screencast/{}-{wall:.0}.jpeg", page.id());
        if !trace.chunk.add_named(&file, &frame.jpeg) {
            return;
        }
        trace.write(&Event::ScreencastFrame {
            page_id: page.id().to_owned(),
            file,
            width: frame.width,
            height: frame.height,
            timestamp: trace.clock.now(),
            frame_swap_wall_time: wall,
        });
        screencast.used(&frame);
    }
}
