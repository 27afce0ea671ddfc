//! `understudy serve`: the hub alone.

use super::{CouldNotRun, duration, secret::SecretArgs};
use crate::hub::{self, HubError, HubHandle, HubOptions, RateLimit, TlsFiles};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Run the hub: the server where agents and those who want tests run meet
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: openssl rand -hex 32 > secret && understudy serve --jwt-secret-file secret\n\
                        Then open http://127.0.0.1:3000 with a token from: understudy token --jwt-secret-file secret")]
pub(super) struct Args {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    #[command(flatten)]
    secret: SecretArgs,
    /// A web page from this origin may use the hub, such as `https://tests.example.com`; repeatable, `*` for all
    #[arg(long, value_name = "ORIGIN")]
    cors_origin: Vec<String>,
    /// The certificate and those that lead to a root, PEM: the hub then speaks https. Read again when the file changes
    #[arg(long, value_name = "F", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The private key of that certificate, PEM
    #[arg(long, value_name = "F", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Messages that one client may send in a second, on the average over ten; who sends more is told and disconnected. Agents
    /// are not limited; `off` for nobody
    #[arg(long, value_name = "N/s", default_value_t)]
    rate_limit: RateLimit,
    /// Programs on this machine may connect with any `?token=`, as the user `user_<token>`; to try things out only
    #[arg(long)]
    dev_tokens: bool,
    /// The Redis through which several hubs act as one, such as redis://host:6379, or rediss://host:6380 over TLS; each of them
    /// is started with it
    #[arg(long, value_name = "URL")]
    redis: Option<String>,
    /// Certificates (PEM) of further authorities by which that Redis is known, beside the system's
    #[arg(long, value_name = "F", requires = "redis")]
    redis_ca_file: Option<PathBuf>,
    /// An agent that is not heard of for this long is offline
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration::parse)]
    agent_timeout: Duration,
}

pub(super) fn run(args: Args) -> Result<ExitCode, CouldNotRun> {
    let options = HubOptions {
        listen: args.listen,
        secret: args.secret.read()?,
        agent_timeout: args.agent_timeout,
        cors_origins: args.cors_origin,
        rate_limit: args.rate_limit,
        dev_tokens: args.dev_tokens,
        redis: args.redis,
        redis_authorities: args.redis_ca_file.as_deref().map(authorities).transpose()?,
        tls: args.tls_cert.zip(args.tls_key).map(|(cert, key)| TlsFiles { cert, key }),
        ..HubOptions::default()
    };
    let_be_many();
    super::runtime()?.block_on(async {
        let hub = open(options).await?;
        super::say(&format!("The hub listens on {0}. Its dashboard: {0}/", hub.url()));
        told_to_end().await?;
        hub.shutdown().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// Certificates in a file. What is wrong with them is said now, and not by a hub that never gets ready.
fn authorities(path: &Path) -> Result<Vec<u8>, CouldNotRun> {
    let failed =
        |why: &dyn std::fmt::Display| CouldNotRun(format!("read the certificates in {}: {why}", path.display()));
    let text = std::fs::read(path).map_err(|error| failed(&error))?;
    let certificates = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    match certificates.map_err(|error| failed(&error))?.is_empty() {
        true => Err(failed(&"there is none")),
        false => Ok(text),
    }
}

/// Each connection is a file to the system: as many as it lets this process have, where it would begin with fewer.
fn let_be_many() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}

/// A hub in this process.
pub(super) async fn open(options: HubOptions) -> Result<HubHandle, CouldNotRun> {
    hub::serve(options).await.map_err(|error| match &error {
        HubError::Listen { source, .. } if source.kind() == io::ErrorKind::AddrInUse => {
            CouldNotRun(format!("{error}. Choose another address with --listen; port 0 is any free one"))
        }
        _ => error.into(),
    })
}

/// Ctrl-C, or a service manager that wants an end.
pub(super) async fn told_to_end() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}
