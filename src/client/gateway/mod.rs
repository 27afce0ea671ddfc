//! Between Chromium and the network: a proxy on this machine that lets through what the gate does, and connects to the very addresses
//! that it looked at. Where a context has certificates, which Chromium cannot be told of, it ends TLS on both sides and shows them.

mod owner;
mod plain;
mod socks;

use super::connect::{self, Stream};
use super::gate::Gate;
use super::identity::Identities;
use super::{FetchError, Proxy, tls};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::Acceptor;
use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::LazyConfigAcceptor;
use tokio_util::task::AbortOnDropHandle;
use url::{Host, Url};

/// The first byte of TLS.
const HANDSHAKE: u8 = 0x16;

/// One, until it is dropped.
#[derive(Debug)]
pub struct Gateway {
    port: u16,
    /// Speaks HTTP with Chromium and not SOCKS, as those do whom it asks.
    speaks_http: bool,
    ends_tls: bool,
    gate: Gate,
    _serving: AbortOnDropHandle<()>,
}

/// What it does beside keeping the gate.
#[derive(Debug, Clone, Default)]
pub struct GatewayOptions {
    /// Shown to servers that ask.
    pub identities: Identities,
    /// Any certificate of a server is good; where there are identities only.
    pub any_certificate: bool,
    /// Through whom servers are reached.
    pub upstream: Option<Upstream>,
    /// Who may be reached.
    pub gate: Gate,
}

/// The proxy for an address.
pub type Choose = Arc<dyn Fn(&Url) -> Option<Proxy> + Send + Sync>;

/// Through whom servers are reached.
#[derive(Clone)]
pub struct Upstream {
    /// The proxy for an address; none where it is reached directly.
    pub choose: Choose,
    /// The machine's owner named it: it may be anywhere.
    pub is_trusted: bool,
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream").field("is_trusted", &self.is_trusted).finish_non_exhaustive()
    }
}

impl From<Proxy> for Upstream {
    /// One that a test names, for all that it does not except.
    fn from(proxy: Proxy) -> Self {
        let choose = move |url: &Url| Some(proxy.clone()).filter(|proxy| !proxy.passes_by(url));
        Self { choose: Arc::new(choose), is_trusted: false }
    }
}

struct Shared {
    options: GatewayOptions,
    /// What Chromium sees, where TLS ends here.
    config: Option<ServerConfig>,
}

impl Gateway {
    /// Opens one.
    ///
    /// # Errors
    /// When there is no port for it, or no certificate.
    pub async fn open(options: GatewayOptions) -> Result<Self, FetchError> {
        let failed = |error: io::Error| FetchError::Tls(error.to_string());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let ends_tls = !options.identities.is_empty();
        let speaks_http = !ends_tls && options.upstream.is_some();
        let gate = options.gate.clone();
        let config = if ends_tls { Some(config()?) } else { None };
        let serving = serve(listener, Arc::new(Shared { options, config }), speaks_http);
        Ok(Self { port, speaks_http, ends_tls, gate, _serving: AbortOnDropHandle::new(tokio::spawn(serving)) })
    }

    /// What Chromium calls it.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}://127.0.0.1:{}", if self.speaks_http { "http" } else { "socks5" }, self.port)
    }

    /// Whether it looks at certificates of servers in place of Chromium.
    #[must_use]
    pub fn ends_tls(&self) -> bool {
        self.ends_tls
    }

    /// Why a page did not get there, in the words of browsers.
    #[must_use]
    pub fn why(&self, url: &str) -> Option<String> {
        self.gate.why(url)
    }
}

/// Nobody looks at this certificate: whoever uses the gateway was told not to.
fn config() -> Result<ServerConfig, FetchError> {
    let failed = |reason: String| FetchError::Tls(reason);
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).map_err(|e| failed(e.to_string()))?;
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().map_err(|e| failed(e.to_string()))?;
    let config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key);
    config.map_err(|e| failed(e.to_string()))
}

