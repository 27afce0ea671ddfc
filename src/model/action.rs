//! What a person did, as a recording keeps it: the public JSON of `docs/actions.md`. Names and shapes are those of Playwright's
//! own recorder, with what it does not know (drags, answers to dialogs, secrets, alternatives) added beside them.

use super::Viewport;
use serde::{Deserialize, Serialize};

/// The version of the format that is written.
pub const FORMAT_VERSION: u32 = 1;

/// A recording as a file: how its browser context is made and what was done in it, in order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recording {
    /// [`FORMAT_VERSION`] when it was written.
    pub version: u32,
    /// The browser context.
    #[serde(default)]
    pub options: RecordingOptions,
    /// In order.
    pub actions: Vec<RecordedAction>,
}

/// The browser context of a recording.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RecordingOptions {
    /// A device descriptor of Playwright's by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Size of the page, CSS pixels, where it is not the device's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub viewport: Option<Viewport>,
    /// A storage state that was loaded: its path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_storage: Option<String>,
    /// Where the storage state is saved at the end: its path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub save_storage: Option<String>,
    /// The attribute of `getByTestId`, where it is not `data-testid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_id_attribute: Option<String>,
}

/// One action and what it caused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedAction {
    /// What was done.
    #[serde(flatten)]
    pub action: Action,
    /// The page it was done in: `page`, then `page1`, `page2`, … in the order they opened. Other recorders write other ids.
    #[serde(rename = "pageGuid", alias = "pageAlias")]
    pub page: String,
    /// What it caused, in order.
    #[serde(default)]
    pub signals: Vec<Signal>,
    /// Other selectors that find the same element, the better ones first; the last is CSS by position.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<String>,
    /// Where in the pages it was done.
    #[serde(flatten)]
    pub place: Box<Place>,
}

/// Where an action was done, for tools that do not look for elements as Playwright does.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The address its page showed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_url: Option<String>,
    /// The way to its frame: the how-manieth child from the main frame on, from 0. Empty for the main frame.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frame_path: Vec<usize>,
    /// Where the mouse was, from the corner of the element that `selector` means, CSS pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<Point>,
}

/// What was done. A `selector` is one of [`super::locator`]'s, from the page's main frame, with
/// `internal:control=enter-frame` between frames.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Action {
    /// A page that no other opened.
    OpenPage {
        /// Its first address.
        url: String,
    },
    /// The page was closed.
    ClosePage {},
    /// An address typed, or a step in the history.
    Navigate {
        /// Where to.
        url: String,
    },
    /// One click or several quick ones in the same place.
    Click {
        /// The element.
        selector: String,
        /// Which button.
        #[serde(default)]
        button: MouseButton,
        /// Sum of 1 Alt, 2 Control, 4 Meta, 8 Shift.
        #[serde(default)]
        modifiers: u32,
        /// 2 is a double click.
        #[serde(default = "once")]
        click_count: u32,
        /// From the element's corner, CSS pixels; only where it matters (canvas).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        position: Option<Point>,
    },
    /// The mouse rested on it, when asked to be recorded.
    Hover {
        /// The element.
        selector: String,
        /// From the element's corner, CSS pixels.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        position: Option<Point>,
    },
    /// A checkbox or radio button was set.
    Check {
        /// The element.
        selector: String,
    },
    /// A checkbox was cleared.
    Uncheck {
        /// The element.
        selector: String,
    },
    /// Text was put into a field, in place of what was there; an empty one cleared it.
    Fill {
        /// The element.
        selector: String,
        /// What it then held; empty when `secret` is set.
        text: String,
        /// The environment variable that stands for what was typed (`PASSWORD`): the text itself was not kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret: Option<String>,
    },
    /// A key that is not text.
    Press {
        /// The element.
        selector: String,
        /// `Enter`, `ArrowDown`, `a`, …
        key: String,
        /// Sum of 1 Alt, 2 Control, 4 Meta, 8 Shift.
        #[serde(default)]
        modifiers: u32,
    },
    /// Options of a `select` were chosen.
    Select {
        /// The element.
        selector: String,
        /// Their values; none when `secret` is set.
        options: Vec<String>,
        /// The environment variable that stands for the value, as of `Fill`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret: Option<String>,
    },
    /// Files were chosen.
    SetInputFiles {
        /// The `input`.
        selector: String,
        /// Their names.
        files: Vec<String>,
    },
    /// One element was dragged onto another.
    DragTo {
        /// What was dragged.
        selector: String,
        /// Where it was dropped.
        target: String,
        /// From the corner of what was dragged, CSS pixels, where its middle would not do.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source_position: Option<Point>,
        /// From the target's corner, CSS pixels, where its middle would not do.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target_position: Option<Point>,
    },
    /// The wheel was turned, where the page answered to it.
    Wheel {
        /// The element under the mouse.
        selector: String,
        /// CSS pixels, rightwards.
        delta_x: f64,
        /// CSS pixels, downwards.
        delta_y: f64,
    },
    /// `toContainText` or `toHaveText`.
    AssertText {
        /// The element.
        selector: String,
        /// The text.
        text: String,
        /// Whether it may be a part.
        substring: bool,
    },
    /// `toHaveValue`; `toBeEmpty` where the value is empty.
    AssertValue {
        /// The element.
        selector: String,
        /// The value; empty when `secret` is set.
        value: String,
        /// The environment variable that stands for the value, as of `Fill`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret: Option<String>,
    },
    /// `toBeChecked`.
    AssertChecked {
        /// The element.
        selector: String,
        /// Or not.
        checked: bool,
    },
    /// `toBeVisible`.
    AssertVisible {
        /// The element.
        selector: String,
    },
    /// `toMatchAriaSnapshot`.
    AssertSnapshot {
        /// The element.
        selector: String,
        /// YAML.
        aria_snapshot: String,
    },
}

