//! HTTP/1.1 requests of the product's own: for a text with a token, and over a connection that is kept. For tests' own requests
//! there is the room `client`.

use super::dial::{Dialer, Forward};
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HOST, LOCATION, PROXY_AUTHORIZATION};
use http::{HeaderValue, Request, Response, StatusCode, Uri, request};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, timeout};
use tokio_util::task::AbortOnDropHandle;
use url::{Position, Url};

/// The longest answer, bytes: as the longest message of a server.
const BODY_MAX_BYTES: usize = 32 << 20;
/// From the first byte to the last.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The same for what is given: somebody waits for what comes after it.
const PUT_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that nobody used for so long is not used again: servers close theirs, Node.js' after 5 s, and what is written at
/// that moment is lost.
const IDLE_MAX: Duration = Duration::from_secs(2);

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
    #[error("no answer within {0:?}")]
    Late(Duration),
    /// More than is taken, or no text.
    #[error("the answer is no text of at most {BODY_MAX_BYTES} bytes")]
    Body,
}

/// What is at `url`; `http` and `https`, `ws` and `wss` are taken for them.
///
/// # Errors
/// When it is not there.
pub async fn get(url: &Url, token: Option<&str>, dialer: &Dialer) -> Result<String, HttpError> {
    let mut request = Request::get(target(url)).header(ACCEPT, "application/json");
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, secret(format!("Bearer {token}"))?);
    }
    let request = whole(request, Bytes::new())?;
    let answer = timeout(TIMEOUT, Line::new(url.clone(), dialer.clone()).ask(request))
        .await
        .unwrap_or(Err(HttpError::Late(TIMEOUT)))?;
    if answer.status() != StatusCode::OK {
        return Err(HttpError::Status(answer.status().as_u16()));
    }
    String::from_utf8(answer.into_body().to_vec()).map_err(|_| HttpError::Body)
}

/// What the clock of the server at `url` says, whatever it answers; nothing where it does not say.
///
/// # Errors
/// When it does not answer.
pub async fn date(url: &Url, dialer: &Dialer) -> Result<Option<SystemTime>, HttpError> {
    let request = whole(Request::get("/"), Bytes::new())?;
    let answer = timeout(TIMEOUT, Line::new(url.clone(), dialer.clone()).ask(request))
        .await
        .unwrap_or(Err(HttpError::Late(TIMEOUT)))?;
    let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
    Ok(date.and_then(|date| httpdate::parse_http_date(date).ok()))
}

/// What a server says of what it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Where it is, in its head.
    pub location: Option<String>,
    /// Its words.
    pub body: Bytes,
}

/// Puts a body of this media type to `url`.
///
/// # Errors
/// When the server does not take it.
pub async fn put(
    url: &Url,
    token: Option<&str>,
    media_type: &str,
    body: Bytes,
    dialer: &Dialer,
) -> Result<Taken, HttpError> {
    let mut request = Request::put(target(url)).header(CONTENT_TYPE, media_type);
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, secret(format!("Bearer {token}"))?);
    }
    let request = whole(request, body)?;
    let answer = timeout(PUT_TIMEOUT, Line::new(url.clone(), dialer.clone()).ask(request))
        .await
        .unwrap_or(Err(HttpError::Late(PUT_TIMEOUT)))?;
    if !answer.status().is_success() {
        return Err(HttpError::Status(answer.status().as_u16()));
    }
    let location = answer.headers().get(LOCATION).and_then(|place| place.to_str().ok()).map(str::to_owned);
    Ok(Taken { location, body: answer.into_body() })
}

/// Path and query of `url`, as a request names them.
pub(super) fn target(url: &Url) -> &str {
    &url[Position::BeforePath..Position::AfterQuery]
}

fn secret(value: String) -> Result<HeaderValue, HttpError> {
    let mut value = HeaderValue::try_from(value).map_err(unreachable)?;
    value.set_sensitive(true);
    Ok(value)
}

/// A request with its body.
pub(super) fn whole(request: request::Builder, body: Bytes) -> Result<Request<Full<Bytes>>, HttpError> {
    request.body(Full::new(body)).map_err(unreachable)
}

fn unreachable(error: impl std::fmt::Display) -> HttpError {
    HttpError::Unreachable(error.to_string())
}

/// Requests to one server, one at a time, over one connection as long as it keeps that.
#[derive(Debug)]
pub struct Line {
    server: Url,
    dialer: Dialer,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    sender: SendRequest<Full<Bytes>>,
    forward: Option<Forward>,
    used: Instant,
    /// Ends with this, however that ends.
    _connection: AbortOnDropHandle<()>,
}

impl Line {
    /// To the server of `server`; nothing is opened yet.
    #[must_use]
    pub fn new(server: Url, dialer: Dialer) -> Self {
        Self { server, dialer, open: None }
    }

    /// Asks, and waits for the whole answer. A request that was given up half-way leaves no connection behind.
    ///
    /// # Errors
    /// When there is no whole answer; the server may have got the request all the same.
    pub(super) async fn ask(&mut self, mut request: Request<Full<Bytes>>) -> Result<Response<Bytes>, HttpError> {
        let kept = self.open.take().filter(|open| open.used.elapsed() < IDLE_MAX && !open.sender.is_closed());
        let fresh = kept.is_none();
        let mut open = match kept {
            Some(open) => open,
            None => self.dial().await?,
        };
        self.address(&mut request, open.forward.as_ref())?;
        let response = match open.sender.try_send_request(request).await {
            Ok(response) => response,
            Err(mut failed) => match failed.take_message() {
                // Not a byte of it was written: the server has closed what was kept.
                Some(request) if !fresh => {
                    open = self.dial().await?;
                    open.sender.send_request(request).await.map_err(unreachable)?
                }
                _ => return Err(unreachable(failed.into_error())),
            },
        };
        let (head, body) = response.into_parts();
        let body = Limited::new(body, BODY_MAX_BYTES).collect().await.map_err(|_| HttpError::Body)?.to_bytes();
        open.used = Instant::now();
        self.open = Some(open);
        Ok(Response::from_parts(head, body))
    }

    /// A proxy that passes requests on is told the whole address.
    fn address(&self, request: &mut Request<Full<Bytes>>, forward: Option<&Forward>) -> Result<(), HttpError> {
        let authority = &self.server[Position::BeforeHost..Position::AfterPort];
        request.headers_mut().insert(HOST, HeaderValue::try_from(authority).map_err(unreachable)?);
        let Some(forward) = forward else { return Ok(()) };
        let whole = format!("http://{authority}{}", request.uri());
        *request.uri_mut() = Uri::try_from(whole).map_err(unreachable)?;
        if let Some(authorization) = &forward.authorization {
            request.headers_mut().insert(PROXY_AUTHORIZATION, secret(authorization.clone())?);
        }
        Ok(())
    }

    async fn dial(&self) -> Result<Open, HttpError> {
        let (stream, forward) = self.dialer.requests(&self.server).await.map_err(unreachable)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(unreachable)?;
        let connection = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection for requests has broken");
            }
        });
        Ok(Open { sender, forward, used: Instant::now(), _connection: AbortOnDropHandle::new(connection) })
    }
}
