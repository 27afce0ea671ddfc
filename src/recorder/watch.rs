//! Watches a browser context: one task takes what pages and browser say, in order, and keeps the transcript.

use super::frames::Ways;
use super::payload::{Deed, Payload, Said, from_main_frame};
use super::secrets::{self, Secrets};
use super::transcript::{Change, Initiator, Input, Transcript};
use crate::browser::dialog::Dialog;
use crate::browser::frame::Cause;
use crate::browser::{BrowserContext, Frame, Notice, Page, Resident, Topic};
use crate::model::action::{Action, Place, RecordedAction};
use serde_json::json;
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// All files share one scope with the engine of `browser/js`.
static RECORDER_JS: &str = concat!(
    include_str!("js/naming.js"),
    include_str!("js/events.js"),
    include_str!("js/assert.js"),
    include_str!("js/pointer.js"),
    include_str!("js/keyboard.js"),
    include_str!("js/fields.js"),
    include_str!("js/main.js"),
);

/// How a recording is made.
#[derive(Debug, Clone)]
pub struct RecorderOptions {
    /// The attribute of `getByTestId`.
    pub test_id_attribute: String,
    /// Whether what is typed into secret fields is kept. Without it the code reads the environment.
    pub reveal_secrets: bool,
}

impl Default for RecorderOptions {
    fn default() -> Self {
        Self { test_id_attribute: "data-testid".into(), reveal_secrets: false }
    }
}

/// What a click means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// What it does.
    Record,
    /// Nothing is recorded.
    Pause,
    /// This is what the locator is wanted of.
    PickLocator,
    /// This is to be visible.
    AssertVisible,
    /// This is to have its text.
    AssertText,
    /// This is to have its value.
    AssertValue,
    /// This is to have its aria snapshot.
    AssertSnapshot,
}

impl Mode {
    /// As `js/assert.js` calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Record | Self::Pause => "none",
            Self::PickLocator => "pick",
            Self::AssertVisible => "visible",
            Self::AssertText => "text",
            Self::AssertValue => "value",
            Self::AssertSnapshot => "snapshot",
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
    /// A dialog holds its page until it is answered: by the person where there is a window, else by whoever listens.
    Dialog(Dialog),
    /// An assertion was made or given up; clicks are recorded again.
    ModeEnded,
    /// The last page was closed, or the browser is gone.
    Ended,
}

/// A context that is being recorded. Dropping all clones ends the recording, not the context.
#[derive(Debug, Clone)]
pub struct Recorder {
    requests: mpsc::UnboundedSender<Happening>,
}

/// What the task takes in, in order.
enum Happening {
    Noticed(Notice),
    Wanted(Mode, oneshot::Sender<()>),
    /// A person navigates.
    Led(Page),
    Asked(oneshot::Sender<Vec<RecordedAction>>),
}

impl Recorder {
    /// Records everything that is done in `context` from now on; before its first page is the right time.
    pub fn attach(
        context: &BrowserContext,
        options: RecorderOptions,
    ) -> (Self, mpsc::UnboundedReceiver<RecorderEvent>) {
        let (requests, happenings) = mpsc::unbounded_channel();
        let (events, listener) = mpsc::unbounded_channel();
        let notices = requests.downgrade();
        context.observe(Arc::new(move |notice| {
            if let Some(notices) = notices.upgrade() {
                // The recording may have ended.
                let _ = notices.send(Happening::Noticed(notice));
            }
        }));
        let attribute = json!(options.test_id_attribute);
        context.settle(Resident::new(&format!("testIdAttribute = {attribute};\n{RECORDER_JS}"), "recorder"));
        let watch = Watch {
            context: context.clone(),
            options,
            transcript: Transcript::default(),
            secrets: Secrets::default(),
            ways: Ways::default(),
            led: HashSet::new(),
            mode: Mode::Record,
            started: Instant::now(),
            events,
        };
        tokio::spawn(watch.run(happenings));
        (Self { requests }, listener)
    }

