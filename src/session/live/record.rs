//! A recording in a browser that was there before it: which of what the recorder tells belongs to it, and what its code begins with.

use crate::codegen::{self, Target};
use crate::model::Viewport;
use crate::model::action::{Action, FORMAT_VERSION, Place, RecordedAction, Recording, RecordingOptions, Signal};
use crate::model::live::Recorded;
use std::time::Duration;

/// What the first page of a recording is called.
const FIRST: &str = "page";

/// A recording that goes on.
pub(super) struct Tape {
    target: Target,
    number: u32,
    viewport: Option<Viewport>,
    /// How many actions the recorder had told of before.
    before: usize,
    /// What the recorder calls the page that is recorded first.
    page: String,
    /// What has to be done so that the rest can be.
    prologue: Vec<RecordedAction>,
    /// What the recorder says before the recording is told to have begun.
    early: Option<Vec<(usize, RecordedAction)>>,
}

impl Tape {
    /// One that begins after `before` actions in the page that the recorder calls `page`; `url` is what that shows, unless it is about to
    /// be sent elsewhere.
    pub(super) fn new(
        target: Target,
        number: u32,
        before: usize,
        page: String,
        url: Option<String>,
        viewport: Option<Viewport>,
    ) -> Self {
        let done = |action| RecordedAction {
            action,
            page: FIRST.to_owned(),
            signals: Vec::new(),
            alternatives: Vec::new(),
            place: Box::new(Place::default()),
        };
        let opened = done(Action::OpenPage { url: "about:blank".to_owned() });
        let there = url.map(|url| done(Action::Navigate { url }));
        let prologue = [opened].into_iter().chain(there).collect();
        Self { target, number, viewport, before, page, prologue, early: Some(Vec::new()) }
    }

    /// It has begun: what it begins with, and what came since, each with its place.
    pub(super) fn begin(&mut self) -> Vec<(usize, RecordedAction)> {
        let early = self.early.take().unwrap_or_default();
        self.prologue.iter().cloned().enumerate().chain(early).collect()
    }

    /// An action as this recording has it, and its place there; none where it is older, or not to be told yet.
    pub(super) fn action(&mut self, index: usize, action: RecordedAction) -> Option<(usize, RecordedAction)> {
        if index == self.before && self.is_prologue(&action) {
            self.before += 1;
        }
        let told = (index.checked_sub(self.before)? + self.prologue.len(), self.renamed(action));
        match &mut self.early {
            Some(early) => {
                early.push(told);
                None
            }
            None => Some(told),
        }
    }

    /// Whether it opens the page that is recorded first: the recorder may say so late.
    fn is_prologue(&self, action: &RecordedAction) -> bool {
        action.page == self.page && matches!(action.action, Action::OpenPage { .. })
    }

    /// The whole of it, of all that the recorder has told; and how long it took.
    pub(super) fn cut(self, all: Vec<RecordedAction>, took: Duration) -> Recorded {
        let late = all.get(self.before).is_some_and(|action| self.is_prologue(action));
        let own = all.into_iter().skip(self.before + usize::from(late)).map(|action| self.renamed(action));
        let actions: Vec<RecordedAction> = self.prologue.iter().cloned().chain(own).collect();
        let options = RecordingOptions { viewport: self.viewport, ..RecordingOptions::default() };
        let recording = Recording { version: FORMAT_VERSION, options, actions };
        let code = codegen::generate(self.target, &recording);
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        Recorded { number: self.number, actions: recording.actions, viewport: self.viewport, code, duration_ms }
    }

    /// Its first page is called as that of any recording.
    fn renamed(&self, mut action: RecordedAction) -> RecordedAction {
        let rename = |page: &mut String| {
            if *page == self.page {
                *page = FIRST.to_owned();
            } else if *page == FIRST {
                page.clone_from(&self.page);
            }
        };
        rename(&mut action.page);
        for signal in &mut action.signals {
            if let Signal::Popup { page } = signal {
                rename(page);
            }
        }
        action
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn click(page: &str) -> RecordedAction {
        serde_json::from_value(json!({"name": "click", "selector": "#a", "pageGuid": page})).unwrap()
    }

    #[test]
    fn a_recording_has_what_came_after_its_beginning_and_how_to_get_there() {
        let mut tape = Tape::new(Target::TypeScript, 2, 3, "page1".into(), Some("http://x/".into()), None);
        assert_eq!(tape.begin().len(), 2);
        assert_eq!(tape.action(2, click("page")), None);
        let (place, told) = tape.action(3, click("page1")).unwrap();
        assert_eq!((place, told.page.as_str()), (2, "page"));
        let all = vec![click("page"), click("page"), click("page1"), click("page1"), click("page")];
        let recorded = tape.cut(all, Duration::from_millis(1200));
        let pages: Vec<_> = recorded.actions.iter().map(|action| action.page.as_str()).collect();
        assert_eq!(pages, ["page", "page", "page", "page1"]);
        assert_eq!((recorded.number, recorded.duration_ms), (2, 1200));
        assert!(recorded.code.contains("page.goto('http://x/')"), "{}", recorded.code);
    }
    #[test]
    fn what_the_recorder_says_early_comes_after_the_beginning_and_a_page_opens_once() {
        let tape = || Tape::new(Target::TypeScript, 1, 0, "page".into(), None, None);
        let opened: RecordedAction =
            serde_json::from_value(json!({"name": "openPage", "url": "about:blank", "pageGuid": "page"})).unwrap();
        let mut told = tape();
        assert_eq!(told.action(0, opened.clone()), None);
        assert_eq!(told.action(1, click("page")), None);
        let begun: Vec<_> = told.begin().into_iter().map(|(place, action)| (place, action.action)).collect();
        assert_eq!(begun, [(0, opened.action.clone()), (1, click("page").action)]);
        assert_eq!(told.action(2, click("page")).unwrap().0, 2);
        let all = vec![opened, click("page")];
        assert_eq!(tape().cut(all.clone(), Duration::ZERO).actions.len(), 2);
        assert_eq!(told.cut(all, Duration::ZERO).actions.len(), 2);
    }
}
