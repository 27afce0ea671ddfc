//! The child, unprivileged: transform (oxc), engine (QuickJS), the Playwright Test facade in `js/`.

use std::process::ExitCode;

/// The hidden command `worker`: speaks [`super::protocol`] on standard input and output until its input closes.
#[must_use]
pub fn main() -> ExitCode {
    ExitCode::FAILURE
}
