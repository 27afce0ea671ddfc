//! The `understudy` binary: parse arguments, set up tracing, exit with the command's code.

use std::process::ExitCode;

fn main() -> ExitCode {
    understudy::cli::main()
}
