//! Actions with the pointer: where they go, and whether they got there.

use super::actionability::{Act, Acted, LastAttempt, Series};
use super::error::BrowserError;
use super::injected::typed;
use super::input::{Button, ClickOptions, Modifier};
use super::locator::{Attempts, Locator};
use super::page::Page;
use super::progress::Progress;
use super::screenshot::Rect;
use super::way::{Outside, Point};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::OnceLock;

/// What is done with the pointer.
#[derive(Debug, Clone)]
pub enum Gesture {
    /// One click or more.
    Click(ClickOptions),
    /// The pointer goes there.
    Hover,
    /// A finger.
    Tap,
    /// The pointer goes there and a button goes down.
    Grab,
    /// The pointer goes there, in so many steps, and the button goes up.
    Drop {
        /// How many.
        steps: u32,
    },
}

impl Gesture {
    fn name(&self) -> &'static str {
        match self {
            Self::Click(options) if options.count == 2 => "dblclick",
            Self::Click(_) => "click",
            Self::Hover => "hover",
            Self::Tap => "tap",
            Self::Grab => "move and down",
            Self::Drop { .. } => "move and up",
        }
    }

    /// Which events js/act.js watches.
    fn kind(&self) -> &'static str {
        match self {
            Self::Click(_) | Self::Grab => "mouse",
            Self::Hover => "hover",
            Self::Tap => "tap",
            Self::Drop { .. } => "drag",
        }
    }

    async fn perform(&self, page: &Page, point: Point) -> Result<(), BrowserError> {
        let mouse = page.mouse();
        let Point { x, y } = point;
        match self {
            Self::Click(options) => mouse.click(x, y, options).await,
            Self::Hover => mouse.move_to(x, y, 1).await,
            Self::Tap => page.touchscreen().tap(x, y).await,
            Self::Grab => {
                mouse.move_to(x, y, 1).await?;
                mouse.down(Button::Left, 1).await
            }
            Self::Drop { steps } => {
                mouse.move_to(x, y, *steps).await?;
                mouse.up(Button::Left, 1).await
            }
        }
    }
}

/// How a gesture is done.
#[derive(Debug, Clone, Default)]
pub struct PointerOptions {
    /// From the top left corner inside the border; the middle of what is visible if none.
    pub position: Option<Point>,
    /// Held meanwhile; none leaves those that are held.
    pub modifiers: Option<Vec<Modifier>>,
    /// Without waiting for anything.
    pub force: bool,
    /// Waits, and does nothing.
    pub trial: bool,
    /// Without scrolling to it.
    pub stay: bool,
    /// Without waiting for the navigation that it asks for.
    pub no_wait: bool,
}

/// Where a gesture goes: `pointer` of js/act.js.
#[derive(Deserialize)]
struct Aim {
    point: Point,
}

/// What `finish` of js/act.js saw.
#[derive(Default, Deserialize)]
struct Finished {
    #[serde(default)]
    blocker: Option<String>,
    #[serde(default)]
    checked: Option<Checked>,
}

#[derive(Deserialize)]
struct Checked {
    matches: bool,
}

impl Locator {
    /// Clicks, hovers, taps, drags.
    pub async fn gesture(
        &self,
        gesture: &Gesture,
        options: &PointerOptions,
        timeout: u64,
    ) -> Result<Acted, BrowserError> {
        let progress = Progress::new(timeout);
        self.pointer(&progress, gesture, options, None).await
    }

    /// Clicks if that is needed to have it checked or not.
    pub async fn set_checked(
        &self,
        checked: bool,
        options: &PointerOptions,
        timeout: u64,
    ) -> Result<Acted, BrowserError> {
        let progress = Progress::new(timeout);
        self.pointer(&progress, &Gesture::Click(ClickOptions::default()), options, Some(checked)).await
    }

    /// Drags the element to another.
    pub async fn drag_to(
        &self,
        to: &Self,
        from_position: Option<Point>,
        to_position: Option<Point>,
        steps: u32,
        options: &PointerOptions,
        timeout: u64,
    ) -> Result<Acted, BrowserError> {
        let progress = Progress::new(timeout);
        let at = |position| PointerOptions { position, ..options.clone() };
        self.pointer(&progress, &Gesture::Grab, &at(from_position), None).await?;
        to.pointer(&progress, &Gesture::Drop { steps }, &at(to_position), None).await
    }

