//! From an address to a stream: directly or through a proxy.

use super::error::FetchError;
use super::gate::Gate;
use super::tls::Security;
use super::{Fetch, Proxy, tls};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

/// TCP, or TLS over it.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection and how it came about.
pub(super) struct Connected {
    pub(super) stream: Box<dyn Stream>,
    pub(super) address: SocketAddr,
    pub(super) tls: Option<Security>,
    /// The request goes to a proxy, which wants the whole URL.
    pub(super) by_proxy: Option<Proxy>,
    pub(super) looked_up: Instant,
    pub(super) connected: Instant,
    pub(super) secured: Option<Instant>,
}

/// The longest answer to `CONNECT` that is read.
const LONGEST_HEAD: usize = 16 * 1024;

pub(super) async fn connect(fetch: &Fetch, gate: &Gate) -> Result<Connected, FetchError> {
    let url = &fetch.url;
    let secure = match url.scheme() {
        "http" => false,
        "https" => true,
        other => return Err(FetchError::Scheme(other.to_owned())),
    };
    let proxy = fetch.proxy.as_ref().filter(|proxy| !proxy.passes_by(url));
    if proxy.is_some() {
        let host = url.host().ok_or_else(|| FetchError::Wrong("Invalid URL".into()))?.to_owned();
        gate.allows(&host, url.port_or_known_default().unwrap_or(80))?;
    }
    let addresses = gate.addresses(proxy.map_or(url, |proxy| &proxy.server)).await?;
    let looked_up = Instant::now();
    let (mut tcp, address) = first(&addresses).await?;
    let connected = Instant::now();
    if let Some(proxy) = proxy.filter(|_| secure) {
        proxy.tunnel(&mut tcp, url).await?;
    }
    let by_proxy = proxy.filter(|_| !secure).cloned();
    if !secure {
        return Ok(Connected {
            stream: Box::new(tcp),
            address,
            tls: None,
            by_proxy,
            looked_up,
            connected,
            secured: None,
        });
    }
    let identity = fetch.identities.of(url);
    let stream = tls::connect(tcp, url.host_str().unwrap_or_default(), fetch.ignore_https_errors, identity).await?;
    let tls = Some(Security::of(&stream));
    let secured = Some(Instant::now());
    Ok(Connected { stream: Box::new(stream), address, tls, by_proxy, looked_up, connected, secured })
}

/// Between the starts of attempts at two addresses of a host.
const HEAD_START: Duration = Duration::from_millis(250);

/// The first that answers: an address that is silent does not hold up the next one for long.
pub(super) async fn first(addresses: &[SocketAddr]) -> Result<(TcpStream, SocketAddr), FetchError> {
    let mut running = FuturesUnordered::new();
    let mut failure = FetchError::HungUp;
    let attempt = async |address: SocketAddr| (TcpStream::connect(address).await, address);
    for &next in addresses {
        running.push(attempt(next));
        let head_start = tokio::time::sleep(HEAD_START);
        tokio::pin!(head_start);
        loop {
            tokio::select! {
                Some((done, address)) = running.next() => match done {
                    Ok(stream) => return Ok(ready(stream, address)),
                    Err(error) => {
                        failure = FetchError::Connect { code: code(error.kind()), address };
                        if running.is_empty() {
                            break;
                        }
                    }
                },
                () = &mut head_start => break,
            }
        }
    }
    while let Some((done, address)) = running.next().await {
        match done {
            Ok(stream) => return Ok(ready(stream, address)),
            Err(error) => failure = FetchError::Connect { code: code(error.kind()), address },
        }
    }
    Err(failure)
}

fn ready(stream: TcpStream, address: SocketAddr) -> (TcpStream, SocketAddr) {
    let _ = stream.set_nodelay(true);
    (stream, address)
}

fn code(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ConnectionRefused => "ECONNREFUSED",
        ErrorKind::ConnectionReset => "ECONNRESET",
        ErrorKind::HostUnreachable => "EHOSTUNREACH",
        ErrorKind::NetworkUnreachable => "ENETUNREACH",
        ErrorKind::TimedOut => "ETIMEDOUT",
        ErrorKind::AddrNotAvailable => "EADDRNOTAVAIL",
        ErrorKind::PermissionDenied => "EACCES",
        _ => "EIO",
    }
}

impl Proxy {
    pub(super) fn passes_by(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        self.bypass.iter().any(|one| {
            let bare = one.trim_start_matches('*');
            host == bare.trim_start_matches('.') || (bare.starts_with('.') && host.ends_with(bare))
        })
    }

    /// `Proxy-Authorization`
    pub(super) fn authorization(&self) -> Option<String> {
        let (user, password) = self.credentials.as_ref()?;
        Some(format!("Basic {}", BASE64.encode(format!("{user}:{password}"))))
    }

    /// A connection with it.
    pub(super) async fn dial(&self, gate: &Gate) -> Result<Box<dyn Stream>, FetchError> {
        let ended = |error: FetchError| match error {
            refused @ FetchError::Refused(_) => refused,
            other => FetchError::Proxy(other.to_string()),
        };
        let (tcp, _) = first(&gate.addresses(&self.server).await.map_err(ended)?).await.map_err(ended)?;
        if self.server.scheme() != "https" {
            return Ok(Box::new(tcp));
        }
        let host = self.server.host_str().unwrap_or_default();
        Ok(Box::new(tls::connect(tcp, host, false, None).await.map_err(ended)?))
    }

    /// Asks for a way to `url`, so that the stream ends there.
    pub(super) async fn tunnel(
        &self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        url: &Url,
    ) -> Result<(), FetchError> {
        let ended = |reason: String| FetchError::Proxy(reason);
        let host = format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443));
        let authorization =
            self.authorization().map_or_else(String::new, |value| format!("proxy-authorization: {value}\r\n"));
        let request = format!("CONNECT {host} HTTP/1.1\r\nhost: {host}\r\n{authorization}\r\n");
        stream.write_all(request.as_bytes()).await.map_err(|error| ended(error.to_string()))?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let byte = stream.read_u8().await.map_err(|error| ended(error.to_string()))?;
            head.push(byte);
            if head.len() > LONGEST_HEAD {
                return Err(ended("its answer is too long".into()));
            }
        }
        let head = String::from_utf8_lossy(&head);
        let first = head.lines().next().unwrap_or_default();
        if first.split(' ').nth(1) == Some("200") { Ok(()) } else { Err(ended(first.to_owned())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_hosts_are_asked_without_the_proxy() {
        let bypass = vec!["localhost".to_owned(), ".example.com".to_owned()];
        let proxy = Proxy { server: "http://proxy:1".parse().unwrap(), bypass, credentials: None };
        let cases = [("localhost", true), ("www.example.com", true), ("example.com", true), ("example.org", false)];
        for (host, expected) in cases {
            assert_eq!(proxy.passes_by(&format!("http://{host}/").parse().unwrap()), expected, "{host}");
        }
    }
}
