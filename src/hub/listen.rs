//! Connections as they come in, with TLS or without.

use super::certificates::Certificates;
use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A handshake takes no longer, and no more of them are under way at a time.
const HANDSHAKE: Duration = Duration::from_secs(10);
const HANDSHAKES_MAX: usize = 1_024;

/// After the system had no more files or memory to give.
const PAUSE: Duration = Duration::from_secs(1);

/// Who is at the other end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Remote(pub(super) SocketAddr);

impl Connected<IncomingStream<'_, Listener>> for Remote {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Self {
        Self(*stream.remote_addr())
    }
}

type Handshake = BoxFuture<'static, Option<(Stream, SocketAddr)>>;

/// See the module.
pub(super) struct Listener {
    tcp: TcpListener,
    certificates: Option<Certificates>,
    handshakes: FuturesUnordered<Handshake>,
}

impl Listener {
    pub(super) fn new(tcp: TcpListener, certificates: Option<Certificates>) -> Self {
        Self { tcp, certificates, handshakes: FuturesUnordered::new() }
    }
}

impl axum::serve::Listener for Listener {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Stream, SocketAddr) {
        loop {
            let accepted = tokio::select! {
                Some(shaken) = self.handshakes.next() => match shaken {
                    Some(secured) => return secured,
                    None => continue,
                },
                accepted = self.tcp.accept(), if self.handshakes.len() < HANDSHAKES_MAX => accepted,
            };
            match (accepted, &self.certificates) {
                (Ok((stream, from)), None) => return (Stream::Plain(quick(stream)), from),
                (Ok((stream, from)), Some(certificates)) => {
                    let acceptor = TlsAcceptor::from(certificates.current());
                    self.handshakes.push(Box::pin(secure(acceptor, quick(stream), from)));
                }
                (Err(error), _) if is_the_peers(&error) => {}
                (Err(error), _) => {
                    tracing::error!(%error, "a connection cannot be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

/// Small frames in quick succession are what a log stream is: Nagle's algorithm would hold them for 40 ms.
fn quick(stream: TcpStream) -> TcpStream {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY cannot be set");
    }
    stream
}

async fn secure(acceptor: TlsAcceptor, stream: TcpStream, from: SocketAddr) -> Option<(Stream, SocketAddr)> {
    match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => return Some((Stream::Secure(Box::new(stream)), from)),
        Ok(Err(error)) => tracing::debug!(%error, %from, "a TLS handshake fails"),
        Err(_) => tracing::debug!(%from, "a TLS handshake takes too long"),
    }
    None
}

/// Whether it is one connection that failed, not the listening.
fn is_the_peers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionRefused | ConnectionAborted | ConnectionReset)
}

/// A connection.
pub(super) enum Stream {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Secure(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Secure(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Self::Secure(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Secure(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Secure(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Secure(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
