//! A page: its frames, what is done to it as a whole. What Chromium tells about it arrives in `page_events`.

mod end;
mod setup;

use super::cdp::{Reply, Session};
use super::context::{BrowserContext, Size};
use super::emulation::{self, Media};
use super::error::BrowserError;
use super::frame::Frame;
use super::handlers::Handlers;
use super::heard::Heard;
use super::init_script::InitScripts;
use super::input::{Drags, Keyboard, Mouse, Touchscreen};
use super::life::Life;
use super::network::{Headers, Network};
use super::notice::{Notice, Topic};
use super::resident::Resident;
use super::screencast::Cast;
use super::sync::lock;
use super::worker::Worker;
use chromiumoxide::cdp::browser_protocol::page;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Name of the world in which our own scripts run.
pub(in crate::browser) const UTILITY_WORLD: &str = "understudy";

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
    /// Where it is known.
    why_crashed: OnceLock<Arc<str>>,
    life: Life,
    announced: AtomicBool,
    /// Nobody is told of it.
    hidden: bool,
    keyboard: Keyboard,
    mouse: Mouse,
    drags: Drags,
    handlers: Handlers,
    heard: Heard,
}

#[derive(Default)]
struct State {
    frames: HashMap<String, Frame>,
    /// How often one was numbered since.
    numbered: u64,
    /// Sessions of the page and of its out-of-process frames, by Chromium's name.
    sessions: HashMap<String, Session>,
    workers: Vec<Worker>,
    /// Of Chromium to what the options ask for, until somebody looks.
    answers: Vec<Reply>,
    init_scripts: InitScripts,
    screencast: Option<watch::Sender<Option<Cast>>>,
    viewport: Option<Size>,
    media: Media,
    extra_headers: Option<Map<String, Value>>,
}

impl Page {
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
    pub(in crate::browser) fn session(&self) -> &Session {
        &self.0.session
    }

