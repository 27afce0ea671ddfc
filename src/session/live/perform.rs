//! Recorded actions, done again in a browser; where the best selector finds nothing or several, by another one that was recorded.

use super::LivesOptions;
use super::words::explained;
use crate::browser::actionability::Typing;
use crate::browser::expect::Expectation;
use crate::browser::input::{Button, ClickOptions, Modifier};
use crate::browser::locator::Locator;
use crate::browser::navigation::GotoOptions;
use crate::browser::pointer::{Gesture, PointerOptions};
use crate::browser::{BrowserContext, BrowserError, LoadState, Notice, Page, Point as Place};
use crate::model::action::{Action, MouseButton, Point, RecordedAction, Signal};
use crate::model::live::PlayedStep;
use crate::model::locator::render;
use crate::runner::host::ops::{ReadableFiles, files_at};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

/// What an assertion waits for, milliseconds; as in Playwright.
const EXPECT_TIMEOUT: u64 = 5_000;

/// A page that an action opened is there after so long, or not at all.
const POPUP_PATIENCE: Duration = Duration::from_secs(10);

/// For a picture of the page; one that hangs has none.
const PICTURE_PATIENCE: Duration = Duration::from_secs(2);

/// Of it, JPEG.
const PICTURE_QUALITY: u32 = 60;

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
enum StepError {
    #[error(transparent)]
    Browser(#[from] BrowserError),
    #[error("There is no page {0}: what opened it was not played, or it is closed")]
    NoPage(String),
    #[error("No page opened within {} s", POPUP_PATIENCE.as_secs())]
    NoPopup,
    #[error("The value is a secret: the environment variable {0} has to hold it, and --env has to lend it")]
    NoSecret(String),
    #[error("{0}")]
    Files(String),
    #[error("{0}")]
    Expected(String),
}

/// What is played, and where.
pub(super) struct Script {
    pub(super) actions: Vec<RecordedAction>,
    pub(super) context: BrowserContext,
    /// Pages by what the actions call them.
    pages: Mutex<BTreeMap<String, Page>>,
    /// What secrets stand for.
    pub(super) env: Arc<BTreeMap<String, String>>,
    /// How long a step may take, milliseconds.
    pub(super) timeout: u64,
    /// What may be read, and whether each step is pictured.
    options: Arc<LivesOptions>,
}

impl Script {
    /// `page` is what the actions call the first one.
    pub(super) fn new(
        actions: Vec<RecordedAction>,
        page: &Page,
        env: Arc<BTreeMap<String, String>>,
        timeout: u64,
        options: Arc<LivesOptions>,
    ) -> Self {
        let first = actions.first().map_or_else(|| "page".to_owned(), |action| action.page.clone());
        let pages = Mutex::new(BTreeMap::from([(first, page.clone())]));
        Self { actions, context: page.context().clone(), pages, env, timeout, options }
    }

    /// How many steps there are.
    pub(super) fn steps(&self) -> u32 {
        u32::try_from(self.actions.len()).unwrap_or(u32::MAX)
    }

    /// Plays a step, counted from 1; what became of it, and what the page looks like then. Dropping it leaves the step undone or half done.
    pub(super) async fn play(&self, number: u32) -> (PlayedStep, Option<Vec<u8>>) {
        let began = Instant::now();
        let mut played = PlayedStep {
            number,
            total: self.steps(),
            explanation: String::new(),
            duration_ms: 0,
            error: None,
            healed: None,
        };
        let Some(recorded) = self.actions.get(number.saturating_sub(1) as usize) else { return (played, None) };
        played.explanation = explained(recorded);
        let result = self.perform(recorded, &mut played).await;
        played.duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        played.error = result.err().map(|error| error.to_string());
        (played, self.picture(recorded).await)
    }

    async fn picture(&self, recorded: &RecordedAction) -> Option<Vec<u8>> {
        let page = self.page(&recorded.page).ok().filter(|_| self.options.pictures)?;
        timeout(PICTURE_PATIENCE, page.glance(PICTURE_QUALITY)).await.ok()?.ok()
    }

