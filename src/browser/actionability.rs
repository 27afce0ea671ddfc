//! Actions: each waits until its element can take it, as Playwright does, tries again when the page moved under it, and tells the log.

use super::error::BrowserError;
use super::injected::{Engine, typed};
use super::locator::{Attempts, Locator, Place, World};
use super::progress::{CallLog, Progress};
use super::screenshot::Rect;
use super::script::RemoteObject;
use super::sync::lock;
use super::way::Point;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Delays between attempts of an action on its element, ms; the last repeats. Same schedule as Playwright.
const RETRY_DELAYS: [u64; 5] = [0, 20, 100, 100, 500];

/// Names what runs in a page, so that another attempt is of the same element.
static TOKENS: AtomicU64 = AtomicU64::new(1);

/// How keys go to an element.
#[derive(Debug, Clone)]
pub enum Typing {
    /// A key or a combination.
    Press {
        /// `Enter`, `Control+A`, …
        key: String,
        /// Without waiting for the navigation that it asks for.
        no_wait: bool,
    },
    /// A text, key by key; waits for no navigation.
    Text(String),
}

/// One attempt, as js/act.js tells of it.
#[derive(Deserialize)]
struct Attempt {
    #[serde(default)]
    missing: bool,
    #[serde(default)]
    outcome: Option<Outcome>,
    /// Of the element, in its frame.
    #[serde(default, rename = "box")]
    rect: Option<Rect>,
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

/// Parameters of `act` in js/act.js.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Act {
    pub(super) action: &'static str,
    /// For the log; those that wait for nothing have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'static str>,
    pub(super) kind: &'static str,
    pub(super) force: bool,
    pub(super) trial: bool,
    pub(super) enabled: bool,
    pub(super) needs_visible_frame: bool,
    pub(super) position: Option<Point>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) checked: Option<bool>,
    pub(super) value: String,
    pub(super) options: Value,
    pub(super) files: Value,
    pub(super) reset: bool,
    /// Without scrolling to it.
    pub(super) stay: bool,
    pub(super) state: &'static str,
}

impl Act {
    pub(super) fn of(action: &'static str) -> Self {
        Self { action, ..Self::default() }
    }

    /// Whether handlers run before it.
    fn is_intercepted(&self) -> bool {
        !self.force
            && !matches!(self.action, "blur" | "scrollIntoView" | "waitForState")
            && (self.action != "focus" || self.reset)
    }
}

/// What an action did and where.
#[derive(Debug, Clone, Default)]
pub struct Acted {
    /// What js/act.js returned.
    pub value: Value,
    /// Of the element, in the main frame's visible part.
    pub target: Option<Rect>,
}

impl Locator {
    /// Replaces the value of a field.
    pub async fn fill(&self, value: &str, force: bool, timeout: u64) -> Result<Acted, BrowserError> {
        let act = Act { value: value.to_owned(), force, needs_visible_frame: true, ..Act::of("fill") };
        let progress = Progress::new(timeout);
        let acted = self.act(&progress, &act, &[]).await?;
        if acted.value == "type" {
            let keyboard = self.frame.page().keyboard();
            self.within(&progress, async {
                if value.is_empty() { keyboard.press("Delete", None).await } else { keyboard.insert_text(value).await }
            })
            .await?;
        }
        Ok(acted)
    }

    /// Chooses options of a `<select>`; their values. `handles` are what `{handle: n}` in `options` means.
    pub async fn select_option(
        &self,
        options: Value,
        handles: &[RemoteObject],
        force: bool,
        timeout: u64,
    ) -> Result<Acted, BrowserError> {
        let act = Act { options, force, needs_visible_frame: true, ..Act::of("selectOption") };
        self.act(&Progress::new(timeout), &act, handles).await
    }

    /// `focus`, `blur`, `selectText`, `scrollIntoView`: what js/act.js does alone.
    pub async fn simply(&self, action: &'static str, force: bool, timeout: u64) -> Result<Acted, BrowserError> {
        let act = Act { force, ..Act::of(action) };
        self.act(&Progress::new(timeout), &act, &[]).await
    }

    /// Puts files, `[{name, mimeType, base64}]`, into a file input.
    pub async fn set_files(&self, files: Value, timeout: u64) -> Result<Acted, BrowserError> {
        let act = Act { files, ..Act::of("setFiles") };
        self.act(&Progress::new(timeout), &act, &[]).await
    }

    /// Drops files, `[{name, mimeType, base64}]`, and data, `[[type, text]]`, on the element, as from outside of the page.
    pub async fn drop(
        &self,
        files: Value,
        data: Value,
        position: Option<Point>,
        timeout: u64,
    ) -> Result<Acted, BrowserError> {
        let act = Act { files, options: data, position, needs_visible_frame: true, ..Act::of("drop") };
        self.act(&Progress::new(timeout), &act, &[]).await
    }

    /// Waits until the element is `visible`, `hidden`, `stable`, `enabled`, `disabled` or `editable`.
    pub async fn wait_for_state(&self, state: &'static str, timeout: u64) -> Result<(), BrowserError> {
        let act = Act { state, ..Act::of("waitForState") };
        self.act(&Progress::new(timeout), &act, &[]).await.map(drop)
    }

