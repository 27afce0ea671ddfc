//! `understudy token`: mints a token for a hub.

use super::{CouldNotRun, duration, secret::SecretArgs};
use crate::hub::token::{self, Identity, Role, UserId};
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

/// Mint a token for a hub that was started with the same secret
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: understudy token --jwt-secret-file secret --role agent --ttl 365d > agent-token")]
pub(super) struct Args {
    #[command(flatten)]
    secret: SecretArgs,
    /// What its bearer is: a `client` starts tests, an `agent` runs them, a `service` publishes events
    #[arg(long, value_name = "ROLE", default_value = "client")]
    role: RoleArg,
    /// Who its bearer is: users see their own tests only [default: the role]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// How long it is valid
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = duration::parse)]
    ttl: Duration,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum RoleArg {
    Client,
    Agent,
    Service,
}

pub(super) fn run(args: Args) -> Result<ExitCode, CouldNotRun> {
    let role = match args.role {
        RoleArg::Client => Role::Client,
        RoleArg::Agent => Role::Agent,
        RoleArg::Service => Role::Service,
    };
    let user = UserId(args.user.filter(|name| !name.is_empty()).unwrap_or_else(|| role.to_string()));
    let identity = Identity { user, role, projects: None };
    let token = token::mint(&args.secret.read()?, &identity, args.ttl, SystemTime::now())?;
    writeln!(io::stdout(), "{token}")?;
    Ok(ExitCode::SUCCESS)
}
