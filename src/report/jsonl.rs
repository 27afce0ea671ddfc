//! One JSON object per finished attempt, one a line. The schema is a contract (see [`Jsonl`]): programs read it.

use super::Reporter;
use super::book::Book;
use super::output::Output;
use crate::model::run::{Annotation, Attempt, Location, Outcome, RunEvent, Status, TestError};
use serde::Serialize;
use std::io::{self, Write};

/// Writes `{"file","title","status","expectedStatus","durationMs","retry","location":{"line","column"},"error"?,"more"?,"annotations"}` per
/// attempt: `title` is the titles of `describe` and test joined by ` › `, `status` one of `passed`, `failed`, `timedOut`, `skipped` and
/// `interrupted`, `error` the first one as `{"message","stack","location"?:{"file","line","column"}}`, `more` the others,
/// `annotations` as `{"type","description"?,"location"?}`. What concerns no
/// test (a file that does not load) goes to the other writer, as text.
pub struct Jsonl {
    lines: Output,
    errors: Output,
    book: Book,
}

impl Jsonl {
    /// `lines` gets nothing but JSON; `errors` is for people.
    #[must_use]
    pub fn new(lines: Box<dyn Write + Send>, errors: Box<dyn Write + Send>) -> Self {
        Self { lines: Output::new(lines), errors: Output::new(errors), book: Book::default() }
    }

    fn attempt(&mut self, attempt: &Attempt) {
        let Some(entry) = self.book.entry(&attempt.test) else { return };
        let line = Line {
            file: &entry.case.location.file,
            title: entry.case.title(),
            status: attempt.status,
            expected_status: attempt.expected_status,
            duration_ms: attempt.duration_ms,
            retry: attempt.retry,
            location: Place { line: entry.case.location.line, column: entry.case.location.column },
            error: attempt.errors.first().map(Error::from),
            more: attempt.errors.iter().skip(1).map(Error::from).collect(),
            annotations: &attempt.annotations,
        };
        if let Ok(line) = serde_json::to_string(&line) {
            self.lines.put(&format!("{line}\n"));
        }
    }
}

impl Reporter for Jsonl {
    fn event(&mut self, event: &RunEvent) {
        self.book.note(event);
        match event {
            RunEvent::TestEnd(attempt) => self.attempt(attempt),
            RunEvent::Error(error) => {
                let snippet = error.snippet.as_deref().map(|snippet| format!("\n\n{snippet}")).unwrap_or_default();
                self.errors.put(&format!("{}{snippet}\n", error.message));
            }
            _ => {}
        }
    }

    fn end(&mut self, _outcome: Outcome) -> io::Result<()> {
        self.lines.end()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    file: &'a str,
    title: String,
    status: Status,
    expected_status: Status,
    duration_ms: u64,
    retry: u32,
    location: Place,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Error<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    more: Vec<Error<'a>>,
    annotations: &'a [Annotation],
}

#[derive(Serialize)]
struct Place {
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct Error<'a> {
    message: &'a str,
    stack: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<&'a Location>,
}

impl<'a> From<&'a TestError> for Error<'a> {
    fn from(error: &'a TestError) -> Self {
        Self { message: &error.message, stack: &error.stack, location: error.location.as_ref() }
    }
}
