//! One running Chromium: its contexts and the targets that appear in them.

mod growth;
mod guard;
mod health;
mod root;

use super::cdp::{Connection, Session};
use super::context::{BrowserContext, ContextOptions};
use super::download::{self, Download, Folder};
use super::endpoint;
use super::error::BrowserError;
use super::launch::{self, LaunchError, LaunchOptions, Mode, Process};
use super::page::Page;
use super::spare::Spare;
use super::sync::lock;
use super::warden::Warden;
use chromiumoxide::cdp::browser_protocol::target::CreateBrowserContextParams;
use health::Health;
use root::Root;
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{OnceCell, watch};

/// A running Chromium. Clones share it; it ends when the last one is dropped.
#[derive(Clone)]
pub struct Browser(Arc<Inner>);

struct Inner {
    root: Session,
    process: Option<Process>,
    version: Version,
    state: Mutex<State>,
    changed: watch::Sender<()>,
    spare: Spare,
    /// The browser once more, for those who speak the protocol themselves: what it attaches to is nobody's page.
    visitors: OnceCell<Session>,
    /// Whether one is kept ready: not where a person would see its window.
    spares: bool,
    downloads: Folder,
    /// A pause after everything that a test does in it.
    slow_mo: Duration,
    warden: Option<Arc<dyn Warden>>,
    keeps_out: bool,
    health: Health,
}

/// Time from the start of one session to preparing for the next: its own start comes first.
const SPARE_DELAY: Duration = Duration::from_millis(50);

struct State {
    contexts: HashMap<String, BrowserContext>,
    pages: HashMap<String, Page>,
    downloads: Vec<Download>,
    /// Chromium's name of the context it begins with, where only that one's pages are wanted.
    own_context: Option<String>,
    /// Contexts that somebody asked for and does not have yet.
    asked: usize,
    used: Instant,
}

/// As long as it lives, a context is being made for somebody.
struct Asked<'a>(&'a Browser);

impl<'a> Asked<'a> {
    fn of(browser: &'a Browser) -> Self {
        lock(&browser.0.state).asked += 1;
        Self(browser)
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.0.0.state);
        state.asked -= 1;
        state.used = Instant::now();
    }
}

/// Chromium about itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Version {
    pub(super) product: String,
    pub(super) user_agent: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Visitor {
    session_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TargetInfo {
    pub(super) target_id: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) opener_id: Option<String>,
    browser_context_id: Option<String>,
    #[serde(default)]
    url: String,
}

