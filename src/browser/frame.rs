//! A frame: what document it shows, how far that is loaded, which JavaScript worlds it has. Its navigation is in `navigation`.

use super::cdp::Session;
use super::error::BrowserError;
use super::idle::Idleness;
use super::load_state::LoadState;
use super::page::Page;
use super::script::{ExecutionContext, RemoteObject};
use super::sync::lock;
use serde::Deserialize;
use serde_json::json;
use std::fmt;
use std::sync::{Arc, Mutex};
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

/// What happens to the document of a frame.
#[derive(Debug, Clone)]
pub(super) enum Navigated {
    /// Another document, or another URL of the same one.
    Committed { loader: String, url: String, same_document: bool },
    /// It will not come.
    Aborted { loader: String, error: String },
}

/// A frame of a page. Clones share it.
#[derive(Clone)]
pub struct Frame(Arc<Inner>);

struct Inner {
    id: String,
    page: Page,
    parent: Option<Frame>,
    state: Mutex<State>,
    navigations: broadcast::Sender<Navigated>,
    changed: watch::Sender<()>,
    detached: CancellationToken,
}

pub(super) struct State {
    pub(super) session: Session,
    pub(super) url: String,
    pub(super) name: String,
    /// See [`Frame::number`].
    pub(super) number: u64,
    /// Chromium's name of the document.
    pub(super) loader: String,
    pub(super) loaded: [bool; 3],
    pub(super) idleness: Idleness,
    /// A document that was asked for and is not here yet.
    pub(super) pending: Option<String>,
    /// Whether the page asked for a navigation that is neither here nor given up.
    pub(super) requested: bool,
    /// How often it did.
    pub(super) requests: u64,
    /// Who wants the navigation that is under way.
    pub(super) wanted_by: Cause,
    /// Who wanted the last one.
    pub(super) came_by: Cause,
    main: Option<ExecutionContext>,
    utility: Option<ExecutionContext>,
}

/// Who wanted a navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cause {
    /// The page: a link, a form, a script.
    Page,
    /// Somebody outside of it: the address bar, a command.
    Outside,
    /// A step in the history, whoever took it.
    History,
    /// Chromium did not say.
    #[default]
    Unknown,
}

/// Which JavaScript world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum World {
    Main,
    Utility,
}

impl Frame {
    pub(super) fn new(page: Page, session: Session, id: &str, parent: Option<Frame>) -> Self {
        let state = State {
            session,
            url: String::new(),
            name: String::new(),
            number: 0,
            loader: String::new(),
            loaded: [false; 3],
            idleness: Idleness::default(),
            pending: None,
            requested: false,
            requests: 0,
            wanted_by: Cause::Unknown,
            came_by: Cause::Unknown,
            main: None,
            utility: None,
        };
        Self(Arc::new(Inner {
            id: id.to_owned(),
            page,
            parent,
            state: Mutex::new(state),
            navigations: broadcast::channel(64).0,
            changed: watch::channel(()).0,
            detached: CancellationToken::new(),
        }))
    }

    /// Chromium's name for it.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// Whose frame it is.
    pub fn page(&self) -> &Page {
        &self.0.page
    }

    /// The frame around it.
    pub fn parent(&self) -> Option<Self> {
        self.0.parent.clone()
    }

    /// Who wanted it to be where it is.
    pub fn came_by(&self) -> Cause {
        self.peek(|state| state.came_by)
    }

    pub(super) fn has_context(&self, session: &Session, id: i64) -> bool {
        self.peek(|state| [&state.main, &state.utility].into_iter().flatten().any(|context| context.is(session, id)))
    }

    /// Its place among the frames that the page has ever had, by which aria snapshots tell frames apart. A main frame has another one
    /// for each document after the first.
    pub fn number(&self) -> u64 {
        lock(&self.0.state).number
    }

    /// Where its document came from.
    pub fn url(&self) -> String {
        lock(&self.0.state).url.clone()
    }

    /// Chromium's name for its document: each has another one.
    pub fn document(&self) -> String {
        lock(&self.0.state).loader.clone()
    }

    /// `name` of the frame element.
    pub fn name(&self) -> String {
        lock(&self.0.state).name.clone()
    }

    /// Whether it left the page.
    pub fn is_detached(&self) -> bool {
        self.0.detached.is_cancelled()
    }

    /// Completes when it leaves the page.
    pub async fn detached(&self) {
        self.0.detached.cancelled().await;
    }

    /// Whether the document is loaded so far.
    pub fn has_reached(&self, state: LoadState) -> bool {
        match state {
            LoadState::Commit => true,
            _ => self.peek(|own| own.loaded[state.slot()]),
        }
    }

