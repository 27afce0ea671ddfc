//! A recording: an address in, actions and code out, exactly one completion whatever happens. One task owns it.

pub(super) mod input;
mod options;
mod pace;
pub(super) mod preview;
mod settings;

pub use settings::RecordingsOptions;

use super::masked::masked;
use crate::browser::dialog::Dialog;
use crate::browser::navigation::GotoOptions;
use crate::browser::storage::Kinds;
use crate::browser::{BrowserContext, BrowserError, BrowserPool, LaunchError, LoadState, Mode, Page};
use crate::codegen::{self, Target, UnknownTarget};
use crate::model::action::{FORMAT_VERSION, Recording};
use crate::model::device::UnknownDevice;
use crate::model::locator::render;
use crate::model::mask::Mask;
use crate::model::recording::{ClickMode, RecordingControl};
use crate::model::{Event, StartRecording};
use crate::recorder::{Recorder, RecorderEvent, RecorderOptions};
use input::Hands;
use options::{address, context_options};
use preview::Preview;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// The first page is given so long to answer, ms. As Playwright's navigations.
const NAVIGATION_TIMEOUT: u64 = 30_000;

/// Time for all pages to say what they have to say at the end.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the protocol says of a recording that was cancelled.
const CANCELLED: &str = "Recording cancelled";

/// Makes recordings; cheap to clone.
#[derive(Clone)]
pub struct Recordings {
    pool: BrowserPool,
    options: Arc<RecordingsOptions>,
}

/// What comes from whoever wanted the recording.
#[derive(Debug)]
pub struct Controls {
    /// In order.
    pub controls: mpsc::UnboundedReceiver<RecordingControl>,
    /// Ends it without success; the code so far is told all the same.
    pub cancel: CancellationToken,
    /// Gets a permit for each picture that has arrived at whoever looks: only then comes the next one. Where nobody says, each has
    /// arrived once it is told.
    pub shown: Option<Arc<Semaphore>>,
}

