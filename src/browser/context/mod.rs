//! A context: a profile of its own in a shared Chromium, and what holds for all its pages.

mod bounds;
mod options;

pub use options::{ContextOptions, ContextProxy, Credentials, Geolocation, Origin, Size, StorageState, one_or_many};

use super::clock::Clock;
use super::download;
use super::emulation;
use super::engines::CustomEngines;
use super::error::BrowserError;
use super::init_script::InitScript;
use super::instance::Browser;
use super::life::{Life, Stage};
use super::notice::{Notice, Observer, Witness};
use super::page::Page;
use super::passkeys::Passkeys;
use super::resident::Resident;
use super::sync::lock;
use super::warden;
use super::witnesses::{Watch, Witnesses};
use super::worker::{Worker, Workers};
use crate::artifacts::Bounds;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A context. Clones share it.
#[derive(Clone)]
pub struct BrowserContext(Arc<Inner>);

struct Inner {
    browser: Browser,
    id: String,
    options: Mutex<ContextOptions>,
    init_scripts: Mutex<Vec<InitScript>>,
    resident: Mutex<Option<Resident>>,
    observer: Mutex<Option<Observer>>,
    /// Somebody decides about the requests of its pages.
    routed: AtomicBool,
    /// Its next pages are nobody's business.
    hiding: AtomicBool,
    /// Origins that its pages have shown.
    visited: Mutex<BTreeSet<String>>,
    clock: Clock,
    witnesses: Witnesses,
    /// A page that is there already and was not asked for yet.
    spare: Mutex<Option<Page>>,
    /// Whether nobody asked for this context yet.
    unused: AtomicBool,
    workers: Workers,
    /// Selector engines of a test.
    engines: Mutex<CustomEngines>,
    life: Life,
    passkeys: Passkeys,
    bounds: Mutex<Bounds>,
}

impl BrowserContext {
    pub(super) fn new(browser: Browser, id: String, options: ContextOptions) -> Self {
        Self(Arc::new(Inner {
            browser,
            id,
            options: Mutex::new(options),
            init_scripts: Mutex::default(),
            resident: Mutex::default(),
            observer: Mutex::default(),
            routed: AtomicBool::new(false),
            hiding: AtomicBool::new(false),
            visited: Mutex::default(),
            clock: Clock::default(),
            witnesses: Witnesses::default(),
            spare: Mutex::default(),
            unused: AtomicBool::new(false),
            workers: Workers::default(),
            engines: Mutex::default(),
            life: Life::new(),
            passkeys: Passkeys::default(),
            bounds: Mutex::default(),
        }))
    }

    /// Selectors of its pages may use these engines too, also those that join them later.
    pub fn use_engines(&self, engines: CustomEngines) {
        *lock(&self.0.engines) = engines;
    }

    pub(super) fn engines(&self) -> CustomEngines {
        lock(&self.0.engines).clone()
    }

    /// Chromium's name for it.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// Where it lives.
    pub fn browser(&self) -> &Browser {
        &self.0.browser
    }

    /// From now on `observer` is told what happens, in place of who was before.
    pub fn observe(&self, observer: Observer) {
        *lock(&self.0.observer) = Some(observer);
    }

    /// From now on `witness` is told too, as long as what this returns is kept.
    pub fn watch(&self, witness: Witness) -> Watch {
        self.0.witnesses.watch(witness)
    }

    pub(super) fn has_witness(&self) -> bool {
        !self.0.witnesses.is_empty()
    }

    pub(super) fn tell(&self, notice: Notice) {
        if let Notice::FrameNavigated { frame, .. } = &notice {
            lock(&self.0.visited).extend(super::storage::origin_of(&frame.url()));
        }
        self.0.witnesses.tell(&notice);
        // What only the witness asked for is nobody else's.
        if notice.topic().is_some_and(|(page, topic)| !page.is_asked(topic)) {
            return;
        }
        let observer = lock(&self.0.observer).clone();
        if let Some(observer) = observer {
            notice.make_known();
            observer(notice);
        }
    }

    /// An error of Chromium's for a URL, as it is without anybody between it and the network.
    pub(super) fn unveiled(&self, url: &str, error: String) -> String {
        let warden = lock(&self.0.options).gateway.clone().or_else(|| self.0.browser.warden());
        warden::unveiled(warden.as_deref(), url, error)
    }