impl Browser {
    /// Starts one, or connects to one that runs.
    ///
    /// # Errors
    /// When there is none then.
    pub async fn start(mode: Mode, options: &LaunchOptions) -> Result<Self, LaunchError> {
        let (connection, process) = match &options.cdp_endpoint {
            Some(address) => {
                let failed = |reason: String| LaunchError::Endpoint { endpoint: address.clone(), reason };
                (
                    endpoint::connect(address, &options.wishes.headers)
                        .await
                        .map_err(|error| failed(error.to_string()))?,
                    None,
                )
            }
            None => {
                let (connection, process) = launch::launch(mode, options).await?;
                (connection, Some(process))
            }
        };
        let refused = |error: BrowserError| LaunchError::Endpoint {
            endpoint: options.cdp_endpoint.clone().unwrap_or_else(|| "its pipe".into()),
            reason: error.to_string(),
        };
        let downloads = match &process {
            Some(process) => Folder::Own(process.downloads().to_owned()),
            None => Folder::beside(options.wishes.downloads.clone()),
        };
        let root = connection.root();
        let version: Version = root.request("Browser.getVersion", &json!({})).parse().await.map_err(refused)?;
        let browser = Self(Arc::new(Inner {
            root: root.clone(),
            process,
            version,
            state: Mutex::new(State {
                contexts: HashMap::new(),
                pages: HashMap::new(),
                downloads: Vec::new(),
                own_context: None,
                asked: 0,
                used: Instant::now(),
            }),
            changed: watch::channel(()).0,
            spare: Spare::default(),
            visitors: OnceCell::new(),
            spares: mode == Mode::Headless && options.cdp_endpoint.is_none() && options.wishes.profile.is_none(),
            downloads,
            slow_mo: options.wishes.slow_mo,
            warden: options.warden.clone(),
            keeps_out: options.keeps_out,
            health: Health::default(),
        }));
        connection.attach(&root, Arc::new(Root::of(&browser)));
        let attach = json!({ "autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true });
        root.request("Target.setAutoAttach", &attach).raw().await.map_err(refused)?;
        Ok(browser)
    }

    /// A fresh profile: cookies, storage and cache of its own.
    pub async fn new_context(&self, options: ContextOptions) -> Result<BrowserContext, BrowserError> {
        let _asked = Asked::of(self);
        // One that is there has no proxy.
        let spare = if options.proxy.is_none() && options.gateway.is_none() { self.0.spare.take().await } else { None };
        let context = match spare.filter(BrowserContext::is_ready) {
            Some(context) => {
                context.take_over(options).await?;
                context
            }
            None => {
                let context = self.create_context(options).await?;
                context.prepare().await?;
                context
            }
        };
        if self.0.spares {
            self.keep_ready(SPARE_DELAY);
        }
        Ok(context)
    }

    async fn create_context(&self, options: ContextOptions) -> Result<BrowserContext, BrowserError> {
        let mut params = CreateBrowserContextParams::builder().dispose_on_detach(true);
        // Without a word Chromium would ask this machine's own servers directly.
        const ALSO_THIS_MACHINE: &str = "<-loopback>";
        if let Some(gateway) = &options.gateway {
            params = params.proxy_server(gateway.address()).proxy_bypass_list(ALSO_THIS_MACHINE);
        } else if let Some(proxy) = &options.proxy {
            let bypass = proxy.bypass.iter().flat_map(|list| list.split(',')).map(str::trim);
            // The last word counts.
            let list: Vec<&str> = [ALSO_THIS_MACHINE].into_iter().chain(bypass.filter(|one| !one.is_empty())).collect();
            params = params.proxy_server(proxy.server.clone()).proxy_bypass_list(list.join(","));
        }
        let created = self.0.root.send(params.build()).await?;
        let context = BrowserContext::new(self.clone(), created.browser_context_id.inner().clone(), options);
        self.know_context(&context);
        Ok(context)
    }

    /// Makes a context with a page for the next who asks, so that they need not wait for a process to start.
    fn keep_ready(&self, delay: Duration) {
        let Some(making) = self.0.spare.begin() else { return };
        let browser = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            making.wait(delay).await;
            let Some(browser) = browser.upgrade().map(Self).filter(|browser| !browser.is_closed()) else { return };
            let made = async {
                let context = browser.create_context(ContextOptions::default()).await?;
                tokio::try_join!(context.prepare(), context.keep_ready())?;
                Ok::<_, BrowserError>(context)
            };
            match made.await {
                Ok(context) => making.done(context),
                Err(error) => tracing::debug!(%error, "failed to keep a context ready"),
            }
        });
    }

    /// The operating system's number for its process; none for one that someone else started.
    pub fn process_id(&self) -> Option<u32> {
        self.0.process.as_ref().and_then(Process::id)
    }

    /// Name and version.
    pub fn product(&self) -> &str {
        &self.0.version.product
    }

    /// 156, say; 0 where it does not say.
    pub(super) fn major_version(&self) -> u32 {
        let version = self.product().rsplit('/').next().unwrap_or_default();
        version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or_default()
    }

    /// What it says to servers unless told otherwise.
    pub fn user_agent(&self) -> &str {
        &self.0.version.user_agent
    }

    /// Ends it and waits until it is gone.
    pub async fn close(&self) {
        match &self.0.process {
            Some(process) => process.close().await,
            None => self.connection().close(),
        }
    }

    /// Whether it is gone.
    pub fn is_closed(&self) -> bool {
        self.connection().is_closed()
    }

    /// Completes when it is gone.
    pub async fn closed(&self) {
        self.connection().closed().await;
    }

    /// From now on the log says nothing of what it is told and tells: a person types secrets into it.
    pub fn be_discreet(&self) {
        self.connection().be_discreet();
    }

    /// Somebody wants it now.
    pub(super) fn touch(&self) {
        lock(&self.0.state).used = Instant::now();
    }

