//! `understudy up`: a hub and an agent in one process.

use super::playing::Playing;
use super::stage::Stage;
use super::{CouldNotRun, serve};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

/// Run a hub and an agent in one process, with a secret made for the occasion
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: understudy up\nThen open the link it prints, paste a Playwright test and run it.")]
pub(super) struct Args {
    /// Where the hub listens; port 0 is any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// The agent's name
    #[arg(long, value_name = "NAME", default_value = "local")]
    name: String,
    #[command(flatten)]
    pub(super) playing: Playing,
}

pub(super) fn run(args: Args) -> Result<ExitCode, CouldNotRun> {
    super::runtime()?.block_on(async {
        let mut stage = Stage::set(args.listen, args.name, args.playing).await?;
        let text = format!(
            "A hub with an agent listens on {}\n\n  Dashboard  {}\n  Clients    connect by Socket.IO with auth: {{ token: '{}' }}\n\n\
             Ctrl-C ends both.\n",
            stage.url(),
            stage.dashboard()?,
            stage.client_token()?
        );
        io::stdout().write_all(text.as_bytes())?;
        stage.during(async { Ok(serve::told_to_end().await?) }).await?;
        super::say("Ending: what runs is finished first. Ctrl-C once more cancels it.");
        stage.strike().await?;
        Ok(ExitCode::SUCCESS)
    })
}
