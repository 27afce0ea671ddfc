//! The browser and everything about it, owned by one task.

mod deeds;
mod plays;
mod tapes;

use super::perform::Script;
use super::player::Player;
use super::record::Tape;
use super::words::named;
use super::{LiveControls, LivesOptions};
use crate::browser::dialog::Dialog;
use crate::browser::{BrowserContext, BrowserError, Page};
use crate::model::action::RecordedAction;
use crate::model::live::{Deed, LiveControl, LiveNews, PlaybackNews, PlayedStep, RecordingNews, RecordingOrder, View};
use crate::model::{Event, ExecutionId, Viewport};
use crate::recorder::{Recorder, RecorderEvent};
use crate::session::recording::preview::{self, Picture, Preview};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

/// More words than this are not waited for.
const LANE_MAX: usize = 1_000;

/// See the module.
pub(super) struct Stage {
    execution: ExecutionId,
    events: mpsc::Sender<Event>,
    options: Arc<LivesOptions>,
    env: Arc<BTreeMap<String, String>>,
    context: BrowserContext,
    recorder: Recorder,
    told: mpsc::UnboundedReceiver<RecorderEvent>,
    preview: Option<Preview>,
    paused: bool,
    /// In the order they opened.
    pages: Vec<Page>,
    /// What was asked and not begun.
    lane: VecDeque<LiveControl>,
    busy: Option<Busy>,
    turn: u64,
    report: mpsc::UnboundedSender<(u64, Done)>,
    reports: mpsc::UnboundedReceiver<(u64, Done)>,
    player: Option<(Player, Arc<Script>)>,
    /// The step that is to be played as soon as nothing else is done.
    wanted: Option<u32>,
    /// How many actions the recorder has told of.
    actions: usize,
    tape: Option<(Tape, Instant)>,
    tapes: u32,
    /// What was recorded last.
    last: Option<Vec<RecordedAction>>,
}

/// What is being done.
struct Busy {
    task: AbortHandle,
    turn: u64,
    step: Option<u32>,
}

/// What was done.
enum Done {
    Deed(Deed, Result<(), BrowserError>),
    Recording(RecordingOrder, Result<(), BrowserError>),
    /// All that the recorder has.
    Taped(Vec<RecordedAction>),
    Step(PlayedStep, Option<Vec<u8>>),
}

/// How it looks, as it is told.
pub(super) fn view(execution: &ExecutionId, picture: Picture) -> Event {
    let (width, height) = (picture.width, picture.height);
    let view =
        View { url: picture.url, mouse: picture.mouse, viewport: Viewport { width, height }, frame: picture.jpeg };
    Event::Live { execution: execution.clone(), news: LiveNews::View(view) }
}

/// Who is told, by whom what happens is told, and what holds.
pub(super) struct Setting {
    pub(super) execution: ExecutionId,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) options: Arc<LivesOptions>,
    pub(super) env: Arc<BTreeMap<String, String>>,
}

impl Stage {
    pub(super) fn new(
        setting: Setting,
        page: Page,
        recorder: Recorder,
        told: mpsc::UnboundedReceiver<RecorderEvent>,
        preview: Preview,
    ) -> Self {
        let Setting { execution, events, options, env } = setting;
        let (report, reports) = mpsc::unbounded_channel();
        Self {
            execution,
            events,
            options,
            env,
            context: page.context().clone(),
            recorder,
            told,
            preview: Some(preview),
            paused: false,
            pages: vec![page],
            lane: VecDeque::new(),
            busy: None,
            turn: 0,
            report,
            reports,
            player: None,
            wanted: None,
            actions: 0,
            tape: None,
            tapes: 0,
            last: None,
        }
    }

    /// The browser is there, and shown.
    pub(super) async fn opened(&mut self) {
        self.tell(LiveNews::Opened).await;
        self.show_last().await;
    }

