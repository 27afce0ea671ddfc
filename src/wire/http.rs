//! One HTTP/1.1 request for a text, with a token. For tests' own requests there is the room `client`.

use super::dial::{Dialer, Stream};
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, HOST, PROXY_AUTHORIZATION};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::time::timeout;
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
pub async fn get(url: &Url, token: Option<&str>, dialer: &Dialer) -> Result<String, HttpError> {
    timeout(TIMEOUT, exchange(url, token, dialer)).await.unwrap_or(Err(HttpError::Late))
}

fn unreachable(error: impl std::fmt::Display) -> HttpError {
    HttpError::Unreachable(error.to_string())
}

async fn exchange(url: &Url, token: Option<&str>, dialer: &Dialer) -> Result<String, HttpError> {
    let (stream, forward) = dialer.requests(url).await.map_err(unreachable)?;
    let authority = &url[Position::BeforeHost..Position::AfterPort];
    let path = &url[Position::BeforePath..Position::AfterQuery];
    let target = if forward.is_some() { format!("http://{authority}{path}") } else { path.to_owned() };
    let mut request = Request::get(target).header(HOST, authority).header(ACCEPT, "application/json");
    let proxy = forward.and_then(|forward| forward.authorization).map(|value| (PROXY_AUTHORIZATION, value));
    let bearer = token.map(|token| (AUTHORIZATION, format!("Bearer {token}")));
    for (name, value) in proxy.into_iter().chain(bearer) {
        let mut value = HeaderValue::try_from(value).map_err(unreachable)?;
        value.set_sensitive(true);
        request = request.header(name, value);
    }
    ask(stream, request.body(Empty::new()).map_err(unreachable)?).await
}

async fn ask(stream: Stream, request: Request<Empty<Bytes>>) -> Result<String, HttpError> {
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