    /// What the next click means; returns when every frame knows. Cancel-safe: it is switched all the same.
    pub async fn set_mode(&self, mode: Mode) {
        let (answer, done) = oneshot::channel();
        // The task is there as long as this is.
        let _ = self.requests.send(Happening::Wanted(mode, answer));
        let _ = done.await;
    }

    /// The next navigation of `page` is what the person wants, whatever came before: to be said before it begins.
    pub fn leads(&self, page: &Page) {
        let _ = self.requests.send(Happening::Led(page.clone()));
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
    options: RecorderOptions,
    transcript: Transcript,
    secrets: Secrets,
    ways: Ways,
    /// Pages whose next navigation a person is known to want.
    led: HashSet<String>,
    mode: Mode,
    started: Instant,
    events: mpsc::UnboundedSender<RecorderEvent>,
}

impl Watch {
    async fn run(mut self, mut happenings: mpsc::UnboundedReceiver<Happening>) {
        while let Some(happening) = happenings.recv().await {
            match happening {
                Happening::Noticed(notice) => self.noticed(notice).await,
                Happening::Wanted(mode, done) => {
                    self.switch(mode).await;
                    let _ = done.send(());
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
        self.see(Input::Opened { page: page.id().to_owned(), url: page.main_frame().url(), opener });
        self.prepare(&page.main_frame()).await;
    }

    async fn navigated(&mut self, frame: &Frame) {
        self.prepare(frame).await;
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
        self.see(Input::Navigated { page, url: frame.url(), by });
    }

    async fn called(&mut self, frame: &Frame, payload: &str) {
        let Ok(payload) = serde_json::from_str::<Payload>(payload) else {
            // The page's world is ours; only a page that broke out of it could send something else.
            tracing::debug!(payload, "a payload of the recorder that cannot be read");
            return;
        };
        match payload.deed {
            Deed::Recorded(action) => {
                // A navigation that was announced and did not come is not this action's.
                self.led.remove(frame.page().id());
                let way = self.ways.to(frame).await;
                let action = from_main_frame(action, &way.selector);
                let action =
                    if self.options.reveal_secrets { secrets::reveal(action) } else { self.secrets.keep(action) };
                let led = |selector: &String| format!("{}{selector}", way.selector);
                let alternatives = payload.alternatives.iter().map(led).collect();
                let page = frame.page();
                let place =
                    Place { page_url: Some(page.main_frame().url()), frame_path: way.path, offset: payload.offset };
                self.see(Input::Performed { page: page.id().to_owned(), action, alternatives, place: Box::new(place) });
            }
            Deed::Said(Said::Picked { selector }) => {
                let way = self.ways.to(frame).await;
                self.tell(RecorderEvent::Picked(format!("{}{selector}", way.selector)));
            }
            Deed::Said(Said::ModeEnded {}) => {
                self.switch(Mode::Record).await;
                self.tell(RecorderEvent::ModeEnded);
            }
        }
    }

    /// Every frame has to know.
    async fn switch(&mut self, mode: Mode) {
        self.mode = mode;
        for frame in self.context.pages().iter().flat_map(Page::frames) {
            self.inform(&frame).await;
        }
    }

    /// A new document records; it has to be told of anything else.
    async fn prepare(&self, frame: &Frame) {
        if self.mode != Mode::Record {
            self.inform(frame).await;
        }
    }

    async fn inform(&self, frame: &Frame) {
        // The frame may be gone by now.
        let state = json!({ "mode": self.mode.name(), "paused": self.mode == Mode::Pause });
        let _ = frame.call_resident("setState", state, None).await;
    }

    fn see(&mut self, input: Input) {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        if self.mode == Mode::Pause && !self.is_needed(&input) {
            return;
        }
        if let Some(change) = self.transcript.see(input, now) {
            self.tell(RecorderEvent::Changed(change));
        }
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
