//! What a person at a live preview does to a recording: the payloads of `recording:input` and their kin.

use super::action::{MouseButton, Point};
use serde::{Deserialize, Serialize};

/// Something for a recording that runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "control", content = "input", rename_all = "camelCase")]
pub enum RecordingControl {
    /// The person is done: it completes successfully.
    Stop,
    /// What is done from now on is not recorded.
    Pause,
    /// It is again.
    Resume,
    /// Input for the page.
    Input(RecordingInput),
}

/// Input for the page that is shown. Places are CSS pixels of its visible part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum RecordingInput {
    /// The mouse goes there.
    Move {
        /// Where to.
        #[serde(flatten)]
        at: Point,
    },
    /// A button is pressed there.
    Down(Press),
    /// A button is let go there.
    Up(Press),
    /// Move, press and let go.
    Click(Press),
    /// A double click with the first button.
    #[serde(alias = "doubleClick")]
    Dblclick {
        /// Where.
        #[serde(flatten)]
        at: Point,
    },
    /// The wheel is turned there.
    Wheel {
        /// Where.
        #[serde(flatten)]
        at: Point,
        /// CSS pixels, rightwards.
        #[serde(default)]
        delta_x: f64,
        /// CSS pixels, downwards.
        #[serde(default)]
        delta_y: f64,
    },
    /// Pressed at `from`, let go at `to`.
    Drag {
        /// Where it begins.
        from: Point,
        /// Where it ends.
        to: Point,
    },
    /// A key goes down.
    #[serde(alias = "keydown")]
    KeyDown {
        /// `KeyboardEvent.key`: `a`, `Enter`, `Shift`, …
        key: String,
    },
    /// A key comes up.
    #[serde(alias = "keyup")]
    KeyUp {
        /// As of the press.
        key: String,
    },
    /// A key or a combination, down and up: `Enter`, `Control+a`.
    Press {
        /// In Playwright's notation.
        key: String,
    },
    /// Typed letter by letter.
    Text {
        /// It.
        text: String,
    },
    /// Put in at once, as from the clipboard.
    Paste {
        /// It.
        text: String,
    },
    /// A finger taps; only where the device has touch.
    Tap {
        /// Where.
        #[serde(flatten)]
        at: Point,
    },
    /// An address is typed.
    Navigate {
        /// Where to.
        url: String,
    },
    /// A step back in the history.
    Back,
    /// And forward.
    Forward,
    /// Once more.
    Reload,
    /// The dialog that is open is answered.
    Dialog {
        /// With OK.
        accept: bool,
        /// What a prompt gets.
        #[serde(default)]
        prompt_text: Option<String>,
    },
    /// Another page is shown and gets the input: `page`, `page1`, …
    Show {
        /// As its actions call it.
        page: String,
    },
    /// What the next click means.
    Mode {
        /// It.
        mode: ClickMode,
    },
    /// The toolbar in the page is shown or hidden.
    Toolbar {
        /// Whether it is shown.
        shown: bool,
    },
}

/// A button somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Press {
    /// Where.
    #[serde(flatten)]
    pub at: Point,
    /// Which.
    #[serde(default)]
    pub button: MouseButton,
    /// 2 is a double click, or the second press of one.
    #[serde(default = "once")]
    pub click_count: u32,
    /// Sum of 1 Alt, 2 Control, 4 Meta, 8 Shift.
    #[serde(default)]
    pub modifiers: u32,
}

/// What a click means while recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ClickMode {
    /// What it does.
    Record,
    /// What it does, without being recorded.
    Pause,
    /// The element's locator is wanted.
    PickLocator,
    /// The element is to be visible.
    AssertVisible,
    /// It is to have its text.
    AssertText,
    /// It is to have its value; boxes and radio buttons are to be checked, or not.
    AssertValue,
    /// It is to have its aria snapshot.
    AssertSnapshot,
}

fn once() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn inputs_are_read() {
        let at = Point { x: 3.0, y: 4.5 };
        let cases = [
            (json!({"type": "move", "x": 3, "y": 4.5}), RecordingInput::Move { at }),
            (
                json!({"type": "click", "x": 3, "y": 4.5, "button": "right"}),
                RecordingInput::Click(Press { at, button: MouseButton::Right, click_count: 1, modifiers: 0 }),
            ),
            (json!({"type": "keydown", "key": "a"}), RecordingInput::KeyDown { key: "a".into() }),
            (json!({"type": "back", "extra": 1}), RecordingInput::Back),
            (json!({"type": "mode", "mode": "assertVisible"}), RecordingInput::Mode { mode: ClickMode::AssertVisible }),
        ];
        for (text, input) in cases {
            assert_eq!(serde_json::from_value::<RecordingInput>(text.clone()).expect("an input"), input, "{text}");
        }
    }
}
