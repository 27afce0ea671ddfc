//! What is done in the page, as if by hand.

use super::{Done, Stage};
use crate::browser::input::ClickOptions;
use crate::browser::locator::Locator;
use crate::browser::pointer::{Gesture, PointerOptions};
use crate::browser::{BrowserError, Page};
use crate::model::action::{MouseButton, Point};
use crate::model::live::{Aim, Deed};
use crate::model::recording::{Press, RecordingInput};
use crate::recorder::Recorder;
use crate::session::recording::input::perform as by_hand;

/// How long an element is looked for, milliseconds.
const DEED_TIMEOUT: u64 = 10_000;

impl Stage {
    pub(super) fn begin_deed(&mut self, deed: Deed) {
        let (page, recorder) = (self.page(), self.recorder.clone());
        self.begin(None, async move {
            let result = do_it(&recorder, page, &deed).await;
            Done::Deed(deed, result)
        });
    }
}

async fn do_it(recorder: &Recorder, page: Option<Page>, deed: &Deed) -> Result<(), BrowserError> {
    let Some(page) = page else { return Err(BrowserError::other("No page is open".to_owned())) };
    let element = |selector: &str| Locator::new(&page.main_frame(), selector);
    let input = match deed {
        Deed::Navigate { url } => RecordingInput::Navigate { url: url.clone() },
        Deed::Click(Aim::Place(at)) => {
            let button = MouseButton::Left;
            RecordingInput::Click(Press { at: *at, button, click_count: 1, modifiers: 0 })
        }
        Deed::Click(Aim::Element { selector }) => {
            let click = Gesture::Click(ClickOptions::default());
            return element(selector).gesture(&click, &PointerOptions::default(), DEED_TIMEOUT).await.map(drop);
        }
        Deed::Type { text, selector: Some(selector) } => {
            return element(selector).fill(text, false, DEED_TIMEOUT).await.map(drop);
        }
        Deed::Type { text, selector: None } => RecordingInput::Text { text: text.clone() },
        Deed::Scroll { x, y } => {
            let (at_x, at_y) = page.mouse().position();
            RecordingInput::Wheel { at: Point { x: at_x, y: at_y }, delta_x: *x, delta_y: *y }
        }
        Deed::Reload => RecordingInput::Reload,
        Deed::Back => RecordingInput::Back,
        Deed::Forward => RecordingInput::Forward,
        Deed::Pause | Deed::Resume | Deed::Close => return Ok(()),
    };
    by_hand(recorder, &page, input).await
}
