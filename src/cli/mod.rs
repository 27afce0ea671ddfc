//! The command line: one file per subcommand. To add one: a file with `Args` (clap) and `run`, a variant of [`Subcommand`],
//! a line in its `run`. Every flag is then also an environment variable and a key of the settings file (see [`crate::config`]).

mod agent;
mod completions;
mod config;
mod demo;
mod doctor;
mod duration;
mod hosts;
mod log;
mod playing;
mod reaching;
mod record;
mod run;
mod secret;
mod serve;
mod service;
mod size;
mod stage;
mod token;
mod up;

use crate::config::Surroundings;
use crate::runner::host::RunnerOptions;
use crate::runner::worker;
use clap::{Args, CommandFactory, Parser};
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

/// A command could not run: usage, a missing file, no browser.
const COULD_NOT_RUN: u8 = 2;

/// Watches a part being played in Chromium and plays it again: runs Playwright tests without Node.js, alone or for a server.
#[derive(Debug, Parser)]
#[command(
    name = "understudy",
    version,
    arg_required_else_help = true,
    after_help = "Every flag can also be set in the environment (--max-sessions is UNDERSTUDY_MAX_SESSIONS).\n\n\
                  Example: understudy run tests/login.spec.ts"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Subcommand,
}

/// What holds for every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// How much to log on standard error: error, warn, info, debug, trace, or `module=level,…`
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
    /// How to write the log
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    log_format: log::Format,
    /// A TOML file with values for flags; read by default: ~/.config/understudy/config.toml, /etc/understudy/config.toml
    #[arg(long, global = true, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// No colours, whatever the terminal can do
    #[arg(long, global = true)]
    no_color: bool,
}

/// One variant per command, in the order `--help` lists them.
#[derive(Debug, clap::Subcommand)]
enum Subcommand {
    Agent(Box<agent::Args>),
    Run(Box<run::Args>),
    Record(Box<record::Args>),
    Serve(serve::Args),
    Up(Box<up::Args>),
    Demo(Box<demo::Args>),
    Doctor(Box<doctor::Args>),
    Service(service::Args),
    Token(token::Args),
    Config(config::Args),
    Completions(completions::Args),
}

impl Subcommand {
    fn run(self, globals: &Globals) -> Result<ExitCode, CouldNotRun> {
        match self {
            Self::Agent(args) => agent::run(*args),
            Self::Run(args) => run::run(*args, globals.no_color),
            Self::Record(args) => record::run(*args, globals.no_color),
            Self::Serve(args) => serve::run(args),
            Self::Up(args) => up::run(*args),
            Self::Demo(args) => demo::run(*args, globals.no_color),
            Self::Doctor(args) => doctor::run(*args),
            Self::Service(args) => service::run(args),
            Self::Token(args) => token::run(args),
            Self::Config(args) => config::run(args, globals.settings.as_deref()),
            Self::Completions(args) => completions::run(args),
        }
    }

    /// What is not to be logged.
    fn secrets(&self) -> &[String] {
        match self {
            Self::Agent(args) => args.playing().mask(),
            Self::Up(args) => args.playing.mask(),
            Self::Demo(args) => args.playing.mask(),
            _ => &[],
        }
    }

    /// Who reads standard error.
    fn audience(&self) -> log::Audience {
        match self {
            Self::Agent(_) | Self::Serve(_) => log::Audience::Journal { level: "info" },
            Self::Up(_) => log::Audience::Journal { level: "warn" },
            Self::Run(_)
            | Self::Record(_)
            | Self::Demo(_)
            | Self::Doctor(_)
            | Self::Service(_)
            | Self::Token(_)
            | Self::Config(_)
            | Self::Completions(_) => log::Audience::Person,
        }
    }
}

/// Why a command could not do its work, as a sentence for the user. Ends the process with exit code 2.
#[derive(Debug)]
pub(crate) struct CouldNotRun(pub(crate) String);

impl<E: std::error::Error> From<E> for CouldNotRun {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for CouldNotRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Parses the command line and runs the command; returns its exit code.
#[must_use]
pub fn main() -> ExitCode {
    // The child process that runs test code: no flags, no environment, nothing set up that it does not need.
    if std::env::args_os().nth(1).is_some_and(|first| first == "worker") {
        return worker::main();
    }
    let done = parse().and_then(|cli| log::set_up(&cli).and_then(|()| cli.command.run(&cli.globals)));
    done.unwrap_or_else(|error| {
        say(&format!("error: {error}"));
        ExitCode::from(COULD_NOT_RUN)
    })
}

/// The command line, with what environment and settings files add to it. Usage errors, help and version end the process.
fn parse() -> Result<Cli, CouldNotRun> {
    let typed: Vec<OsString> = std::env::args_os().collect();
    let root = command();
    let settings = root.clone().ignore_errors(true).try_get_matches_from(&typed).ok();
    let settings = settings.and_then(|matches| matches.try_get_one::<PathBuf>("settings").ok().flatten().cloned());
    let surroundings = Surroundings::read(&root, settings.as_deref())?;
    Ok(Cli::parse_from(surroundings.arguments(&root, typed)?))
}

/// A line for the user on standard error; a closed standard error is no reason to fail.
#[expect(clippy::print_stderr, reason = "this is where commands talk to people")]
fn say(line: &str) {
    eprintln!("{line}");
}

/// The runtime of the commands that need one: few threads, since what is heavy runs in Chromium and in the workers.
///
/// # Errors
/// Where the system has no threads left.
pub fn runtime() -> io::Result<tokio::runtime::Runtime> {
    /// More would only wait for the browser.
    const THREADS: usize = 4;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    tokio::runtime::Builder::new_multi_thread().worker_threads(cores.min(THREADS)).enable_all().build()
}

/// How workers are started by whoever runs tests: in the time zone that the environment names.
fn runner_options() -> RunnerOptions {
    RunnerOptions { zone: crate::config::environment().remove("TZ"), ..RunnerOptions::default() }
}

/// All commands and flags as clap knows them, flags for all commands with each of them.
pub(crate) fn command() -> clap::Command {
    let mut command = Cli::command();
    command.build();
    command
}
