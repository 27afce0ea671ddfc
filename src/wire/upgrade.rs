//! From an address to a WebSocket, by which way soever.

use super::client::ConnectError;
use super::dial::{self, Dialer};
use super::reasons::reason;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use url::Url;

/// What carries everything.
pub(super) type Socket = WebSocketStream<dial::Stream>;

/// The longest message taken from a server, bytes; also all attachments of one event together. Source code of a test is
/// the largest thing a server has to say.
pub(super) const MESSAGE_MAX_BYTES: usize = 32 << 20;

/// Connects; `http` is `ws` and `https` is `wss`.
pub(super) async fn upgrade(mut url: Url, dialer: &Dialer) -> Result<Socket, ConnectError> {
    let scheme = if dial::is_secure(&url) { "wss" } else { "ws" };
    let unreachable = |error: &dyn std::fmt::Display| ConnectError::Unreachable(error.to_string());
    if url.set_scheme(scheme).is_err() {
        return Err(unreachable(&"this is not the address of a server"));
    }
    let request = url.as_str().into_client_request().map_err(|error| unreachable(&error))?;
    let config =
        WebSocketConfig::default().max_message_size(Some(MESSAGE_MAX_BYTES)).max_frame_size(Some(MESSAGE_MAX_BYTES));
    let stream = dialer.tunnel(&url).await?;
    match tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await {
        Ok((socket, _)) => Ok(socket),
        Err(error) => Err(reason(&error)),
    }
}
