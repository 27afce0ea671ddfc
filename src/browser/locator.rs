//! Locators: where they lead through frames, and how they are tried again.

use super::error::BrowserError;
use super::frame::Frame;
use super::injected::Engine;
use super::progress::{CallLog, Progress};
use super::script::RemoteObject;
use super::way::Way;
use crate::model::locator::{render, split_frames};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Delays between attempts to find an element, ms; the last repeats. Same schedule as Playwright.
const RETRY_DELAYS: [u64; 5] = [20, 50, 100, 100, 500];

/// Before the names that aria snapshots give.
const REF: &str = "aria-ref=";

/// The number of the frame that a ref of an aria snapshot names, as in `f1e3`.
fn frame_of_ref(selector: &str) -> Option<u64> {
    let reference = selector.trim_start().strip_prefix(REF)?.split(">>").next()?.trim();
    let (frame, element) = reference.strip_prefix('f')?.split_once('e')?;
    element.parse::<u64>().ok()?;
    frame.parse().ok()
}

/// A way to find elements, beginning in a frame.
#[derive(Clone)]
pub struct Locator {
    /// Where the search begins.
    pub frame: Frame,
    /// In the notation of [`crate::model::locator`]; with `element`, below that.
    pub selector: String,
    /// Whether more than one element is an error.
    pub strict: bool,
    /// An element that is already known; with an empty selector it is the one.
    pub element: Option<RemoteObject>,
}

/// The frame a locator leads to, and what is left of the selector there.
pub(super) struct Place {
    pub(super) frame: Frame,
    pub(super) engine: Engine,
    pub(super) selector: String,
    /// The element the selector is below of.
    pub(super) root: Option<RemoteObject>,
    /// Whether the frames on the way are visible.
    frame_visible: bool,
    /// Out of the frame.
    pub(super) way: Way,
    strict: bool,
}

impl Place {
    /// Whether it is not the main frame.
    pub(super) fn in_frame(&self) -> bool {
        self.frame.parent().is_some()
    }

    /// Calls a method with the selector's parameters and `more`; what it notes goes to `log`.
    pub(super) async fn call(
        &self,
        log: &CallLog,
        method: &str,
        more: Value,
        handles: &[RemoteObject],
    ) -> Result<Value, BrowserError> {
        let mut params = match more {
            Value::Object(params) => params,
            _ => Map::new(),
        };
        params.insert("selector".into(), json!(self.selector));
        params.entry("strict").or_insert(json!(self.strict));
        params.insert("handle".into(), json!(self.root.is_some()));
        params.insert("frameVisible".into(), json!(self.frame_visible));
        let all: Vec<_> = self.root.iter().chain(handles).cloned().collect();
        self.engine.call(&self.selector, method, params.into(), &all, log).await
    }

    /// The one element it leads to, in the page's world.
    async fn into_main(self) -> Result<Option<Self>, BrowserError> {
        let Some(element) = self.element().await? else { return Ok(None) };
        let context = self.frame.main_context().await?;
        let root = Some(element.adopt_into(&context).await?);
        Ok(Some(Self { engine: Engine::of(&context).await?, selector: String::new(), root, ..self }))
    }

    pub(super) async fn element(&self) -> Result<Option<RemoteObject>, BrowserError> {
        let params = json!({ "selector": self.selector, "strict": self.strict, "handle": self.root.is_some() });
        self.engine.element(&self.selector, params, self.root.as_slice()).await
    }

    pub(super) async fn elements(&self) -> Result<RemoteObject, BrowserError> {
        let params = json!({ "selector": self.selector, "strict": false, "handle": self.root.is_some() });
        self.engine.elements(&self.selector, params, self.root.as_slice()).await
    }
}

/// The times an operation tries to find its element.
pub(super) struct Attempts {
    delays: Vec<u64>,
    next: usize,
}

impl Attempts {
    pub(super) fn new(progress: &Progress) -> Self {
        let timeout = progress.deadline.timeout_ms();
        let mut delays = RETRY_DELAYS.to_vec();
        while timeout > 0 && delays.last().is_some_and(|delay| *delay > timeout / 5) {
            delays.pop();
        }
        Self { delays, next: 0 }
    }

    /// Waits for the next one; the first is at once.
    pub(super) async fn next(&mut self) {
        if self.next > 0 {
            let last = self.delays.len().saturating_sub(1);
            // Without any delay left a very short timeout would spin.
            let delay = self.delays.get((self.next - 1).min(last)).copied().unwrap_or(1);
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        self.next += 1;
    }
}

/// Which of the two worlds an element is needed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum World {
    /// Ours.
    Utility,
    /// The page's.
    Main,
}