async fn serve(listener: TcpListener, shared: Arc<Shared>, speaks_http: bool) {
    let mut running = JoinSet::new();
    loop {
        // Out of files, say: those that run bring some back.
        let Ok((stream, _)) = listener.accept().await else {
            running.join_next().await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        while running.try_join_next().is_some() {}
        let shared = shared.clone();
        running.spawn(async move {
            if !owner::is_ours(&stream).await {
                tracing::warn!("another user of this machine asks the gateway of our browsers: no answer");
                return;
            }
            let done = if speaks_http { plain::serve(&shared, stream).await } else { shared.connect(stream).await };
            if let Err(error) = done {
                tracing::debug!(%error, "a connection through the gateway ended");
            }
        });
    }
}

impl Shared {
    async fn connect(&self, mut browser: TcpStream) -> io::Result<()> {
        let (host, port) = socks::asked(&mut browser).await?;
        let mut server = match self.reach(&host, port).await {
            Ok(server) => server,
            Err(_) => return socks::answer(&mut browser, socks::FAILED).await,
        };
        socks::answer(&mut browser, socks::DONE).await?;
        let Some(config) = &self.config else {
            return copy_bidirectional(&mut browser, &mut server).await.map(drop);
        };
        let mut first = [0];
        browser.peek(&mut first).await?;
        if first != [HANDSHAKE] {
            return copy_bidirectional(&mut browser, &mut server).await.map(drop);
        }
        self.show(browser, server, &address("https", &host, port)?, config.clone()).await
    }

    /// Ends TLS on both sides.
    async fn show(
        &self,
        browser: TcpStream,
        server: Box<dyn Stream>,
        url: &Url,
        mut config: ServerConfig,
    ) -> io::Result<()> {
        let identity = self.options.identities.of(url);
        let hello = LazyConfigAcceptor::new(Acceptor::default(), browser).await?;
        let offered: Vec<Vec<u8>> = hello
            .client_hello()
            .alpn()
            .into_iter()
            .flatten()
            .map(<[u8]>::to_vec)
            .filter(|one| is_spoken(one))
            .collect();
        let host = url.host_str().unwrap_or_default();
        let server = tls::connect_speaking(server, host, self.options.any_certificate, identity, offered).await;
        let chosen = server.as_ref().ok().and_then(|server| server.get_ref().1.alpn_protocol().map(<[u8]>::to_vec));
        config.alpn_protocols = chosen.into_iter().collect();
        let mut browser = hello.into_stream(Arc::new(config)).await?;
        match server {
            Ok(mut server) => copy_bidirectional(&mut browser, &mut server).await.map(drop),
            Err(error) => refuse(browser, &error).await,
        }
    }

    /// A way to a host, by its proxy where it has one; why there is none is kept in mind.
    async fn reach(&self, host: &Host<String>, port: u16) -> Result<Box<dyn Stream>, FetchError> {
        let way = async {
            let url = address("https", host, port).map_err(|error| FetchError::Wrong(error.to_string()))?;
            match self.proxy(&url) {
                Some(proxy) => {
                    let mut stream = self.ask(&proxy, host, port).await?;
                    proxy.tunnel(&mut stream, &url).await?;
                    Ok(stream)
                }
                None => self.directly(host, port).await,
            }
        };
        self.kept_in_mind(host, port, way).await
    }

    async fn kept_in_mind<T>(
        &self,
        host: &Host<String>,
        port: u16,
        way: impl Future<Output = Result<T, FetchError>>,
    ) -> Result<T, FetchError> {
        let gate = &self.options.gate;
        way.await.inspect(|_| gate.forget(host, port)).inspect_err(|error| gate.remember(host, port, error))
    }

    async fn directly(&self, host: &Host<String>, port: u16) -> Result<Box<dyn Stream>, FetchError> {
        let (stream, _) = connect::first(&self.options.gate.addresses_of(host, port).await?).await?;
        Ok(Box::new(stream))
    }

    fn proxy(&self, url: &Url) -> Option<Proxy> {
        self.options.upstream.as_ref().and_then(|upstream| (upstream.choose)(url))
    }

    /// A proxy, for a host that may be reached.
    async fn ask(&self, proxy: &Proxy, host: &Host<String>, port: u16) -> Result<Box<dyn Stream>, FetchError> {
        self.options.gate.allows(host, port)?;
        let open = Gate::open();
        let is_trusted = self.options.upstream.as_ref().is_some_and(|upstream| upstream.is_trusted);
        proxy.dial(if is_trusted { &open } else { &self.options.gate }).await
    }
}

fn address(scheme: &str, host: &Host<String>, port: u16) -> io::Result<Url> {
    Url::parse(&format!("{scheme}://{host}:{port}")).map_err(io::Error::other)
}

/// Whether the bytes of a protocol are the same on both sides.
fn is_spoken(protocol: &[u8]) -> bool {
    matches!(protocol, b"h2" | b"http/1.1")
}

/// Answers the first request with why there is no connection to the server.
async fn refuse(stream: impl AsyncRead + AsyncWrite + Unpin, error: &FetchError) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 2 {
        line.clear();
    }
    let reason = error.to_string().replace('&', "&amp;").replace('<', "&lt;");
    let body = format!("<!DOCTYPE html><title>No connection</title><p>No connection with the server: {reason}");
    let length = body.len();
    let head = format!("HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/html\r\ncontent-length: {length}\r\n");
    stream.write_all(format!("{head}connection: close\r\n\r\n{body}").as_bytes()).await?;
    stream.shutdown().await
}