    async fn perform(&self, recorded: &RecordedAction, played: &mut PlayedStep) -> Result<(), StepError> {
        let goto = |page: Page, url: String| async move {
            let options = GotoOptions { wait_until: LoadState::Load, timeout: self.timeout, referer: None };
            page.main_frame().goto(&url, &options).await.map(drop)
        };
        match &recorded.action {
            Action::OpenPage { url } => {
                let page = match self.page(&recorded.page) {
                    Ok(page) => page,
                    Err(_) => {
                        let page = self.context.new_page().await?;
                        self.pages().insert(recorded.page.clone(), page.clone());
                        page
                    }
                };
                let url = if url.is_empty() { "about:blank" } else { url };
                return Ok(goto(page, url.to_owned()).await?);
            }
            Action::ClosePage {} => {
                let page = self.page(&recorded.page)?;
                // The last one is what is looked at.
                if self.context.pages().len() > 1 {
                    page.close(false).await?;
                }
                return Ok(());
            }
            Action::Navigate { url } => return Ok(goto(self.page(&recorded.page)?, url.clone()).await?),
            _ => {}
        }
        let page = self.page(&recorded.page)?;
        let before: HashSet<String> = self.context.pages().iter().map(|page| page.id().to_owned()).collect();
        let locator = self.found(&page, recorded, played).await;
        self.act(&locator, &recorded.action).await?;
        for signal in &recorded.signals {
            if let Signal::Popup { page } = signal {
                self.opened(page, &before).await?;
            }
        }
        Ok(())
    }

    /// The element, by what finds it; and how.
    async fn found(&self, page: &Page, recorded: &RecordedAction, played: &mut PlayedStep) -> Locator {
        let best = recorded.action.selector().unwrap_or_default();
        let locator = Locator::new(&page.main_frame(), best);
        // That something is there is asked of the best selector alone.
        if matches!(recorded.action, Action::AssertVisible { .. }) {
            return locator;
        }
        let Some(healed) = locator.heal(&recorded.alternatives, self.timeout).await else { return locator };
        let found = match healed.found {
            0 => "no element".to_owned(),
            n => format!("{n} elements"),
        };
        let (best, other) = (render(best), render(&healed.selector));
        played.explanation += &format!(" (found by {other}: {best} finds {found})");
        played.healed = Some(healed.selector.clone());
        Locator { selector: healed.selector, ..locator }
    }

    async fn opened(&self, called: &str, before: &HashSet<String>) -> Result<(), StepError> {
        let created = Arc::new(Notify::new());
        let told = Arc::clone(&created);
        let _witness = self.context.watch(Arc::new(move |notice: &Notice| {
            if matches!(notice, Notice::PageCreated(_)) {
                told.notify_one();
            }
        }));
        let opened = async {
            loop {
                if let Some(page) = self.context.pages().into_iter().find(|page| !before.contains(page.id())) {
                    return page;
                }
                created.notified().await;
            }
        };
        let page = timeout(POPUP_PATIENCE, opened).await.map_err(|_| StepError::NoPopup)?;
        self.pages().insert(called.to_owned(), page);
        Ok(())
    }

    async fn act(&self, locator: &Locator, action: &Action) -> Result<(), StepError> {
        let timeout = self.timeout;
        let at = |position: Option<Point>| position.map(|Point { x, y }| Place { x, y });
        let pointer =
            |position, modifiers| PointerOptions { position: at(position), modifiers, ..PointerOptions::default() };
        match action {
            Action::OpenPage { .. } | Action::ClosePage {} | Action::Navigate { .. } => {}
            Action::Click { button, modifiers, click_count, position, .. } => {
                let button = match button {
                    MouseButton::Left => Button::Left,
                    MouseButton::Middle => Button::Middle,
                    MouseButton::Right => Button::Right,
                };
                let gesture = Gesture::Click(ClickOptions { button, count: *click_count, ..ClickOptions::default() });
                locator.gesture(&gesture, &pointer(*position, Some(held(*modifiers))), timeout).await?;
            }
            Action::Hover { position, .. } => {
                locator.gesture(&Gesture::Hover, &pointer(*position, None), timeout).await?;
            }
            Action::Check { .. } => drop(locator.set_checked(true, &PointerOptions::default(), timeout).await?),
            Action::Uncheck { .. } => drop(locator.set_checked(false, &PointerOptions::default(), timeout).await?),
            Action::Fill { text, secret, .. } => {
                locator.fill(self.value(text, secret.as_deref())?, false, timeout).await?;
            }
            Action::Press { key, modifiers, .. } => {
                locator
                    .type_into(&Typing::Press { key: shortcut(key, *modifiers), no_wait: false }, None, timeout)
                    .await?;
            }
            Action::Select { options, secret, .. } => {
                let chosen = match secret {
                    Some(secret) => vec![self.value("", Some(secret))?.to_owned()],
                    None => options.clone(),
                };
                let chosen: Vec<Value> = chosen.iter().map(|value| json!({"valueOrLabel": value})).collect();
                locator.select_option(json!(chosen), &[], false, timeout).await?;
            }
            Action::SetInputFiles { files, .. } if files.is_empty() => {
                locator.set_files(json!([]), timeout).await?;
            }
            Action::SetInputFiles { .. } if self.options.files == ReadableFiles::None => {
                let why = "Files cannot be chosen here: --files-root has to name the folder that they are in";
                return Err(StepError::Files(why.to_owned()));
            }
            Action::SetInputFiles { files, .. } => {
                let files = files_at(files, &self.options.files).await.map_err(StepError::Files)?;
                locator.set_files(files, timeout).await?;
            }
            Action::DragTo { target, source_position, target_position, .. } => {
                let to = Locator { selector: target.clone(), ..locator.clone() };
                let (from, onto) = (at(*source_position), at(*target_position));
                locator.drag_to(&to, from, onto, 1, &PointerOptions::default(), timeout).await?;
            }
            Action::Wheel { delta_x, delta_y, .. } => {
                locator.gesture(&Gesture::Hover, &PointerOptions::default(), timeout).await?;
                locator.frame.page().mouse().wheel(*delta_x, *delta_y).await?;
            }
            assertion => self.expect(locator, assertion).await?,
        }
        Ok(())
    }

