//! Recordings among spec files: played as the test they would be in code, told of as what they are.

use crate::codegen;
use crate::model::action::Action;
use crate::model::action_file::{self, ActionFile};
use crate::model::locator::render;
use crate::model::run::{RunEvent, TestError};
use crate::runner::protocol::{Module, Origin};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

/// Endings of files that may be recordings.
pub(super) const ENDINGS: [&str; 2] = ["json", "jsonl"];

/// Whether a file that somebody named is meant to be a recording.
pub(super) fn is_recording(path: &str) -> bool {
    Path::new(path).extension().and_then(|ending| ending.to_str()).is_some_and(|ending| ENDINGS.contains(&ending))
}

/// The test that a recording is; it has the name of its file.
///
/// # Errors
/// `file:line:column: what is wrong`.
pub(super) fn test_of(file: Module) -> Result<Module, String> {
    let read = action_file::read(&file.source).map_err(|error| format!("{}:{error}", file.path))?;
    let title = Path::new(&file.path).file_stem().unwrap_or_default().to_string_lossy();
    let (source, begins) = codegen::played(&title, &read.recording);
    let places = begins.into_iter().zip(read.places).map(|(from, (line, column))| (from, line, column)).collect();
    Ok(Module { path: file.path, source, origin: Some(Origin { text: file.source, places }) })
}

/// Says of what failed in a recording which action it was.
#[derive(Debug, Default)]
pub(super) struct Explainer(HashMap<String, ActionFile>);

impl Explainer {
    pub(super) fn of<'m>(modules: impl Iterator<Item = &'m Module>) -> Self {
        let recordings = modules.filter_map(|module| {
            let read = action_file::read(&module.origin.as_ref()?.text).ok()?;
            Some((module.path.clone(), read))
        });
        Self(recordings.collect())
    }

    pub(super) fn explain(&self, event: RunEvent) -> RunEvent {
        let RunEvent::TestEnd(mut attempt) = event else { return event };
        for error in &mut attempt.errors {
            if let Some(words) = self.words(error) {
                error.message = format!("{}\n\n{words}", error.message.trim_end());
            }
        }
        RunEvent::TestEnd(attempt)
    }

    fn words(&self, error: &TestError) -> Option<String> {
        let location = error.location.as_ref()?;
        let file = self.0.get(&location.file)?;
        let index = file.places.iter().position(|place| *place == (location.line, location.column))?;
        let recorded = file.recording.actions.get(index)?;
        let mut words =
            format!("Action {} of {}: {}", index + 1, file.places.len(), action_file::name(&recorded.action));
        if let Some(selector) = recorded.action.selector() {
            let _ = write!(words, " {}", render(selector));
        }
        if let Some(url) = &recorded.place.page_url {
            let _ = write!(words, ", recorded at {url}");
        }
        if let Action::Fill { secret: Some(variable), .. }
        | Action::Select { secret: Some(variable), .. }
        | Action::AssertValue { secret: Some(variable), .. } = &recorded.action
        {
            let _ = write!(words, "\nThe value is a secret: the environment variable {variable} has to hold it.");
        }
        if !recorded.alternatives.is_empty() {
            words += "\nOther locators of the element when it was recorded:";
            for other in &recorded.alternatives {
                let _ = write!(words, "\n  - {}", render(other));
            }
        }
        Some(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r##"{ "version": 1, "actions": [
  { "name": "openPage", "url": "http://x/", "pageGuid": "page" },
  { "name": "assertVisible", "selector": "h1", "pageGuid": "page" }, { "name": "fill", "selector": "#p", "text": "", "secret": "PASSWORD", "pageGuid": "page",
    "alternatives": ["internal:label=\"Word\"i"], "pageUrl": "http://x/in" }
] }"##;

    #[test]
    fn a_recording_is_a_test() {
        let module = test_of(Module::new("a/shop.json", TEXT)).expect("a test");
        let origin = module.origin.expect("an origin");
        assert!(module.source.contains("test('shop', async ({ page, context }) => {\nawait page.goto('http://x/');\n"));
        let fill = module.source.lines().position(|line| line.contains("fill(")).expect("a line") + 1;
        assert_eq!(origin.place(u32::try_from(fill).unwrap()), (3, 70));
        assert_eq!(origin.place(1), (1, 1));
        let error = test_of(Module::new("a.json", "{\n")).expect_err("no recording");
        assert_eq!(error, "a.json:2:1: EOF while parsing an object");
    }

    #[test]
    fn failures_say_which_action_it_was() {
        let module = test_of(Module::new("shop.json", TEXT)).expect("a test");
        let explainer = Explainer::of([module, Module::new("b.spec.ts", "")].iter());
        let at = |line, column| TestError {
            location: Some(crate::model::run::Location { file: "shop.json".into(), line, column }),
            ..TestError::default()
        };
        let words = explainer.words(&at(3, 70)).expect("words");
        assert_eq!(
            words,
            "Action 3 of 3: fill locator('#p'), recorded at http://x/in\n\
             The value is a secret: the environment variable PASSWORD has to hold it.\n\
             Other locators of the element when it was recorded:\n  - getByLabel('Word')"
        );
        assert_eq!(explainer.words(&at(3, 3)), Some("Action 2 of 3: assertVisible locator('h1')".into()));
        assert_eq!(explainer.words(&at(1, 1)), None);
    }
}
