//! `understudy completions SHELL`: the completion script of a shell on standard output.

use super::CouldNotRun;
use std::io;
use std::process::ExitCode;

/// Print the completion script of a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: understudy completions zsh > ~/.zfunc/_understudy")]
pub(super) struct Args {
    /// The shell to complete for
    shell: clap_complete::Shell,
}

pub(super) fn run(args: Args) -> Result<ExitCode, CouldNotRun> {
    clap_complete::generate(args.shell, &mut super::command(), "understudy", &mut io::stdout());
    Ok(ExitCode::SUCCESS)
}
