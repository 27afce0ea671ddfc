//! HTML drags. Chromium hands them over instead of asking a desktop, which may not be there and knows only one at a time.

use super::super::cdp::{Reply, Session};
use super::super::error::BrowserError;
use super::super::frame::Frame;
use super::super::sync::lock;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// Longest wait for what is dragged, after a page began to drag it; and for a frame to say whether it did.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a page drags. Clones share it.
#[derive(Clone)]
pub(in crate::browser) struct Drags(Arc<Inner>);

struct Inner {
    session: Session,
    frames: Box<dyn Fn() -> Vec<Frame> + Send + Sync>,
    handed: watch::Sender<Option<Value>>,
    /// In the air now.
    dragged: Mutex<Option<Dragged>>,
}

#[derive(Clone)]
struct Dragged {
    data: Value,
    x: f64,
    y: f64,
}

impl Drags {
    /// `frames` are those in which a drag may begin.
    pub(in crate::browser) fn new(session: Session, frames: impl Fn() -> Vec<Frame> + Send + Sync + 'static) -> Self {
        let handed = watch::channel(None).0;
        Self(Arc::new(Inner { session, frames: Box::new(frames), handed, dragged: Mutex::default() }))
    }

    /// Chromium hands a drag over.
    pub(in crate::browser) fn handed(&self, data: Value) {
        self.0.handed.send_replace(Some(data));
    }

    /// Whether something is in the air.
    pub(super) fn is_dragging(&self) -> bool {
        lock(&self.0.dragged).is_some()
    }

    /// `dragEnter`, `dragOver` or `drop` there; the last one ends it.
    pub(super) fn send(&self, kind: &str, x: f64, y: f64, modifiers: u32) -> Reply {
        let data = {
            let mut dragged = lock(&self.0.dragged);
            if let Some(dragged) = &mut *dragged {
                (dragged.x, dragged.y) = (x, y);
            }
            if kind == "drop" { dragged.take() } else { dragged.clone() }
        };
        let data = data.map_or_else(nothing, |dragged| dragged.data);
        self.dispatch(kind, x, y, &data, modifiers)
    }

    /// Ends it where it is, without a drop; none when nothing is in the air.
    pub(super) fn cancel(&self, modifiers: u32) -> Option<Reply> {
        let dragged = lock(&self.0.dragged).take()?;
        Some(self.dispatch("dragCancel", dragged.x, dragged.y, &nothing(), modifiers))
    }

    fn dispatch(&self, kind: &str, x: f64, y: f64, data: &Value, modifiers: u32) -> Reply {
        let params = json!({ "type": kind, "x": x, "y": y, "data": data, "modifiers": modifiers });
        self.0.session.request("Input.dispatchDragEvent", &params)
    }

    /// Sends a move with the button down, from which a drag may begin.
    pub(super) async fn moving(
        &self,
        modifiers: u32,
        x: f64,
        y: f64,
        send: impl FnOnce() -> Reply,
    ) -> Result<(), BrowserError> {
        let frames = (self.0.frames)();
        self.ask(&frames, "watchDrag").await;
        let mut handed = self.0.handed.subscribe();
        self.0.handed.send_replace(None);
        drop(self.0.session.request("Input.setInterceptDrags", &json!({ "enabled": true })));
        let moved = send().raw().await;
        let mut began = false;
        if moved.is_ok() && self.ask(&frames, "dragBegan").await {
            let data = tokio::time::timeout(PATIENCE, handed.wait_for(Option::is_some)).await;
            if let Ok(Ok(data)) = data {
                *lock(&self.0.dragged) = data.clone().map(|data| Dragged { data, x, y });
                began = true;
            }
        }
        drop(self.0.session.request("Input.setInterceptDrags", &json!({ "enabled": false })));
        if began {
            self.send("dragEnter", x, y, modifiers).raw().await?;
        }
        moved.map(drop)
    }

    /// Whether one of them says yes. A frame that goes away meanwhile, or whose scripts do not answer, does not.
    async fn ask(&self, frames: &[Frame], what: &str) -> bool {
        let asked = frames.iter().map(|frame| tokio::time::timeout(PATIENCE, frame.run(what, &[])));
        let answers = futures_util::future::join_all(asked).await;
        answers.into_iter().any(|answer| matches!(answer, Ok(Ok(Value::Bool(true)))))
    }
}

/// What Chromium takes for no data.
fn nothing() -> Value {
    json!({ "items": [], "dragOperationsMask": 0xFFFF })
}
