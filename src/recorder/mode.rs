//! What a click means, and what pages are told of it.

use crate::model::recording::ClickMode;
use serde::Deserialize;
use serde_json::{Value, json};

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
    pub(super) asserting: Option<ClickMode>,
    /// Whether the toolbar is shown.
    pub(super) toolbar: bool,
    /// Where it was moved to.
    pub(super) place: Option<Place>,
}

impl State {
    /// What a click means now.
    pub(super) fn mode(&self) -> ClickMode {
        self.asserting.unwrap_or(if self.paused { ClickMode::Pause } else { ClickMode::Record })
    }

    pub(super) fn switch(&mut self, mode: ClickMode) {
        match mode {
            ClickMode::Record | ClickMode::Pause => {
                self.paused = mode == ClickMode::Pause;
                self.asserting = None;
            }
            assertion => self.asserting = Some(assertion),
        }
    }

    /// Does what a page wants, but for the end.
    pub(super) fn want(&mut self, wanted: Wanted) {
        match wanted {
            Wanted::None => self.asserting = None,
            Wanted::Record => self.switch(ClickMode::Record),
            Wanted::Pause => self.switch(ClickMode::Pause),
            Wanted::Pick => self.switch(ClickMode::PickLocator),
            Wanted::Hover => self.switch(ClickMode::Hover),
            Wanted::Visible => self.switch(ClickMode::AssertVisible),
            Wanted::Text => self.switch(ClickMode::AssertText),
            Wanted::Value => self.switch(ClickMode::AssertValue),
            Wanted::Snapshot => self.switch(ClickMode::AssertSnapshot),
            Wanted::Stop => {}
        }
    }

    /// As the script calls it.
    pub(super) fn told(&self) -> Value {
        let mode = match self.asserting {
            None | Some(ClickMode::Record | ClickMode::Pause) => "none",
            Some(ClickMode::PickLocator) => "pick",
            Some(ClickMode::Hover) => "hover",
            Some(ClickMode::AssertVisible) => "visible",
            Some(ClickMode::AssertText) => "text",
            Some(ClickMode::AssertValue) => "value",
            Some(ClickMode::AssertSnapshot) => "snapshot",
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
        assert_eq!((state.mode(), state.told()["mode"].as_str()), (ClickMode::AssertText, Some("text")));
        state.want(Wanted::None);
        assert_eq!(
            (state.mode(), state.told()),
            (ClickMode::Pause, json!({"mode": "none", "paused": true, "toolbar": {}}))
        );
        state.switch(ClickMode::Record);
        assert_eq!(state.mode(), ClickMode::Record);
    }
}
