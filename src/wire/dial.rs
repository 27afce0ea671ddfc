//! From an address to a stream: directly or through a proxy, with TLS where the address wants it. Every transport begins here.

use super::client::ConnectError;
use super::proxy::{Proxies, Proxy};
use super::reasons::{network, tls_reason};
use super::tls::{Current, TlsError, TlsOptions};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rustls::pki_types::ServerName;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::sleep;
use tokio_rustls::TlsConnector;
use url::Url;

/// An address of a host that has not answered for so long does not hold up the next one (RFC 8305).
const NEXT_ADDRESS: Duration = Duration::from_millis(250);

/// What carries bytes.
pub trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}

/// A stream to a server, by which way soever.
pub type Stream = Box<dyn Bytes>;

/// The way out of this machine. Without anything said it is direct, and trusts the system's roots. Cheap to clone.
#[derive(Clone, Default)]
pub struct Dialer(Arc<Inner>);

#[derive(Default)]
struct Inner {
    proxies: Proxies,
    trust: TlsOptions,
    /// Read when it is needed first (the system's roots cost half a megabyte), and when its files have changed.
    tls: Current,
}

/// A request over this stream is for the proxy: it names the whole address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forward {
    /// `Proxy-Authorization`
    pub authorization: Option<String>,
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer").field("proxies", &self.0.proxies).field("trust", &self.0.trust).finish_non_exhaustive()
    }
}

impl Dialer {
    /// Files that are named are read at once, so that what is wrong with them is known before anything is tried, and again for every
    /// connection.
    ///
    /// # Errors
    /// When one of them cannot be used.
    pub fn new(proxies: Proxies, trust: TlsOptions) -> Result<Self, TlsError> {
        let tls = Current::default();
        if trust.names_files() {
            tls.of(&trust)?;
        }
        Ok(Self(Arc::new(Inner { proxies, trust, tls })))
    }

    /// The proxy on the way to this address, where there is one.
    #[must_use]
    pub fn proxy(&self, url: &Url) -> Option<&Proxy> {
        self.0.proxies.on_the_way_to(url)
    }

    /// Whether requests go another way than a tunnel.
    pub(super) fn passes_on(&self, url: &Url) -> bool {
        self.forwarder(url).is_some()
    }

    fn forwarder(&self, url: &Url) -> Option<&Proxy> {
        self.proxy(url).filter(|_| !is_secure(url))
    }

    /// A stream that ends at the server itself. Cancel-safe: dropped, it leaves nothing behind.
    ///
    /// # Errors
    /// When the server, or the proxy, cannot be reached or is not trusted.
    pub async fn tunnel(&self, url: &Url) -> Result<Stream, ConnectError> {
        let (host, port) = place(url)?;
        let stream = match self.proxy(url) {
            None => direct(&host, port).await.map_err(|error| unreachable(network(&error)))?,
            Some(proxy) => {
                let stream = self.to(proxy).await?;
                proxy.through(stream, &host, port).await?
            }
        };
        if is_secure(url) { self.secured(stream, &host).await } else { Ok(stream) }
    }

    /// A stream for HTTP requests: as [`Dialer::tunnel`], but a proxy is asked to pass on requests that are not secret to it,
    /// which those do that dig no tunnels to such ports.
    ///
    /// # Errors
    /// As [`Dialer::tunnel`].
    pub async fn requests(&self, url: &Url) -> Result<(Stream, Option<Forward>), ConnectError> {
        match self.forwarder(url) {
            Some(proxy) => Ok((self.to(proxy).await?, Some(Forward { authorization: proxy.authorization() }))),
            None => Ok((self.tunnel(url).await?, None)),
        }
    }

    /// To the proxy itself.
    async fn to(&self, proxy: &Proxy) -> Result<Stream, ConnectError> {
        let (host, port) = place(proxy.url())?;
        let failed = |why: String| unreachable(format!("the proxy {proxy} cannot be reached: {why}"));
        let stream = direct(&host, port).await.map_err(|error| failed(network(&error)))?;
        match is_secure(proxy.url()) {
            true => self.secured(stream, &host).await.map_err(|error| failed(error.to_string())),
            false => Ok(stream),
        }
    }

    async fn secured(&self, stream: Stream, host: &str) -> Result<Stream, ConnectError> {
        let tls = self.0.tls.of(&self.0.trust).map_err(|error| unreachable(error.to_string()))?;
        let name = ServerName::try_from(host.to_owned()).map_err(|error| unreachable(error.to_string()))?;
        match TlsConnector::from(tls).connect(name, stream).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(tls_reason(&error)),
        }
    }
}

pub(super) fn is_secure(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "wss")
}

fn unreachable(words: String) -> ConnectError {
    ConnectError::Unreachable(words)
}

/// Host (an IPv6 one without brackets) and port.
fn place(url: &Url) -> Result<(String, u16), ConnectError> {
    let host = url.host_str().ok_or_else(|| unreachable("the address names no host".to_owned()))?;
    let port = url.port().unwrap_or(if is_secure(url) { 443 } else { 80 });
    Ok((host.trim_matches(['[', ']']).to_owned(), port))
}

/// The first of the host's addresses that answers; they are tried one after the other, but a silent one is not waited for.
async fn direct(host: &str, port: u16) -> io::Result<Stream> {
    let mut waiting = lookup_host((host, port)).await?;
    let mut tried = FuturesUnordered::new();
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    let mut next = waiting.next();
    loop {
        if let Some(address) = next.take() {
            tried.push(open(address));
        }
        tokio::select! {
            opened = tried.next(), if !tried.is_empty() => match opened {
                Some(Ok(stream)) => return Ok(Box::new(stream)),
                Some(Err(error)) => {
                    failure = error;
                    next = waiting.next();
                }
                None => {}
            },
            () = sleep(NEXT_ADDRESS) => next = waiting.next(),
        }
        if next.is_none() && tried.is_empty() {
            return Err(failure);
        }
    }
}

async fn open(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    // Without it small words wait for the acknowledgement of the ones before.
    stream.set_nodelay(true)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_there_is_said_so() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://localhost:{}", free.local_addr().unwrap().port()).parse().unwrap();
        drop(free);
        let Err(error) = Dialer::default().tunnel(&url).await else { panic!("a stream") };
        assert_eq!(error, unreachable("connection refused: nothing listens there".to_owned()));
    }

    #[test]
    fn places() {
        for (url, host, port) in [
            ("ws://a.test/x", "a.test", 80),
            ("wss://a.test", "a.test", 443),
            ("http://[::1]:8080/", "::1", 8080),
            ("https://10.0.0.1", "10.0.0.1", 443),
        ] {
            assert_eq!(place(&url.parse().unwrap()).unwrap(), (host.to_owned(), port), "{url}");
        }
    }
}
