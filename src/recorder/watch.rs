//! Watches a browser context: one task takes what pages and browser say, in order, and keeps the transcript.

use super::frames::{Ways, origin_of};
use super::mode::{Mode, State, Wanted};
use super::payload::{Deed, Payload, Said, from_main_frame};
use super::secrets::Secrets;
use super::transcript::{Change, Initiator, Input, Transcript};
use crate::browser::dialog::Dialog;
use crate::browser::frame::Cause;
use crate::browser::{BrowserContext, Frame, Notice, Page, Resident, Topic};
use crate::model::action::{Action, Place, RecordedAction};
use crate::model::locator::render;
use crate::model::recording::Picker;
use futures_util::future::join_all;
use serde_json::json;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// All files share one scope with the engine of `browser/js`.
static RECORDER_JS: &str = concat!(
    include_str!("js/generated.js"),
    include_str!("js/scopes.js"),
    include_str!("js/naming.js"),
    include_str!("js/events.js"),
    include_str!("js/look.js"),
    include_str!("js/glass.js"),
    include_str!("js/highlight.js"),
    include_str!("js/toolbar.js"),
    include_str!("js/secrets.js"),
    include_str!("js/assert.js"),
    include_str!("js/pointer.js"),
    include_str!("js/keyboard.js"),
    include_str!("js/fields.js"),
    include_str!("js/pickers.js"),
    include_str!("js/scroll.js"),
    include_str!("js/main.js"),
);

/// How a recording is made.
#[derive(Debug, Clone)]
pub struct RecorderOptions {
    /// The attribute of `getByTestId`.
    pub test_id_attribute: String,
    /// Whether what is typed into secret fields is kept. Without it the code reads the environment.
    pub reveal_secrets: bool,
    /// Whether secret fields hide their letters, as passwords do: where pictures leave the process.
    pub cover_secrets: bool,
    /// Whether pages show the toolbar.
    pub toolbar: bool,
    /// Whether lists and choosers of the browser's own are told instead of shown: whoever looks at pictures does not see them.
    pub tell_pickers: bool,
}

impl Default for RecorderOptions {
    fn default() -> Self {
        Self {
            test_id_attribute: "data-testid".into(),
            reveal_secrets: false,
            cover_secrets: false,
            toolbar: false,
            tell_pickers: false,
        }
    }
}

/// What a recorder tells.
#[derive(Debug, Clone)]
pub enum RecorderEvent {
    /// An action is new or changed.
    Changed(Change),
    /// A locator was picked: its selector.
    Picked(String),
    /// A list or a chooser of the browser's own stayed closed.
    Picker(Picker),
    /// A dialog holds its page until it is answered: by the person where there is a window, else by whoever listens.
    Dialog(Dialog),
    /// A click means something else from now on: the person chose so in a page, or made an assertion.
    Mode(Mode),
    /// The person pressed the toolbar's stop.
    Finished,
    /// The last page was closed, or the browser is gone.
    Ended,
}

/// A context that is being recorded. Dropping all clones ends the recording, not the context.
#[derive(Debug, Clone)]
pub struct Recorder {
    requests: mpsc::UnboundedSender<Happening>,
    secrets: Arc<Mutex<Secrets>>,
    visited: Arc<Mutex<BTreeSet<String>>>,
}

/// What the task takes in, in order.
enum Happening {
    Noticed(Notice),
    Switched(Switch, oneshot::Sender<()>),
    /// A person navigates.
    Led(Page),
    Asked(oneshot::Sender<Vec<RecordedAction>>),
}

/// What whoever drives the recorder may switch.
enum Switch {
    Mode(Mode),
    Toolbar(bool),
}

