//! The bundled server: agents and clients meet here. For demos, tests and single teams.
//!
//! One task owns all state: [`relay`] is a machine without sockets or clock, `bus` knows who gets what, `socketio` and
//! `http` translate. A peer is reached through rooms only.

mod actor;
mod audit;
mod bus;
mod caller;
mod certificates;
mod clock;
mod cors;
mod dashboard;
mod desk;
mod farewell;
mod history;
mod http;
mod journal;
mod kept;
mod limit;
mod listen;
mod mailbox;
mod registry;
mod relay;
mod replica;
mod runs;
mod service;
mod sessions;
mod socketio;
pub mod token;
mod websocket;

pub use certificates::{CertificateError, TlsFiles};
pub use journal::JournalError;
pub use limit::RateLimit;

use axum::middleware;
use certificates::Certificates;
use desk::{Desk, Rules};
use journal::{HubId, Journal};
use listen::{Listener, Remote};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long connections that are in the middle of something may hold up the end.
const SHUTDOWN_MAX: Duration = Duration::from_secs(2);

/// Two missed heartbeats of protocol 000.
const AGENT_TIMEOUT: Duration = Duration::from_secs(60);

/// As protocols 001 and 004 have it.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// How to serve.
#[derive(Debug, Clone)]
pub struct HubOptions {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What tokens are signed with.
    pub secret: Vec<u8>,
    /// An agent that is silent for this long is offline, and its sessions are given up.
    pub agent_timeout: Duration,
    /// How often a peer of a raw WebSocket is asked whether it is still there; silent for twice as long, it is disconnected.
    pub keepalive: Duration,
    /// Origins of web pages that may use the hub besides its own; `*` is all.
    pub cors_origins: Vec<String>,
    /// What each client may say.
    pub rate_limit: RateLimit,
    /// Whether programs on this machine may come in at `/ws` and in the namespace `/ws` by any `?token=`: for trying things out.
    pub dev_tokens: bool,
    /// The Redis through which several hubs act as one.
    pub redis: Option<String>,
    /// Certificates (PEM) of further authorities that know this Redis, beside the system's.
    pub redis_authorities: Option<Vec<u8>>,
    /// The certificate; without one the hub speaks no TLS.
    pub tls: Option<TlsFiles>,
}

impl Default for HubOptions {
    /// On the loopback at a free port; the secret has to be set.
    fn default() -> Self {
        Self {
            listen: ([127, 0, 0, 1], 0).into(),
            secret: Vec::new(),
            agent_timeout: AGENT_TIMEOUT,
            keepalive: KEEPALIVE,
            cors_origins: Vec::new(),
            rate_limit: RateLimit::default(),
            dev_tokens: false,
            redis: None,
            redis_authorities: None,
            tls: None,
        }
    }
}

/// Why the hub does not serve.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// Anybody could make tokens.
    #[error("start the hub: the secret for tokens is empty")]
    NoSecret,
    /// The address is taken or not ours.
    #[error("listen on {address}: {source}")]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The certificate cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The address of Redis is none.
    #[error(transparent)]
    Redis(#[from] JournalError),
}

/// A running hub. Dropping it leaves the hub running; [`HubHandle::shutdown`] ends it.
#[derive(Debug)]
pub struct HubHandle {
    address: SocketAddr,
    scheme: &'static str,
    stop: CancellationToken,
    io: socketioxide::SocketIo,
    tasks: Vec<JoinHandle<()>>,
}

impl HubHandle {
    /// Where it listens, with the port it got.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://host:port` (`https` with a certificate), to be opened on this machine.
    #[must_use]
    pub fn url(&self) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            let loopback = if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
            address.set_ip(loopback);
        }
        format!("{}://{address}", self.scheme)
    }

    /// Takes no new connections, closes those there are, and ends.
    pub async fn shutdown(self) {
        self.io.close().await;
        self.stop.cancel();
        for mut task in self.tasks {
            match tokio::time::timeout(SHUTDOWN_MAX, &mut task).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "a task of the hub has failed"),
                Err(_) => task.abort(),
            }
        }
    }
}

/// Starts a hub in this process; it serves when this returns.
///
/// # Errors
/// When the secret is empty, the address cannot be listened on, or the certificate or the address of Redis cannot be used.
pub async fn serve(options: HubOptions) -> Result<HubHandle, HubError> {
    if options.secret.is_empty() {
        return Err(HubError::NoSecret);
    }
    if options.secret.len() < token::SECRET_ADVISED_BYTES {
        let bytes = options.secret.len();
        tracing::warn!("the secret has {bytes} bytes: use at least {}", token::SECRET_ADVISED_BYTES);
    }
    let certificates = options.tls.map(Certificates::read).transpose()?;
    let scheme = if certificates.is_some() { "https" } else { "http" };
    let failed = |source| HubError::Listen { address: options.listen, source };
    let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;

    let stop = CancellationToken::new();
    let own = HubId::random();
    let journal =
        options.redis.map(|url| Journal::new(&url, options.redis_authorities, own, stop.clone())).transpose()?;
    let (journal, link) = journal.map_or((None, None), |(journal, link)| (Some(journal), Some(link)));
    let away = journal.as_ref().map(|journal| journal.away().clone());
    let peers = Arc::new(AtomicU64::new(own.first_peer()));
    let (relay, work) = actor::actor(options.agent_timeout, journal, peers.clone(), stop.clone());
    let rules = Rules {
        secret: options.secret.into(),
        keepalive: options.keepalive,
        rate_limit: options.rate_limit,
        dev_tokens: options.dev_tokens,
    };
    let desk = Desk::new(relay, rules, peers, away);
    let (layer, io) = socketio::layer(desk.clone());
    let origins: Arc<[String]> = options.cors_origins.into();
    let app = http::router(desk).layer(layer).layer(middleware::from_fn_with_state(origins, cors::cors));
    let app = app.into_make_service_with_connect_info::<Remote>();
    let stopped = stop.clone().cancelled_owned();
    let server = async move {
        if let Err(error) =
            axum::serve(Listener::new(listener, certificates), app).with_graceful_shutdown(stopped).await
        {
            tracing::error!(%error, "the hub has stopped serving");
        }
    };
    tracing::debug!("the hub listens on {scheme}://{address}");
    let link = link.map(tokio::spawn);
    let tasks = [tokio::spawn(work), tokio::spawn(server)].into_iter().chain(link).collect();
    Ok(HubHandle { address, scheme, stop, io, tasks })
}
