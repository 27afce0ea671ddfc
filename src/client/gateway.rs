//! Between Chromium, which cannot be told which certificates to show, and servers that want to see one: a SOCKS proxy on this machine
//! that ends TLS on both sides, each with the protocol that the other one chose.

use super::identity::Identities;
use super::{FetchError, Proxy, tls};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::Acceptor;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::LazyConfigAcceptor;
use tokio_util::task::AbortOnDropHandle;
use url::Url;

/// The first byte of TLS.
const HANDSHAKE: u8 = 0x16;

/// One, until it is dropped.
#[derive(Debug)]
pub struct Gateway {
    port: u16,
    _serving: AbortOnDropHandle<()>,
}

struct Shared {
    identities: Identities,
    /// Any certificate of a server is good.
    any: bool,
    /// Through whom servers are reached.
    proxy: Option<Proxy>,
    config: ServerConfig,
}

impl Gateway {
    /// Opens one that shows these to servers, and reaches them through `proxy`.
    ///
    /// # Errors
    /// When there is no port for it, or no certificate.
    pub async fn open(identities: Identities, any: bool, proxy: Option<Proxy>) -> Result<Self, FetchError> {
        let failed = |error: io::Error| FetchError::Tls(error.to_string());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let shared = Arc::new(Shared { identities, any, proxy, config: config()? });
        Ok(Self { port, _serving: AbortOnDropHandle::new(tokio::spawn(serve(listener, shared))) })
    }

    /// What Chromium calls it.
    pub fn address(&self) -> String {
        format!("socks5://127.0.0.1:{}", self.port)
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

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut running = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while running.try_join_next().is_some() {}
        let shared = shared.clone();
        running.spawn(async move {
            if let Err(error) = shared.connect(stream).await {
                tracing::debug!(%error, "a connection through the gateway ended");
            }
        });
    }
}

impl Shared {
    async fn connect(&self, mut browser: TcpStream) -> io::Result<()> {
        let (host, port) = asked(&mut browser).await?;
        let Ok(mut server) = self.reach(&host, port).await else {
            return answer(&mut browser, 5).await;
        };
        answer(&mut browser, 0).await?;
        let mut first = [0];
        browser.peek(&mut first).await?;
        if first != [HANDSHAKE] {
            return copy_bidirectional(&mut browser, &mut server).await.map(drop);
        }
        let url = Url::parse(&format!("https://{host}:{port}")).map_err(io::Error::other)?;
        let identity = self.identities.of(&url);
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
        let server = tls::connect_speaking(server, host, self.any, identity, offered).await;
        let chosen = server.as_ref().ok().and_then(|server| server.get_ref().1.alpn_protocol().map(<[u8]>::to_vec));
        let mut config = self.config.clone();
        config.alpn_protocols = chosen.into_iter().collect();
        let mut browser = hello.into_stream(Arc::new(config)).await?;
        match server {
            Ok(mut server) => copy_bidirectional(&mut browser, &mut server).await.map(drop),
            Err(error) => refuse(browser, &error).await,
        }
    }

    async fn reach(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        let url = Url::parse(&format!("https://{host}:{port}")).map_err(io::Error::other)?;
        match self.proxy.as_ref().filter(|proxy| !proxy.passes_by(&url)) {
            Some(proxy) => proxy.reach(&url).await.map_err(io::Error::other),
            None => TcpStream::connect((host.trim_matches(['[', ']']), port)).await,
        }
    }
}

/// Whether the bytes of a protocol are the same on both sides.
fn is_spoken(protocol: &[u8]) -> bool {
    matches!(protocol, b"h2" | b"http/1.1")
}

/// The host and the port that a SOCKS client wants.
async fn asked(stream: &mut TcpStream) -> io::Result<(String, u16)> {
    let wrong = || io::Error::new(io::ErrorKind::InvalidData, "no SOCKS 5");
    let (5, methods) = (stream.read_u8().await?, stream.read_u8().await?) else { return Err(wrong()) };
    let mut offered = vec![0; methods.into()];
    stream.read_exact(&mut offered).await?;
    stream.write_all(&[5, 0]).await?;
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    let host = match head {
        [5, 1, _, 1] => Ipv4Addr::from(stream.read_u32().await?).to_string(),
        [5, 1, _, 4] => format!("[{}]", std::net::Ipv6Addr::from(stream.read_u128().await?)),
        [5, 1, _, 3] => {
            let mut name = vec![0; stream.read_u8().await?.into()];
            stream.read_exact(&mut name).await?;
            String::from_utf8(name).map_err(|_| wrong())?
        }
        _ => return Err(wrong()),
    };
    Ok((host, stream.read_u16().await?))
}

async fn answer(stream: &mut TcpStream, code: u8) -> io::Result<()> {
    stream.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).await
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