    pub(in crate::browser) fn network(&self) -> &Network {
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

    pub(in crate::browser) fn insert_frame(&self, frame: &Frame) {
        self.number(frame);
        lock(&self.0.state).frames.insert(frame.id().to_owned(), frame.clone());
    }

    /// Gives a frame the next number.
    pub(in crate::browser) fn number(&self, frame: &Frame) {
        let number = {
            let mut state = lock(&self.0.state);
            state.numbered += 1;
            state.numbered
        };
        frame.with_state(|state| state.number = number);
    }

    /// Removes a frame with all inside of it, the innermost first.
    pub(in crate::browser) fn remove_frame(&self, frame: &Frame) {
        self.remove_children(frame);
        lock(&self.0.state).frames.remove(frame.id());
        frame.detach();
        self.tell(Notice::FrameDetached(frame.clone()));
    }

    pub(in crate::browser) fn remove_children(&self, frame: &Frame) {
        let children: Vec<Frame> =
            self.frames().into_iter().filter(|child| child.parent().as_ref() == Some(frame)).collect();
        for child in children {
            self.remove_frame(&child);
        }
    }

    pub(in crate::browser) fn forget_session(&self, session: &Session) {
        lock(&self.0.state).sessions.remove(session.id());
    }

    /// Sends the same command to the page and to its out-of-process frames.
    pub(in crate::browser) async fn broadcast(&self, method: &'static str, params: &Value) -> Result<(), BrowserError> {
        let mut sessions = self.sessions();
        if method.starts_with("Network.") || method.starts_with("Fetch.") {
            sessions.extend(self.workers().iter().map(|worker| worker.session().clone()));
        }
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

    /// Its dedicated workers, and theirs.
    pub fn workers(&self) -> Vec<Worker> {
        lock(&self.0.state).workers.clone()
    }

    pub(in crate::browser) fn insert_worker(&self, worker: &Worker) {
        lock(&self.0.state).workers.push(worker.clone());
    }

    pub(in crate::browser) fn forget_worker(&self, worker: &Worker) {
        lock(&self.0.state).workers.retain(|other| other != worker);
        self.0.network.forget_session(worker.session());
    }

    /// Keys.
    pub fn keyboard(&self) -> &Keyboard {
        &self.0.keyboard
    }

    /// The pointer.
    pub fn mouse(&self) -> &Mouse {
        &self.0.mouse
    }

    /// What is dragged.
    pub(in crate::browser) fn drags(&self) -> &Drags {
        &self.0.drags
    }

    pub(in crate::browser) fn handlers(&self) -> &Handlers {
        &self.0.handlers
    }

    pub(in crate::browser) fn heard(&self) -> &Heard {
        &self.0.heard
    }

    /// Fingers.
    pub fn touchscreen(&self) -> Touchscreen {
        Touchscreen::new(self.0.session.clone(), self.0.keyboard.clone())
    }

    pub(in crate::browser) fn with_init_scripts<T>(&self, work: impl FnOnce(&mut InitScripts) -> T) -> T {
        work(&mut lock(&self.0.state).init_scripts)
    }

    /// Its own and those of its out-of-process frames.
    pub(in crate::browser) fn sessions(&self) -> Vec<Session> {
        lock(&self.0.state).sessions.values().cloned().collect()
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

    pub(in crate::browser) fn extra_headers(&self) -> Option<Map<String, Value>> {
        lock(&self.0.state).extra_headers.clone()
    }

    pub(in crate::browser) async fn update_headers(&self) -> Result<(), BrowserError> {
        let own = self.extra_headers();
        let all = emulation::merged(self.0.context.options().extra_http_headers.as_ref(), own.as_ref());
        self.broadcast("Network.setExtraHTTPHeaders", &json!({ "headers": all })).await
    }

    /// In front of the other pages of its window.
    pub async fn bring_to_front(&self) -> Result<(), BrowserError> {
        self.0.session.send(page::BringToFrontParams::default()).await.map(drop)
    }

    /// Completes when its first document is there; a popup's when its URL is known.
    pub(in crate::browser) async fn ready(&self) -> Result<(), BrowserError> {
        let mut ready = self.0.ready.subscribe();
        tokio::select! {
            _ = ready.wait_for(|ready| *ready) => Ok(()),
            error = self.gone() => Err(error),
        }
    }

    /// Its first document is there: tells the watcher, once.
    pub(in crate::browser) fn announce(&self) {
        if !self.0.announced.swap(true, Ordering::SeqCst) {
            self.tell(Notice::PageCreated(self.clone()));
            self.0.ready.send_replace(true);
        }
    }

    pub(in crate::browser) fn is_announced(&self) -> bool {
        self.0.announced.load(Ordering::SeqCst)
    }

    /// Pictures go there from now on.
    pub(in crate::browser) fn cast_to(&self, screencast: Option<watch::Sender<Option<Cast>>>) {
        lock(&self.0.state).screencast = screencast;
    }

    pub(in crate::browser) fn casts(&self, cast: Cast) {
        if let Some(screencast) = &lock(&self.0.state).screencast {
            screencast.send_modify(|newest| *newest = Some(cast.after(newest.as_ref())));
        }
    }

    pub(in crate::browser) fn receive(&self, resident: &Resident) {
        for session in lock(&self.0.state).sessions.values() {
            resident.move_into(session);
        }
    }

    /// Whether the watcher is told of `topic`.
    pub fn want(&self, topic: Topic, wanted: bool) {
        if wanted {
            self.0.wanted.fetch_or(topic.bit(), Ordering::SeqCst);
        } else {
            self.0.wanted.fetch_and(!topic.bit(), Ordering::SeqCst);
        }
        if topic == Topic::FileChooser {
            self.intercept_choosers(&self.sessions());
        }
    }

    /// Whether the observer asked for it.
    pub(in crate::browser) fn is_asked(&self, topic: Topic) -> bool {
        self.0.wanted.load(Ordering::SeqCst) & topic.bit() != 0
    }

    /// Whether anybody is to be told.
    pub(in crate::browser) fn wants(&self, topic: Topic) -> bool {
        self.is_asked(topic) || (topic.is_witnessed() && self.0.context.has_witness())
    }

    pub(in crate::browser) fn tell(&self, notice: Notice) {
        match notice {
            Notice::Route(route) if self.0.hidden => {
                tokio::spawn(async move { route.fulfill(200, html(), b"<!DOCTYPE html>").await });
            }
            _ if self.0.hidden => {}
            notice => self.0.context.tell(notice),
        }
    }

    /// Whether nobody is told of it.
    pub(in crate::browser) fn is_hidden(&self) -> bool {
        self.0.hidden
    }

    pub(in crate::browser) fn tell_if(&self, topic: Topic, notice: impl FnOnce() -> Notice) {
        if self.wants(topic) {
            self.tell(notice());
        }
    }
}

fn html() -> Headers {
    vec![("content-type".to_owned(), "text/html".to_owned())]
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
