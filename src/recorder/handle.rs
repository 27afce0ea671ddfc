//! The handle of a recording: a context is attached to, and whoever drives it switches and asks.

use super::mode::State;
use super::secrets::Secrets;
use super::transcript::Change;
use super::watch::{Happening, Switch, Watch, lock};
use crate::browser::dialog::Dialog;
use crate::browser::{BrowserContext, Frame, Notice, Page, Resident};
use crate::model::action::RecordedAction;
use crate::model::recording::{ClickMode, Picker};
use futures_util::future::join_all;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, oneshot};

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
    Mode(ClickMode),
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
        let watch = Watch::new(context.clone(), state, secrets.clone(), visited.clone(), events);
        tokio::spawn(watch.run(happenings));
        (Self { requests, secrets, visited }, listener)
    }

    /// What the next click means; returns when every frame knows. Cancel-safe: it is switched all the same.
    pub async fn set_mode(&self, mode: ClickMode) {
        self.switch(Switch::Mode(mode)).await;
    }

    /// Returns when everything that was done in the pages so far is known here, by the rules that hold now. Cancel-safe.
    pub async fn settle(&self) {
        let (answer, done) = oneshot::channel();
        let _ = self.requests.send(Happening::Settling(answer));
        let _ = done.await;
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
