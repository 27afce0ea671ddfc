//! What the worker knows, under the names it knows it by (`page@1`, …), and the events about it.

use super::failure::Failure;
use super::tell;
use super::video::Videos;
use crate::artifacts::Bounds;
use crate::browser::dialog::Dialog;
use crate::browser::network::{Request, Route, RoutedSocket};
use crate::browser::{
    BrowserContext, CustomEngines, Download, ExposedCall, Frame, Notice, Observer, Page, RemoteObject, Worker,
};
use crate::runner::host::mailbox::Mailbox;
use crate::runner::protocol::ToWorker;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(super) struct Objects {
    events: Mailbox,
    tables: Mutex<Tables>,
    pub(super) videos: Videos,
    /// Of selectors, in all contexts.
    pub(super) engines: CustomEngines,
    /// At a time.
    pub(super) most_pages: Option<usize>,
    /// Pages that the test asked for and does not have yet.
    pub(super) opening: AtomicUsize,
    pub(super) bounds: Bounds,
}

#[derive(Default)]
struct Tables {
    last: u64,
    contexts: HashMap<String, BrowserContext>,
    pages: HashMap<String, Page>,
    frames: HashMap<String, Frame>,
    workers: HashMap<String, Worker>,
    handles: HashMap<String, RemoteObject>,
    requests: HashMap<String, Request>,
    dialogs: HashMap<String, Dialog>,
    downloads: HashMap<String, Download>,
    /// What pages wait for.
    calls: HashMap<String, ExposedCall>,
    /// By their own names.
    sockets: HashMap<String, RoutedSocket>,
    /// Until they are decided.
    routes: HashMap<String, Route>,
    /// Frames that are gone from pages that are there, with their page.
    detached: HashMap<String, Page>,
    /// Our names of pages and frames by Chromium's.
    names: HashMap<String, String>,
}

impl Tables {
    fn name(&mut self, kind: &str) -> String {
        self.last += 1;
        format!("{kind}@{}", self.last)
    }
}

impl Objects {
    pub(super) fn new(events: Mailbox, most_pages: Option<usize>, bounds: Bounds) -> Arc<Self> {
        Arc::new(Self {
            events,
            tables: Mutex::default(),
            videos: Videos::default(),
            engines: CustomEngines::default(),
            most_pages,
            opening: AtomicUsize::new(0),
            bounds,
        })
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many of each kind are kept.
    pub(super) fn held(&self) -> BTreeMap<&'static str, usize> {
        let tables = self.tables();
        BTreeMap::from([
            ("contexts", tables.contexts.len()),
            ("pages", tables.pages.len()),
            ("frames", tables.frames.len()),
            ("workers", tables.workers.len()),
            ("handles", tables.handles.len()),
            ("requests", tables.requests.len()),
            ("dialogs", tables.dialogs.len()),
            ("downloads", tables.downloads.len()),
            ("calls", tables.calls.len()),
            ("routes", tables.routes.len()),
            ("detached", tables.detached.len()),
            ("names", tables.names.len()),
        ])
    }

    pub(super) fn send(&self, target: &str, name: &str, params: Value) {
        self.events.send(ToWorker::Event { target: target.into(), name: name.into(), params });
    }

    pub(super) fn add_context(self: &Arc<Self>, context: BrowserContext) -> String {
        let id = {
            let mut tables = self.tables();
            let id = tables.name("context");
            context.use_engines(self.engines.clone());
            context.keep_within(self.bounds.clone());
            tables.contexts.insert(id.clone(), context.clone());
            id
        };
        let objects = Arc::downgrade(self);
        let name = id.clone();
        let observer: Observer = Arc::new(move |notice: Notice| {
            if let Some(objects) = objects.upgrade() {
                tell::notice(&objects, &name, notice);
            }
        });
        context.observe(observer);
        id
    }

    pub(super) fn contexts(&self) -> Vec<BrowserContext> {
        self.tables().contexts.values().cloned().collect()
    }

    pub(super) fn context(&self, id: &str) -> Result<BrowserContext, Failure> {
        self.tables().contexts.get(id).cloned().ok_or_else(|| Failure::gone(id))
    }

