//! Live pictures of the page that is recorded, for a person without a window.

use crate::browser::Page;
use crate::browser::screencast::{Screencast, ScreencastOptions};
use crate::model::{Event, ExecutionId};
use std::future::pending;
use tokio::sync::mpsc;

/// Good enough to read, small enough for a slow line.
const CAST: ScreencastOptions = ScreencastOptions { quality: 60, most: (1600, 1200) };

/// What is shown.
pub(super) struct Preview {
    execution: ExecutionId,
    events: mpsc::Sender<Event>,
    shown: Option<Shown>,
}

struct Shown {
    page: Page,
    /// As its actions call it.
    alias: String,
    cast: Screencast,
}

impl Preview {
    pub(super) fn new(execution: ExecutionId, events: mpsc::Sender<Event>) -> Self {
        Self { execution, events, shown: None }
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
            Ok(cast) => self.shown = Some(Shown { page: page.clone(), alias, cast }),
            Err(error) => tracing::debug!(%error, "a page cannot be shown"),
        }
    }

    pub(super) fn end(self) {
        drop(self.shown);
    }
}

/// Tells the next picture, when it comes; never ends where nothing is shown. Cancel-safe but for the telling, which waits until
/// the listener takes it: that is what keeps pictures from piling up.
pub(super) async fn frame(preview: &mut Option<Preview>) {
    let Some(preview) = preview else { return pending().await };
    let Some(Shown { page, alias, cast }) = &mut preview.shown else { return pending().await };
    let Some(frame) = cast.next().await else {
        preview.shown = None;
        return;
    };
    let event = Event::RecordingFrame {
        execution: preview.execution.clone(),
        frame: frame.jpeg.clone(),
        width: frame.width,
        height: frame.height,
        page: alias.clone(),
        url: page.main_frame().url(),
    };
    // A full listener misses this one and gets the next.
    let _ = preview.events.try_send(event);
    cast.used(&frame);
}
