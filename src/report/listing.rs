//! `--list`: which tests there are.

use super::Reporter;
use super::failure::title;
use super::message::error_text;
use super::output::Output;
use super::style::{Terminal, count};
use crate::model::run::{Outcome, RunEvent};
use std::collections::BTreeSet;
use std::io::{self, Write};

/// Tells the tests of a run that is not run.
pub struct Listing {
    out: Output,
    err: Output,
    terminal: Terminal,
}

impl Listing {
    /// `out` gets the tests, `err` what is wrong.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>, err: Box<dyn Write + Send>, terminal: Terminal) -> Self {
        Self { out: Output::new(out), err: Output::new(err), terminal }
    }
}

impl Reporter for Listing {
    fn event(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Planned { tests, .. } => {
                self.out.put("Listing tests:\n");
                for test in tests {
                    self.out.put(&format!("  {}\n", title(test)));
                }
                let files: BTreeSet<_> = tests.iter().map(|test| &test.location.file).collect();
                self.out.put(&format!("Total: {} in {}\n", count(tests.len(), "test"), count(files.len(), "file")));
            }
            RunEvent::Error(error) => {
                self.err.put(&format!("{}\n", error_text(error, None, self.terminal.style())));
            }
            _ => {}
        }
    }

    fn end(&mut self, _outcome: Outcome) -> io::Result<()> {
        self.out.end()
    }
}