impl Action {
    /// The element it concerns, where it concerns one.
    pub fn selector(&self) -> Option<&str> {
        match self {
            Self::OpenPage { .. } | Self::ClosePage {} | Self::Navigate { .. } => None,
            Self::Click { selector, .. }
            | Self::Hover { selector, .. }
            | Self::Check { selector }
            | Self::Uncheck { selector }
            | Self::Fill { selector, .. }
            | Self::Press { selector, .. }
            | Self::Select { selector, .. }
            | Self::SetInputFiles { selector, .. }
            | Self::DragTo { selector, .. }
            | Self::Wheel { selector, .. }
            | Self::AssertText { selector, .. }
            | Self::AssertValue { selector, .. }
            | Self::AssertChecked { selector, .. }
            | Self::AssertVisible { selector }
            | Self::AssertSnapshot { selector, .. } => Some(selector),
        }
    }
}

/// What an action caused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Signal {
    /// The page went elsewhere.
    Navigation {
        /// Where to.
        url: String,
    },
    /// A page opened.
    Popup {
        /// What its actions call it.
        #[serde(rename = "popupPageGuid", alias = "popupAlias")]
        page: String,
    },
    /// A download began.
    Download {
        /// A number after the first: ``, `1`, `2`, …
        download_alias: String,
    },
    /// A dialog appeared.
    Dialog {
        /// A number after the first: ``, `1`, `2`, …
        dialog_alias: String,
        /// Whether the person said yes.
        #[serde(default)]
        accepted: bool,
        /// What was typed into a prompt that was accepted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        prompt_text: Option<String>,
    },
    /// What other recorders say.
    #[serde(other)]
    Unknown,
}

/// A mouse button.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MouseButton {
    /// The first.
    #[default]
    Left,
    /// The wheel.
    Middle,
    /// The context menu's.
    Right,
}

/// A place, CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Rightwards.
    pub x: f64,
    /// Downwards.
    pub y: f64,
}

fn once() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn round(line: &Value) -> Value {
        let action: RecordedAction = serde_json::from_value(line.clone()).expect("an action");
        serde_json::to_value(action).expect("JSON")
    }

    #[test]
    fn lines_of_the_official_recorder_are_read() {
        let line = json!({
            "name": "click", "selector": "internal:role=button[name=\"Go\"i]", "button": "left", "modifiers": 0, "clickCount": 1,
            "signals": [{"name": "navigation", "url": "http://x/"}], "pageGuid": "page",
            "locator": {"kind": "role", "body": "button", "options": {"attrs": []}},
        });
        let mut expected = line.clone();
        expected.as_object_mut().expect("an object").remove("locator");
        assert_eq!(round(&line), expected);
    }

    #[test]
    fn what_has_no_fields_is_still_an_object() {
        let line = json!({"name": "closePage", "pageGuid": "page1", "signals": []});
        assert_eq!(round(&line), line);
    }
}
