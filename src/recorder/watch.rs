//! Watches a browser context: one task takes what pages and browser say, in order, and keeps the transcript.

use super::frames::{Ways, origin_of};
use super::handle::RecorderEvent;
use super::mode::{State, Wanted};
use super::payload::{Deed, Payload, Said, from_main_frame};
use super::secrets::Secrets;
use super::transcript::{Initiator, Input, Transcript};
use crate::browser::frame::Cause;
use crate::browser::{BrowserContext, Frame, Notice, Page, Topic};
use crate::model::action::{Action, Place, RecordedAction};
use crate::model::locator::render;
use crate::model::recording::{ClickMode, Picker};
use futures_util::future::join_all;
use serde_json::json;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// Where Chromium is when it could not get to an address.
const NOWHERE: &str = "chrome-error:";

/// What the task takes in, in order.
pub(super) enum Happening {
    Noticed(Notice),
    Switched(Switch, oneshot::Sender<()>),
    /// Somebody waits for what was done so far.
    Settling(oneshot::Sender<()>),
    /// A person navigates.
    Led(Page),
    Asked(oneshot::Sender<Vec<RecordedAction>>),
}

/// What whoever drives the recorder may switch.
pub(super) enum Switch {
    Mode(ClickMode),
    Toolbar(bool),
}

/// The task.
pub(super) struct Watch {
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
    pub(super) fn new(
        context: BrowserContext,
        state: State,
        secrets: Arc<Mutex<Secrets>>,
        visited: Arc<Mutex<BTreeSet<String>>>,
        events: mpsc::UnboundedSender<RecorderEvent>,
    ) -> Self {
        Self {
            context,
            transcript: Transcript::default(),
            secrets,
            visited,
            ways: Ways::default(),
            led: HashSet::new(),
            state,
            version: 0,
            answered: HashMap::new(),
            started: Instant::now(),
            events,
        }
    }

    pub(super) async fn run(mut self, mut happenings: mpsc::UnboundedReceiver<Happening>) {
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
                    tokio::spawn(after(informed, done));
                }
                Happening::Settling(done) => {
                    // What a page has said before its answer is here before it.
                    let answered = self.inform_all(self.state.mode());
                    tokio::spawn(after(answered, done));
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
            Notice::FrameNavigated { frame, .. } => self.navigated(&frame).await,
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
        if frame.url().starts_with(NOWHERE) {
            // The address was wrong or its server is away: no code gets there.
            self.led.remove(&page);
            return;
        }
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
    fn inform_all(&mut self, before: ClickMode) -> impl Future<Output = ()> + use<> {
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
        if self.state.mode() == ClickMode::Pause && !self.is_needed(&input) {
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

/// Says so when `informed` is over.
async fn after(informed: impl Future<Output = ()>, done: oneshot::Sender<()>) {
    informed.await;
    // Nobody may wait for it any more.
    let _ = done.send(());
}

pub(super) fn lock<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}