impl Recorder {
    /// Records everything that is done in `context` from now on; before its first page is the right time.
    pub fn attach(
        context: &BrowserContext,
        options: RecorderOptions,
    ) -> (Self, mpsc::UnboundedReceiver<RecorderEvent>) {
        let (requests, happenings) = mpsc::unbounded_channel();
        let (events, listener) = mpsc::unbounded_channel();
        let secrets = Arc::new(Mutex::new(Secrets::default()));
        let visited = Arc::new(Mutex::new(BTreeSet::new()));
        let (notices, known) = (requests.downgrade(), secrets.clone());
        context.observe(Arc::new(move |notice| {
            if let Notice::Called(_, payload) = &notice {
                // At once, before an address that it may be in is told.
                lock(&known).hear(payload);
            }
            if let Some(notices) = notices.upgrade() {
                // The recording may have ended.
                let _ = notices.send(Happening::Noticed(notice));
            }
        }));
        let attribute = json!(options.test_id_attribute);
        let revealing = options.reveal_secrets;
        let covering = options.cover_secrets && !revealing;
        if !revealing {
            context.browser().be_discreet();
        }
        let closed = options.tell_pickers;
        let script = format!(
            "testIdAttribute = {attribute};\nconst revealing = {revealing}, covering = {covering}, keepsPickersClosed = {closed};\n{RECORDER_JS}"
        );
        context.settle(Resident::new(&script, "recorder"));
        let state = State { toolbar: options.toolbar, ..State::default() };
        let watch = Watch {
            context: context.clone(),
            transcript: Transcript::default(),
            secrets: secrets.clone(),
            visited: visited.clone(),
            ways: Ways::default(),
            led: HashSet::new(),
            state,
            version: 0,
            answered: HashMap::new(),
            started: Instant::now(),
            events,
        };
        tokio::spawn(watch.run(happenings));
        (Self { requests, secrets, visited }, listener)
    }

    /// What the next click means; returns when every frame knows. Cancel-safe: it is switched all the same.
    pub async fn set_mode(&self, mode: Mode) {
        self.switch(Switch::Mode(mode)).await;
    }

    /// Shows the toolbar in all pages, or hides it. Cancel-safe as above.
    pub async fn show_toolbar(&self, shown: bool) {
        self.switch(Switch::Toolbar(shown)).await;
    }

    async fn switch(&self, switch: Switch) {
        let (answer, done) = oneshot::channel();
        // The task is there as long as this is.
        let _ = self.requests.send(Happening::Switched(switch, answer));
        let _ = done.await;
    }

    /// The next navigation of `page` is what the person wants, whatever came before: to be said before it begins.
    pub fn leads(&self, page: &Page) {
        let _ = self.requests.send(Happening::Led(page.clone()));
    }

    /// Takes the script out of all pages, for those that outlive the recording. Cancel-safe, but not all pages may be done then.
    pub async fn leave(&self, context: &BrowserContext) {
        let leave = |frame: Frame| async move { frame.call_resident("leave", serde_json::Value::Null, None).await };
        // A frame that is gone has nothing to leave.
        drop(join_all(context.pages().iter().flat_map(Page::frames).map(leave)).await);
    }

    /// Origins that its frames have shown.
    pub fn visited(&self) -> Vec<String> {
        lock(&self.visited).iter().cloned().collect()
    }

    /// An address without what was typed into secret fields.
    pub fn masked(&self, url: &str) -> String {
        lock(&self.secrets).mask(url)
    }

    /// What was recorded, after everything the browser said so far. Cancel-safe.
    pub async fn actions(&self) -> Vec<RecordedAction> {
        let (answer, actions) = oneshot::channel();
        let _ = self.requests.send(Happening::Asked(answer));
        actions.await.unwrap_or_default()
    }
}

struct Watch {
    context: BrowserContext,
    transcript: Transcript,
    secrets: Arc<Mutex<Secrets>>,
    visited: Arc<Mutex<BTreeSet<String>>>,
    ways: Ways,
    /// Pages whose next navigation a person is known to want.
    led: HashSet<String>,
    state: State,
    /// Of the state: an older one that comes late to a page means nothing.
    version: u64,
    /// How much of what a frame wanted has been done: it is ahead of what it is told until then.
    answered: HashMap<String, u64>,
    started: Instant,
    events: mpsc::UnboundedSender<RecorderEvent>,
}