    /// Its options as they are now.
    pub fn options(&self) -> ContextOptions {
        lock(&self.0.options).clone()
    }

    /// Whether there is no network for its pages, from now on.
    pub async fn set_offline(&self, offline: bool) -> Result<(), BrowserError> {
        lock(&self.0.options).offline = offline;
        self.tell_workers("Network.emulateNetworkConditions", &emulation::network(offline));
        for page in self.pages() {
            page.broadcast("Network.emulateNetworkConditions", &emulation::network(offline)).await?;
        }
        Ok(())
    }

    /// For servers that ask, from now on; what the browser remembers of before stays.
    pub async fn set_http_credentials(&self, credentials: Vec<Credentials>) -> Result<(), BrowserError> {
        lock(&self.0.options).http_credentials = credentials;
        self.update_workers();
        for page in self.pages() {
            page.update_interception().await?;
        }
        Ok(())
    }

    /// Sent with every request of its pages, from now on.
    pub async fn set_extra_headers(&self, headers: Map<String, Value>) -> Result<(), BrowserError> {
        self.tell_workers("Network.setExtraHTTPHeaders", &json!({ "headers": headers }));
        lock(&self.0.options).extra_http_headers = Some(headers);
        for page in self.pages() {
            page.update_headers().await?;
        }
        Ok(())
    }

    /// Where its pages are, from now on; none is nowhere.
    pub async fn set_geolocation(&self, place: Option<Geolocation>) -> Result<(), BrowserError> {
        lock(&self.0.options).geolocation = place;
        for page in self.pages() {
            page.broadcast("Emulation.setGeolocationOverride", &emulation::geolocation(place)).await?;
        }
        Ok(())
    }

    pub(super) fn clock_state(&self) -> &Clock {
        &self.0.clock
    }

    pub(super) fn passkeys(&self) -> &Passkeys {
        &self.0.passkeys
    }

    pub(super) fn workers_kept(&self) -> &Workers {
        &self.0.workers
    }

    pub(super) fn is_routed(&self) -> bool {
        self.0.routed.load(Ordering::SeqCst)
    }

    pub(super) fn keep_routed(&self, routed: bool) {
        self.0.routed.store(routed, Ordering::SeqCst);
    }

    /// Its pages, in no order.
    pub fn pages(&self) -> Vec<Page> {
        let mut pages = self.0.browser.pages_of(self);
        pages.retain(|page| !page.is_hidden());
        pages
    }

    /// Origins that its pages have shown.
    pub(super) fn visited(&self) -> BTreeSet<String> {
        lock(&self.0.visited).clone()
    }

    pub(super) fn visited_only(&self, origins: impl Iterator<Item = String>) {
        *lock(&self.0.visited) = origins.collect();
    }

    /// Whether a page that comes now is nobody's business.
    pub(super) fn is_hiding(&self) -> bool {
        self.0.hiding.load(Ordering::SeqCst)
    }

    /// Keeps `resident` in every document from now on, out-of-process frames and popups too.
    pub fn settle(&self, resident: Resident) {
        for page in self.pages() {
            page.receive(&resident);
        }
        *lock(&self.0.resident) = Some(resident);
    }

    pub(super) fn resident(&self) -> Option<Resident> {
        lock(&self.0.resident).clone()
    }

    pub(super) fn init_scripts(&self) -> Vec<InitScript> {
        lock(&self.0.init_scripts).clone()
    }

    pub(super) fn with_init_scripts<T>(&self, work: impl FnOnce(&mut Vec<InitScript>) -> T) -> T {
        work(&mut lock(&self.0.init_scripts))
    }

    /// What holds for the profile as a whole, before its first page.
    pub(super) async fn prepare(&self) -> Result<(), BrowserError> {
        let options = self.options();
        let root = self.0.browser.root();
        let mut replies = Vec::new();
        if !self.is_ready() || options.accept_downloads == Some(false) {
            let downloads = self.scoped(download::behavior(&self.0.browser, self));
            replies.push(root.request("Browser.setDownloadBehavior", &downloads));
        }
        if !options.permissions.is_empty() {
            replies.push(self.grant(&options.permissions, None));
        }
        if let Some(state) = options.storage_state.as_ref().filter(|state| !state.cookies.is_empty()) {
            replies.push(self.set_cookies(&state.cookies));
        }
        if options.service_workers.as_deref() == Some("block") {
            lock(&self.0.init_scripts).push(InitScript::new(include_str!("../js/no_service_workers.js")));
        }
        for reply in replies {
            reply.raw().await?;
        }
        if let Some(state) = options.storage_state.as_ref().filter(|state| !state.credentials.is_empty()) {
            self.replace_passkeys(&state.credentials).await?;
        }
        match &options.storage_state {
            Some(state) if !state.origins.is_empty() => self.restore(&state.origins).await,
            _ => Ok(()),
        }
    }

