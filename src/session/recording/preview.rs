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
    /// Where the page was when it looked like that.
    url: String,
    /// Nobody had room for it.
    waits: Option<ScreencastFrame>,
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
            Ok(cast) => {
                self.shown =
                    Some(Shown { page: page.clone(), alias, cast, told: None, url: String::new(), waits: None })
            }
            Err(error) => tracing::debug!(%error, "a page cannot be shown"),
        }
    }

    /// Shows nothing from now on.
    pub(in crate::session) fn hide(&mut self) {
        self.shown = None;
    }

    /// Asks for a picture where the page has gone elsewhere since the last one: one that came early stood under the old address, and no
    /// other comes of a page that stands still.
    pub(in crate::session) fn refresh(&mut self) {
        if let Some(shown) = &mut self.shown
            && !shown.url.is_empty()
            && shown.url != self.recorder.masked(&shown.page.main_frame().url())
        {
            shown.cast.once_more();
        }
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
    let Some(Shown { page, alias, cast, told, url, waits }) = shown else { return pending().await };
    match (told.take(), better) {
        (_, Some(options)) => cast.change(options),
        (Some(told), None) => cast.used(&told),
        (None, None) => {}
    }
    if waits.is_none() {
        *waits = cast.next().await;
    }
    if waits.is_none() {
        *shown = None;
        return;
    }
    // No other one may follow it: the page may stand still from now on.
    let Ok(room) = events.reserve().await else { return pending().await };
    let Some(frame) = waits.take() else { return };
    *url = recorder.masked(&page.main_frame().url());
    let (x, y) = page.mouse().position();
    let picture = Picture {
        jpeg: frame.jpeg.clone(),
        width: frame.width,
        height: frame.height,
        page: alias.clone(),
        url: url.clone(),
        mouse: Point { x, y },
    };
    room.send(tell(execution, picture));
    *under_way = Some(Instant::now());
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