    async fn expect(&self, locator: &Locator, assertion: &Action) -> Result<(), StepError> {
        let (matcher, params, words) = match assertion {
            Action::AssertText { text, substring, .. } => {
                let text = json!([{"string": text, "matchSubstring": substring, "normalizeWhiteSpace": true}]);
                let words = if *substring { "to contain its text" } else { "to have its text" };
                ("to.have.text", json!({"expectedText": text}), words)
            }
            Action::AssertValue { value, secret: None, .. } if value.is_empty() => {
                ("to.be.empty", json!({}), "to be empty")
            }
            Action::AssertValue { value, secret, .. } => {
                let value = self.value(value, secret.as_deref())?;
                ("to.have.value", json!({"expectedText": [{"string": value}]}), "to have its value")
            }
            Action::AssertChecked { checked, .. } => {
                let words = if *checked { "to be checked" } else { "not to be checked" };
                let state = json!({"o": [["checked", checked]], "id": 0});
                ("to.be.checked", json!({"expectedValue": state}), words)
            }
            Action::AssertSnapshot { aria_snapshot, .. } => {
                ("to.match.aria", json!({"expectedValue": aria_snapshot}), "to match its aria snapshot")
            }
            _ => ("to.be.visible", json!({}), "to be visible"),
        };
        let timeout = self.timeout.min(EXPECT_TIMEOUT);
        let matcher = matcher.to_owned();
        let verdict = locator.expect(&Expectation { matcher, is_not: false, timeout, params }).await;
        if verdict.matches {
            return Ok(());
        }
        let is_secret = matches!(assertion, Action::AssertValue { secret: Some(_), .. });
        let seen = match (verdict.error, verdict.received) {
            (Some(error), _) => format!(": {error}"),
            (None, Some(received)) if !is_secret => format!(", received {received}"),
            _ => String::new(),
        };
        Err(StepError::Expected(format!("Expected {} {words} within {timeout} ms{seen}", locator.text())))
    }

    fn value<'a>(&'a self, text: &'a str, secret: Option<&str>) -> Result<&'a str, StepError> {
        let Some(secret) = secret else { return Ok(text) };
        self.env.get(secret).map(String::as_str).ok_or_else(|| StepError::NoSecret(secret.to_owned()))
    }

    fn page(&self, called: &str) -> Result<Page, StepError> {
        let page = self.pages().get(called).filter(|page| !page.is_closed()).cloned();
        page.ok_or_else(|| StepError::NoPage(called.to_owned()))
    }

    fn pages(&self) -> MutexGuard<'_, BTreeMap<String, Page>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the dialog that a step opens is answered: whether with OK, and with what text; none where none was recorded.
    pub(super) fn answer(&self, number: u32) -> Option<(bool, Option<&str>)> {
        let recorded = self.actions.get(number.checked_sub(1)? as usize)?;
        recorded.signals.iter().rev().find_map(|signal| match signal {
            Signal::Dialog { accepted, prompt_text, .. } => Some((*accepted, prompt_text.as_deref())),
            _ => None,
        })
    }
}

/// Names of modifier keys. Control and Meta are one: what was recorded on a Mac is played elsewhere.
const MODIFIERS: [(u32, &str); 4] = [(1, "Alt"), (2, "ControlOrMeta"), (4, "ControlOrMeta"), (8, "Shift")];

fn held(sum: u32) -> Vec<Modifier> {
    let names = MODIFIERS.iter().filter(|(bit, _)| sum & bit != 0);
    names.filter_map(|(_, name)| Modifier::parse(name)).collect()
}

fn shortcut(key: &str, sum: u32) -> String {
    let names = MODIFIERS.iter().filter(|(bit, _)| sum & bit != 0).map(|(_, name)| *name);
    names.chain([key]).collect::<Vec<_>>().join("+")
}
