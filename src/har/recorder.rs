//! Who listens to a context and writes down what it asks for.

use super::archive::Archive;
use super::body::{Bodies, Content};
use super::entry::{Begun, Facts, Mode, entry};
use super::exchange::Exchange;
use super::iso;
use super::socket::Socket;
use crate::browser::network::{Request, WebSocketEvent, WebSocketNotice};
use crate::browser::{BrowserContext, Frame, LoadState, Notice, Page, Watch};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// For the end of an answer that has begun when the recording ends.
const LAST: Duration = Duration::from_millis(300);

/// What is recorded, and how.
#[derive(Debug, Default)]
pub struct HarOptions {
    /// Where bodies go.
    pub content: Content,
    /// How much is told.
    pub mode: Mode,
    /// Only such addresses.
    pub url: Option<regress::Regex>,
    /// Only of this page.
    pub page: Option<Page>,
    /// Where files of bodies are, seen from the archive.
    pub folder: String,
}

/// A recording under way, until it is dropped.
pub struct HarRecorder {
    /// A browser's; none of requests that no browser makes.
    watched: Option<(BrowserContext, Watch)>,
    shared: Arc<Shared>,
}

struct Shared {
    options: HarOptions,
    begun: Instant,
    bodies: Bodies,
    state: Mutex<State>,
    reading: Mutex<JoinSet<()>>,
}

#[derive(Default)]
struct State {
    entries: Vec<Slot>,
    /// Where in `entries` a request or a socket has its place.
    places: HashMap<String, usize>,
    /// Where what has a place was sent on to.
    redirects: HashMap<usize, String>,
    pages: Vec<PageEntry>,
}

enum Slot {
    Running(Request, Begun),
    Done(Value),
    Socket(Socket),
}

struct PageEntry {
    id: String,
    /// Milliseconds since 1970.
    begun: f64,
    title: String,
    /// The same, once they happened.
    content_load: Option<f64>,
    load: Option<f64>,
}

impl HarRecorder {
    /// Begins to record what `context` asks for.
    pub fn begin(context: &BrowserContext, options: HarOptions) -> Self {
        let shared = Shared::new(options);
        let weak = Arc::downgrade(&shared);
        let watch = context.watch(Arc::new(move |notice: &Notice| {
            if let Some(shared) = weak.upgrade() {
                shared.notice(notice);
            }
        }));
        for page in context.pages() {
            shared.page(&page);
        }
        Self { watched: Some((context.clone(), watch)), shared }
    }

    /// The same of requests that no browser makes, which are told by [`HarRecorder::exchanged`].
    pub fn of_requests(options: HarOptions) -> Self {
        Self { watched: None, shared: Shared::new(options) }
    }

    /// An answer is there.
    pub fn exchanged(&self, exchange: &Exchange<'_>) {
        let shared = &self.shared;
        if shared.wants(None, exchange.url) {
            let began = shared.begun.elapsed().as_secs_f64() * 1000.0 - exchange.took();
            let entry = exchange.entry(began, shared.options.mode, &shared.bodies);
            shared.state().entries.push(Slot::Done(Value::Object(entry)));
        }
    }

    /// Ends it: what is still to be read is read, for a moment.
    pub async fn end(&self) -> Archive {
        let running: Vec<Request> = self.shared.state().entries.iter().filter_map(Slot::answered).collect();
        let ends = running.iter().map(Request::finished);
        let _ = timeout(LAST, futures_util::future::join_all(ends)).await;
        if let Some((_, watch)) = &self.watched {
            watch.end();
        }
        let mut reading = std::mem::take(&mut *self.shared.reading.lock().unwrap_or_else(PoisonError::into_inner));
        while reading.join_next().await.is_some() {}
        self.shared.archive(self.watched.as_ref().map(|(context, _)| context.browser().product()))
    }
}

impl Slot {
    /// A request whose answer has begun.
    fn answered(&self) -> Option<Request> {
        match self {
            Self::Running(request, _) => request.response_now().map(|_| request.clone()),
            Self::Done(_) | Self::Socket(_) => None,
        }
    }
}

fn key(request: &Request) -> String {
    format!("{} {}", request.owner().id(), request.id())
}

fn wall() -> f64 {
    (SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1000.0).round()
}

