//! The `list` reporter: a line per test as it happens, failures in full at the end. Laid out as Playwright's, whose users know
//! where to look.

use super::Reporter;
use super::book::Book;
use super::epilogue::close;
use super::failure::{title, title_in_step};
use super::line::planned;
use super::message::error_text;
use super::output::Output;
use super::style::{Style, Terminal, duration, fit, width};
use crate::model::Level;
use crate::model::run::{Attempt, Outcome, RunEvent, Status};
use std::collections::HashMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;

/// How a list is written.
#[derive(Debug, Clone)]
pub struct ListOptions {
    /// Of the first writer.
    pub terminal: Terminal,
    /// Files below it are told by their path from it.
    pub root: PathBuf,
    /// Which part of how many.
    pub shard: Option<(u32, u32)>,
    /// When the run began, for its duration.
    pub began: Instant,
}

/// Writes for people.
pub struct List {
    out: Output,
    err: Output,
    options: ListOptions,
    style: Style,
    book: Book,
    /// Number of the attempt's line.
    numbers: HashMap<(String, u32), usize>,
    screen: Screen,
}

/// Which rows of a terminal are whose: lines of running tests are rewritten.
#[derive(Debug, Default)]
struct Screen {
    /// Of the cursor, counted from the first line written.
    row: usize,
    /// Of attempts whose line is there, with the line.
    rows: HashMap<(String, u32), (usize, String)>,
    /// Longer lines wrap.
    columns: usize,
    height: usize,
}

impl Screen {
    fn note(&mut self, text: &str) {
        let lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
        self.row += lines.map(|line| width(line).div_ceil(self.columns.max(1)).max(1)).sum::<usize>();
    }

    /// How many rows up the line of an attempt is; none where it was never written or has left the screen.
    fn above(&self, key: &(String, u32)) -> Option<usize> {
        self.rows.get(key).map(|(row, _)| self.row - row).filter(|up| *up < self.height)
    }

    /// What to write so that the attempt's line is this one: where it is, or below everything if that is out of reach.
    fn place(&mut self, key: &(String, u32), line: &str) -> String {
        if self.rows.get(key).is_some_and(|(_, shown)| shown == line) {
            return String::new();
        }
        let (row, text) = match self.above(key) {
            Some(up) => (self.row - up, format!("\x1b[{up}A\x1b[2K\r{line}\x1b[{up}E")),
            None => {
                self.row += 1;
                (self.row - 1, format!("{line}\n"))
            }
        };
        self.rows.insert(key.clone(), (row, line.to_owned()));
        text
    }
}

