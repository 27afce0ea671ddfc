//! Actions: each waits until its element can take it, as Playwright does, tries again when the page moved under it, and tells the log.

use super::error::BrowserError;
use super::injected::typed;
use super::input::{ClickOptions, Modifier};
use super::locator::{Attempts, FrameOffset, Locator, Place, Point, World};
use super::page::Page;
use super::progress::Progress;
use super::screenshot::Rect;
use super::script::RemoteObject;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Delays between attempts of an action on its element, ms; the last repeats. Same schedule as Playwright.
const RETRY_DELAYS: [u64; 5] = [0, 20, 100, 100, 500];

/// Names what runs in a page, so that another attempt is of the same element.
static TOKENS: AtomicU64 = AtomicU64::new(1);

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
                mouse.down(super::input::Button::Left, 1).await
            }
            Self::Drop { steps } => {
                mouse.move_to(x, y, *steps).await?;
                mouse.up(super::input::Button::Left, 1).await
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
}

/// How keys go to an element.
#[derive(Debug, Clone)]
pub enum Typing {
    /// A key or a combination.
    Press(String),
    /// A text, key by key.
    Text(String),
}

/// One attempt, as js/act.js tells of it.
#[derive(Deserialize)]
struct Attempt {
    log: Vec<String>,
    #[serde(default)]
    missing: bool,
    #[serde(default)]
    outcome: Option<Outcome>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Outcome {
    /// It worked.
    Done(Value),
    /// Worth another attempt with the same element.
    Retry(String),
    /// Worth another search.
    Detached,
}

/// Where a gesture goes: `pointer` of js/act.js.
#[derive(Deserialize)]
struct Aim {
    point: Point,
    #[serde(rename = "box")]
    rect: Rect,
}

/// What `finish` of js/act.js saw.
#[derive(Deserialize)]
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

/// Parameters of `act` in js/act.js.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Act {
    action: &'static str,
    /// For the log; those that wait for nothing have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
    kind: &'static str,
    force: bool,
    trial: bool,
    enabled: bool,
    needs_visible_frame: bool,
    position: Option<Point>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checked: Option<bool>,
    value: String,
    options: Value,
    files: Value,
    reset: bool,
}

impl Act {
    fn of(action: &'static str) -> Self {
        Self { action, ..Self::default() }
    }
}

/// What an action did and where.
#[derive(Debug, Clone, Default)]
pub struct Acted {
    /// What js/act.js returned.
    pub value: Value,
    /// Of the element, in the main frame's visible part; only pointer actions know.
    pub target: Option<Rect>,
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
            checked,
            ..Act::of("pointer")
        };
        self.note_waiting(progress, "");
        self.within(progress, async {
            let mut attempts = Attempts::new(progress);
            loop {
                attempts.next().await;
                let once = self.pointer_once(progress, &act, gesture, options);
                if let Some(acted) = self.retriable(once.await)? {
                    return Ok(acted);
                }
            }
        })
        .await
    }

    /// All attempts with one element.
    async fn pointer_once(
        &self,
        progress: &Progress,
        act: &Act,
        gesture: &Gesture,
        options: &PointerOptions,
    ) -> Result<Option<Acted>, BrowserError> {
        let Some(mut series) = Series::new(self, progress, act).await? else { return Ok(None) };
        loop {
            let Some(value) = series.attempt(&[]).await? else { return Ok(None) };
            let Ok(aim) = serde_json::from_value::<Aim>(value) else {
                // It is checked already.
                return Ok(Some(Acted::default()));
            };
            let offset = FrameOffset::of(&series.place.frame).await?;
            if !options.force
                && let Some(blocker) = offset.blocker(aim.point).await?
            {
                progress.note(format!("  {blocker} intercepts pointer events"));
                continue;
            }
            let target = Some(offset.shifted(aim.rect));
            let page = self.frame.page();
            let barrier = page.barrier();
            let before = match &options.modifiers {
                Some(wanted) => Some(page.keyboard().ensure_modifiers(wanted).await?),
                None => None,
            };
            progress.note(format!("  performing {} action", gesture.name()));
            gesture.perform(page, offset.point(aim.point)).await?;
            if let Some(before) = before {
                page.keyboard().ensure_modifiers(&before).await?;
            }
            // Where the document went away under it, the action worked.
            let finished = match series.finish().await {
                Ok(finished) => finished,
                Err(error) if error.is_context_lost() || error.is_closed() => Finished { blocker: None, checked: None },
                Err(BrowserError::FrameDetached { .. }) => Finished { blocker: None, checked: None },
                Err(error) => return Err(error),
            };
            if let Some(blocker) = finished.blocker {
                progress.note(format!("  {blocker} intercepts pointer events"));
                continue;
            }
            progress.note(format!(
                "  {} action{} done",
                gesture.name(),
                if options.trial { " (trial run)" } else { "" }
            ));
            barrier.finish(progress).await?;
            if let (Some(wanted), Some(now), false) = (act.checked, finished.checked, options.trial)
                && now.matches != wanted
            {
                return Err(BrowserError::other("Clicking the checkbox did not change its state"));
            }
            return Ok(Some(Acted { value: Value::Null, target }));
        }
    }

    /// Replaces the value of a field.
    pub async fn fill(&self, value: &str, force: bool, timeout: u64) -> Result<(), BrowserError> {
        let act = Act { value: value.to_owned(), force, needs_visible_frame: true, ..Act::of("fill") };
        let progress = Progress::new(timeout);
        if self.run_act(&progress, &act, &[]).await? != "type" {
            return Ok(());
        }
        let keyboard = self.frame.page().keyboard();
        self.within(&progress, async {
            if value.is_empty() { keyboard.press("Delete", None).await } else { keyboard.insert_text(value).await }
        })
        .await
    }

    /// Chooses options of a `<select>`; their values. `handles` are what `{handle: n}` in `options` means.
    pub async fn select_option(
        &self,
        options: Value,
        handles: &[RemoteObject],
        force: bool,
        timeout: u64,
    ) -> Result<Value, BrowserError> {
        let act = Act { options, force, needs_visible_frame: true, ..Act::of("selectOption") };
        self.run_act(&Progress::new(timeout), &act, handles).await
    }

    /// `selectText`, `scrollIntoView`, `blur`: what js/act.js does alone.
    pub async fn simply(&self, action: &'static str, force: bool, timeout: u64) -> Result<(), BrowserError> {
        let act = Act { force, ..Act::of(action) };
        self.run_act(&Progress::new(timeout), &act, &[]).await.map(drop)
    }

    /// Puts files, `[{name, mimeType, base64}]`, into a file input.
    pub async fn set_files(&self, files: Value, timeout: u64) -> Result<(), BrowserError> {
        let act = Act { files, ..Act::of("setFiles") };
        self.run_act(&Progress::new(timeout), &act, &[]).await.map(drop)
    }

    /// Focuses the element and sends it keys.
    pub async fn type_into(&self, typing: &Typing, delay: Option<Duration>, timeout: u64) -> Result<(), BrowserError> {
        let progress = Progress::new(timeout);
        let act = Act { reset: true, ..Act::of("focus") };
        self.run_act(&progress, &act, &[]).await?;
        let page = self.frame.page();
        let barrier = page.barrier();
        self.within(&progress, async {
            match typing {
                Typing::Press(key) => page.keyboard().press(key, delay).await,
                Typing::Text(text) => page.keyboard().type_text(text, delay).await,
            }
        })
        .await?;
        barrier.finish(&progress).await
    }

    /// Focuses it.
    pub async fn focus(&self, timeout: u64) -> Result<(), BrowserError> {
        self.simply("focus", false, timeout).await
    }

    /// An action that the page does alone.
    async fn run_act(&self, progress: &Progress, act: &Act, handles: &[RemoteObject]) -> Result<Value, BrowserError> {
        self.note_waiting(progress, "");
        self.within(progress, async {
            let mut attempts = Attempts::new(progress);
            loop {
                attempts.next().await;
                let once = async {
                    let Some(mut series) = Series::new(self, progress, act).await? else { return Ok(None) };
                    series.attempt(handles).await
                };
                if let Some(value) = self.retriable(once.await)? {
                    return Ok(value);
                }
            }
        })
        .await
    }
}

