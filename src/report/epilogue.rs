//! The last words of reports for people: failures in full, then what came of how many tests.

use super::book::{Book, Entry, Verdict};
use super::failure::{failure, summary_line};
use super::list::ListOptions;
use super::output::Output;
use super::style::{count, duration};
use crate::model::run::Outcome;
use std::io;

/// Ends a report that tells failures in full at its end. Where nothing ran, the errors told are all there is to say.
pub(super) fn close(out: &mut Output, book: &Book, options: &ListOptions, outcome: Outcome) -> io::Result<()> {
    if outcome != Outcome::CouldNotRun {
        out.put(&epilogue(book, options, true));
    }
    out.end()
}

/// Failures in full only where they were not told before.
pub(super) fn epilogue(book: &Book, options: &ListOptions, in_full: bool) -> String {
    let style = options.terminal.style();
    let of = |verdict| book.of(verdict);
    let (failed, flaky, interrupted) = (of(Verdict::Unexpected), of(Verdict::Flaky), of(Verdict::Interrupted));
    let told = interrupted.iter().filter(|entry| entry.attempts.iter().any(|attempt| !attempt.errors.is_empty()));
    let mut text = String::from("\n");
    for (at, entry) in told.chain(&failed).chain(&flaky).enumerate().filter(|_| in_full) {
        text.push_str(&format!("\n{}", failure(at + 1, entry, &options.root, style)));
    }
    if text.len() > 1 {
        text.push('\n');
    }
    let columns = options.terminal.columns();
    let mut tell = |entries: &[&Entry], what: &str, paint: &dyn Fn(&str) -> String| {
        if entries.is_empty() {
            return;
        }
        text.push_str(&format!("{}\n", paint(&format!("  {} {what}", entries.len()))));
        for entry in entries {
            text.push_str(&format!("{}\n", paint(&summary_line(&entry.case, columns, style))));
        }
    };
    tell(&failed, "failed", &|text| style.red(text));
    tell(&interrupted, "interrupted", &|text| style.yellow(text));
    tell(&flaky, "flaky", &|text| style.yellow(text));
    for (verdict, what) in [(Verdict::Skipped, "skipped"), (Verdict::DidNotRun, "did not run")] {
        let entries = of(verdict);
        if !entries.is_empty() {
            text.push_str(&format!("{}\n", style.yellow(&format!("  {} {what}", entries.len()))));
        }
    }
    let passed = of(Verdict::Expected).len();
    if passed > 0 {
        let ms = u64::try_from(options.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let time = style.dim(&format!(" ({})", duration(ms)));
        text.push_str(&format!("{}{time}\n", style.green(&format!("  {passed} passed"))));
    }
    let errors = book.errors.len();
    if errors > 0 {
        let were = if errors == 1 { "was" } else { "were" };
        let line = format!("  {} {were} not a part of any test, see above for details", count(errors, "error"));
        text.push_str(&format!("{}\n", style.red(&line)));
    }
    text
}