    /// Does what is asked until it is to be closed; why it ends, where that needs words.
    pub(super) async fn run(mut self, ears: &mut LiveControls) -> Option<String> {
        let browser = self.context.browser().clone();
        let mut heard = Instant::now();
        let why = loop {
            if self.advance().await {
                break None;
            }
            let idle = heard + self.options.idle;
            // Input before pictures: whoever acts must not wait for what is shown.
            tokio::select! {
                biased;
                () = ears.cancel.cancelled() => break None,
                Some(control) = ears.controls.recv() => {
                    heard = Instant::now();
                    self.lane.push_back(control);
                    if self.lane.len() > LANE_MAX {
                        break Some(format!("More than {LANE_MAX} commands wait for this browser"));
                    }
                }
                Some((turn, done)) = self.reports.recv() => {
                    heard = Instant::now();
                    if self.busy.as_ref().is_some_and(|busy| busy.turn == turn) {
                        self.busy = None;
                        self.done(done).await;
                    }
                }
                event = self.told.recv() => match event {
                    Some(event) => if self.recorded(event).await {
                        break browser.is_closed().then(|| "The browser has ended".to_owned());
                    },
                    None => break Some("The browser has ended".to_owned()),
                },
                () = browser.closed() => break Some("The browser has ended".to_owned()),
                () = preview::frame(&mut self.preview) => {}
                () = sleep_until(idle), if self.busy.is_none() && self.tape.is_none() => {
                    let idle = humantime::format_duration(self.options.idle);
                    break Some(format!("Nobody has asked anything of this browser for {idle}"));
                }
            }
        };
        if let Some(busy) = self.busy.take() {
            busy.task.abort();
        }
        if let Some(preview) = self.preview.take() {
            preview.end();
        }
        // It may be gone already.
        self.context.close();
        why
    }

    /// Begins what can be begun; whether the browser is to be closed.
    async fn advance(&mut self) -> bool {
        while let Some(control) = self.lane.pop_front() {
            let acts = self.busy.is_some();
            let plays = self.busy.as_ref().is_some_and(|busy| busy.step.is_some());
            let waits = match &control {
                LiveControl::Browser(Deed::Pause | Deed::Resume) => false,
                LiveControl::Browser(_) => acts,
                LiveControl::Recording(_) | LiveControl::Playback(_) => acts && !plays,
            };
            if waits {
                self.lane.push_front(control);
                return false;
            }
            match control {
                LiveControl::Browser(Deed::Close) => return true,
                LiveControl::Browser(Deed::Pause) => self.show_nothing().await,
                LiveControl::Browser(Deed::Resume) => self.show_again().await,
                LiveControl::Browser(deed) => self.begin_deed(deed),
                LiveControl::Recording(order) => self.record(order).await,
                LiveControl::Playback(order) => self.play(order).await,
            }
        }
        if self.busy.is_none()
            && let (Some(step), Some((_, script))) = (self.wanted.take(), &self.player)
        {
            let script = script.clone();
            self.begin(Some(step), async move {
                let (played, picture) = script.play(step).await;
                Done::Step(played, picture)
            });
        }
        false
    }

    /// Does it in a task of its own: a page that hangs or asks something holds up what comes after, and nothing else.
    fn begin(&mut self, step: Option<u32>, work: impl Future<Output = Done> + Send + 'static) {
        self.turn += 1;
        let (turn, report) = (self.turn, self.report.clone());
        let task = tokio::spawn(async move {
            let outcome = work.await;
            // Whoever waits for it may be gone.
            let _ = report.send((turn, outcome));
        });
        self.busy = Some(Busy { task: task.abort_handle(), turn, step });
    }

    /// Takes in what became of it.
    async fn done(&mut self, done: Done) {
        match done {
            Done::Deed(deed, Ok(())) => self.tell(LiveNews::Did(deed)).await,
            Done::Deed(deed, Err(error)) => self.complain(named(&deed), &error.to_string()).await,
            Done::Recording(order, result) => self.mode_changed(order, result).await,
            Done::Taped(all) => self.taped(all).await,
            Done::Step(played, picture) => {
                let (number, well) = (played.number, played.error.is_none());
                self.tell(LiveNews::Playback(PlaybackNews::Step(played))).await;
                if let Some(image) = picture {
                    self.tell(LiveNews::Playback(PlaybackNews::Picture { step: number, image })).await;
                }
                let wants = self.player.as_mut().map(|(player, _)| player.ended(well)).unwrap_or_default();
                self.carry_out(wants).await;
            }
        }
        self.refresh().await;
    }

