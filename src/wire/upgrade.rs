//! From an address to a WebSocket, by which way soever.

use super::client::ConnectError;
use super::reasons::reason;
use rustls::ClientConfig;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};
use url::Url;

/// What carries everything.
pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The longest message taken from a server, bytes; also all attachments of one event together. Source code of a test is
/// the largest thing a server has to say.
pub(super) const MESSAGE_MAX_BYTES: usize = 32 << 20;

/// Connects; `http` is `ws` and `https` is `wss`. Without roots there is no `wss`.
pub(super) async fn upgrade(mut url: Url, tls: Option<Arc<ClientConfig>>) -> Result<Socket, ConnectError> {
    let scheme = match url.scheme() {
        "https" | "wss" => "wss",
        _ => "ws",
    };
    let unreachable = |error: &dyn std::fmt::Display| ConnectError::Unreachable(error.to_string());
    if url.set_scheme(scheme).is_err() {
        return Err(unreachable(&"this is not the address of a server"));
    }
    let request = url.as_str().into_client_request().map_err(|error| unreachable(&error))?;
    let config =
        WebSocketConfig::default().max_message_size(Some(MESSAGE_MAX_BYTES)).max_frame_size(Some(MESSAGE_MAX_BYTES));
    let no_delay = true;
    let connector = Some(tls.map_or(Connector::Plain, Connector::Rustls));
    match tokio_tungstenite::connect_async_tls_with_config(request, Some(config), no_delay, connector).await {
        Ok((socket, _)) => Ok(socket),
        Err(error) => Err(reason(&error)),
    }
}
