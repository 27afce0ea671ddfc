//! Workers: dedicated ones, which belong to a page, and service workers, which belong to a context.

use super::cdp::{Event, Listener, Session};
use super::context::BrowserContext;
use super::emulation;
use super::error::BrowserError;
use super::network::{Network, intercept_in};
use super::notice::Notice;
use super::owner::Owner;
use super::page::Page;
use super::page_events::{TargetAttached, with};
use super::script::ExecutionContext;
use super::sync::lock;
use serde::Deserialize;
use serde_json::json;
use std::fmt;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// A worker. Clones share it.
#[derive(Clone)]
pub struct Worker(Arc<Inner>);

struct Inner {
    id: String,
    url: String,
    session: Session,
    home: Home,
    script: watch::Sender<Script>,
    gone: CancellationToken,
}

/// Its one JavaScript world.
#[derive(Default)]
struct Script {
    world: Option<ExecutionContext>,
    /// What was written for it has begun to run.
    runs: bool,
}

enum Home {
    /// Of a page; with the frame it was started from.
    Page(Page, String),
    /// Of a context.
    Context(BrowserContext, Box<Network>),
}

#[derive(Deserialize)]
struct ContextCreated {
    context: ContextInfo,
}

#[derive(Deserialize)]
struct ContextInfo {
    id: i64,
}

impl Worker {
    fn new(id: String, url: String, session: Session, home: Home) -> Self {
        let (script, gone) = (watch::channel(Script::default()).0, CancellationToken::new());
        Self(Arc::new(Inner { id, url, session, home, script, gone }))
    }

    /// Chromium's name for it.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// Of its script.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// Whose it is; none of a service worker.
    pub fn page(&self) -> Option<&Page> {
        match &self.0.home {
            Home::Page(page, _) => Some(page),
            Home::Context(..) => None,
        }
    }

    /// Where it lives.
    pub fn browser_context(&self) -> &BrowserContext {
        match &self.0.home {
            Home::Page(page, _) => page.context(),
            Home::Context(context, _) => context,
        }
    }

    pub(super) fn session(&self) -> &Session {
        &self.0.session
    }

    /// Its one JavaScript world; waits until its script has run for the first time.
    pub async fn script(&self) -> Result<ExecutionContext, BrowserError> {
        let mut script = self.0.script.subscribe();
        tokio::select! {
            biased;
            error = self.gone() => Err(error),
            found = script.wait_for(|script| script.runs && script.world.is_some()) => {
                found.ok().and_then(|script| script.world.clone()).ok_or_else(BrowserError::closed)
            }
        }
    }

    /// Why nothing can be done with it any more; none if something can.
    pub fn why_gone(&self) -> Option<BrowserError> {
        self.0.gone.is_cancelled().then(BrowserError::closed)
    }

    /// Completes when it is gone.
    pub async fn gone(&self) -> BrowserError {
        self.0.gone.cancelled().await;
        BrowserError::closed()
    }

    pub(super) fn end(&self) {
        if self.0.gone.is_cancelled() {
            return;
        }
        self.0.gone.cancel();
        self.forget_world();
        match &self.0.home {
            Home::Page(page, _) => page.forget_worker(self),
            Home::Context(context, network) => {
                network.clear();
                context.forget_worker(self);
            }
        }
        self.browser_context().tell(Notice::WorkerClosed(self.clone()));
    }

    fn forget_world(&self) {
        if let Some(world) = self.0.script.send_replace(Script::default()).world {
            world.destroy();
        }
    }

    fn tells_of_its_script(&self) -> bool {
        /// The first that does.
        const VERSION: u32 = 143;
        self.browser_context().browser().major_version() >= VERSION
    }

    /// Who asks for what it asks for, and who puts that together.
    fn asks(&self) -> (Owner, &Network) {
        match &self.0.home {
            Home::Page(page, _) => (Owner::Page(page.clone()), page.network()),
            Home::Context(_, network) => (Owner::Worker(self.clone()), network),
        }
    }

