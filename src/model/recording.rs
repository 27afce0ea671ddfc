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
    /// What was chosen from a [`Picker`].
    Choose {
        /// The picker's.
        selector: String,
        /// `option`, `value` or `files`.
        #[serde(flatten)]
        chosen: Chosen,
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

/// A list or a chooser of the browser's own. Pictures do not show those: it stayed closed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Picker {
    /// `select`, or the type of the field: `color`, `date`, `file`, …
    pub kind: String,
    /// The element.
    pub selector: String,
    /// What a field holds.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// What a list offers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<PickerOption>,
    /// Whether several files may be chosen.
    pub multiple: bool,
    /// Which files are wanted.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub accept: String,
    /// The least value of a field.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub min: String,
    /// The greatest.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub max: String,
    /// How far its values are apart.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub step: String,
}

/// One line of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PickerOption {
    /// What it says.
    pub label: String,
    /// Whether it cannot be chosen.
    pub disabled: bool,
    /// Whether it is chosen.
    pub selected: bool,
    /// What is written over it and its like.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group: String,
}

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Chosen {
    /// Which option of a list, from 0.
    Option(usize),
    /// The value of a field.
    Value(String),
    /// Files.
    Files(Vec<ChosenFile>),
}

/// A file of whoever looks on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChosenFile {
    /// Without folders.
    pub name: String,
    /// Its type.
    pub mime_type: String,
    /// What is in it.
    pub base64: String,
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
    /// The mouse rests on the element: recorded as a hover.
    Hover,
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
