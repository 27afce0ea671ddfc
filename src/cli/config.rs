//! `understudy config`: what is in force and who said so.

use super::CouldNotRun;
use crate::config::{Setting, Source, Surroundings};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// Print what is in force for the flags of all commands, or of one, and where each value comes from
#[derive(Debug, clap::Args)]
#[command(after_help = "What is printed is a settings file; secrets are masked.\n\n\
                        Example: UNDERSTUDY_WORKERS=2 understudy config run")]
pub(super) struct Args {
    /// The command whose flags to print
    #[arg(value_name = "COMMAND")]
    of: Option<String>,
}

pub(super) fn run(args: Args, settings: Option<&Path>) -> Result<ExitCode, CouldNotRun> {
    let root = super::command();
    let surroundings = Surroundings::read(&root, settings)?;
    let mut text = String::new();
    let mut found = false;
    for command in
        root.get_subcommands().filter(|command| !["config", "completions", "help"].contains(&command.get_name()))
    {
        if args.of.as_deref().is_some_and(|of| of != command.get_name()) {
            continue;
        }
        found = true;
        text.push_str(&format!("{}[{}]\n", if text.is_empty() { "" } else { "\n" }, command.get_name()));
        surroundings.in_force(&root, command)?.iter().for_each(|setting| text.push_str(&line(setting)));
    }
    match (found, args.of) {
        (false, Some(of)) => Err(CouldNotRun(format!("there is no command {of:?} with flags of its own"))),
        _ => {
            io::stdout().write_all(text.as_bytes())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// `max-sessions = "4"  # default`; one without a value is a comment.
fn line(Setting { flag, values, source }: &Setting) -> String {
    let quoted: Vec<String> = values.iter().map(|value| literal(value)).collect();
    let value = match quoted.as_slice() {
        [] => return format!("# {flag} is not set\n"),
        [value] => value.clone(),
        values => format!("[{}]", values.join(", ")),
    };
    let source = match source {
        Source::Default => "default".to_owned(),
        other => format!("from {other}"),
    };
    format!("{:<36} # {source}\n", format!("{flag} = {value}"))
}

/// As people write it in TOML: numbers and booleans bare, all else quoted.
fn literal(value: &str) -> String {
    let plain = value.parse::<bool>().is_ok() || value.parse::<i64>().is_ok_and(|number| number.to_string() == value);
    if plain { value.to_owned() } else { toml::Value::from(value).to_string() }
}
