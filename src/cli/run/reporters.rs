//! Who is told what happens in a run, and where it is written.

use super::super::CouldNotRun;
use super::args::Args;
use crate::artifacts::Output;
use crate::config;
use crate::model::run::{Outcome, RunEvent, TestCase};
use crate::report::{About, Dot, Html, Json, Jsonl, Junit, Line, List, ListOptions, Listing, Reporter, Terminal};
use clap::ValueEnum;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Where the page goes when nobody says so.
const HTML: &str = "playwright-report/index.html";

/// A reporter, and the file it writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) kind: Kind,
    pub(super) file: Option<PathBuf>,
}

/// How to tell what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Kind {
    List,
    Line,
    Dot,
    Json,
    Jsonl,
    Junit,
    Html,
}

/// `junit=report.xml`
pub(super) fn choice(text: &str) -> Result<Choice, String> {
    let (name, file) = text.split_once('=').map_or((text, None), |(name, file)| (name, Some(file)));
    let kind = Kind::from_str(name, false).map_err(|_| {
        let all = Kind::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let all: Vec<String> = all.map(|value| value.get_name().to_owned()).collect();
        format!("one of {} is expected, or one of them with =FILE", all.join(", "))
    })?;
    match file {
        Some("") => Err("the name of a file is missing behind =".to_owned()),
        file => Ok(Choice { kind, file: file.map(PathBuf::from) }),
    }
}

impl Choice {
    /// As the official runner names it.
    ///
    /// # Errors
    /// Where it has none like it.
    pub(super) fn official(&self) -> Result<String, String> {
        let name = self.kind.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        match (&self.file, self.kind) {
            (Some(_), _) => Err(format!(
                "--reporter {name}=FILE cannot be used with --runner node: name the file in the configuration"
            )),
            (None, Kind::Jsonl) => {
                Err("--reporter jsonl cannot be used with --runner node: the official runner has none".to_owned())
            }
            (None, _) => Ok(name),
        }
    }
}

impl Kind {
    /// Whether it has standard output for itself.
    fn is_for_programs(self) -> bool {
        matches!(self, Self::Json | Self::Jsonl | Self::Junit)
    }
}

/// Those that are chosen.
///
/// # Errors
/// Which file cannot be written.
pub(super) fn reporters(
    args: &Args,
    choices: &[Choice],
    no_color: bool,
    about: &About,
    shard: Option<(u32, u32)>,
) -> Result<Vec<Box<dyn Reporter>>, CouldNotRun> {
    let colors = |is_terminal| !no_color && config::colors(is_terminal);
    if args.list {
        let terminal = Terminal { colors: colors(io::stdout().is_terminal()), size: None };
        return Ok(vec![Box::new(Listing::new(out(), err(), terminal))]);
    }
    let taken = choices.iter().any(|choice| choice.file.is_none() && choice.kind.is_for_programs());
    let options = |file: bool| {
        let (terminal, size) = if file {
            (false, None)
        } else if taken {
            (io::stderr().is_terminal(), rustix::termios::tcgetwinsize(io::stderr()).ok())
        } else {
            (io::stdout().is_terminal(), rustix::termios::tcgetwinsize(io::stdout()).ok())
        };
        let size = size.filter(|size| terminal && size.ws_col > 0 && !config::dumb_terminal());
        let size = size.map(|size| (usize::from(size.ws_col), usize::from(size.ws_row)));
        let terminal = Terminal { colors: !file && colors(terminal), size };
        ListOptions { terminal, root: about.cwd.clone(), shard, began: about.began }
    };
    let mut reporters: Vec<Box<dyn Reporter>> = Vec::new();
    for Choice { kind, file } in choices {
        let file = file.clone().or_else(|| (*kind == Kind::Html).then(|| PathBuf::from(HTML)));
        let for_people = || if taken { err() } else { out() };
        let (writer, aside): (Box<dyn Write + Send>, Box<dyn Write + Send>) = match &file {
            Some(file) => (in_file(&about.cwd.join(page_of(*kind, file)))?, Box::new(io::sink())),
            None if kind.is_for_programs() => (out(), err()),
            None => (for_people(), err()),
        };
        let about = about.clone();
        let options = options(file.is_some());
        reporters.push(match kind {
            Kind::List => Box::new(List::new(writer, aside, options)),
            Kind::Line => Box::new(Line::new(writer, aside, options)),
            Kind::Dot => Box::new(Dot::new(writer, aside, options)),
            Kind::Json => Box::new(Json::new(writer, about)),
            Kind::Jsonl => Box::new(Jsonl::new(writer, aside)),
            Kind::Junit => Box::new(Junit::new(writer, about)),
            Kind::Html => Box::new(Html::new(writer, about)),
        });
    }
    // Who waits is told something, as by the official runner.
    if choices.iter().all(|choice| choice.file.is_some() || choice.kind == Kind::Html) {
        let options = options(false);
        let live = options.terminal.size.is_some();
        let told: Box<dyn Reporter> =
            if live { Box::new(Line::new(out(), err(), options)) } else { Box::new(Dot::new(out(), err(), options)) };
        reporters.insert(0, told);
    }
    // Somebody must tell people what went wrong before any test.
    if taken && !choices.iter().any(|choice| matches!(choice.kind, Kind::List | Kind::Line | Kind::Dot | Kind::Jsonl)) {
        reporters.push(Box::new(Complaints));
    }
    Ok(reporters)
}

fn out() -> Box<dyn Write + Send> {
    Box::new(io::stdout())
}

fn err() -> Box<dyn Write + Send> {
    Box::new(io::stderr())
}

/// A page in a folder that is named is its index.
fn page_of(kind: Kind, file: &Path) -> PathBuf {
    if kind == Kind::Html && file.extension().is_none() { file.join("index.html") } else { file.to_path_buf() }
}

fn in_file(file: &Path) -> Result<Box<dyn Write + Send>, CouldNotRun> {
    let made = file.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| File::create(file));
    let made =
        made.map_err(|error| CouldNotRun(format!("the report {} cannot be written: {error}", file.display())))?;
    Ok(Box::new(BufWriter::new(made)))
}

/// What is wrong outside of tests, on standard error.
struct Complaints;

impl Reporter for Complaints {
    fn event(&mut self, event: &RunEvent) {
        if let RunEvent::Error(error) = event {
            crate::cli::say(&crate::report::error_words(error));
        }
    }

    fn end(&mut self, _outcome: Outcome) -> io::Result<()> {
        Ok(())
    }
}

/// Leaves word in the output folder of how the run went.
pub(super) struct Mark {
    output: Output,
    /// By its id the name of each test, and whether its last attempt went as it should have.
    tests: BTreeMap<String, (String, bool)>,
}

impl Mark {
    pub(super) fn new(output: Output) -> Self {
        Self { output, tests: BTreeMap::new() }
    }
}

impl Reporter for Mark {
    fn event(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Planned { tests, .. } => {
                let named = |test: &TestCase| (test.id.clone(), (test.lasting_name(&test.project, test.repeat), true));
                self.tests = tests.iter().map(named).collect();
            }
            RunEvent::TestEnd(attempt) => {
                if let Some((_, fine)) = self.tests.get_mut(&attempt.test) {
                    *fine = attempt.is_fine();
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, outcome: Outcome) -> io::Result<()> {
        // A run without tests says so too: after it nothing is left to be tried again, as with the official runner.
        let failed: Vec<String> = self.tests.values().filter(|(_, fine)| !fine).map(|(name, _)| name.clone()).collect();
        self.output.end(outcome == Outcome::Passed, &failed)
    }
}
