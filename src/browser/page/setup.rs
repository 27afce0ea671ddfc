//! How a page becomes one of ours.

use super::super::bridge;
use super::super::cdp::Session;
use super::super::context::BrowserContext;
use super::super::emulation;
use super::super::error::BrowserError;
use super::super::frame::Frame;
use super::super::handlers::Handlers;
use super::super::heard::Heard;
use super::super::init_script::InitScript;
use super::super::input::{Drags, Keyboard, Mouse};
use super::super::life::Life;
use super::super::network::Network;
use super::super::notice::Topic;
use super::super::page_events::PageListener;
use super::super::sync::lock;
use super::{Inner, Page, State, UTILITY_WORLD};
use chromiumoxide::cdp::browser_protocol::{log, network, page};
use chromiumoxide::cdp::js_protocol::runtime;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

impl Page {
    /// Takes over a target that waits for us: sends all it needs without waiting for answers, lets it run.
    pub(in crate::browser) fn attach(
        context: BrowserContext,
        session_id: &str,
        target: &str,
        opener: Option<Self>,
    ) -> Self {
        let session = context.browser().root().connection().session(session_id);
        let options = context.options();
        let page = Self(Arc::new_cyclic(|page: &Weak<Inner>| {
            let page = page.clone();
            let frames = move || page.upgrade().map(Self).map(|page| page.frames()).unwrap_or_default();
            let drags = Drags::new(session.clone(), frames);
            let keyboard = Keyboard::new(session.clone(), drags.clone());
            Inner {
                session: session.clone(),
                target: target.to_owned(),
                opener,
                state: Mutex::new(State { viewport: options.viewport(), ..State::default() }),
                network: Network::default(),
                wanted: AtomicU32::new(0),
                ready: watch::channel(false).0,
                crashed: CancellationToken::new(),
                why_crashed: OnceLock::new(),
                life: Life::new(),
                announced: AtomicBool::new(false),
                hidden: context.is_hiding(),
                mouse: Mouse::new(session.clone(), keyboard.clone(), drags.clone()),
                keyboard,
                drags,
                handlers: Handlers::default(),
                heard: Heard::default(),
                context,
            }
        }));
        // Chromium names the main frame as the target.
        let main = Frame::new(page.clone(), session.clone(), target, None);
        lock(&page.0.state).frames.insert(target.to_owned(), main.clone());
        main.await_quiet();
        session.connection().attach(&session, Arc::new(PageListener::new(page.clone(), session.clone())));
        page.set_up(&session, target);
        page
    }

    /// Makes a page that was kept ready one of a context with these options, as if it had been made for it.
    pub(in crate::browser) fn adopt(&self) {
        let options = self.0.context.options();
        lock(&self.0.state).viewport = options.viewport();
        if options.viewport().is_none() {
            drop(self.0.session.request("Emulation.clearDeviceMetricsOverride", &json!({})));
        }
        let answers = emulation::set_up(&self.0.session, &options, true, options.viewport());
        lock(&self.0.state).answers.extend(answers);
        emulation::headers(&self.0.session, options.extra_http_headers.as_ref(), None);
        self.intercept_in(&self.0.session);
        if let Some(resident) = self.0.context.resident() {
            self.receive(&resident);
        }
        self.bring_scripts(&self.0.session, &self.0.context.init_scripts());
        self.0.announced.store(false, Ordering::SeqCst);
        self.announce();
    }

    /// Whether Chromium took what the options ask for.
    pub(in crate::browser) async fn was_set_up(&self) -> Result<(), BrowserError> {
        let answers = std::mem::take(&mut lock(&self.0.state).answers);
        for answer in answers {
            match answer.raw().await {
                // Another session of its process has it so already.
                Err(BrowserError::Protocol { message, .. }) if message.contains("Another locale override") => {}
                Err(BrowserError::Protocol { message, .. }) if message.starts_with("Invalid timezone") => {
                    let name = self.0.context.options().timezone_id.unwrap_or_default();
                    return Err(BrowserError::other(format!("Invalid timezone ID: {name}")));
                }
                answer => drop(answer?),
            }
        }
        Ok(())
    }

    /// Everything a session of this page must know before its first script runs.
    pub(in crate::browser) fn set_up(&self, session: &Session, frame: &str) {
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
        self.intercept_in(session);
        session.post(log::EnableParams::default());
        post("Target.setAutoAttach", json!({ "autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true }));
        let options = self.0.context.options();
        if self.wants(Topic::FileChooser) {
            self.intercept_choosers(std::slice::from_ref(session));
        }
        let answers = emulation::set_up(session, &options, is_main, self.viewport());
        if is_main {
            lock(&self.0.state).answers.extend(answers);
        }
        let headers = lock(&self.0.state).extra_headers.clone();
        emulation::headers(session, options.extra_http_headers.as_ref(), headers.as_ref());
        self.bring_scripts(session, &self.all_init_scripts());
        session.post(runtime::RunIfWaitingForDebuggerParams::default());
    }

    fn bring_scripts(&self, session: &Session, scripts: &[InitScript]) {
        if !scripts.is_empty() {
            bridge::prepare(session);
        }
        for script in scripts {
            self.install_in(session, script);
        }
    }
}
