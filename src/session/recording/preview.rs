//! Live pictures of the page that is recorded, for a person without a window.

use super::pace::Pace;
use crate::browser::Page;
use crate::browser::screencast::{Screencast, ScreencastFrame};
use crate::model::action::Point;
use crate::model::{Event, ExecutionId};
use crate::recorder::Recorder;
use std::future::pending;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

/// A picture and where it is from.
pub(in crate::session) struct Picture {
    pub(in crate::session) jpeg: Vec<u8>,
    /// CSS pixels.
    pub(in crate::session) width: u32,
    pub(in crate::session) height: u32,
    /// The page, as its actions call it.
    pub(in crate::session) page: String,
    /// Its address.
    pub(in crate::session) url: String,
    /// Where the mouse is.
    pub(in crate::session) mouse: Point,
}

/// What is shown.
pub(in crate::session) struct Preview {
    execution: ExecutionId,
    /// How a picture is told.
    told: fn(&ExecutionId, Picture) -> Event,
    events: mpsc::Sender<Event>,
    /// Knows which addresses hold secrets.
    recorder: Recorder,
    shown: Option<Shown>,
    /// See [`super::Controls`].
    arrivals: Option<Arc<Semaphore>>,
    /// Since when a picture is on its way.
    under_way: Option<Instant>,
    pace: Pace,
}

struct Shown {
    page: Page,
    /// As its actions call it.
    alias: String,
    cast: Screencast,
    /// On its way.
    told: Option<ScreencastFrame>,
}

impl Preview {
    pub(in crate::session) fn new(
        execution: ExecutionId,
        events: mpsc::Sender<Event>,
        recorder: Recorder,
        arrivals: Option<Arc<Semaphore>>,
        told: fn(&ExecutionId, Picture) -> Event,
    ) -> Self {
        Self { execution, told, events, recorder, shown: None, arrivals, under_way: None, pace: Pace::default() }
    }

    /// The page that is shown and gets the input.
    pub(in crate::session) fn shown(&self) -> Option<&Page> {
        self.shown.as_ref().map(|shown| &shown.page)
    }

    /// Shows this page from now on.
    pub(in crate::session) async fn show(&mut self, page: &Page, alias: String) {
        self.shown = None;
        // A page that is not in front paints nothing. It may be gone by now.
        let _ = page.bring_to_front().await;
        match page.screencast(self.pace.options()).await {
            Ok(cast) => self.shown = Some(Shown { page: page.clone(), alias, cast, told: None }),
            Err(error) => tracing::debug!(%error, "a page cannot be shown"),
        }
    }

    /// Shows nothing from now on.
    pub(in crate::session) fn hide(&mut self) {
        self.shown = None;
    }

    pub(in crate::session) fn end(self) {
        drop(self.shown);
    }
}

/// Tells the next picture once the one before has arrived, so that whoever is slow gets fewer, smaller and never old ones; never ends where
/// nothing is shown. Cancel-safe.
pub(in crate::session) async fn frame(preview: &mut Option<Preview>) {
    let Some(Preview { execution, told: tell, events, recorder, shown, arrivals, under_way, pace }) = preview else {
        return pending().await;
    };
    let mut better = None;
    if let (Some(sent), Some(arrivals)) = (*under_way, &*arrivals) {
        match arrivals.acquire().await {
            Ok(arrived) => arrived.forget(),
            Err(_) => return pending().await,
        }
        *under_way = None;
        better = pace.arrived(sent.elapsed());
    }
    let Some(Shown { page, alias, cast, told }) = shown else { return pending().await };
    match (told.take(), better) {
        (_, Some(options)) => cast.change(options),
        (Some(told), None) => cast.used(&told),
        (None, None) => {}
    }
    let Some(frame) = cast.next().await else {
        *shown = None;
        return;
    };
    let (x, y) = page.mouse().position();
    let picture = Picture {
        jpeg: frame.jpeg.clone(),
        width: frame.width,
        height: frame.height,
        page: alias.clone(),
        url: recorder.masked(&page.main_frame().url()),
        mouse: Point { x, y },
    };
    let event = tell(execution, picture);
    // A full listener misses this one and gets the next.
    *under_way = events.try_send(event).is_ok().then(Instant::now);
    *told = Some(frame);
}

/// A picture, as a recording tells it.
pub(super) fn told(execution: &ExecutionId, picture: Picture) -> Event {
    Event::RecordingFrame {
        execution: execution.clone(),
        frame: picture.jpeg,
        width: picture.width,
        height: picture.height,
        page: picture.page,
        url: picture.url,
    }
}
