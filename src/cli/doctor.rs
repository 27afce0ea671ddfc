//! `understudy doctor`: what the agent needs, whether it is there, and how to mend it.

mod machine;
mod server;

use super::{CouldNotRun, agent};
use std::io::{self, Write};
use std::process::ExitCode;

/// Check what the agent needs here, and say how to mend it
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Takes the flags of `understudy agent`, and reads the same settings: give it those that the agent has. Exit code 0: nothing \
                        is in the way; 1: something is.\n\nExample: understudy doctor --server https://tests.example.com --token-file token"
)]
#[group(id = "doctor")]
pub(super) struct Args {
    /// Mend what can be mended safely: folders, permissions of the token's file, what killed agents left
    #[arg(long)]
    fix: bool,
    #[command(flatten)]
    agent: agent::Args,
}

/// What was seen of one thing.
#[derive(Debug, PartialEq)]
struct Finding {
    verdict: Verdict,
    what: String,
    /// What to do about it.
    todo: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Verdict {
    /// As it should be.
    Good,
    /// It will do.
    Note,
    /// It is in the way.
    Bad,
}

impl Finding {
    fn good(what: impl Into<String>) -> Self {
        Self { verdict: Verdict::Good, what: what.into(), todo: None }
    }

    fn note(what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { verdict: Verdict::Note, what: what.into(), todo: Some(todo.into()) }
    }

    fn bad(what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { verdict: Verdict::Bad, what: what.into(), todo: Some(todo.into()) }
    }

    fn text(&self) -> String {
        let mark = match self.verdict {
            Verdict::Good => '✓',
            Verdict::Note => '!',
            Verdict::Bad => '✗',
        };
        let todo = self.todo.iter().map(|todo| format!("  → {}\n", todo.replace('\n', "\n    ")));
        format!("{mark} {}\n{}", self.what.replace('\n', "\n    "), todo.collect::<String>())
    }
}

pub(super) fn run(args: Args) -> Result<ExitCode, CouldNotRun> {
    super::runtime()?.block_on(async move {
        let mut bad = 0;
        let mut tell = |finding: Finding| {
            bad += usize::from(finding.verdict == Verdict::Bad);
            // One by one: some take their time.
            io::stdout().write_all(finding.text().as_bytes()).and_then(|()| io::stdout().flush())
        };
        for finding in machine::look(&args.agent, args.fix).await? {
            tell(finding)?;
        }
        for finding in server::look(&args.agent, args.fix).await? {
            tell(finding)?;
        }
        let words = match bad {
            0 => "Nothing is in the way.\n".to_owned(),
            1 => "One thing is in the way.\n".to_owned(),
            many => format!("{many} things are in the way.\n"),
        };
        io::stdout().write_all(format!("\n{words}").as_bytes())?;
        Ok(if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_done_stands_below() {
        assert_eq!(Finding::good("fine").text(), "✓ fine\n");
        assert_eq!(Finding::bad("no\nway", "do this\nand that").text(), "✗ no\n    way\n  → do this\n    and that\n");
    }
}
