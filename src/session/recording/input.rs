//! What a person does at a live preview reaches the page as if made by hand.

use super::{NAVIGATION_TIMEOUT, Stage, address};
use crate::browser::input::{Button, ClickOptions, Modifier};
use crate::browser::locator::Locator;
use crate::browser::navigation::GotoOptions;
use crate::browser::{BrowserError, LoadState, Page};
use crate::model::action::{MouseButton, Point};
use crate::model::recording::{Chosen, ClickMode, Press, RecordingInput};
use crate::recorder::Recorder;
use serde_json::json;
use tokio::sync::mpsc;

/// What was chosen is looked for so long, ms: it was there a moment ago.
const CHOICE_TIMEOUT: u64 = 3_000;

/// In how many moves a drag gets there: pages that follow the pointer see it on its way.
const DRAG_STEPS: u32 = 8;

impl Stage {
    /// Takes it. Answers to dialogs do not queue: whatever is under way waits for them.
    pub(super) async fn input(&mut self, input: RecordingInput) {
        match input {
            RecordingInput::Mode { mode } => self.hands.switch(mode),
            RecordingInput::Toolbar { shown } => self.hands.show_toolbar(shown),
            RecordingInput::Dialog { accept, prompt_text } => self.answer(accept, prompt_text.as_deref()).await,
            RecordingInput::Show { page } => self.show(&page).await,
            input => {
                if let Some(page) = self.page() {
                    self.hands.perform(page, input);
                }
            }
        }
    }

    /// The page that is shown; where none is, the last one that opened.
    fn page(&self) -> Option<Page> {
        let shown = self.preview.as_ref().and_then(|preview| preview.shown());
        shown.or_else(|| self.pages.iter().rev().find(|page| !page.is_closed())).cloned()
    }

    async fn show(&mut self, alias: &str) {
        let index =
            alias.strip_prefix("page").and_then(|n| if n.is_empty() { Some(0) } else { n.parse::<usize>().ok() });
        let Some(page) = index.and_then(|index| self.pages.get(index)).cloned() else { return };
        if let Some(preview) = &mut self.preview {
            preview.show(&page, alias.to_owned()).await;
        }
    }

    async fn answer(&mut self, accept: bool, text: Option<&str>) {
        let Some(dialog) = self.dialog.take() else { return };
        let answered = if accept { dialog.accept(text).await } else { dialog.dismiss().await };
        if let Err(error) = answered {
            tracing::debug!(%error, "a dialog that could not be answered");
        }
    }
}

/// Does what the person does, one thing after the other, in a task of its own: a page that hangs or asks something holds up the
/// input after it, and nothing else. Dropping it ends the task.
pub(super) struct Hands(mpsc::UnboundedSender<Wanted>);

enum Wanted {
    Input(Page, RecordingInput),
    Mode(ClickMode),
    Toolbar(bool),
}

impl Hands {
    pub(super) fn new(recorder: Recorder) -> Self {
        let (sender, mut wanted) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(wanted) = wanted.recv().await {
                match wanted {
                    Wanted::Mode(mode) => {
                        // The last input is not under the new rules, however late the page says what it was.
                        recorder.settle().await;
                        recorder.set_mode(mode).await;
                    }
                    Wanted::Toolbar(shown) => recorder.show_toolbar(shown).await,
                    Wanted::Input(page, input) => {
                        // What cannot be done is only logged: the person sees that nothing happens.
                        if let Err(error) = perform(&recorder, &page, input).await {
                            tracing::debug!(%error, "input that could not be given to the page");
                        }
                    }
                }
            }
        });
        Self(sender)
    }

    fn perform(&self, page: Page, input: RecordingInput) {
        // The task lives as long as this.
        let _ = self.0.send(Wanted::Input(page, input));
    }

    /// After the input so far.
    pub(super) fn switch(&self, mode: ClickMode) {
        let _ = self.0.send(Wanted::Mode(mode));
    }

    fn show_toolbar(&self, shown: bool) {
        let _ = self.0.send(Wanted::Toolbar(shown));
    }
}