impl List {
    /// `out` gets the report and what tests print, `err` what they print to the standard error.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>, err: Box<dyn Write + Send>, options: ListOptions) -> Self {
        let (columns, height) = options.terminal.size.unwrap_or_default();
        Self {
            out: Output::new(out),
            err: Output::new(err),
            style: options.terminal.style(),
            options,
            book: Book::default(),
            numbers: HashMap::new(),
            screen: Screen { columns, height, ..Screen::default() },
        }
    }

    fn live(&self) -> bool {
        self.options.terminal.size.is_some()
    }

    fn begins(&mut self, test: &str, retry: u32) {
        let key = (test.to_owned(), retry);
        let number = self.numbers.len() + 1;
        self.numbers.entry(key.clone()).or_insert(number);
        if self.live() {
            let line = self.running_line(&key);
            self.out.put(&self.screen.place(&key, &line));
        }
    }

    /// Steps of the author's are shown while they run.
    fn steps_changed(&mut self, test: &str) {
        let key = self.screen.rows.keys().filter(|(id, _)| id == test).max_by_key(|(_, retry)| *retry).cloned();
        if let Some(key) = key {
            let line = self.running_line(&key);
            self.out.put(&self.screen.place(&key, &line));
        }
    }

    fn running_line(&self, key: &(String, u32)) -> String {
        let prefix = format!("    {}", self.number(key));
        let Some(entry) = self.book.entry(&key.0) else { return prefix };
        let retry = retry_suffix(key.1);
        let steps: String = entry.running_steps().map(|title| format!(" › {title}")).collect();
        let text = title_in_step(&entry.case, &steps);
        let text = self.fitting(&text, &prefix, &retry);
        format!("{}{}{}", self.style.dim(&prefix), self.style.dim(&text), self.style.yellow(&retry))
    }

    fn ends(&mut self, attempt: &Attempt) {
        let key = (attempt.test.clone(), attempt.retry);
        let number = self.numbers.len() + 1;
        self.numbers.entry(key.clone()).or_insert(number);
        let line = self.finished_line(&key, attempt);
        if self.live() {
            self.out.put(&self.screen.place(&key, &line));
            self.screen.rows.remove(&key);
        } else {
            self.out.put(&format!("{line}\n"));
        }
    }

    fn finished_line(&self, key: &(String, u32), attempt: &Attempt) -> String {
        let Some(entry) = self.book.entry(&key.0) else { return String::new() };
        let style = self.style;
        let number = self.number(key);
        let retry = retry_suffix(key.1);
        let skipped = attempt.status == Status::Skipped;
        let time = if skipped { String::new() } else { format!(" ({})", duration(attempt.duration_ms)) };
        let text = title(&entry.case);
        let text = self.fitting(&text, &format!("    {number}"), &format!("{retry}{time}"));
        let expected = attempt.status == attempt.expected_status;
        let mark = match attempt.status {
            Status::Skipped => "-",
            Status::Passed => "✓",
            _ => "✘",
        };
        let (mark, text) = match (skipped, expected) {
            (true, _) => (style.green(mark), style.cyan(&text)),
            (false, true) => (style.green(mark), text),
            (false, false) => (style.red(mark), style.red(&text)),
        };
        format!("  {mark} {}{text}{}{}", style.dim(&number), style.yellow(&retry), style.dim(&time))
    }

    /// ` 12 `, as wide as the largest number will be.
    fn number(&self, key: &(String, u32)) -> String {
        let digits = self.book.entries.len().max(1).to_string().len();
        let number = self.numbers.get(key).copied().unwrap_or_default();
        format!("{number:>width$} ", width = digits + 1)
    }

    fn fitting(&self, text: &str, prefix: &str, suffix: &str) -> String {
        match self.options.terminal.columns() {
            Some(columns) => fit(text, columns.saturating_sub(width(prefix) + width(suffix))),
            None => text.to_owned(),
        }
    }

    fn printed(&mut self, level: Level, text: &str) {
        let text = format!("{text}\n");
        self.screen.note(&text);
        if level == Level::Info { self.out.put(&text) } else { self.err.put(&text) }
    }
}

impl Reporter for List {
    fn event(&mut self, event: &RunEvent) {
        self.book.note(event);
        match event {
            RunEvent::Planned { tests, workers } => {
                let text = planned(tests.len(), *workers, &self.options, self.style);
                self.out.put(&text);
            }
            RunEvent::TestBegin { test, retry, .. } => self.begins(test, *retry),
            RunEvent::StepBegin { test: Some(test), .. } | RunEvent::StepEnd { test: Some(test), .. }
                if self.live() =>
            {
                self.steps_changed(test);
            }
            RunEvent::Log { level, text, .. } => self.printed(*level, text),
            RunEvent::TestEnd(attempt) => self.ends(attempt),
            RunEvent::Error(error) => {
                let text = format!("{}\n", error_text(error, None, self.style));
                self.screen.note(&text);
                self.out.put(&text);
            }
            _ => {}
        }
    }

    fn end(&mut self, outcome: Outcome) -> io::Result<()> {
        close(&mut self.out, &self.book, &self.options, outcome)
    }
}

fn retry_suffix(retry: u32) -> String {
    if retry > 0 { format!(" (retry #{retry})") } else { String::new() }
}