impl Watch {
    async fn run(mut self, mut happenings: mpsc::UnboundedReceiver<Happening>) {
        while let Some(happening) = happenings.recv().await {
            match happening {
                Happening::Noticed(notice) => self.noticed(notice).await,
                Happening::Switched(switch, done) => {
                    let before = self.state.mode();
                    match switch {
                        Switch::Mode(mode) => self.state.switch(mode),
                        Switch::Toolbar(shown) => self.state.toolbar = shown,
                    }
                    let informed = self.inform_all(before);
                    tokio::spawn(async move {
                        informed.await;
                        let _ = done.send(());
                    });
                }
                Happening::Led(page) => drop(self.led.insert(page.id().to_owned())),
                Happening::Asked(answer) => drop(answer.send(self.transcript.actions().to_vec())),
            }
        }
    }

    async fn noticed(&mut self, notice: Notice) {
        match notice {
            Notice::PageCreated(page) => self.opened(&page).await,
            Notice::PageClosed(page) => {
                self.see(Input::Closed { page: page.id().to_owned() });
                if self.context.pages().is_empty() {
                    self.tell(RecorderEvent::Ended);
                }
            }
            Notice::ContextClosed => self.tell(RecorderEvent::Ended),
            Notice::FrameNavigated(frame) => self.navigated(&frame).await,
            Notice::Called(frame, payload) => self.called(&frame, &payload).await,
            Notice::Dialog(dialog) => self.tell(RecorderEvent::Dialog(dialog)),
            Notice::DialogClosed(closed) => {
                let page = closed.page.id().to_owned();
                let prompt_text = Some(closed.text).filter(|text| closed.accepted && !text.is_empty());
                self.see(Input::Dialog { page, accepted: closed.accepted, prompt_text });
            }
            Notice::Download(download) => self.see(Input::Download { page: download.page.id().to_owned() }),
            _ => {}
        }
    }

    async fn opened(&mut self, page: &Page) {
        page.want(Topic::Download, true);
        page.want(Topic::Dialog, true);
        let opener = page.opener().map(|opener| opener.id().to_owned());
        let (id, url) = (page.id().to_owned(), self.masked(&page.main_frame()));
        if self.context.is_guest() && opener.is_none() {
            // It may have been there before: the code has to go there.
            self.see(Input::Opened { page: id.clone(), url: "about:blank".into(), opener });
            if !url.is_empty() && url != "about:blank" {
                self.see(Input::Navigated { page: id, url, by: Initiator::Person });
            }
        } else {
            self.see(Input::Opened { page: id, url, opener });
        }
        self.prepare(&page.main_frame());
    }

    async fn navigated(&mut self, frame: &Frame) {
        if let Some(origin) = origin_of(&frame.url()) {
            lock(&self.visited).insert(origin);
        }
        self.prepare(frame);
        if frame.parent().is_some() {
            return;
        }
        let page = frame.page().id().to_owned();
        let by = match frame.came_by() {
            _ if self.led.remove(&page) => Initiator::Person,
            Cause::Page => Initiator::Page,
            Cause::Outside => Initiator::Person,
            Cause::History => Initiator::History,
            Cause::Unknown => Initiator::Unknown,
        };
        self.see(Input::Navigated { page, url: self.masked(frame), by });
    }

