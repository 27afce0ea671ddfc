//! A page: its frames, what is done to it as a whole. What Chromium tells about it arrives in `page_events`.

use super::cdp::{Reply, Session};
use super::context::{BrowserContext, Size};
use super::emulation::{self, Media};
use super::error::BrowserError;
use super::frame::Frame;
use super::input::{Keyboard, Mouse, Touchscreen};
use super::network::Network;
use super::notice::{Notice, Topic};
use super::page_events::PageListener;
use super::resident::Resident;
use super::screencast::Cast;
use super::sync::lock;
use chromiumoxide::cdp::browser_protocol::{log, network, page};
use chromiumoxide::cdp::js_protocol::runtime;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Name of the world in which our own scripts run.
pub(super) const UTILITY_WORLD: &str = "understudy";

/// A page. Clones share it.
#[derive(Clone)]
pub struct Page(Arc<Inner>);

struct Inner {
    context: BrowserContext,
    session: Session,
    target: String,
    opener: Option<Page>,
    state: Mutex<State>,
    network: Network,
    wanted: AtomicU32,
    ready: watch::Sender<bool>,
    crashed: CancellationToken,
    closed: CancellationToken,
    announced: AtomicBool,
    keyboard: Keyboard,
    mouse: Mouse,
}

#[derive(Default)]
struct State {
    frames: HashMap<String, Frame>,
    /// Sessions of the page and of its out-of-process frames, by Chromium's name.
    sessions: HashMap<String, Session>,
    init_scripts: Vec<String>,
    screencast: Option<watch::Sender<Option<Cast>>>,
    viewport: Option<Size>,
    media: Media,
    extra_headers: Option<Map<String, Value>>,
}

impl Page {
    /// Takes over a target that waits for us: sends all it needs without waiting for answers, lets it run.
    pub(super) fn attach(context: BrowserContext, session_id: &str, target: &str, opener: Option<Self>) -> Self {
        let session = context.browser().root().connection().session(session_id);
        let options = context.options();
        let keyboard = Keyboard::new(session.clone());
        let page = Self(Arc::new(Inner {
            session: session.clone(),
            target: target.to_owned(),
            opener,
            state: Mutex::new(State { viewport: options.viewport(), ..State::default() }),
            network: Network::default(),
            wanted: AtomicU32::new(0),
            ready: watch::channel(false).0,
            crashed: CancellationToken::new(),
            closed: CancellationToken::new(),
            announced: AtomicBool::new(false),
            mouse: Mouse::new(session.clone(), keyboard.clone()),
            keyboard,
            context,
        }));
        // Chromium names the main frame as the target.
        let main = Frame::new(page.clone(), session.clone(), target, None);
        lock(&page.0.state).frames.insert(target.to_owned(), main);
        session.connection().attach(&session, Arc::new(PageListener::new(page.clone(), session.clone())));
        page.set_up(&session, target);
        page
    }

    /// Makes a page that was kept ready one of a context with these options, as if it had been made for it.
    pub(super) fn adopt(&self) {
        let options = self.0.context.options();
        lock(&self.0.state).viewport = options.viewport();
        if options.viewport().is_none() {
            drop(self.0.session.request("Emulation.clearDeviceMetricsOverride", &json!({})));
        }
        emulation::set_up(&self.0.session, &options, true, options.viewport());
        emulation::headers(&self.0.session, options.extra_http_headers.as_ref(), None);
        if let Some(resident) = self.0.context.resident() {
            self.receive(&resident);
        }
        for source in self.0.context.init_scripts() {
            let params = json!({ "source": source });
            drop(self.0.session.request("Page.addScriptToEvaluateOnNewDocument", &params));
        }
        self.0.announced.store(false, Ordering::SeqCst);
        self.announce();
    }

    /// Pictures go there from now on.
    pub(super) fn cast_to(&self, screencast: Option<watch::Sender<Option<Cast>>>) {
        lock(&self.0.state).screencast = screencast;
    }

    pub(super) fn casts(&self, cast: Cast) {
        if let Some(screencast) = &lock(&self.0.state).screencast {
            screencast.send_replace(Some(cast));
        }
    }

    pub(super) fn receive(&self, resident: &Resident) {
        for session in lock(&self.0.state).sessions.values() {
            resident.move_into(session);
        }
    }

