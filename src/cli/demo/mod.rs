//! `understudy demo`: a hub, an agent and a sample shop in one process; a test is sent as a client would send it.

mod client;
mod screen;
mod shop;

use super::playing::Playing;
use super::stage::Stage;
use super::{CouldNotRun, serve};
use client::Client;
use screen::{Screen, Verdict};
use serde_json::json;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::{fs, path};

/// The session's id; there is only one.
const EXECUTION: &str = "demo";

const AGENT: &str = "demo-agent";

/// See it work: a hub, an agent, a sample shop and a test, all in this process
///
/// Starts everything on free local ports, sends the sample test as any Socket.IO client would, shows what comes back and
/// exits with the test's exit code.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: understudy demo --keep")]
pub(super) struct Args {
    /// Where the screenshots go [default: a new temporary folder]
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Go on serving afterwards, so that you can look at the dashboard and play on
    #[arg(long)]
    keep: bool,
    #[command(flatten)]
    pub(super) playing: Playing,
}

pub(super) fn run(args: Args, no_color: bool) -> Result<ExitCode, CouldNotRun> {
    let folder = match args.output {
        Some(folder) => folder,
        None => tempfile::Builder::new().prefix("understudy-demo-").tempdir()?.keep(),
    };
    fs::create_dir_all(&folder).map_err(|error| CouldNotRun(format!("--output {}: {error}", folder.display())))?;
    let terminal = io::stdout().is_terminal();
    let mut screen = Screen::new(io::stdout(), &path::absolute(folder)?, terminal && !no_color, terminal);
    super::runtime()?.block_on(async {
        let shop = shop::open().await?;
        let mut stage = Stage::set(([127, 0, 0, 1], 0).into(), AGENT.to_owned(), args.playing).await?;
        screen.line(&screen.bold("understudy demo · a hub, an agent and a shop in one process"))?;
        screen.line("")?;
        screen.fact("hub", &stage.url())?;
        screen.fact("shop", &shop)?;
        let (hub, token) = (stage.url(), stage.client_token()?);
        let verdict = stage.during(play(&hub, &token, &shop, &mut screen)).await?;
        screen.verdict(verdict)?;
        if args.keep {
            screen.fact("dashboard", &stage.dashboard()?)?;
            screen.line(
                "\n  Tests of your own can start from the shop: its address is their base URL. Ctrl-C ends it all.",
            )?;
            stage.during(async { Ok(serve::told_to_end().await?) }).await?;
        } else {
            screen.fact("next", "understudy demo --keep, understudy up, understudy run your.spec.ts")?;
        }
        stage.strike().await?;
        Ok(ExitCode::from(verdict.exit_code))
    })
}

/// Sends the test and shows what comes back, to its end. Ctrl-C cancels the test.
async fn play<W: Write>(hub: &str, token: &str, shop: &str, screen: &mut Screen<W>) -> Result<Verdict, CouldNotRun> {
    let mut client = Client::connect(hub, token).await?;
    loop {
        let (name, payload) = client.next().await?;
        if name == "agent:status" && payload["status"] == "online" {
            break;
        }
    }
    screen.fact("agent", AGENT)?;
    screen.line("")?;
    let start = json!({
        "executionId": EXECUTION, "target": "local", "code": shop::SPEC, "config": {"baseURL": shop},
    });
    client.emit("execution:start", start).await?;
    let mut interrupted = Box::pin(serve::told_to_end());
    let mut cancelled = false;
    loop {
        tokio::select! {
            event = client.next() => {
                let (name, payload) = event?;
                if let Some(verdict) = screen.event(&name, &payload)? {
                    return Ok(verdict);
                }
            }
            end = &mut interrupted, if !cancelled => {
                end?;
                cancelled = true;
                client.emit("execution:cancel", json!({"executionId": EXECUTION})).await?;
            }
        }
    }
}