/// Why a recording could not begin, or what ended it.
#[derive(Debug, thiserror::Error)]
enum RecordingError {
    #[error(transparent)]
    Target(#[from] UnknownTarget),
    #[error(transparent)]
    Device(#[from] UnknownDevice),
    #[error(transparent)]
    Launch(#[from] LaunchError),
    #[error(transparent)]
    Browser(#[from] BrowserError),
    #[error("{CANCELLED}")]
    Cancelled,
}

/// How a recording ended.
enum End {
    /// The person is done.
    Done,
    Cancelled,
    /// The browser went away by itself.
    Lost,
}

impl Recordings {
    /// Recordings in browsers of `pool`.
    #[must_use]
    pub fn new(pool: BrowserPool, options: RecordingsOptions) -> Self {
        Self { pool, options: Arc::new(options) }
    }

    /// Records until the person closes the last page, `Stop` comes or `cancel` fires, and tells everything to `events`,
    /// `RecordingComplete` last and once. Not cancel-safe: dropping the future loses the completion.
    pub async fn record(&self, start: StartRecording, events: mpsc::Sender<Event>, mut controls: Controls) {
        let mask = Mask::new(&self.options.mask);
        masked(mask, events, async |events| self.tell_all(start, events, &mut controls).await).await;
    }

    async fn tell_all(&self, start: StartRecording, events: mpsc::Sender<Event>, controls: &mut Controls) {
        let (flow, execution) = (start.flow.clone(), start.execution.clone());
        let (success, code, message) = match self.begin(start, events.clone(), controls).await {
            Err(error) => (false, None, Some(error.to_string())),
            Ok(mut stage) => {
                let end = match stage.open(controls).await {
                    Ok(None) => Ok(stage.watch(controls).await),
                    Ok(Some(end)) => Ok(end),
                    Err(error) => Err(error),
                };
                let code = Some(stage.strike().await);
                match end {
                    Ok(End::Done) => (true, code, None),
                    Ok(End::Cancelled) => (false, code, Some(CANCELLED.to_owned())),
                    Ok(End::Lost) => (false, code, Some("The browser ended during the recording".to_owned())),
                    Err(error) => (false, code, Some(error.to_string())),
                }
            }
        };
        let complete = Event::RecordingComplete { flow, execution, success, code, message };
        let _ = events.send(complete).await;
    }

    /// All that can be refused before a page is there.
    async fn begin(
        &self,
        start: StartRecording,
        events: mpsc::Sender<Event>,
        controls: &mut Controls,
    ) -> Result<Stage, RecordingError> {
        let target: Target = start.language.parse()?;
        let (mut context, written) = context_options(&start, &self.options.written)?;
        context.storage_state.clone_from(&self.options.storage);
        let (mode, preview) = match start.config.preview {
            // Whoever looks at pictures is somewhere else: a window would only be in the way.
            Some(true) => (Mode::Headless, true),
            Some(false) => (self.options.mode, false),
            None => (self.options.mode, self.options.preview),
        };
        let browser = tokio::select! {
            browser = self.pool.acquire(mode) => browser?,
            () = controls.cancel.cancelled() => return Err(RecordingError::Cancelled),
        };
        let context = if self.options.attached { browser.visit().await? } else { browser.new_context(context).await? };
        let recorder = RecorderOptions {
            cover_secrets: preview,
            tell_pickers: preview,
            // It is for a window: who looks at pictures has buttons beside them.
            toolbar: self.options.recorder.toolbar && !preview,
            ..self.options.recorder.clone()
        };
        let (recorder, told) = Recorder::attach(&context, recorder);
        let preview = preview.then(|| {
            Preview::new(
                start.execution.clone(),
                events.clone(),
                recorder.clone(),
                controls.shown.clone(),
                preview::told,
            )
        });
        let recording = Recording { version: FORMAT_VERSION, options: written, actions: Vec::new() };
        let hands = Hands::new(recorder.clone());
        let pages = Vec::new();
        let dialog = None;
        Ok(Stage { start, target, recording, context, recorder, hands, told, events, preview, pages, dialog })
    }
}

/// A recording that runs.
struct Stage {
    start: StartRecording,
    target: Target,
    recording: Recording,
    context: BrowserContext,
    recorder: Recorder,
    hands: Hands,
    told: mpsc::UnboundedReceiver<RecorderEvent>,
    events: mpsc::Sender<Event>,
    preview: Option<Preview>,
    /// In the order they opened: `page`, `page1`, …
    pages: Vec<Page>,
    /// What holds the page, where nobody else can answer.
    dialog: Option<Dialog>,
}

impl Stage {
    /// Shows the first page; the end, if it came before.
    async fn open(&mut self, controls: &mut Controls) -> Result<Option<End>, RecordingError> {
        if self.context.is_guest() {
            self.pages = self.context.join().await?;
            if self.start.url.is_empty() && !self.pages.is_empty() {
                self.ready().await;
                return Ok(None);
            }
        }
        let page = self.context.new_page().await?;
        self.pages.push(page.clone());
        if self.preview.is_none()
            && let Err(error) = page.fit_window().await
        {
            tracing::debug!(%error, "the window keeps its size");
        }
        let options =
            GotoOptions { wait_until: LoadState::DomContentLoaded, timeout: NAVIGATION_TIMEOUT, referer: None };
        if let Some(preview) = &mut self.preview {
            preview.show(&page, alias(0)).await;
        }
        self.recorder.leads(&page);
        let url = address(&self.start.url);
        let frame = page.main_frame();
        let arrival = frame.goto(&url, &options);
        tokio::pin!(arrival);
        let arrived = loop {
            tokio::select! {
                arrived = &mut arrival => break arrived,
                () = controls.cancel.cancelled() => return Ok(Some(End::Cancelled)),
                Some(control) = controls.controls.recv() => {
                    if let Some(end) = self.controlled(control).await {
                        return Ok(Some(end));
                    }
                }
                Some(event) = self.told.recv() => {
                    if let Some(end) = self.recorded(event).await {
                        return Ok(Some(end));
                    }
                }
                () = preview::frame(&mut self.preview) => {}
            }
        };
        if let Err(error) = arrived {
            // A page that takes for ever is there all the same.
            if !matches!(error, BrowserError::Timeout { .. }) {
                return Err(error.into());
            }
        }
        self.ready().await;
        if let Some(preview) = &mut self.preview {
            // Once more, as it is now: whoever waited for the page may not have looked before.
            preview.show(&page, alias(0)).await;
        }
        Ok(None)
    }

    async fn ready(&self) {
        let (flow, execution) = (self.start.flow.clone(), self.start.execution.clone());
        self.tell(Event::RecordingReady { flow, execution }).await;
    }

    async fn watch(&mut self, controls: &mut Controls) -> End {
        let browser = self.context.browser().clone();
        let mut open = true;
        loop {
            // Input before pictures: whoever acts must not wait for what is shown.
            tokio::select! {
                biased;
                () = controls.cancel.cancelled() => return End::Cancelled,
                control = controls.controls.recv(), if open => match control {
                    Some(control) => if let Some(end) = self.controlled(control).await {
                        return end;
                    },
                    // Nobody can say anything any more; the person still can.
                    None => open = false,
                },
                event = self.told.recv() => match event {
                    Some(event) => if let Some(end) = self.recorded(event).await {
                        return end;
                    },
                    None => return End::Lost,
                },
                () = browser.closed() => return End::Lost,
                () = preview::frame(&mut self.preview) => {}
            }
        }
    }

    /// Does what whoever wanted the recording says; the end, if it is that.
    async fn controlled(&mut self, control: RecordingControl) -> Option<End> {
        match control {
            RecordingControl::Stop => return Some(End::Done),
            RecordingControl::Pause => self.hands.switch(ClickMode::Pause),
            RecordingControl::Resume => self.hands.switch(ClickMode::Record),
            RecordingControl::Input(input) => self.input(input).await,
        }
        None
    }

    /// Tells what the recorder says; the end, if it is that.
    async fn recorded(&mut self, event: RecorderEvent) -> Option<End> {
        let execution = self.start.execution.clone();
        match event {
            RecorderEvent::Changed(change) => {
                let actions = &mut self.recording.actions;
                if change.index < actions.len() {
                    actions[change.index] = change.action.clone();
                } else {
                    actions.push(change.action.clone());
                }
                let code = self.code();
                self.tell(Event::RecordingAction { execution, index: change.index, action: change.action, code }).await;
                self.follow().await;
            }
            RecorderEvent::Picked(selector) => {
                let locator = render(&selector);
                self.tell(Event::RecordingPicked { execution, selector, locator }).await;
            }
            RecorderEvent::Picker(picker) => self.tell(Event::RecordingPicker { execution, picker }).await,
            RecorderEvent::Dialog(dialog) => {
                let (kind, message) = (dialog.kind().to_owned(), dialog.message().to_owned());
                let default_value = dialog.default_value().to_owned();
                self.dialog = Some(dialog);
                self.tell(Event::RecordingDialog { execution, kind, message, default_value }).await;
            }
            RecorderEvent::Mode(mode) => self.tell(Event::RecordingMode { execution, mode }).await,
            RecorderEvent::Finished => return Some(End::Done),
            RecorderEvent::Ended => {
                let lost = self.context.browser().is_closed();
                return Some(if lost { End::Lost } else { End::Done });
            }
        }
        None
    }

    /// A page that opened is shown; when the one that is shown closes, the one before.
    async fn follow(&mut self) {
        let open = self.context.pages();
        let new: Vec<Page> =
            open.into_iter().filter(|page| self.pages.iter().all(|known| known.id() != page.id())).collect();
        let any_new = !new.is_empty();
        self.pages.extend(new);
        let Some(preview) = &mut self.preview else { return };
        let shown_is_gone = preview.shown().is_none_or(Page::is_closed);
        let last_open = self.pages.iter().rposition(|page| !page.is_closed());
        if let Some(index) = last_open.filter(|_| any_new || shown_is_gone) {
            preview.show(&self.pages[index], alias(index)).await;
        }
    }

    fn code(&self) -> String {
        codegen::generate(self.target, &self.recording)
    }

    /// Ends the session; the code.
    async fn strike(mut self) -> String {
        // What the pages said last is still under way.
        self.recording.actions = self.recorder.actions().await;
        let code = self.code();
        if let Some(preview) = self.preview.take() {
            preview.end();
        }
        if let Some(path) = &self.recording.options.save_storage
            && timeout(PATIENCE, self.save_storage(path)).await.is_err()
        {
            tracing::warn!("the storage state could not be saved to {path}: a page does not answer");
        }
        if self.context.is_guest() {
            // A page that hangs keeps what is in it.
            let _ = timeout(PATIENCE, self.recorder.leave(&self.context)).await;
        }
        // It may be gone already.
        self.context.close();
        code
    }

    async fn save_storage(&self, path: &str) {
        let saved = match self.context.storage_state_of(&self.recorder.visited(), Kinds::default()).await {
            Ok(state) => tokio::fs::write(path, format!("{state:#}\n")).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = saved {
            tracing::warn!("the storage state could not be saved to {path}: {error}");
        }
    }

    async fn tell(&self, event: Event) {
        // A receiver that went away stops nothing.
        let _ = self.events.send(event).await;
    }
}

/// What actions call the page that opened so many pages after the first.
fn alias(index: usize) -> String {
    if index == 0 { "page".to_owned() } else { format!("page{index}") }
}
