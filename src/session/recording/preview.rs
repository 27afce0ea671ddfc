//! Live pictures of the page that is recorded, for a person without a window.

use crate::browser::Page;
use crate::browser::screencast::{Screencast, ScreencastFrame, ScreencastOptions};
use crate::model::{Event, ExecutionId};
use crate::recorder::Recorder;
use std::future::pending;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};

/// Good enough to read, small enough for a slow line.
const CAST: ScreencastOptions = ScreencastOptions { quality: 60, most: (1600, 1200) };

/// What is shown.
pub(super) struct Preview {
    execution: ExecutionId,
    events: mpsc::Sender<Event>,
    /// Knows which addresses hold secrets.
    recorder: Recorder,
    shown: Option<Shown>,
    /// See [`super::Controls`].
    arrivals: Option<Arc<Semaphore>>,
    /// A picture is on its way.
    under_way: bool,
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
    pub(super) fn new(
        execution: ExecutionId,
        events: mpsc::Sender<Event>,
        recorder: Recorder,
        arrivals: Option<Arc<Semaphore>>,
    ) -> Self {
        Self { execution, events, recorder, shown: None, arrivals, under_way: false }
    }

    /// The page that is shown and gets the input.
    pub(super) fn shown(&self) -> Option<&Page> {
        self.shown.as_ref().map(|shown| &shown.page)
    }

    /// Shows this page from now on.
    pub(super) async fn show(&mut self, page: &Page, alias: String) {
        self.shown = None;
        // A page that is not in front paints nothing. It may be gone by now.
        let _ = page.bring_to_front().await;
        match page.screencast(CAST).await {
            Ok(cast) => self.shown = Some(Shown { page: page.clone(), alias, cast, told: None }),
            Err(error) => tracing::debug!(%error, "a page cannot be shown"),
        }
    }

    pub(super) fn end(self) {
        drop(self.shown);
    }
}

/// Tells the next picture once the one before has arrived, so that whoever is slow gets fewer and never old ones; never ends where
/// nothing is shown. Cancel-safe.
pub(super) async fn frame(preview: &mut Option<Preview>) {
    let Some(Preview { execution, events, recorder, shown, arrivals, under_way }) = preview else {
        return pending().await;
    };
    if let (true, Some(arrivals)) = (*under_way, &*arrivals) {
        match arrivals.acquire().await {
            Ok(arrived) => arrived.forget(),
            Err(_) => return pending().await,
        }
        *under_way = false;
    }
    let Some(Shown { page, alias, cast, told }) = shown else { return pending().await };
    if let Some(told) = told.take() {
        cast.used(&told);
    }
    let Some(frame) = cast.next().await else {
        *shown = None;
        return;
    };
    let event = Event::RecordingFrame {
        execution: execution.clone(),
        frame: frame.jpeg.clone(),
        width: frame.width,
        height: frame.height,
        page: alias.clone(),
        url: recorder.masked(&page.main_frame().url()),
    };
    // A full listener misses this one and gets the next.
    *under_way = events.try_send(event).is_ok();
    *told = Some(frame);
}