    /// Whether another document was asked for that is not here yet.
    pub(super) fn awaits_document(&self) -> bool {
        self.peek(|state| state.pending.is_some())
    }

    pub(super) fn session(&self) -> Session {
        lock(&self.0.state).session.clone()
    }

    pub(super) fn with_state<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let result = work(&mut lock(&self.0.state));
        self.0.changed.send_replace(());
        result
    }

    /// Like [`Frame::with_state`], and wakes nobody.
    pub(super) fn peek<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&lock(&self.0.state))
    }

    /// Changes what nobody waits for.
    pub(super) fn amend<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut lock(&self.0.state))
    }

    pub(super) fn navigations(&self) -> broadcast::Receiver<Navigated> {
        self.0.navigations.subscribe()
    }

    pub(super) fn announce(&self, what: Navigated) {
        // Nobody may be waiting.
        let _ = self.0.navigations.send(what);
    }

    /// Why nothing can be done with it any more; none if something can.
    pub fn why_gone(&self) -> Option<BrowserError> {
        if let Some(error) = self.page().why_gone() {
            return Some(error);
        }
        self.is_detached().then(|| self.left())
    }

    /// What is said of it once it left: of a page that is being closed the frames go first.
    fn left(&self) -> BrowserError {
        if self.page().is_closing() { BrowserError::closed() } else { BrowserError::detached() }
    }

    /// Runs `work` until the frame or the page goes away.
    pub async fn while_attached<T>(
        &self,
        work: impl Future<Output = Result<T, BrowserError>>,
    ) -> Result<T, BrowserError> {
        tokio::select! {
            biased;
            result = work => result,
            error = self.page().gone() => Err(error),
            () = self.detached() => Err(self.left()),
        }
    }

    /// Waits until `ready` gives something; it is asked again whenever something about the frame changed.
    pub(super) async fn when<T>(&self, mut ready: impl FnMut(&Self) -> Option<T>) -> Result<T, BrowserError> {
        let mut changed = self.0.changed.subscribe();
        self.while_attached(async {
            loop {
                changed.borrow_and_update();
                if let Some(value) = ready(self) {
                    return Ok(value);
                }
                if changed.changed().await.is_err() {
                    return Err(BrowserError::detached());
                }
            }
        })
        .await
    }

    /// The world in which our own scripts run, out of sight of the page's. Waits for the next document where this one is just going.
    pub async fn utility_context(&self) -> Result<ExecutionContext, BrowserError> {
        self.context(World::Utility).await
    }

    /// The page's own world.
    pub async fn main_context(&self) -> Result<ExecutionContext, BrowserError> {
        self.context(World::Main).await
    }

    async fn context(&self, world: World) -> Result<ExecutionContext, BrowserError> {
        if let Some(error) = self.why_gone() {
            return Err(error);
        }
        self.when(|frame| {
            let state = lock(&frame.0.state);
            let context = if world == World::Main { &state.main } else { &state.utility };
            context.clone()
        })
        .await
    }

    pub(super) fn context_created(&self, world: World, context: ExecutionContext) {
        self.with_state(|state| {
            let slot = if world == World::Main { &mut state.main } else { &mut state.utility };
            if let Some(old) = slot.replace(context) {
                old.destroy();
            }
        });
    }

    pub(super) fn current_context(&self, which: impl Fn(&ExecutionContext) -> bool) -> Option<ExecutionContext> {
        let state = lock(&self.0.state);
        [&state.main, &state.utility].into_iter().flatten().find(|context| which(context)).cloned()
    }

    pub(super) fn contexts_destroyed(&self, which: impl Fn(&ExecutionContext) -> bool) {
        self.with_state(|state| {
            for slot in [&mut state.main, &mut state.utility] {
                if slot.as_ref().is_some_and(&which)
                    && let Some(old) = slot.take()
                {
                    old.destroy();
                }
            }
        });
    }

    pub(super) fn detach(&self) {
        self.0.detached.cancel();
        self.contexts_destroyed(|_| true);
    }

    /// The frame or iframe element it is shown in, in the utility world of the frame around it; none for the main frame.
    pub async fn owner_element(&self) -> Result<Option<RemoteObject>, BrowserError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Owner {
            backend_node_id: i64,
        }
        let Some(parent) = self.parent() else { return Ok(None) };
        let reply = parent.session().request("DOM.getFrameOwner", &json!({ "frameId": self.id() }));
        let owner: Owner = match reply.parse().await {
            Ok(owner) => owner,
            Err(error) => return Err(self.why_gone().unwrap_or(error)),
        };
        parent.utility_context().await?.resolve(owner.backend_node_id).await.map(Some)
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame").field("id", &self.0.id).field("url", &self.url()).finish()
    }
}

impl PartialEq for Frame {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