    /// What the recorder says; whether nothing is left to look at.
    async fn recorded(&mut self, event: RecorderEvent) -> bool {
        match event {
            RecorderEvent::Changed(change) => {
                self.actions = self.actions.max(change.index + 1);
                let told = self.tape.as_mut().and_then(|(tape, _)| tape.action(change.index, change.action));
                if let Some((index, action)) = told {
                    let action = Box::new(action);
                    self.tell(LiveNews::Recording(RecordingNews::Recorded { index, action })).await;
                }
                self.follow().await;
            }
            RecorderEvent::Dialog(dialog) => self.answer(dialog),
            RecorderEvent::Finished => self.lane.push_back(LiveControl::Recording(RecordingOrder::Stop)),
            RecorderEvent::Ended => return true,
            RecorderEvent::Picked(_) | RecorderEvent::Picker(_) | RecorderEvent::Mode(_) => {}
        }
        false
    }

    /// As it was recorded, where it was; else whatever lets the page go on and changes least.
    fn answer(&self, dialog: Dialog) {
        let step = self.busy.as_ref().and_then(|busy| busy.step).unwrap_or(0);
        let recorded = self.player.as_ref().and_then(|(_, script)| script.answer(step));
        let recorded = recorded.map(|(accepted, text)| (accepted, text.map(str::to_owned)));
        let (accepted, text) = recorded.unwrap_or((matches!(dialog.kind(), "alert" | "beforeunload"), None));
        tokio::spawn(async move {
            let answered = if accepted { dialog.accept(text.as_deref()).await } else { dialog.dismiss().await };
            if let Err(error) = answered {
                tracing::debug!(%error, "a dialog that could not be answered");
            }
        });
    }

    /// The page that is shown and gets the input.
    fn page(&self) -> Option<Page> {
        self.pages.iter().rev().find(|page| !page.is_closed()).cloned()
    }

    /// What the recorder calls a page.
    fn alias(&self, page: &Page) -> String {
        match self.pages.iter().position(|known| known.id() == page.id()) {
            None | Some(0) => "page".to_owned(),
            Some(index) => format!("page{index}"),
        }
    }

    /// A page that opened is shown; when the one that is shown closes, the one before.
    async fn follow(&mut self) {
        let open = self.context.pages();
        let is_new = |page: &Page| self.pages.iter().all(|known| known.id() != page.id());
        let new: Vec<Page> = open.into_iter().filter(is_new).collect();
        let any_new = !new.is_empty();
        self.pages.extend(new);
        let shown = self.preview.as_ref().and_then(Preview::shown);
        match any_new || shown.is_none_or(Page::is_closed) {
            true => self.show_last().await,
            false => self.refresh().await,
        }
    }

    /// A page that has gone elsewhere is shown once more; so is one that could not be shown before.
    async fn refresh(&mut self) {
        match &mut self.preview {
            Some(preview) if preview.shown().is_some() => preview.refresh(),
            Some(_) => self.show_last().await,
            None => {}
        }
    }

    async fn show_last(&mut self) {
        if self.paused {
            return;
        }
        if let Some(page) = self.page() {
            let alias = self.alias(&page);
            if let Some(preview) = &mut self.preview {
                preview.show(&page, alias).await;
            }
        }
    }

    async fn show_nothing(&mut self) {
        self.paused = true;
        if let Some(preview) = &mut self.preview {
            preview.hide();
        }
        self.tell(LiveNews::Did(Deed::Pause)).await;
    }

    async fn show_again(&mut self) {
        self.paused = false;
        self.tell(LiveNews::Did(Deed::Resume)).await;
        self.show_last().await;
    }

    async fn complain(&self, what: &str, why: &str) {
        let message = format!("{what}: {why}");
        let _ = self.events.send(Event::Error { message, execution: Some(self.execution.clone()) }).await;
    }

    async fn tell(&self, news: LiveNews) {
        // A receiver that went away stops nothing.
        let _ = self.events.send(Event::Live { execution: self.execution.clone(), news }).await;
    }
}