    /// A context with a page, both made before anyone asks for them.
    pub(super) async fn keep_ready(&self) -> Result<(), BrowserError> {
        self.0.unused.store(true, Ordering::SeqCst);
        let page = self.new_page().await?;
        page.main_frame().prepare().await?;
        *lock(&self.0.spare) = Some(page);
        Ok(())
    }

    /// Whether it is kept ready for whoever asks.
    pub(super) fn is_unused(&self) -> bool {
        self.0.unused.load(Ordering::SeqCst)
    }

    /// Whether its page that was kept ready is of use.
    pub(super) fn is_ready(&self) -> bool {
        lock(&self.0.spare).as_ref().is_some_and(|page| page.why_gone().is_none())
    }

    /// Someone asked for it, with these options.
    pub(super) async fn take_over(&self, options: ContextOptions) -> Result<(), BrowserError> {
        *lock(&self.0.options) = options;
        self.0.unused.store(false, Ordering::SeqCst);
        self.prepare().await
    }

    /// A page; ready when this returns.
    pub async fn new_page(&self) -> Result<Page, BrowserError> {
        let spare = lock(&self.0.spare).take();
        if let Some(page) = spare {
            page.adopt();
            page.was_set_up().await?;
            return Ok(page);
        }
        self.create_page().await
    }

    /// A page that nobody is told of, and whose requests are answered with an empty document.
    pub(super) async fn new_hidden_page(&self) -> Result<Page, BrowserError> {
        self.0.hiding.store(true, Ordering::SeqCst);
        let page = self.create_page().await;
        self.0.hiding.store(false, Ordering::SeqCst);
        page
    }

    async fn create_page(&self) -> Result<Page, BrowserError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Created {
            target_id: String,
        }
        let params = self.scoped(json!({ "url": "about:blank" }));
        let created: Created = self.0.browser.root().request("Target.createTarget", &params).parse().await?;
        let page = self.0.browser.page(&created.target_id).await?;
        page.ready().await?;
        page.was_set_up().await?;
        Ok(page)
    }

    /// Closes its pages and forgets its profile. Nothing of it can be reached any more when this returns; Chromium takes longer
    /// to put it away, for which nobody needs to wait.
    pub fn close(&self) {
        if self.is_closed() {
            return;
        }
        if self.is_guest() {
            self.depart();
            return self.end_sessions();
        }
        let params = json!({ "browserContextId": self.id() });
        self.0.browser.root().request_then("Target.disposeBrowserContext", &params, |answer| match answer {
            Err(error) if !error.is_closed() => tracing::warn!(%error, "failed to dispose of a context"),
            _ => {}
        });
        self.end_sessions();
    }

    fn end_sessions(&self) {
        let pages = self.pages();
        let workers = self.service_workers();
        let sessions = pages.iter().map(Page::session).chain(workers.iter().map(Worker::session));
        let ids: Vec<String> = sessions.map(|session| session.id().to_owned()).collect();
        for id in ids {
            self.0.browser.root().connection().end_session(&id);
        }
        self.gone();
    }

    /// Whether it is gone.
    pub fn is_closed(&self) -> bool {
        self.0.life.has_reached(Stage::Gone)
    }

    /// Completes when it is gone.
    pub async fn gone_for_good(&self) {
        self.0.life.reached(Stage::Gone).await;
    }

    pub(super) fn gone(&self) {
        if self.0.life.advance(Stage::Gone) {
            lock(&self.0.spare).take();
            self.0.browser.forget_context(self.id());
            self.tell(Notice::ContextClosed);
            *lock(&self.0.observer) = None;
            self.0.witnesses.clear();
            self.0.life.advance(Stage::Over);
        }
    }
}

impl PartialEq for BrowserContext {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for BrowserContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BrowserContext").field(&self.0.id).finish()
    }
}
