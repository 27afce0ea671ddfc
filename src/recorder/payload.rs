//! What the script in `js/` sends, one JSON text for each thing a person did.

use super::mode::{Place, Wanted};
use crate::model::action::{Action, Point};
use crate::model::recording::Picker;
use serde::Deserialize;

/// Something done in one frame; selectors start there.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payload {
    #[serde(flatten)]
    pub(super) deed: Deed,
    /// Other selectors of the element.
    #[serde(default)]
    pub(super) alternatives: Vec<String>,
    /// Where in the element the mouse was.
    pub(super) offset: Option<Point>,
    /// What a form would call a secret field.
    pub(super) field: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Deed {
    /// Goes into the recording.
    Recorded(Action),
    /// Only heard.
    Said(Said),
}

/// What is not recorded.
#[derive(Debug, Deserialize)]
#[serde(tag = "name", rename_all = "camelCase")]
pub(super) enum Said {
    /// A locator was picked.
    Picked { selector: String },
    /// A click is to mean something else, or the person is done.
    /// `asked` counts what this document wanted.
    Wanted {
        wanted: Wanted,
        #[serde(default)]
        asked: u64,
    },
    /// A list or a chooser of the browser's own stayed closed.
    Picker(Picker),
    /// The toolbar was moved.
    Moved(Place),
    /// The mouse is over an element that may be picked.
    Hovered { selector: String },
}

/// The same action with its selectors from the page's main frame: `way` leads into the frame.
pub(super) fn from_main_frame(mut action: Action, way: &str) -> Action {
    let lead = |selector: &mut String| *selector = format!("{way}{selector}");
    if way.is_empty() {
        return action;
    }
    match &mut action {
        Action::OpenPage { .. } | Action::ClosePage {} | Action::Navigate { .. } => {}
        Action::DragTo { selector, target, .. } => {
            lead(selector);
            lead(target);
        }
        Action::Click { selector, .. }
        | Action::Hover { selector, .. }
        | Action::Check { selector }
        | Action::Uncheck { selector }
        | Action::Fill { selector, .. }
        | Action::Press { selector, .. }
        | Action::Select { selector, .. }
        | Action::SetInputFiles { selector, .. }
        | Action::Wheel { selector, .. }
        | Action::AssertText { selector, .. }
        | Action::AssertValue { selector, .. }
        | Action::AssertChecked { selector, .. }
        | Action::AssertVisible { selector }
        | Action::AssertSnapshot { selector, .. } => lead(selector),
    }
    action
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::action::MouseButton;

    #[test]
    fn payloads_are_read() {
        let text = r#"{"name":"click","selector":"h1","alternatives":["css=h1"],"button":"left","modifiers":2,"clickCount":1}"#;
        let payload: Payload = serde_json::from_str(text).expect("a payload");
        let Deed::Recorded(action) = payload.deed else { panic!("{:?}", payload.deed) };
        let way = "iframe >> internal:control=enter-frame >> ";
        let Action::Click {
            selector,
            button: MouseButton::Left,
            modifiers: 2,
            click_count: 1,
            position: None::<Point>,
        } = from_main_frame(action, way)
        else {
            panic!("another action");
        };
        assert_eq!(selector, "iframe >> internal:control=enter-frame >> h1");
        assert_eq!(payload.alternatives, ["css=h1"]);
        let mode: Payload = serde_json::from_str(r#"{"name":"wanted","wanted":"none"}"#).expect("a payload");
        assert!(matches!(mode.deed, Deed::Said(Said::Wanted { wanted: Wanted::None, .. })));
    }
}