    pub(super) fn forget_context(&self, id: &str) {
        let mut tables = self.tables();
        tables.contexts.remove(id);
        tables.downloads.retain(|_, download| !download.page.context().is_closed());
        // Of service workers, to the last.
        let tables = &mut *tables;
        let gone = tables.requests.extract_if(|_, request| request.owner().context().is_closed());
        let gone: Vec<String> = gone.map(|(id, _)| id).collect();
        tables.names.retain(|_, id| !gone.contains(id));
        tables.routes.retain(|_, route| !route.request().owner().context().is_closed());
    }

    /// In all contexts.
    pub(super) fn open_pages(&self) -> usize {
        self.contexts().iter().map(|context| context.pages().len()).sum()
    }

    /// A name for a page and its main frame.
    pub(super) fn add_page(&self, page: &Page) -> (String, String) {
        let mut tables = self.tables();
        let (id, frame) = (tables.name("page"), tables.name("frame"));
        tables.pages.insert(id.clone(), page.clone());
        tables.names.insert(format!("page {}", page.id()), id.clone());
        let main = page.main_frame();
        tables.names.insert(main.id().to_owned(), frame.clone());
        tables.frames.insert(frame.clone(), main);
        (id, frame)
    }

    pub(super) fn page_name(&self, page: &Page) -> Option<String> {
        self.tables().names.get(&format!("page {}", page.id())).cloned()
    }

    pub(super) fn page(&self, id: &str) -> Result<Page, Failure> {
        self.tables().pages.get(id).cloned().ok_or_else(|| Failure::gone(id))
    }

    pub(super) fn forget_page(&self, page: &Page) {
        let mut tables = self.tables();
        let Some(id) = tables.names.remove(&format!("page {}", page.id())) else { return };
        tables.pages.remove(&id);
        let gone: Vec<String> =
            tables.frames.iter().filter(|(_, frame)| frame.page() == page).map(|(id, _)| id.clone()).collect();
        for id in gone {
            if let Some(frame) = tables.frames.remove(&id) {
                tables.names.remove(frame.id());
            }
        }
        tables.detached.retain(|_, of| of != page);
        tables.handles.retain(|_, handle| handle.context().page() != Some(page));
        let requests = format!("request {} ", page.id());
        tables.names.retain(|name, _| !name.starts_with(&requests));
        tables.requests.retain(|_, request| request.page() != Some(page));
        tables.dialogs.retain(|_, dialog| dialog.page() != page);
        tables.calls.retain(|_, call| call.context().page() != Some(page));
        tables.routes.retain(|_, route| route.request().page() != Some(page));
        tables.sockets.retain(|_, socket| socket.context().page() != Some(page));
    }

    pub(super) fn add_worker(&self, worker: &Worker) -> String {
        let mut tables = self.tables();
        let id = tables.name("worker");
        tables.names.insert(format!("worker {}", worker.id()), id.clone());
        tables.workers.insert(id.clone(), worker.clone());
        id
    }

    pub(super) fn worker_name(&self, worker: &Worker) -> Option<String> {
        self.tables().names.get(&format!("worker {}", worker.id())).cloned()
    }

    pub(super) fn worker(&self, id: &str) -> Result<Worker, Failure> {
        self.tables().workers.get(id).cloned().ok_or_else(Failure::closed)
    }

    /// How it was called.
    pub(super) fn forget_worker(&self, worker: &Worker) -> Option<String> {
        let mut tables = self.tables();
        let id = tables.names.remove(&format!("worker {}", worker.id()))?;
        tables.workers.remove(&id);
        tables.handles.retain(|_, handle| handle.context().worker() != Some(worker));
        Some(id)
    }

    pub(super) fn add_frame(&self, frame: &Frame) -> String {
        let mut tables = self.tables();
        let id = tables.name("frame");
        tables.names.insert(frame.id().to_owned(), id.clone());
        tables.frames.insert(id.clone(), frame.clone());
        id
    }

    pub(super) fn frame_name(&self, frame: &Frame) -> Option<String> {
        self.frame_name_of(frame.id())
    }

    pub(super) fn frame_name_of(&self, id: &str) -> Option<String> {
        self.tables().names.get(id).cloned()
    }