    /// Sends all it needs and lets it run.
    fn set_up(&self) {
        let session = &self.0.session;
        session.connection().attach(session, Arc::new(WorkerListener(self.clone())));
        let post = |method: &'static str, params| drop(session.request(method, &params));
        post("Inspector.enable", json!({}));
        post("Runtime.enable", json!({}));
        post("Network.enable", json!({}));
        let options = self.browser_context().options();
        let own = self.page().and_then(Page::extra_headers);
        emulation::agent(session, &options);
        emulation::headers(session, options.extra_http_headers.as_ref(), own.as_ref());
        if options.offline {
            post("Network.emulateNetworkConditions", emulation::network(true));
        }
        match &self.0.home {
            Home::Page(page, _) => page.intercept_in(session),
            Home::Context(context, network) => {
                let wanted = context.wants_interception();
                network.set_intercepting(wanted);
                intercept_in(session, wanted);
            }
        }
        post("Target.setAutoAttach", json!({ "autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true }));
        self.browser_context().tell(Notice::WorkerCreated(self.clone()));
        post("Runtime.runIfWaitingForDebugger", json!({}));
    }

    /// Its requests stop at us, or do no more.
    pub(super) fn update_interception(&self) {
        if let Home::Context(context, network) = &self.0.home {
            let wanted = context.wants_interception();
            if network.set_intercepting(wanted) {
                intercept_in(&self.0.session, wanted);
            }
        }
    }
}

impl Page {
    /// A worker of this page was started, from the frame or the worker whose session told of it.
    pub(super) fn worker_attached(&self, parent: &Session, event: TargetAttached, frame: &str) {
        let frame = event.target_info.parent_frame_id.as_deref().unwrap_or(frame);
        let session = parent.connection().session(&event.session_id);
        let home = Home::Page(self.clone(), frame.to_owned());
        let worker = Worker::new(event.target_info.target_id.clone(), event.target_info.url.clone(), session, home);
        self.network().asks_from(worker.session(), frame);
        self.insert_worker(&worker);
        worker.set_up();
    }
}

impl BrowserContext {
    /// A service worker of this context was started.
    pub(super) fn worker_attached(&self, session: Session, id: String, url: String) {
        let worker = Worker::new(id, url, session, Home::Context(self.clone(), Box::default()));
        lock(self.workers_kept()).push(worker.clone());
        worker.set_up();
    }

    /// Its service workers.
    pub fn service_workers(&self) -> Vec<Worker> {
        lock(self.workers_kept()).clone()
    }

    fn forget_worker(&self, worker: &Worker) {
        lock(self.workers_kept()).retain(|other| other != worker);
    }

    /// Sends the same command to all its service workers.
    pub(super) fn tell_workers(&self, method: &'static str, params: &serde_json::Value) {
        for worker in self.service_workers() {
            drop(worker.session().request(method, params));
        }
    }
}

/// The service workers of a context.
pub(super) type Workers = Mutex<Vec<Worker>>;

/// Listens on the session of a worker.
struct WorkerListener(Worker);

impl Listener for WorkerListener {
    fn event(&self, session: &Session, event: &Event<'_>) {
        let worker = &self.0;
        match event.method {
            "Runtime.executionContextCreated" => with(event, |event: ContextCreated| {
                let world = ExecutionContext::of_worker(session.clone(), event.context.id, worker.clone());
                worker.0.script.send_modify(|script| {
                    script.world.get_or_insert(world);
                    script.runs |= !worker.tells_of_its_script();
                });
            }),
            "Inspector.workerScriptLoaded" => worker.0.script.send_modify(|script| script.runs = true),
            // A service worker that was stopped: it may be started again.
            "Inspector.targetCrashed" => worker.forget_world(),
            "Runtime.consoleAPICalled" => {
                let world = worker.0.script.borrow().world.clone();
                if let Some(world) = world {
                    super::console::worker_called(worker, &world, event);
                }
            }
            "Runtime.exceptionThrown" => {
                if let Some(page) = worker.page() {
                    page.said(session, event);
                }
            }
            "Target.attachedToTarget" => with(event, |attached: TargetAttached| match &worker.0.home {
                Home::Page(page, frame) if attached.target_info.kind == "worker" => {
                    page.worker_attached(session, attached, frame);
                }
                _ => session.connection().session(&attached.session_id).let_go(session),
            }),
            method if method.starts_with("Network.") || method.starts_with("Fetch.") => {
                let (owner, network) = worker.asks();
                network.event(&owner, session, event);
            }
            _ => {}
        }
    }

    fn gone(&self) {
        self.0.end();
    }
}

impl PartialEq for Worker {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("url", &self.0.url).finish()
    }
}
