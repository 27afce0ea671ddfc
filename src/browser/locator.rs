//! Locators: where they lead through frames, how they are tried again, and what can be asked of the elements they find.

use super::error::BrowserError;
use super::frame::Frame;
use super::injected::{Engine, typed};
use super::progress::Progress;
use super::screenshot::Rect;
use super::script::{Evaluation, RemoteObject};
use crate::model::locator::{render, split_frames};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Delays between attempts to find an element, ms; the last repeats. Same schedule as Playwright.
const RETRY_DELAYS: [u64; 5] = [20, 50, 100, 100, 500];

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

/// What a locator is waited to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// In the document.
    Attached,
    /// Not in the document.
    Detached,
    /// In the document, with a box, not hidden.
    Visible,
    /// Not visible, or not there.
    Hidden,
}

impl Awaited {
    /// By Playwright's name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "attached" => Self::Attached,
            "detached" => Self::Detached,
            "visible" => Self::Visible,
            "hidden" => Self::Hidden,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Attached => "attached",
            Self::Detached => "detached",
            Self::Visible => "visible",
            Self::Hidden => "hidden",
        }
    }
}

/// The frame a locator leads to, and what is left of the selector there.
pub(super) struct Place {
    pub(super) frame: Frame,
    pub(super) engine: Engine,
    pub(super) selector: String,
    /// The element the selector is below of.
    pub(super) root: Option<RemoteObject>,
    /// Whether the frames on the way are visible.
    pub(super) frame_visible: bool,
    strict: bool,
}

impl Place {
    /// Calls a method with the selector's parameters and `more`.
    pub(super) async fn call(
        &self,
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
        self.engine.call(&self.selector, method, params.into(), &all).await
    }

    async fn element(&self) -> Result<Option<RemoteObject>, BrowserError> {
        let params = json!({ "selector": self.selector, "strict": self.strict, "handle": self.root.is_some() });
        self.engine.element(&self.selector, params, self.root.as_slice()).await
    }