impl Shared {
    fn new(options: HarOptions) -> Arc<Self> {
        Arc::new(Self {
            bodies: Bodies::new(options.content, &options.folder),
            options,
            begun: Instant::now(),
            state: Mutex::default(),
            reading: Mutex::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Begun {
        Begun { time: (self.begun.elapsed().as_secs_f64() * 1_000_000.0).round() / 1000.0, wall: wall() }
    }

    fn wants(&self, page: Option<&Page>, url: &str) -> bool {
        self.options.page.as_ref().is_none_or(|own| Some(own) == page)
            && self.options.url.as_ref().is_none_or(|url_filter| url_filter.find(url).is_some())
    }

    fn notice(self: &Arc<Self>, notice: &Notice) {
        match notice {
            Notice::PageCreated(page) => self.page(page),
            Notice::Loaded(frame, state) if frame.parent().is_none() => self.loaded(frame, *state),
            Notice::Request(request) if self.wants(request.page(), request.url()) => self.asked(request),
            Notice::RequestFinished(request) | Notice::RequestFailed(request) => self.ended(request),
            Notice::WebSocket(notice) => self.socket(notice),
            _ => {}
        }
    }

    fn asked(&self, request: &Request) {
        let mut state = self.state();
        let place = state.entries.len();
        let from = request.redirected_from().and_then(|from| state.places.get(&key(from)).copied());
        state.redirects.extend(from.map(|from| (from, request.url().to_owned())));
        state.places.insert(key(request), place);
        state.entries.push(Slot::Running(request.clone(), self.now()));
    }

    fn ended(self: &Arc<Self>, request: &Request) {
        let Some(place) = self.state().places.get(&key(request)).copied() else { return };
        let (shared, request) = (self.clone(), request.clone());
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        while reading.try_join_next().is_some() {}
        reading.spawn(async move {
            let facts = Facts::of(&request).await;
            let mut state = shared.state();
            if let Some(slot) = state.entries.get_mut(place)
                && let Slot::Running(request, begun) = &*slot
            {
                *slot = Slot::Done(shared.entry(request, *begun, &facts));
            }
        });
    }

    fn entry(&self, request: &Request, begun: Begun, facts: &Facts) -> Value {
        Value::Object(entry(request, begun, facts, self.options.mode, &self.bodies))
    }

    fn socket(&self, notice: &WebSocketNotice) {
        let now = self.now();
        let key = format!("socket {} {}", notice.page.id(), notice.id);
        let mut state = self.state();
        if let WebSocketEvent::Opened(url) = &notice.what {
            if self.wants(Some(&notice.page), url) {
                let place = state.entries.len();
                state.places.insert(key, place);
                state.entries.push(Slot::Socket(Socket::new(url, notice.page.id(), now)));
            }
            return;
        }
        let Some(place) = state.places.get(&key).copied() else { return };
        if let Some(Slot::Socket(socket)) = state.entries.get_mut(place) {
            socket.event(&notice.what, now.wall, self.options.mode);
        }
    }

    fn page(&self, page: &Page) {
        let known = self.options.page.as_ref().is_none_or(|own| own == page);
        let mut state = self.state();
        if self.options.mode == Mode::Minimal || !known || state.pages.iter().any(|entry| entry.id == page.id()) {
            return;
        }
        let (id, title) = (page.id().to_owned(), String::new());
        state.pages.push(PageEntry { id, begun: wall(), title, content_load: None, load: None });
    }

    fn loaded(self: &Arc<Self>, frame: &Frame, loaded: LoadState) {
        let is_load = match loaded {
            LoadState::Load => true,
            LoadState::DomContentLoaded => false,
            _ => return,
        };
        let id = frame.page().id().to_owned();
        if !self.state().pages.iter().any(|entry| entry.id == id) {
            return;
        }
        let (shared, frame) = (self.clone(), frame.clone());
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        reading.spawn(async move {
            let declaration = "function() { return [document.title, performance.timing.domContentLoadedEventStart, performance.timing.loadEventStart]; }";
            let Ok(context) = frame.utility_context().await else { return };
            let Ok(found) = context.call(declaration, &[]).await else { return };
            let mut state = shared.state();
            let Some(entry) = state.pages.iter_mut().find(|entry| entry.id == id) else { return };
            entry.title = found[0].as_str().unwrap_or_default().to_owned();
            if is_load {
                entry.load = found[2].as_f64();
            } else {
                entry.content_load = found[1].as_f64();
            }
        });
    }

    fn archive(&self, product: Option<&str>) -> Archive {
        let state = std::mem::take(&mut *self.state());
        let version = product.map_or("", |product| product.rsplit_once('/').map_or(product, |(_, version)| version));
        let name = product.map_or("", |_| "chromium");
        let mut log = json!({
            "version": "1.2", "creator": { "name": "understudy", "version": env!("CARGO_PKG_VERSION") },
            "browser": { "name": name, "version": version },
        });
        if !state.pages.is_empty() {
            log["pages"] = state.pages.iter().map(PageEntry::json).collect();
        }
        let entry = |(number, slot): (usize, Slot)| {
            let mut entry = match slot {
                Slot::Done(entry) => entry,
                Slot::Running(request, begun) => self.entry(&request, begun, &Facts::now(&request)),
                Slot::Socket(socket) => socket.entry(number, self.options.mode, &self.bodies),
            };
            if let Some(next) = state.redirects.get(&number) {
                entry["response"]["redirectURL"] = json!(next);
            }
            entry
        };
        log["entries"] = state.entries.into_iter().enumerate().map(entry).collect();
        Archive { har: json!({ "log": log }), files: self.bodies.take() }
    }
}

impl PageEntry {
    fn json(&self) -> Value {
        let after = |time: Option<f64>| time.map_or(-1.0, |time| time - self.begun);
        json!({
            "startedDateTime": iso(self.begun), "id": self.id, "title": self.title,
            "pageTimings": { "onContentLoad": after(self.content_load), "onLoad": after(self.load) },
        })
    }
}