    async fn called(&mut self, frame: &Frame, payload: &str) {
        let Ok(payload) = serde_json::from_str::<Payload>(payload) else {
            // The page's world is ours; only a page that broke out of it could send something else.
            tracing::debug!(bytes = payload.len(), "a payload of the recorder that cannot be read");
            return;
        };
        match payload.deed {
            Deed::Recorded(action) => {
                // A navigation that was announced and did not come is not this action's.
                self.led.remove(frame.page().id());
                let way = self.ways.to(frame).await;
                let action = from_main_frame(action, &way.selector);
                let action = lock(&self.secrets).keep(action);
                let led = |selector: &String| format!("{}{selector}", way.selector);
                let alternatives = payload.alternatives.iter().map(led).collect();
                let page = frame.page();
                let place = Place {
                    page_url: Some(self.masked(&page.main_frame())),
                    frame_path: way.path,
                    offset: payload.offset,
                };
                self.see(Input::Performed { page: page.id().to_owned(), action, alternatives, place: Box::new(place) });
            }
            Deed::Said(Said::Picked { selector }) => {
                let way = self.ways.to(frame).await;
                self.tell(RecorderEvent::Picked(format!("{}{selector}", way.selector)));
            }
            Deed::Said(Said::Picker(picker)) => {
                let way = self.ways.to(frame).await;
                let selector = format!("{}{}", way.selector, picker.selector);
                self.tell(RecorderEvent::Picker(Picker { selector, ..picker }));
            }
            Deed::Said(Said::Wanted { wanted: Wanted::Stop, .. }) => self.tell(RecorderEvent::Finished),
            Deed::Said(Said::Wanted { wanted, asked }) => {
                self.answered.insert(frame.id().to_owned(), asked);
                let before = self.state.mode();
                self.state.want(wanted);
                tokio::spawn(self.inform_all(before));
            }
            Deed::Said(Said::Moved(place)) => self.state.place = Some(place),
            Deed::Said(Said::Hovered { selector }) => {
                let way = self.ways.to(frame).await;
                let locator = render(&format!("{}{selector}", way.selector));
                let (frame, told) = (frame.clone(), json!({ "selector": selector, "locator": locator }));
                tokio::spawn(async move { frame.call_resident("describe", told, None).await });
            }
        }
    }

    /// Every frame has to know; so has who listens, when a click means something else than `before`.
    fn inform_all(&mut self, before: Mode) -> impl Future<Output = ()> + use<> {
        self.version += 1;
        if self.state.mode() != before {
            self.tell(RecorderEvent::Mode(self.state.mode()));
        }
        let informed: Vec<_> =
            self.context.pages().iter().flat_map(Page::frames).map(|frame| self.inform(&frame)).collect();
        async move { drop(join_all(informed).await) }
    }

    /// A new document records; it has to be told of anything else.
    fn prepare(&self, frame: &Frame) {
        if self.state != State::default() {
            tokio::spawn(self.inform(frame));
        }
    }

    /// Nobody waits for it who takes in what happens: a dialog holds its page, and comes here too.
    fn inform(&self, frame: &Frame) -> impl Future<Output = ()> + use<> {
        let (frame, mut told) = (frame.clone(), self.state.told());
        told["version"] = json!(self.version);
        told["answered"] = json!(self.answered.get(frame.id()));
        // The frame may be gone by now.
        async move { drop(frame.call_resident("setState", told, None).await) }
    }

    fn see(&mut self, input: Input) {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        if self.state.mode() == Mode::Pause && !self.is_needed(&input) {
            return;
        }
        if let Some(change) = self.transcript.see(input, now) {
            self.tell(RecorderEvent::Changed(change));
        }
    }

    fn masked(&self, frame: &Frame) -> String {
        lock(&self.secrets).mask(&frame.url())
    }

    /// What the code cannot do without, also while nothing is recorded: its pages, and the first address.
    fn is_needed(&self, input: &Input) -> bool {
        let is_address = |action: &RecordedAction| matches!(action.action, Action::Navigate { .. });
        match input {
            Input::Opened { .. } => true,
            Input::Navigated { .. } => !self.transcript.actions().iter().any(is_address),
            _ => false,
        }
    }

    fn tell(&self, event: RecorderEvent) {
        // Whoever listened may be done.
        let _ = self.events.send(event);
    }
}

fn lock<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}
