//! From an address to a WebSocket, by which way soever.

use super::client::ConnectError;
use super::dial::{self, Dialer};
use super::reasons::{is_on_the_way, reason};
use http::HeaderValue;
use http::header::COOKIE;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use url::Url;

/// What carries everything.
pub(super) type Socket = WebSocketStream<dial::Stream>;

/// The longest message taken from a server, bytes; also all attachments of one event together. Source code of a test is
/// the largest thing a server has to say.
pub(super) const MESSAGE_MAX_BYTES: usize = 32 << 20;

/// What stands between us and a WebSocket.
#[derive(Debug)]
pub(super) struct Barrier {
    /// In words.
    pub(super) why: ConnectError,
    /// It may be something between us and the server that lets HTTP requests through and no WebSocket.
    pub(super) on_the_way: bool,
}

impl Barrier {
    fn ours(why: impl std::fmt::Display) -> Self {
        Self { why: ConnectError::Unreachable(why.to_string()), on_the_way: false }
    }
}

/// Connects; `http` is `ws` and `https` is `wss`.
pub(super) async fn upgrade(url: Url, dialer: &Dialer) -> Result<Socket, ConnectError> {
    attempt(url, None, dialer).await.map_err(|barrier| barrier.why)
}

/// As [`upgrade`], with `cookies`, and more to know where there is no way.
pub(super) async fn attempt(mut url: Url, cookies: Option<String>, dialer: &Dialer) -> Result<Socket, Barrier> {
    let scheme = if dial::is_secure(&url) { "wss" } else { "ws" };
    if url.set_scheme(scheme).is_err() {
        return Err(Barrier::ours("this is not the address of a server"));
    }
    let mut request = url.as_str().into_client_request().map_err(Barrier::ours)?;
    if let Some(cookies) = cookies {
        request.headers_mut().insert(COOKIE, HeaderValue::try_from(cookies).map_err(Barrier::ours)?);
    }
    let config =
        WebSocketConfig::default().max_message_size(Some(MESSAGE_MAX_BYTES)).max_frame_size(Some(MESSAGE_MAX_BYTES));
    // A proxy that digs no tunnel there may pass on requests all the same.
    let on_the_way = dialer.passes_on(&url);
    let stream = dialer.tunnel(&url).await.map_err(|why| Barrier { why, on_the_way })?;
    match tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await {
        Ok((socket, _)) => Ok(socket),
        Err(error) => Err(Barrier { why: reason(&error), on_the_way: is_on_the_way(&error) }),
    }
}
