//! The `line` and `dot` reporters: little while all is well, failures as they happen or at the end.

use super::Reporter;
use super::book::Book;
use super::epilogue::{close, epilogue};
use super::failure::{failure, title};
use super::list::ListOptions;
use super::message::error_text;
use super::output::Output;
use super::style::{Style, fit};
use crate::model::Level;
use crate::model::run::{Attempt, Outcome, RunEvent, Status, TestCase};
use std::io::{self, Write};

/// Characters of `dot` in a line.
const DOTS: usize = 80;

/// One line that is rewritten; failures above it as they happen.
pub struct Line {
    out: Output,
    err: Output,
    options: ListOptions,
    style: Style,
    book: Book,
    begun: usize,
    failures: usize,
}

impl Line {
    /// `out` gets the report and what tests print, `err` what they print to the standard error.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>, err: Box<dyn Write + Send>, options: ListOptions) -> Self {
        let style = options.terminal.style();
        Self {
            out: Output::new(out),
            err: Output::new(err),
            options,
            style,
            book: Book::default(),
            begun: 0,
            failures: 0,
        }
    }

    fn live(&self) -> bool {
        self.options.terminal.size.is_some()
    }

    /// In place of the line before, where that can be.
    fn put_line(&mut self, text: &str) {
        let columns = self.options.terminal.columns().unwrap_or(usize::MAX);
        let text = fit(text, columns);
        let text = if self.live() { format!("\x1b[1A\x1b[2K{text}\n") } else { format!("{text}\n") };
        self.out.put(&text);
    }

    fn put_above(&mut self, text: &str) {
        let text = if self.live() { format!("\x1b[1A\x1b[2K{text}\n\n") } else { format!("{text}\n") };
        self.out.put(&text);
    }

    fn begins(&mut self, test: &str, retry: u32) {
        self.begun += 1;
        let Some(entry) = self.book.entry(test) else { return };
        let (retries, again) =
            if retry > 0 { ("(retries) ", format!(" (retry #{retry})")) } else { ("", String::new()) };
        let line = format!("[{}/{}] {retries}{}{again}", self.begun, self.book.entries.len(), title(&entry.case));
        self.put_line(&line);
    }

    fn ends(&mut self, attempt: &Attempt) {
        let Some(entry) = self.book.entry(&attempt.test) else { return };
        let over = !is_tried_again(attempt, &entry.case);
        let bad = entry.attempts.iter().any(|attempt| !attempt.is_fine());
        if over && bad && attempt.status != Status::Interrupted {
            self.failures += 1;
            let text = failure(self.failures, entry, &self.options.root, self.style);
            self.put_above(&text);
        }
    }
}

impl Reporter for Line {
    fn event(&mut self, event: &RunEvent) {
        self.book.note(event);
        match event {
            RunEvent::Planned { tests, workers } => {
                let text = planned(tests.len(), *workers, &self.options, self.style);
                self.out.put(&text);
                if self.live() && !tests.is_empty() {
                    self.out.put("\n");
                }
            }
            RunEvent::TestBegin { test, retry, .. } => self.begins(test, *retry),
            RunEvent::TestEnd(attempt) => self.ends(attempt),
            RunEvent::Log { test, level, text } => {
                let named = test.as_deref().and_then(|test| self.book.entry(test)).map(|entry| title(&entry.case));
                let text = named.map_or_else(|| text.clone(), |title| format!("{title}\n{text}\n"));
                if *level == Level::Info { self.put_above(&text) } else { self.err.put(&format!("{text}\n")) }
            }
            RunEvent::Error(error) => {
                let text = error_text(error, None, self.style);
                self.put_above(&text);
            }
            _ => {}
        }
    }

    fn end(&mut self, outcome: Outcome) -> io::Result<()> {
        if outcome != Outcome::CouldNotRun {
            let clear = if self.live() { "\x1b[1A\x1b[2K" } else { "" };
            let text = epilogue(&self.book, &self.options, false);
            self.out.put(&format!("{clear}{}", text.trim_start_matches('\n')));
        }
        self.out.end()
    }
}

/// A character for each attempt; failures at the end.
pub struct Dot {
    out: Output,
    err: Output,
    options: ListOptions,
    style: Style,
    book: Book,
    /// Of this line.
    dots: usize,
}

impl Dot {
    /// `out` gets the report and what tests print, `err` what they print to the standard error.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>, err: Box<dyn Write + Send>, options: ListOptions) -> Self {
        let style = options.terminal.style();
        Self { out: Output::new(out), err: Output::new(err), options, style, book: Book::default(), dots: 0 }
    }

    fn ends(&mut self, attempt: &Attempt) {
        let Some(entry) = self.book.entry(&attempt.test) else { return };
        let style = self.style;
        let mark = match attempt.status {
            Status::Skipped => style.yellow("°"),
            _ if !attempt.is_fine() && is_tried_again(attempt, &entry.case) => style.gray("×"),
            _ if attempt.is_fine() && attempt.retry > 0 => style.yellow("±"),
            _ if attempt.is_fine() => style.green("·"),
            Status::TimedOut => style.red("T"),
            _ => style.red("F"),
        };
        if self.dots == DOTS {
            self.out.put("\n");
            self.dots = 0;
        }
        self.dots += 1;
        self.out.put(&mark);
    }
}

impl Reporter for Dot {
    fn event(&mut self, event: &RunEvent) {
        self.book.note(event);
        match event {
            RunEvent::Planned { tests, workers } => {
                let text = planned(tests.len(), *workers, &self.options, self.style);
                self.out.put(text.trim_end_matches('\n'));
                self.out.put("\n");
            }
            RunEvent::TestEnd(attempt) => self.ends(attempt),
            RunEvent::Log { level, text, .. } => {
                let out = if *level == Level::Info { &mut self.out } else { &mut self.err };
                out.put(&format!("{text}\n"));
            }
            RunEvent::Error(error) => {
                let text = error_text(error, None, self.style);
                self.out.put(&format!("{text}\n"));
                self.dots = 0;
            }
            _ => {}
        }
    }

    fn end(&mut self, outcome: Outcome) -> io::Result<()> {
        close(&mut self.out, &self.book, &self.options, outcome)
    }
}

fn is_tried_again(attempt: &Attempt, case: &TestCase) -> bool {
    !attempt.is_fine() && attempt.status != Status::Interrupted && attempt.retry < case.retries.unwrap_or(0)
}

/// `Running 3 tests using 2 workers`, with an empty line before and after; nothing where there are none.
pub(super) fn planned(tests: usize, workers: usize, options: &ListOptions, style: Style) -> String {
    if tests == 0 {
        return String::new();
    }
    let shard = options.shard.map(|(part, of)| format!(", shard {part} of {of}")).unwrap_or_default();
    let s = |n: usize| if n == 1 { "" } else { "s" };
    let tests_word = style.dim(&format!(" test{} using ", s(tests)));
    let workers_word = style.dim(&format!(" worker{}{shard}", s(workers)));
    format!("\n{}{tests}{tests_word}{workers}{workers_word}\n\n", style.dim("Running "))
}