    async fn pointer(
        &self,
        progress: &Progress,
        gesture: &Gesture,
        options: &PointerOptions,
        checked: Option<bool>,
    ) -> Result<Acted, BrowserError> {
        let act = Act {
            name: Some(gesture.name()),
            kind: gesture.kind(),
            force: options.force,
            trial: options.trial,
            enabled: matches!(gesture, Gesture::Click(_) | Gesture::Tap),
            needs_visible_frame: true,
            position: options.position,
            stay: options.stay,
            checked,
            ..Act::of("pointer")
        };
        let doing =
            Doing { progress, act: &act, gesture, options, target: OnceLock::new(), last: LastAttempt::default() };
        self.note_waiting(progress, "");
        let work = async {
            let mut attempts = Attempts::new(progress);
            loop {
                attempts.next().await;
                if !options.force {
                    self.frame.page().checkpoint(progress).await?;
                }
                if let Some(acted) = self.retriable(doing.with_one_element(self).await)? {
                    return Ok(acted);
                }
            }
        };
        let result = self.within(progress, work).await;
        doing.last.catch_up(progress, &result).await;
        match result {
            // The page closed under it, or its frame went away: the action worked.
            Err(error) if error.is_gone() && doing.target.get().is_some() => {
                Ok(Acted { value: Value::Null, target: doing.target.get().copied() })
            }
            result => result.map_err(|error| self.of_element(error)),
        }
    }
}

/// One gesture, underway.
struct Doing<'a> {
    progress: &'a Progress,
    act: &'a Act,
    gesture: &'a Gesture,
    options: &'a PointerOptions,
    /// Where it went; set once input is sent.
    target: OnceLock<Rect>,
    last: LastAttempt,
}

impl Doing<'_> {
    /// All attempts with one element; none when there is no such element, or not any more.
    async fn with_one_element(&self, locator: &Locator) -> Result<Option<Acted>, BrowserError> {
        let Some(mut series) = Series::new(locator, self.progress, self.act, &self.last).await? else {
            return Ok(None);
        };
        loop {
            let Some(done) = series.attempt(&[]).await? else { return Ok(None) };
            let Ok(aim) = serde_json::from_value::<Aim>(done.value) else {
                // It is checked already.
                return Ok(Some(Acted { value: Value::Null, target: done.target }));
            };
            let way = &mut series.place.way;
            let covered = match way.outside(aim.point, !self.options.force).await? {
                Outside::Covered(blocker) => Some(blocker),
                Outside::At(point) => {
                    let (dx, dy) = (point.x - aim.point.x, point.y - aim.point.y);
                    let target = done.target.map(|rect| Rect { x: rect.x + dx, y: rect.y + dy, ..rect });
                    match self.perform(locator.frame.page(), &series, point, target).await? {
                        Some(blocker) => Some(blocker),
                        None => return Ok(Some(Acted { value: Value::Null, target })),
                    }
                }
            };
            if let Some(blocker) = covered {
                self.progress.note(format!("  {blocker} intercepts pointer events"));
            }
        }
    }

    /// Sends the input; what got it instead, if something did.
    async fn perform(
        &self,
        page: &Page,
        series: &Series<'_>,
        point: Point,
        target: Option<Rect>,
    ) -> Result<Option<String>, BrowserError> {
        let (progress, name) = (self.progress, self.gesture.name());
        let barrier = page.barrier();
        let before = match &self.options.modifiers {
            Some(wanted) => Some(page.keyboard().ensure_modifiers(wanted).await?),
            None => None,
        };
        progress.acting(page, point, target).await;
        progress.note(format!("  performing {name} action"));
        self.target.get_or_init(|| target.unwrap_or_default());
        self.gesture.perform(page, point).await?;
        if let Some(before) = before {
            page.keyboard().ensure_modifiers(&before).await?;
        }
        let (finished, settled) = if self.options.no_wait {
            // Chromium answers nothing while a navigation waits for its server.
            tokio::select! {
                biased;
                finished = series.finish() => (finished, Ok(())),
                () = barrier.asked() => (Ok(json!({})), Ok(())),
            }
        } else {
            // Asked for at once, to wait for both only once.
            tokio::join!(series.finish(), barrier.settle())
        };
        let finished: Finished = match finished {
            Ok(finished) => typed(finished)?,
            // The document went away under it: the action worked.
            Err(error) if error.is_context_lost() || error.is_gone() => Finished::default(),
            Err(error) => return Err(error),
        };
        if finished.blocker.is_some() {
            return Ok(finished.blocker);
        }
        settled?;
        progress.note(format!("  {}{name} action done", if self.options.trial { "trial " } else { "" }));
        progress.note("  waiting for scheduled navigations to finish");
        if !self.options.no_wait {
            barrier.finish(progress).await?;
        }
        progress.note("  navigations have finished");
        match (self.act.checked, finished.checked) {
            (Some(wanted), Some(now)) if now.matches != wanted && !self.options.trial => {
                Err(BrowserError::other("Clicking the checkbox did not change its state"))
            }
            _ => Ok(None),
        }
    }
}
