//! One file per subcommand.

use std::process::ExitCode;

/// Parses the command line and runs the command; returns its exit code.
#[must_use]
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
