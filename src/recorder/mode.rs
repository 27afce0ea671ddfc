//! What a click means, and what pages are told of it.

use serde::Deserialize;
use serde_json::{Value, json};

/// What a click means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// What it does.
    Record,
    /// Nothing is recorded.
    Pause,
    /// This is what the locator is wanted of.
    PickLocator,
    /// The mouse rests on this.
    Hover,
    /// This is to be visible.
    AssertVisible,
    /// This is to have its text.
    AssertText,
    /// This is to have its value, or to be checked.
    AssertValue,
    /// This is to have its aria snapshot.
    AssertSnapshot,
}

/// What a page wants: by its toolbar, by a key, or because an assertion was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Wanted {
    /// The assertion was made or given up.
    None,
    Record,
    Pause,
    Pick,
    Hover,
    Visible,
    Text,
    Value,
    Snapshot,
    /// The person is done.
    Stop,
}

/// Where a person put the toolbar, CSS pixels; nowhere yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// What every document has to know.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct State {
    /// Outside of assertions.
    pub(super) paused: bool,
    /// A pick or an assertion that is under way.
    pub(super) asserting: Option<Mode>,
    /// Whether the toolbar is shown.
    pub(super) toolbar: bool,
    /// Where it was moved to.
    pub(super) place: Option<Place>,
}

impl State {
    /// What a click means now.
    pub(super) fn mode(&self) -> Mode {
        self.asserting.unwrap_or(if self.paused { Mode::Pause } else { Mode::Record })
    }

    pub(super) fn switch(&mut self, mode: Mode) {
        match mode {
            Mode::Record | Mode::Pause => {
                self.paused = mode == Mode::Pause;
                self.asserting = None;
            }
            assertion => self.asserting = Some(assertion),
        }
    }

    /// Does what a page wants, but for the end.
    pub(super) fn want(&mut self, wanted: Wanted) {
        match wanted {
            Wanted::None => self.asserting = None,
            Wanted::Record => self.switch(Mode::Record),
            Wanted::Pause => self.switch(Mode::Pause),
            Wanted::Pick => self.switch(Mode::PickLocator),
            Wanted::Hover => self.switch(Mode::Hover),
            Wanted::Visible => self.switch(Mode::AssertVisible),
            Wanted::Text => self.switch(Mode::AssertText),
            Wanted::Value => self.switch(Mode::AssertValue),
            Wanted::Snapshot => self.switch(Mode::AssertSnapshot),
            Wanted::Stop => {}
        }
    }

    /// As the script calls it.
    pub(super) fn told(&self) -> Value {
        let mode = match self.asserting {
            None | Some(Mode::Record | Mode::Pause) => "none",
            Some(Mode::PickLocator) => "pick",
            Some(Mode::Hover) => "hover",
            Some(Mode::AssertVisible) => "visible",
            Some(Mode::AssertText) => "text",
            Some(Mode::AssertValue) => "value",
            Some(Mode::AssertSnapshot) => "snapshot",
        };
        let place = self.place.map_or_else(|| json!({}), |place| json!({ "x": place.x, "y": place.y }));
        json!({ "mode": mode, "paused": self.paused, "toolbar": self.toolbar.then_some(place) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assertion_ends_where_it_began() {
        let mut state = State { toolbar: true, ..State::default() };
        state.want(Wanted::Pause);
        state.want(Wanted::Text);
        assert_eq!((state.mode(), state.told()["mode"].as_str()), (Mode::AssertText, Some("text")));
        state.want(Wanted::None);
        assert_eq!((state.mode(), state.told()), (Mode::Pause, json!({"mode": "none", "paused": true, "toolbar": {}})));
        state.switch(Mode::Record);
        assert_eq!(state.mode(), Mode::Record);
    }
}
