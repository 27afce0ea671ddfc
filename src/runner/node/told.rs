//! What `reporter.cjs` tells: one object of JSON a line.

use crate::model::Level;
use crate::model::run::{Attempt, RunEvent, StepBegin, TestCase, TestError};
use serde::Deserialize;

/// See the module.
#[derive(Debug, Deserialize)]
#[serde(tag = "t", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Told {
    Planned { tests: Vec<TestCase>, workers: usize },
    TestBegin { test: String, retry: u32 },
    StepBegin { test: Option<String>, step: StepBegin },
    StepEnd { test: Option<String>, id: u32, duration_ms: u64, error: Option<TestError> },
    Log { test: Option<String>, level: Level, text: String },
    TestEnd { attempt: Attempt },
    Error { error: TestError },
}

/// The event of a line; one that is none was printed by somebody. None where there is nothing.
pub(super) fn event(line: &str) -> Option<RunEvent> {
    if line.trim().is_empty() {
        return None;
    }
    Some(match serde_json::from_str(line) {
        Ok(Told::Planned { tests, workers }) => RunEvent::Planned { tests, workers },
        Ok(Told::TestBegin { test, retry }) => RunEvent::TestBegin { test, retry, worker: None },
        Ok(Told::StepBegin { test, step }) => RunEvent::StepBegin { test, step },
        Ok(Told::StepEnd { test, id, duration_ms, error }) => RunEvent::StepEnd { test, id, duration_ms, error },
        Ok(Told::Log { test, level, text }) => RunEvent::Log { test, level, text },
        Ok(Told::TestEnd { attempt }) => RunEvent::TestEnd(attempt),
        Ok(Told::Error { error }) => RunEvent::Error(error),
        Err(_) => RunEvent::Log { test: None, level: Level::Info, text: line.to_owned() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_events_or_output() {
        assert_eq!(event("  "), None);
        let log = RunEvent::Log { test: None, level: Level::Info, text: "hello {".to_owned() };
        assert_eq!(event("hello {"), Some(log));
        let begin = RunEvent::TestBegin { test: "a".to_owned(), retry: 1, worker: None };
        assert_eq!(event(r#"{"t":"testBegin","test":"a","retry":1}"#), Some(begin));
    }
}