/// Attempts of one action on one element.
struct Series<'a> {
    progress: &'a Progress,
    act: &'a Act,
    place: Place,
    token: u64,
    attempts: usize,
}

impl<'a> Series<'a> {
    async fn new(locator: &Locator, progress: &'a Progress, act: &'a Act) -> Result<Option<Self>, BrowserError> {
        let Some(place) = locator.place(World::Utility).await? else { return Ok(None) };
        let token = TOKENS.fetch_add(1, Ordering::Relaxed);
        Ok(Some(Self { progress, act, place, token, attempts: 0 }))
    }

    /// Tries until the page says done; none when the element is not there, or not any more.
    async fn attempt(&mut self, handles: &[RemoteObject]) -> Result<Option<Value>, BrowserError> {
        loop {
            if self.attempts > 0 {
                self.wait().await;
            }
            let mut params = typed_params(self.act, self.token, self.attempts);
            params["inFrame"] = self.place.frame.parent().is_some().into();
            let attempt: Attempt = typed(self.place.call("act", params, handles).await?)?;
            self.attempts += 1;
            attempt.log.into_iter().for_each(|line| self.progress.note(line));
            if attempt.missing {
                return Ok(None);
            }
            match attempt.outcome {
                Some(Outcome::Done(value)) => return Ok(Some(value)),
                Some(Outcome::Detached) | None => {
                    self.progress.note("element was detached from the DOM, retrying");
                    return Ok(None);
                }
                Some(Outcome::Retry(why)) if self.act.force => {
                    let mut letters = why.chars();
                    let first = letters.next().map(|c| c.to_ascii_uppercase());
                    return Err(BrowserError::other(first.into_iter().chain(letters).collect::<String>()));
                }
                Some(Outcome::Retry(_)) => {}
            }
        }
    }

    async fn wait(&self) {
        let name = self.act.name.unwrap_or(match self.act.action {
            "scrollIntoView" => "scroll into view",
            "selectOption" => "select option",
            action => action,
        });
        self.progress.note(format!("retrying {name} action{}", if self.act.trial { " (trial run)" } else { "" }));
        let delay = RETRY_DELAYS[(self.attempts - 1).min(RETRY_DELAYS.len() - 1)];
        if delay > 0 {
            self.progress.note(format!("  waiting {delay}ms"));
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
    }

    async fn finish(&self) -> Result<Finished, BrowserError> {
        let mut params = json!({ "token": self.token });
        if let Some(checked) = self.act.checked {
            params["checked"] = checked.into();
        }
        typed(self.place.call("finish", params, &[]).await?)
    }
}

fn typed_params(act: &Act, token: u64, attempt: usize) -> Value {
    let mut params = json!(act);
    params["token"] = token.into();
    params["attempt"] = attempt.into();
    params
}