impl Locator {
    /// Of a selector in a frame, strictly.
    pub fn new(frame: &Frame, selector: impl Into<String>) -> Self {
        Self { frame: frame.clone(), selector: selector.into(), strict: true, element: None }
    }

    /// What people read: `getByRole('button')`.
    pub fn text(&self) -> String {
        render(&self.selector)
    }

    pub(super) fn note_waiting(&self, progress: &Progress, for_what: &str) {
        if self.element.is_none() || !self.selector.is_empty() {
            progress.note(format!("waiting for {}{for_what}", self.text()));
        }
    }

    /// Follows the frames of the selector; none while one of them is not there.
    pub(super) async fn place(&self, world: World) -> Result<Option<Place>, BrowserError> {
        let mut pieces = split_frames(&self.selector).into_iter().peekable();
        let mut frame = self.frame.clone();
        let mut root = self.element.clone();
        let mut frame_visible = true;
        if let Some(element) = &root {
            frame = element.context().frame().cloned().unwrap_or(frame);
        }
        let mut way = Way::from(&frame);
        loop {
            let selector = pieces.next().unwrap_or_default();
            let last = pieces.peek().is_none();
            if let Some(number) = frame_of_ref(&selector).filter(|number| *number != frame.number()) {
                let found = frame.page().frames().into_iter().find(|frame| frame.number() == number);
                frame = found.ok_or_else(|| {
                    BrowserError::other(format!("Invalid frame in aria-ref selector \"{}\"", self.selector))
                })?;
                way = Way::from(&frame);
                root = None;
            }
            let custom = frame.page().context().engines().named_in(&selector);
            // Refs are known in our world only, and what a test brings along may want the page's.
            let own = selector.contains(REF);
            let main = !own && ((world == World::Main && last) || custom.iter().any(|engine| !engine.isolated));
            let context = if main { frame.main_context().await? } else { frame.utility_context().await? };
            let engine = Engine::of(&context).await?;
            for custom in &custom {
                engine.learn(custom).await?;
            }
            let own_root = match root.take() {
                Some(element) => Some(element.adopt_into(&context).await?),
                None => None,
            };
            let strict = self.strict || !last;
            let place = Place { frame, engine, selector, root: own_root, frame_visible, way, strict };
            if last && own && world == World::Main {
                return place.into_main().await;
            }
            if last {
                return Ok(Some(place));
            }
            let Some(owner) = place.element().await? else { return Ok(None) };
            let (inner, visible) =
                tokio::try_join!(owner.content_frame(), place.engine.about(&owner, "visibleFrame", Value::Null))?;
            let Some(inner) = inner else {
                let preview = place.engine.about(&owner, "preview", Value::Null).await?;
                let preview = preview.as_str().unwrap_or_default();
                if preview.starts_with("<iframe") || preview.starts_with("<frame") {
                    return Ok(None);
                }
                return Err(BrowserError::other(format!(
                    "Error: Selector \"{}\" resolved to {preview}, <iframe> was expected",
                    place.selector
                )));
            };
            frame_visible &= visible == Value::Bool(true);
            way = place.way;
            way.enter(place.engine, owner);
            frame = inner;
        }
    }

    /// None for what another attempt may mend: a document or an inner frame that went away.
    pub(super) fn retriable<T>(&self, result: Result<Option<T>, BrowserError>) -> Result<Option<T>, BrowserError> {
        match result {
            Err(error) if error.is_context_lost() && self.element.is_none() => Ok(None),
            Err(BrowserError::FrameDetached { .. }) if !self.frame.is_detached() => Ok(None),
            other => other,
        }
    }

    /// What an action says when the document of its element is gone: another attempt mends it where a selector leads to an element,
    /// and nothing where the element itself was given.
    pub fn of_element(&self, error: BrowserError) -> BrowserError {
        if self.element.is_some() { error.of_element() } else { error }
    }

    /// Runs `work` until it ends, the deadline passes or the frame goes away.
    pub(super) async fn within<T>(
        &self,
        progress: &Progress,
        work: impl Future<Output = Result<T, BrowserError>>,
    ) -> Result<T, BrowserError> {
        progress.run(self.frame.while_attached(work)).await
    }
}