    pub(super) fn frame(&self, id: &str) -> Result<Frame, Failure> {
        let tables = self.tables();
        tables
            .frames
            .get(id)
            .cloned()
            .ok_or_else(|| if tables.detached.contains_key(id) { Failure::gone(id) } else { Failure::closed() })
    }

    pub(super) fn forget_frame(&self, frame: &Frame) {
        let mut tables = self.tables();
        if let Some(id) = tables.names.remove(frame.id()) {
            tables.frames.remove(&id);
            tables.detached.insert(id, frame.page().clone());
        }
    }

    pub(super) fn new_handle(&self, object: RemoteObject) -> Value {
        let mut tables = self.tables();
        let id = tables.name("handle");
        let value = json!({ "handle": id, "preview": object.preview(), "isElement": object.is_element() });
        tables.handles.insert(id, object);
        value
    }

    pub(super) fn handle(&self, id: &str) -> Result<RemoteObject, Failure> {
        self.tables().handles.get(id).cloned().ok_or_else(|| Failure::gone(id))
    }

    pub(super) fn forget_handle(&self, id: &str) {
        let removed = self.tables().handles.remove(id);
        // Not under the lock: dropping it talks to the page.
        drop(removed);
    }

    /// The same name for the same request; its answer is known by it too.
    pub(super) fn add_request(&self, request: &Request) -> String {
        let mut tables = self.tables();
        let name = name_of(request);
        if let Some(id) = tables.names.get(&name) {
            return id.clone();
        }
        let id = tables.name("request");
        tables.names.insert(name, id.clone());
        tables.requests.insert(id.clone(), request.clone());
        id
    }

    pub(super) fn request(&self, id: &str) -> Result<Request, Failure> {
        self.tables().requests.get(id).cloned().ok_or_else(|| Failure::gone(id))
    }

    pub(super) fn add_route(&self, route: &Route) -> String {
        let mut tables = self.tables();
        let id = tables.name("route");
        tables.routes.insert(id.clone(), route.clone());
        id
    }

    pub(super) fn route(&self, id: &str) -> Option<Route> {
        self.tables().routes.get(id).cloned()
    }

    pub(super) fn forget_route(&self, id: &str) {
        self.tables().routes.remove(id);
    }

    pub(super) fn add_socket(&self, socket: RoutedSocket) {
        self.tables().sockets.insert(socket.id.clone(), socket);
    }

    pub(super) fn socket(&self, id: &str) -> Option<RoutedSocket> {
        self.tables().sockets.get(id).cloned()
    }

    /// Whether it was known.
    pub(super) fn forget_socket(&self, id: &str) -> bool {
        self.tables().sockets.remove(id).is_some()
    }

    pub(super) fn add_download(&self, download: Download) -> String {
        let mut tables = self.tables();
        let id = tables.name("download");
        tables.downloads.insert(id.clone(), download);
        id
    }

    pub(super) fn download(&self, id: &str) -> Result<Download, Failure> {
        self.tables().downloads.get(id).cloned().ok_or_else(Failure::closed)
    }

    pub(super) fn add_call(&self, call: ExposedCall) -> String {
        let mut tables = self.tables();
        let id = tables.name("call");
        tables.calls.insert(id.clone(), call);
        id
    }

    /// For its one answer; none of a page that is gone.
    pub(super) fn take_call(&self, id: &str) -> Option<ExposedCall> {
        self.tables().calls.remove(id)
    }

    pub(super) fn add_dialog(&self, dialog: &Dialog) -> String {
        let mut tables = self.tables();
        let id = tables.name("dialog");
        tables.dialogs.insert(id.clone(), dialog.clone());
        id
    }

    pub(super) fn dialog(&self, id: &str) -> Result<Dialog, Failure> {
        self.tables().dialogs.get(id).cloned().ok_or_else(|| Failure::gone(id))
    }
}

/// The protocol calls all requests of a chain of redirects the same.
fn name_of(request: &Request) -> String {
    let hops = std::iter::successors(request.redirected_from(), |request| request.redirected_from()).count();
    format!("request {} {} {hops}", request.owner().id(), request.id())
}