    async fn elements(&self) -> Result<RemoteObject, BrowserError> {
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
        if self.element.is_none() {
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
            frame = element.context().frame().clone();
        }
        loop {
            let selector = pieces.next().unwrap_or_default();
            let last = pieces.peek().is_none();
            let main = world == World::Main && last;
            let context = if main { frame.main_context().await? } else { frame.utility_context().await? };
            let engine = Engine::of(&context).await?;
            let own_root = match root.take() {
                Some(element) => Some(element.adopt_into(&context).await?),
                None => None,
            };
            let place = Place {
                frame: frame.clone(),
                engine,
                selector,
                root: own_root,
                frame_visible,
                strict: self.strict || !last,
            };
            if last {
                return Ok(Some(place));
            }
            let Some(owner) = place.element().await? else { return Ok(None) };
            let Some(inner) = owner.content_frame().await? else {
                let preview = place.engine.call("", "preview", Value::Null, std::slice::from_ref(&owner)).await?;
                let preview = preview.as_str().unwrap_or_default();
                if preview.starts_with("<iframe") || preview.starts_with("<frame") {
                    return Ok(None);
                }
                return Err(BrowserError::other(format!(
                    "Error: Selector \"{}\" resolved to {preview}, <iframe> was expected",
                    place.selector
                )));
            };
            let look: FrameBox =
                typed(place.engine.call("", "frameBox", Value::Null, std::slice::from_ref(&owner)).await?)?;
            frame_visible &= look.visible;
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

    /// Runs `work` until it ends, the deadline passes or the frame goes away.
    pub(super) async fn within<T>(
        &self,
        progress: &Progress,
        work: impl Future<Output = Result<T, BrowserError>>,
    ) -> Result<T, BrowserError> {
        progress.run(self.frame.while_attached(work)).await
    }

    /// Reads something of the element, once it is there. `what` is one of `READS` in js/main.js.
    pub async fn read(&self, what: &str, more: Value, timeout: u64) -> Result<Value, BrowserError> {
        let progress = Progress::new(timeout);
        self.note_waiting(&progress, "");
        let mut params = more;
        params["what"] = what.into();
        let world = if what == "dispatchEvent" { World::Main } else { World::Utility };
        self.within(&progress, async {
            let mut attempts = Attempts::new(&progress);
            loop {
                attempts.next().await;
                if let Some(read) = self.retriable(self.read_once(&progress, world, &params).await)? {
                    return Ok(read);
                }
            }
        })
        .await
    }

    async fn read_once(
        &self,
        progress: &Progress,
        world: World,
        params: &Value,
    ) -> Result<Option<Value>, BrowserError> {
        #[derive(Deserialize)]
        struct Reading {
            #[serde(default)]
            missing: bool,
            #[serde(default)]
            log: Vec<String>,
            #[serde(default)]
            value: Value,
        }
        let Some(place) = self.place(world).await? else { return Ok(None) };
        let reading: Reading = typed(place.call("read", params.clone(), &[]).await?)?;
        reading.log.into_iter().for_each(|line| progress.note(line));
        if reading.missing {
            return Ok(None);
        }
        if params["what"] == "box" {
            let Ok(rect) = serde_json::from_value::<Rect>(reading.value) else { return Ok(Some(Value::Null)) };
            let offset = FrameOffset::of(&place.frame).await?;
            return Ok(Some(json!(offset.shifted(rect))));
        }
        Ok(Some(reading.value))
    }

    /// Asks all elements that are there now; `method` is `count`, `texts`, `visible` or `highlight`.
    pub async fn ask(&self, method: &str, more: Value, without_frame: Value) -> Result<Value, BrowserError> {
        let progress = Progress::new(0);
        if method == "visible" {
            progress.note(format!("  checking visibility of {}", self.text()));
        }
        self.within(&progress, async {
            loop {
                let asked = async {
                    let Some(place) = self.place(World::Utility).await? else {
                        return Ok(Some(without_frame.clone()));
                    };
                    place.call(method, more.clone(), &[]).await.map(Some)
                };
                if let Some(value) = self.retriable(asked.await)? {
                    return Ok(value);
                }
            }
        })
        .await
    }

    /// Waits for a state; the element if it has to be there, in the page's world.
    pub async fn wait_for(&self, awaited: Awaited, timeout: u64) -> Result<Option<RemoteObject>, BrowserError> {
        let progress = Progress::new(timeout);
        let suffix = if awaited == Awaited::Attached { String::new() } else { format!(" to be {}", awaited.name()) };
        self.note_waiting(&progress, &suffix);
        self.within(&progress, async {
            let mut attempts = Attempts::new(&progress);
            loop {
                attempts.next().await;
                if let Some(done) = self.retriable(self.look(&progress, awaited).await)? {
                    return Ok(done);
                }
            }
        })
        .await
    }

    async fn look(&self, progress: &Progress, awaited: Awaited) -> Result<Option<Option<RemoteObject>>, BrowserError> {
        #[derive(Deserialize)]
        struct Look {
            attached: bool,
            visible: bool,
            log: Vec<String>,
        }
        let gone_is_fine = matches!(awaited, Awaited::Detached | Awaited::Hidden);
        let Some(place) = self.place(World::Main).await? else {
            return Ok(gone_is_fine.then_some(None));
        };
        let look: Look = typed(place.call("look", Value::Null, &[]).await?)?;
        look.log.into_iter().for_each(|line| progress.note(line));
        let there = match awaited {
            Awaited::Attached => look.attached,
            Awaited::Detached => !look.attached,
            Awaited::Visible => look.visible,
            Awaited::Hidden => !look.visible,
        };
        if !there {
            return Ok(None);
        }
        Ok(Some(if gone_is_fine { None } else { place.element().await? }))
    }

    /// The element in the page's world, once it is there.
    pub async fn element_handle(&self, timeout: u64) -> Result<RemoteObject, BrowserError> {
        let progress = Progress::new(timeout);
        self.note_waiting(&progress, "");
        self.within(&progress, async {
            let mut attempts = Attempts::new(&progress);
            loop {
                attempts.next().await;
                let found = async {
                    match self.place(World::Main).await? {
                        Some(place) => place.element().await,
                        None => Ok(None),
                    }
                };
                if let Some(element) = self.retriable(found.await)? {
                    return Ok(element);
                }
            }
        })
        .await
    }

    /// The element there is now, in the page's world.
    pub async fn query(&self) -> Result<Option<RemoteObject>, BrowserError> {
        match self.place(World::Main).await? {
            Some(place) => place.element().await,
            None => Ok(None),
        }
    }

    /// The elements there are now, as an array in the page's world; none without the frame they would be in.
    pub async fn query_all(&self) -> Result<Option<RemoteObject>, BrowserError> {
        match self.place(World::Main).await? {
            Some(place) => place.elements().await.map(Some),
            None => Ok(None),
        }
    }

    /// Runs what a test wrote with the element, once it is there.
    pub async fn evaluate(&self, what: &Evaluation, timeout: u64) -> Result<Value, BrowserError> {
        self.element_handle(timeout).await?.evaluate(what).await
    }
}

/// A frame element as seen from outside.
#[derive(Debug, Clone, Copy, Deserialize)]
struct FrameBox {
    x: f64,
    y: f64,
    visible: bool,
}

/// Where a frame's content begins in the main frame's visible part, and the frame elements on the way.
pub(super) struct FrameOffset {
    x: f64,
    y: f64,
    /// From inside out: the engine around the frame element, the element, where its content begins there.
    owners: Vec<(Engine, RemoteObject, (f64, f64))>,
}

impl FrameOffset {
    pub(super) async fn of(frame: &Frame) -> Result<Self, BrowserError> {
        let mut offset = Self { x: 0.0, y: 0.0, owners: Vec::new() };
        let mut at = frame.clone();
        while let Some(parent) = at.parent() {
            let Some(owner) = at.owner_element().await? else { break };
            let engine = Engine::of(owner.context()).await?;
            let look: FrameBox = typed(engine.call("", "frameBox", Value::Null, std::slice::from_ref(&owner)).await?)?;
            offset.x += look.x;
            offset.y += look.y;
            offset.owners.push((engine, owner, (look.x, look.y)));
            at = parent;
        }
        Ok(offset)
    }

    pub(super) fn shifted(&self, rect: Rect) -> Rect {
        Rect { x: rect.x + self.x, y: rect.y + self.y, ..rect }
    }

    pub(super) fn point(&self, point: Point) -> Point {
        Point { x: point.x + self.x, y: point.y + self.y }
    }

    /// What covers the frame at this point of its content, in one of the frames around it.
    pub(super) async fn blocker(&self, point: Point) -> Result<Option<String>, BrowserError> {
        let mut point = point;
        for (engine, owner, (x, y)) in &self.owners {
            point = Point { x: point.x + x, y: point.y + y };
            let params = json!({ "point": point });
            let blocker = engine.call("", "frameHit", params, std::slice::from_ref(owner)).await?;
            if let Some(blocker) = blocker.as_str() {
                return Ok(Some(blocker.to_owned()));
            }
        }
        Ok(None)
    }
}

/// A point in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, serde::Serialize)]
pub struct Point {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}
