//! Recordings in the browser, one after the other.

use super::{Done, Stage};
use crate::browser::context::Size;
use crate::browser::{BrowserError, Page};
use crate::codegen::Target;
use crate::model::Viewport;
use crate::model::action::RecordedAction;
use crate::model::live::{LiveNews, RecordingNews, RecordingOrder};
use crate::model::recording::{ClickMode, RecordingInput};
use crate::session::live::record::Tape;
use crate::session::recording::input::perform as by_hand;
use futures_util::future::join_all;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// A page that is stuck is waited for so long.
const CAUGHT_UP_MAX: Duration = Duration::from_secs(2);

/// Waits until all is told that was done in the pages: a recorder that rests takes in nothing, however long ago it was done.
async fn caught_up(pages: &[Page]) {
    let told = join_all(pages.iter().map(async |page| page.barrier().settle().await));
    if timeout(CAUGHT_UP_MAX, told).await.is_err() {
        tracing::debug!("a page does not answer while a recording rests");
    }
}

impl Stage {
    /// Does what is asked of the recording.
    pub(super) async fn record(&mut self, order: RecordingOrder) {
        if let RecordingOrder::Start { language, .. } = &order {
            if self.tape.is_some() {
                return self.complain("recording", "this browser is recorded already: stop that first").await;
            }
            if let Err(error) = language.as_deref().unwrap_or("typescript").parse::<Target>() {
                return self.complain("recording", &error.to_string()).await;
            }
        } else if self.tape.is_none() {
            return self.complain("recording", "nothing is recorded: start a recording first").await;
        }
        let (recorder, page, pages) = (self.recorder.clone(), self.page(), self.context.pages());
        match &order {
            RecordingOrder::Start { url, viewport, language } => {
                let Some(page) = page else { return self.complain("recording", "no page is open").await };
                let target = language.as_deref().and_then(|language| language.parse().ok());
                let called = self.alias(&page);
                let there = url.is_none().then(|| recorder.masked(&page.main_frame().url()));
                let size = page.viewport().map(|size| Viewport { width: size.width, height: size.height });
                self.tapes += 1;
                let target = target.unwrap_or(Target::TypeScript);
                let tape = Tape::new(target, self.tapes, self.actions, called, there, viewport.or(size));
                self.tape = Some((tape, Instant::now()));
                let (url, viewport) = (url.clone(), *viewport);
                self.begin(None, async move {
                    let begun = async {
                        if let Some(Viewport { width, height }) = viewport {
                            page.set_viewport(Size { width, height }).await?;
                        }
                        recorder.set_mode(ClickMode::Record).await;
                        match url {
                            Some(url) => by_hand(&recorder, &page, RecordingInput::Navigate { url }).await,
                            None => Ok(()),
                        }
                    };
                    let result = begun.await;
                    Done::Recording(order, result)
                });
            }
            RecordingOrder::Stop => self.begin(None, async move {
                caught_up(&pages).await;
                recorder.set_mode(ClickMode::Pause).await;
                Done::Taped(recorder.actions().await)
            }),
            RecordingOrder::Pause | RecordingOrder::Resume => {
                let mode = if order == RecordingOrder::Pause { ClickMode::Pause } else { ClickMode::Record };
                self.begin(None, async move {
                    caught_up(&pages).await;
                    recorder.set_mode(mode).await;
                    Done::Recording(order, Ok(()))
                });
            }
        }
    }

    /// It goes on so.
    pub(super) async fn mode_changed(&mut self, order: RecordingOrder, result: Result<(), BrowserError>) {
        let news = match order {
            RecordingOrder::Start { .. } => RecordingNews::Started,
            RecordingOrder::Pause => RecordingNews::Paused,
            RecordingOrder::Resume | RecordingOrder::Stop => RecordingNews::Resumed,
        };
        let starts = news == RecordingNews::Started;
        self.tell(LiveNews::Recording(news)).await;
        if let Err(error) = result {
            self.complain("recording", &error.to_string()).await;
        }
        if let (true, Some((tape, _))) = (starts, &mut self.tape) {
            for (index, action) in tape.begin() {
                let action = Box::new(action);
                self.tell(LiveNews::Recording(RecordingNews::Recorded { index, action })).await;
            }
        }
    }

    /// It has ended.
    pub(super) async fn taped(&mut self, all: Vec<RecordedAction>) {
        self.actions = self.actions.max(all.len());
        let Some((tape, began)) = self.tape.take() else { return };
        let recorded = tape.cut(all, began.elapsed());
        self.last = Some(recorded.actions.clone());
        self.tell(LiveNews::Recording(RecordingNews::Stopped(Box::new(recorded)))).await;
    }
}