    /// Focuses the element and sends it keys.
    pub async fn type_into(
        &self,
        typing: &Typing,
        delay: Option<Duration>,
        timeout: u64,
    ) -> Result<Acted, BrowserError> {
        let progress = Progress::new(timeout);
        let act = Act { reset: true, ..Act::of("focus") };
        let acted = self.act(&progress, &act, &[]).await?;
        progress.note(match typing {
            Typing::Press { key, .. } => format!("  elementHandle.press(\"{key}\")"),
            Typing::Text(text) => format!("  elementHandle.type(\"{text}\")"),
        });
        let page = self.frame.page();
        let barrier = page.barrier();
        let typed = self.within(&progress, async {
            match typing {
                Typing::Press { key, .. } => page.keyboard().press(key, delay).await,
                Typing::Text(text) => page.keyboard().type_text(text, delay).await,
            }
        });
        match typed.await {
            // The page closed under it, or its frame went away: the action worked.
            Err(error) if error.is_gone() => return Ok(acted),
            result => result?,
        }
        if matches!(typing, Typing::Press { no_wait: false, .. }) {
            barrier.settle().await?;
            barrier.finish(&progress).await?;
        }
        Ok(acted)
    }

    /// An action that the page does alone.
    async fn act(&self, progress: &Progress, act: &Act, handles: &[RemoteObject]) -> Result<Acted, BrowserError> {
        self.note_waiting(progress, "");
        let last = LastAttempt::default();
        let work = async {
            let mut attempts = Attempts::new(progress);
            loop {
                attempts.next().await;
                if act.is_intercepted() {
                    self.frame.page().checkpoint(progress).await?;
                }
                let once = async {
                    let Some(mut series) = Series::new(self, progress, act, &last).await? else { return Ok(None) };
                    let Some(acted) = series.attempt(handles).await? else { return Ok(None) };
                    let target = match acted.target {
                        Some(rect) => Some(series.place.way.shown(rect).await?),
                        None => None,
                    };
                    Ok(Some(Acted { target, ..acted }))
                };
                if let Some(acted) = self.retriable(once.await)? {
                    return Ok(acted);
                }
            }
        };
        let result = self.within(progress, work).await;
        last.catch_up(progress, &result).await;
        result.map_err(|error| self.of_element(error))
    }
}

/// The attempt that may be underway in the page when the time is up.
#[derive(Default)]
pub(super) struct LastAttempt(Mutex<Option<(Engine, u64)>>);

impl LastAttempt {
    /// After a timeout: notes what the page had noted of an attempt that it has not ended.
    pub(super) async fn catch_up<T>(&self, progress: &Progress, result: &Result<T, BrowserError>) {
        /// A page that does not answer costs no more than this.
        const PATIENCE: Duration = Duration::from_millis(250);
        let last = lock(&self.0).take();
        if let (Err(BrowserError::Timeout { .. }), Some((engine, token))) = (result, last) {
            let unheard = CallLog::default();
            let asked = engine.call("", "noted", json!({ "token": token }), &[], &unheard);
            if let Ok(Ok(Value::Array(lines))) = tokio::time::timeout(PATIENCE, asked).await {
                lines.iter().filter_map(Value::as_str).for_each(|line| progress.note(line));
            }
        }
    }
}

/// Attempts of one action on one element.
pub(super) struct Series<'a> {
    progress: &'a Progress,
    act: &'a Act,
    pub(super) place: Place,
    token: u64,
    attempts: usize,
    /// The element itself was given: once it is gone nothing is there to look for.
    is_handle: bool,
}

impl<'a> Series<'a> {
    pub(super) async fn new(
        locator: &Locator,
        progress: &'a Progress,
        act: &'a Act,
        last: &LastAttempt,
    ) -> Result<Option<Self>, BrowserError> {
        let Some(place) = locator.place(World::Utility).await? else { return Ok(None) };
        let token = TOKENS.fetch_add(1, Ordering::Relaxed);
        *lock(&last.0) = Some((place.engine.clone(), token));
        Ok(Some(Self { progress, act, place, token, attempts: 0, is_handle: locator.element.is_some() }))
    }

    /// Tries until the page says done; none when the element is not there, or not any more.
    /// The place it tells of is one of the frame's.
    pub(super) async fn attempt(&mut self, handles: &[RemoteObject]) -> Result<Option<Acted>, BrowserError> {
        loop {
            if self.attempts > 0 {
                self.wait().await;
                if self.act.is_intercepted() {
                    self.place.frame.page().checkpoint(self.progress).await?;
                }
            }
            let mut params = typed_params(self.act, self.token, self.attempts);
            params["inFrame"] = self.place.in_frame().into();
            let attempt: Attempt = typed(self.place.call(&self.progress.log, "act", params, handles).await?)?;
            self.attempts += 1;
            if attempt.missing {
                return Ok(None);
            }
            match attempt.outcome {
                Some(Outcome::Done(value)) => return Ok(Some(Acted { value, target: attempt.rect })),
                Some(Outcome::Detached) | None if self.is_handle => {
                    return Err(BrowserError::other("Element is not attached to the DOM"));
                }
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

    /// Ends the watch over an input: `finish` of js/act.js.
    pub(super) async fn finish(&self) -> Result<Value, BrowserError> {
        let mut params = json!({ "token": self.token });
        if let Some(checked) = self.act.checked {
            params["checked"] = checked.into();
        }
        self.place.call(&self.progress.log, "finish", params, &[]).await
    }
}

fn typed_params(act: &Act, token: u64, attempt: usize) -> Value {
    let mut params = json!(act);
    params["token"] = token.into();
    params["attempt"] = attempt.into();
    params
}