/// Gives it to the page.
pub(in crate::session) async fn perform(
    recorder: &Recorder,
    page: &Page,
    input: RecordingInput,
) -> Result<(), BrowserError> {
    let (mouse, keyboard) = (page.mouse(), page.keyboard());
    match input {
        RecordingInput::Move { at } => mouse.move_to(at.x, at.y, 1).await,
        RecordingInput::Down(Press { at, button, click_count, modifiers }) => {
            mouse.move_to(at.x, at.y, 1).await?;
            keyboard.ensure_modifiers(&held(modifiers)).await?;
            mouse.down(of(button), click_count).await
        }
        RecordingInput::Up(Press { at, button, click_count, modifiers }) => {
            mouse.move_to(at.x, at.y, 1).await?;
            keyboard.ensure_modifiers(&held(modifiers)).await?;
            let released = mouse.up(of(button), click_count).await;
            keyboard.ensure_modifiers(&[]).await?;
            released
        }
        RecordingInput::Click(Press { at, button, click_count, modifiers }) => {
            keyboard.ensure_modifiers(&held(modifiers)).await?;
            let clicked = click(page, at, of(button), click_count).await;
            keyboard.ensure_modifiers(&[]).await?;
            clicked
        }
        RecordingInput::Dblclick { at } => click(page, at, Button::Left, 2).await,
        RecordingInput::Wheel { at, delta_x, delta_y } => {
            mouse.move_to(at.x, at.y, 1).await?;
            mouse.wheel(delta_x, delta_y).await
        }
        RecordingInput::Drag { from, to } => {
            mouse.move_to(from.x, from.y, 1).await?;
            mouse.down(Button::Left, 1).await?;
            mouse.move_to(to.x, to.y, DRAG_STEPS).await?;
            mouse.up(Button::Left, 1).await
        }
        RecordingInput::KeyDown { key } => keyboard.down(&key).await,
        RecordingInput::KeyUp { key } => keyboard.up(&key).await,
        RecordingInput::Press { key } => keyboard.press(&key, None).await,
        RecordingInput::Text { text } => keyboard.type_text(&text, None).await,
        RecordingInput::Paste { text } => keyboard.insert_text(&text).await,
        RecordingInput::Tap { at } => page.touchscreen().tap(at.x, at.y).await,
        RecordingInput::Choose { selector, chosen } => choose(page, &selector, chosen).await,
        RecordingInput::Navigate { url } => {
            recorder.leads(page);
            let options = GotoOptions { wait_until: LoadState::Commit, timeout: NAVIGATION_TIMEOUT, referer: None };
            page.main_frame().goto(&address(&url), &options).await.map(drop)
        }
        RecordingInput::Back | RecordingInput::Forward => {
            recorder.leads(page);
            let by = if input == RecordingInput::Back { -1 } else { 1 };
            page.go(by, LoadState::Commit, NAVIGATION_TIMEOUT).await.map(drop)
        }
        RecordingInput::Reload => {
            recorder.leads(page);
            page.reload(LoadState::Commit, NAVIGATION_TIMEOUT).await.map(drop)
        }
        RecordingInput::Dialog { .. }
        | RecordingInput::Show { .. }
        | RecordingInput::Mode { .. }
        | RecordingInput::Toolbar { .. } => Ok(()),
    }
}

/// As if it had been chosen from what the browser did not show.
async fn choose(page: &Page, selector: &str, chosen: Chosen) -> Result<(), BrowserError> {
    let element = Locator::new(&page.main_frame(), selector);
    let chosen = match chosen {
        Chosen::Option(index) => element.select_option(json!([{ "index": index }]), &[], true, CHOICE_TIMEOUT).await,
        Chosen::Value(value) => element.fill(&value, true, CHOICE_TIMEOUT).await,
        Chosen::Files(files) => element.set_files(json!(files), CHOICE_TIMEOUT).await,
    };
    chosen.map(drop)
}

async fn click(page: &Page, at: Point, button: Button, count: u32) -> Result<(), BrowserError> {
    page.mouse().click(at.x, at.y, &ClickOptions { button, count, ..ClickOptions::default() }).await
}

fn of(button: MouseButton) -> Button {
    match button {
        MouseButton::Left => Button::Left,
        MouseButton::Middle => Button::Middle,
        MouseButton::Right => Button::Right,
    }
}

/// Sum of 1 Alt, 2 Control, 4 Meta, 8 Shift.
fn held(sum: u32) -> Vec<Modifier> {
    [(1, Modifier::Alt), (2, Modifier::Control), (4, Modifier::Meta), (8, Modifier::Shift)]
        .into_iter()
        .filter(|(bit, _)| sum & bit != 0)
        .map(|(_, modifier)| modifier)
        .collect()
}