    /// Everything a session of this page must know before its first script runs.
    pub(super) fn set_up(&self, session: &Session, frame: &str) {
        lock(&self.0.state).sessions.insert(session.id().to_owned(), session.clone());
        let is_main = session.id() == self.0.session.id();
        let post = |method: &'static str, params: Value| drop(session.request(method, &params));
        session.post(page::EnableParams::default());
        let page = self.clone();
        let of = session.clone();
        session.request_then("Page.getFrameTree", &json!({}), move |answer| {
            if let Ok(tree) = answer {
                page.frame_tree(&of, &tree);
            }
        });
        // What the first document went through is told before the answer: that is nobody's business.
        let page = self.clone();
        session.request_then("Page.setLifecycleEventsEnabled", &json!({ "enabled": true }), move |_| {
            // Before the first navigation of a popup there is a document without a URL.
            if is_main && !page.main_frame().url().is_empty() {
                page.announce();
            }
        });
        session.post(runtime::EnableParams::default());
        // The world is made anew for each document by an empty script in it.
        let world = json!({ "source": "//# sourceURL=understudy:world.js", "worldName": UTILITY_WORLD });
        post("Page.addScriptToEvaluateOnNewDocument", world);
        let world = json!({ "frameId": frame, "worldName": UTILITY_WORLD, "grantUniveralAccess": true });
        post("Page.createIsolatedWorld", world);
        if let Some(resident) = self.0.context.resident() {
            resident.move_into(session);
        }
        session.post(network::EnableParams::default());
        session.post(log::EnableParams::default());
        post("Target.setAutoAttach", json!({ "autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true }));
        let options = self.0.context.options();
        emulation::set_up(session, &options, is_main, self.viewport());
        let (scripts, headers) = {
            let state = lock(&self.0.state);
            (state.init_scripts.clone(), state.extra_headers.clone())
        };
        emulation::headers(session, options.extra_http_headers.as_ref(), headers.as_ref());
        for source in self.0.context.init_scripts().into_iter().chain(scripts) {
            post("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source }));
        }
        session.post(runtime::RunIfWaitingForDebuggerParams::default());
    }

    /// Chromium's name for it.
    pub fn id(&self) -> &str {
        &self.0.target
    }

    /// Whose page it is.
    pub fn context(&self) -> &BrowserContext {
        &self.0.context
    }

    /// Who opened it, if a page did.
    pub fn opener(&self) -> Option<&Self> {
        self.0.opener.as_ref()
    }

    /// Its session; out-of-process frames have their own.
    pub(super) fn session(&self) -> &Session {
        &self.0.session
    }

    pub(super) fn network(&self) -> &Network {
        &self.0.network
    }

    /// The frame that fills it.
    pub fn main_frame(&self) -> Frame {
        self.frame(&self.0.target).unwrap_or_else(|| {
            // Closed: a frame of which nothing but that can be said.
            let frame = Frame::new(self.clone(), self.0.session.clone(), &self.0.target, None);
            frame.detach();
            frame
        })
    }

    /// All frames, in no order.
    pub fn frames(&self) -> Vec<Frame> {
        lock(&self.0.state).frames.values().cloned().collect()
    }

    /// By Chromium's name.
    pub fn frame(&self, id: &str) -> Option<Frame> {
        lock(&self.0.state).frames.get(id).cloned()
    }

    pub(super) fn insert_frame(&self, frame: &Frame) {
        lock(&self.0.state).frames.insert(frame.id().to_owned(), frame.clone());
    }

    /// Removes a frame with all inside of it, the innermost first.
    pub(super) fn remove_frame(&self, frame: &Frame) {
        self.remove_children(frame);
        lock(&self.0.state).frames.remove(frame.id());
        frame.detach();
        self.0.context.tell(Notice::FrameDetached(frame.clone()));
    }

    pub(super) fn remove_children(&self, frame: &Frame) {
        let children: Vec<Frame> =
            self.frames().into_iter().filter(|child| child.parent().as_ref() == Some(frame)).collect();
        for child in children {
            self.remove_frame(&child);
        }
    }

    pub(super) fn forget_session(&self, session: &Session) {
        lock(&self.0.state).sessions.remove(session.id());
    }

    /// Sends the same command to the page and to its out-of-process frames.
    pub(super) async fn broadcast(&self, method: &'static str, params: &Value) -> Result<(), BrowserError> {
        let sessions: Vec<Session> = lock(&self.0.state).sessions.values().cloned().collect();
        let replies: Vec<Reply> = sessions.iter().map(|session| session.request(method, params)).collect();
        for (session, reply) in sessions.iter().zip(replies) {
            match reply.raw().await {
                // A frame that went away meanwhile needs nothing.
                Err(error) if session.id() == self.0.session.id() => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Keys.
    pub fn keyboard(&self) -> &Keyboard {
        &self.0.keyboard
    }

    /// The pointer.
    pub fn mouse(&self) -> &Mouse {
        &self.0.mouse
    }

    /// Fingers.
    pub fn touchscreen(&self) -> Touchscreen {
        Touchscreen::new(self.0.session.clone(), self.0.keyboard.clone())
    }

    /// Runs `source` in every document of this page, before its own scripts.
    pub async fn add_init_script(&self, source: &str) -> Result<(), BrowserError> {
        lock(&self.0.state).init_scripts.push(source.to_owned());
        self.evaluate_on_new_document(source).await
    }

    pub(super) async fn evaluate_on_new_document(&self, source: &str) -> Result<(), BrowserError> {
        self.broadcast("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": source })).await
    }

    /// Size of the visible part; none is the window's own.
    pub fn viewport(&self) -> Option<Size> {
        lock(&self.0.state).viewport
    }

    /// Makes the visible part this large.
    pub async fn set_viewport(&self, size: Size) -> Result<(), BrowserError> {
        lock(&self.0.state).viewport = Some(size);
        let metrics = emulation::metrics(&self.0.context.options(), size);
        self.0.session.request("Emulation.setDeviceMetricsOverride", &metrics).raw().await?;
        Ok(())
    }

    /// Changes what media queries see; what `media` does not name stays.
    pub async fn emulate_media(&self, media: Media) -> Result<(), BrowserError> {
        let features = {
            let mut state = lock(&self.0.state);
            state.media.update(media);
            state.media.params(&self.0.context.options())
        };
        self.broadcast("Emulation.setEmulatedMedia", &features).await
    }

    /// Sent with every request of this page, on top of the context's.
    pub async fn set_extra_headers(&self, headers: Map<String, Value>) -> Result<(), BrowserError> {
        lock(&self.0.state).extra_headers = Some(headers);
        self.update_headers().await
    }

    pub(super) async fn update_headers(&self) -> Result<(), BrowserError> {
        let own = lock(&self.0.state).extra_headers.clone();
        let all = emulation::merged(self.0.context.options().extra_http_headers.as_ref(), own.as_ref());
        self.broadcast("Network.setExtraHTTPHeaders", &json!({ "headers": all })).await
    }

    /// In front of the other pages of its window.
    pub async fn bring_to_front(&self) -> Result<(), BrowserError> {
        self.0.session.send(page::BringToFrontParams::default()).await.map(drop)
    }

    /// Closes it and waits until it is gone; with `run_before_unload` its handlers are asked and nothing is waited for.
    pub async fn close(&self, run_before_unload: bool) -> Result<(), BrowserError> {
        if self.is_closed() {
            return Ok(());
        }
        if run_before_unload {
            return self.0.session.send(page::CloseParams::default()).await.map(drop);
        }
        let params = json!({ "targetId": self.0.target });
        match self.0.context.browser().root().request("Target.closeTarget", &params).raw().await {
            Err(BrowserError::Protocol { .. }) | Ok(_) => {}
            Err(error) => return Err(error),
        }
        self.0.closed.cancelled().await;
        Ok(())
    }

    /// Whether it is closed.
    pub fn is_closed(&self) -> bool {
        self.0.closed.is_cancelled()
    }

    /// Why nothing can be done with it any more; none if something can.
    pub fn why_gone(&self) -> Option<BrowserError> {
        if self.is_closed() {
            return Some(BrowserError::closed());
        }
        self.0.crashed.is_cancelled().then(BrowserError::crashed)
    }

    /// Completes when nothing can be done with it any more.
    pub async fn gone(&self) -> BrowserError {
        tokio::select! {
            biased;
            () = self.0.closed.cancelled() => BrowserError::closed(),
            () = self.0.crashed.cancelled() => BrowserError::crashed(),
        }
    }

    /// Completes when its first document is there; a popup's when its URL is known.
    pub(super) async fn ready(&self) -> Result<(), BrowserError> {
        let mut ready = self.0.ready.subscribe();
        tokio::select! {
            _ = ready.wait_for(|ready| *ready) => Ok(()),
            error = self.gone() => Err(error),
        }
    }

    /// Its first document is there: tells the watcher, once.
    pub(super) fn announce(&self) {
        if !self.0.announced.swap(true, Ordering::SeqCst) {
            self.0.context.tell(Notice::PageCreated(self.clone()));
            self.0.ready.send_replace(true);
        }
    }

    pub(super) fn is_announced(&self) -> bool {
        self.0.announced.load(Ordering::SeqCst)
    }

    /// Whether the watcher is told of `topic`.
    pub fn want(&self, topic: Topic, wanted: bool) {
        if wanted {
            self.0.wanted.fetch_or(topic.bit(), Ordering::SeqCst);
        } else {
            self.0.wanted.fetch_and(!topic.bit(), Ordering::SeqCst);
        }
    }

    pub(super) fn wants(&self, topic: Topic) -> bool {
        self.0.wanted.load(Ordering::SeqCst) & topic.bit() != 0
    }

    pub(super) fn tell(&self, notice: Notice) {
        self.0.context.tell(notice);
    }

    pub(super) fn tell_if(&self, topic: Topic, notice: impl FnOnce() -> Notice) {
        if self.wants(topic) {
            self.tell(notice());
        }
    }

    /// The renderer is gone.
    pub(super) fn has_crashed(&self) {
        self.0.crashed.cancel();
        self.0.session.fail_pending(&BrowserError::crashed());
        self.tell(Notice::PageCrashed(self.clone()));
    }

    /// The target is gone.
    pub(super) fn has_closed(&self) {
        self.0.closed.cancel();
        let frames = std::mem::take(&mut lock(&self.0.state).frames);
        for frame in frames.into_values() {
            frame.detach();
        }
        self.0.network.clear();
        self.0.context.browser().forget_page(&self.0.target);
        if self.is_announced() {
            self.tell(Notice::PageClosed(self.clone()));
        }
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("target", &self.0.target).finish()
    }
}

impl PartialEq for Page {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