    /// How long it has had no context.
    pub(super) fn idle_for(&self) -> Duration {
        let state = lock(&self.0.state);
        let unused = state.contexts.values().all(BrowserContext::is_unused);
        if unused && state.asked == 0 { state.used.elapsed() } else { Duration::ZERO }
    }

    pub(super) fn root(&self) -> &Session {
        &self.0.root
    }

    /// What we know of it.
    pub(super) fn held(&self) -> [(&'static str, usize); 5] {
        let (sessions, commands) = self.connection().held();
        let state = lock(&self.0.state);
        [
            ("contexts", state.contexts.len()),
            ("pages", state.pages.len()),
            ("downloads", state.downloads.len()),
            ("sessions", sessions),
            ("commands", commands),
        ]
    }

    /// A second session of the browser.
    pub(super) async fn visitors(&self) -> Result<Session, BrowserError> {
        let attach = async {
            let attached: Visitor = self.root().request("Target.attachToBrowserTarget", &json!({})).parse().await?;
            Ok(self.connection().session(&attached.session_id))
        };
        self.0.visitors.get_or_try_init(|| attach).await.cloned()
    }

    fn connection(&self) -> &Connection {
        self.0.root.connection()
    }

    /// From now on pages of contexts that somebody else made are nobody's.
    pub(super) async fn keep_to_own_context(&self) -> Result<(), BrowserError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Contexts {
            default_browser_context_id: Option<String>,
        }
        let contexts: Contexts = self.root().request("Target.getBrowserContexts", &json!({})).parse().await?;
        lock(&self.0.state).own_context = contexts.default_browser_context_id;
        Ok(())
    }

    /// Whether this context of Chromium's is one whose pages nobody here wants.
    pub(super) fn is_foreign(&self, context: Option<&str>) -> bool {
        let own = &lock(&self.0.state).own_context;
        own.is_some() && own.as_deref() != context
    }

    pub(super) fn know_context(&self, context: &BrowserContext) {
        lock(&self.0.state).contexts.insert(context.id().to_owned(), context.clone());
        self.0.changed.send_replace(());
    }

    pub(super) fn forget_context(&self, id: &str) {
        let gone: Vec<Download> = {
            let mut state = lock(&self.0.state);
            state.contexts.remove(id);
            state.used = Instant::now();
            let (gone, left) =
                std::mem::take(&mut state.downloads).into_iter().partition(|one| one.page.context().id() == id);
            state.downloads = left;
            gone
        };
        if let Some(folder) = self.downloads() {
            download::delete(folder, gone);
        }
        if !self.is_closed() {
            self.0.spare.hurry();
        }
    }

    pub(super) fn forget_page(&self, target: &str) {
        lock(&self.0.state).pages.remove(target);
    }

    pub(super) fn pages_of(&self, context: &BrowserContext) -> Vec<Page> {
        let state = lock(&self.0.state);
        state.pages.values().filter(|page| page.context() == context).cloned().collect()
    }

    /// The page of a target; waits until it is attached.
    pub(super) async fn page(&self, target: &str) -> Result<Page, BrowserError> {
        self.page_where(|page| page.id() == target).await
    }

    /// A page of which this is true; waits until there is one.
    pub(super) async fn page_where(&self, wanted: impl Fn(&Page) -> bool) -> Result<Page, BrowserError> {
        let mut changed = self.0.changed.subscribe();
        loop {
            changed.borrow_and_update();
            if let Some(page) = lock(&self.0.state).pages.values().find(|page| wanted(page)) {
                return Ok(page.clone());
            }
            tokio::select! {
                _ = changed.changed() => {}
                () = self.closed() => return Err(BrowserError::closed()),
            }
        }
    }

    /// Where downloads are.
    pub(super) fn downloads(&self) -> Option<&Path> {
        self.0.downloads.path()
    }

    /// Whether those of the context that it began with are somebody else's matter.
    pub(super) fn leaves_downloads(&self) -> bool {
        matches!(self.0.downloads, Folder::Fresh(_))
    }

    /// A pause after everything that a test does in it.
    pub fn slow_mo(&self) -> Duration {
        self.0.slow_mo
    }
}
