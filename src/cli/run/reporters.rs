//! Who is told what happens in a run, and where it is written.

use super::args::{Args, ReporterName};
use crate::artifacts::Output;
use crate::config;
use crate::model::run::{Outcome, RunEvent, Status};
use crate::report::{Jsonl, List, ListOptions, Listing, Reporter, Terminal};
use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::time::Instant;

/// Those that the flags ask for; `cwd` is what paths are told from.
pub(super) fn reporters(
    args: &Args,
    names: &[ReporterName],
    no_color: bool,
    cwd: &Path,
    shard: Option<(u32, u32)>,
    began: Instant,
) -> Vec<Box<dyn Reporter>> {
    let out = || -> Box<dyn Write + Send> { Box::new(io::stdout()) };
    let err = || -> Box<dyn Write + Send> { Box::new(io::stderr()) };
    let colors = |is_terminal| !no_color && config::colors(is_terminal);
    if args.list {
        let terminal = Terminal { colors: colors(io::stdout().is_terminal()), size: None };
        return vec![Box::new(Listing::new(out(), err(), terminal))];
    }
    let lines = names.contains(&ReporterName::Jsonl);
    let mut reporters: Vec<Box<dyn Reporter>> = Vec::new();
    if names.contains(&ReporterName::List) {
        let (writer, terminal, size) = if lines {
            (err(), io::stderr().is_terminal(), rustix::termios::tcgetwinsize(io::stderr()))
        } else {
            (out(), io::stdout().is_terminal(), rustix::termios::tcgetwinsize(io::stdout()))
        };
        let size = size.ok().filter(|size| terminal && size.ws_col > 0 && !config::dumb_terminal());
        let size = size.map(|size| (usize::from(size.ws_col), usize::from(size.ws_row)));
        let options = ListOptions {
            terminal: Terminal { colors: colors(terminal), size },
            root: cwd.to_path_buf(),
            shard,
            began,
        };
        reporters.push(Box::new(List::new(writer, err(), options)));
    }
    if lines {
        reporters.push(Box::new(Jsonl::new(out(), err())));
    }
    reporters
}

/// Leaves word in the output folder of how the run went.
pub(super) struct Mark {
    output: Output,
    /// Whether the last attempt went as it should have.
    tests: BTreeMap<String, bool>,
}

impl Mark {
    pub(super) fn new(output: Output) -> Self {
        Self { output, tests: BTreeMap::new() }
    }
}

impl Reporter for Mark {
    fn event(&mut self, event: &RunEvent) {
        if let RunEvent::TestEnd(attempt) = event {
            let fine = attempt.status == Status::Skipped || attempt.status == attempt.expected_status;
            self.tests.insert(attempt.test.clone(), fine);
        }
    }

    fn end(&mut self, outcome: Outcome) -> io::Result<()> {
        if outcome == Outcome::CouldNotRun {
            return Ok(());
        }
        let failed: Vec<String> = self.tests.iter().filter(|(_, fine)| !**fine).map(|(test, _)| test.clone()).collect();
        self.output.end(outcome == Outcome::Passed, &failed)
    }
}
