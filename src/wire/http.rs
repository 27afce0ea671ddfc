//! One HTTP/1.1 request for a text, with a token. For tests' own requests there is the room `client`.

use super::reasons::network;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, HOST};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;
use url::{Position, Url};

/// The longest answer, bytes: as the longest message of a server.
const BODY_MAX_BYTES: usize = 32 << 20;
/// From the first byte to the last.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The server said no.
    #[error("HTTP {0}")]
    Status(u16),
    /// No server, no network, no TLS, no HTTP.
    #[error("{0}")]
    Unreachable(String),
    /// It does not end.
    #[error("no answer within {TIMEOUT:?}")]
    Late,
    /// More than is taken, or no text.
    #[error("the answer is no text of at most {BODY_MAX_BYTES} bytes")]
    Body,
}

/// What is at `url`; `http` and `https`, `ws` and `wss` are taken for them.
///
/// # Errors
/// When it is not there.
pub async fn get(url: &Url, token: Option<&str>, tls: Option<Arc<ClientConfig>>) -> Result<String, HttpError> {
    timeout(TIMEOUT, exchange(url, token, tls)).await.unwrap_or(Err(HttpError::Late))
}

fn unreachable(error: impl std::fmt::Display) -> HttpError {
    HttpError::Unreachable(error.to_string())
}

async fn exchange(url: &Url, token: Option<&str>, tls: Option<Arc<ClientConfig>>) -> Result<String, HttpError> {
    let secure = matches!(url.scheme(), "https" | "wss");
    let host = url.host_str().ok_or_else(|| unreachable("the address names no host"))?;
    let port = url.port().unwrap_or(if secure { 443 } else { 80 });
    let bare = host.trim_matches(['[', ']']);
    let stream = TcpStream::connect((bare, port)).await.map_err(|error| unreachable(network(&error)))?;
    let authority = &url[Position::BeforeHost..Position::AfterPort];
    let target = &url[Position::BeforePath..Position::AfterQuery];
    let mut request = Request::get(target).header(HOST, authority).header(ACCEPT, "application/json");
    if let Some(token) = token {
        let mut bearer = HeaderValue::try_from(format!("Bearer {token}")).map_err(unreachable)?;
        bearer.set_sensitive(true);
        request = request.header(AUTHORIZATION, bearer);
    }
    let request = request.body(Empty::new()).map_err(unreachable)?;
    if !secure {
        return ask(stream, request).await;
    }
    let tls = tls.ok_or_else(|| unreachable("there are no roots for TLS"))?;
    let name = ServerName::try_from(bare.to_owned()).map_err(unreachable)?;
    let stream = TlsConnector::from(tls).connect(name, stream).await.map_err(unreachable)?;
    ask(stream, request).await
}

async fn ask<S>(stream: S, request: Request<Empty<Bytes>>) -> Result<String, HttpError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(unreachable)?;
    // Ends with this exchange, however that ends.
    let _connection = AbortOnDropHandle::new(tokio::spawn(connection));
    let response = sender.send_request(request).await.map_err(unreachable)?;
    if response.status() != StatusCode::OK {
        return Err(HttpError::Status(response.status().as_u16()));
    }
    let body = Limited::new(response.into_body(), BODY_MAX_BYTES).collect().await.map_err(|_| HttpError::Body)?;
    String::from_utf8(body.to_bytes().to_vec()).map_err(|_| HttpError::Body)
}
