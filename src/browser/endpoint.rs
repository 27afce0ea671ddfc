//! A Chromium that someone else started: `ws://host:port/devtools/browser/…`, or the `http://host:port` it listens at.

use super::cdp::Connection;
use futures_util::{SinkExt, StreamExt};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use url::Url;

/// The longest answer to the question for the WebSocket's address that is believed: bytes.
const MAX_VERSION: u64 = 64 * 1024;

/// Time until there is a connection.
const DEADLINE: Duration = Duration::from_secs(30);

/// Why it cannot be talked to.
#[derive(Debug, thiserror::Error)]
pub(super) enum EndpointError {
    #[error("a URL like http://127.0.0.1:9222 or ws://127.0.0.1:9222/devtools/browser/… is expected")]
    Url,
    #[error("it did not answer within {DEADLINE:?}")]
    Silent,
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("connect ECONNREFUSED {0}")]
    Refused(String),
    #[error("it does not answer /json/version as a Chromium with --remote-debugging-port does")]
    Version,
    #[error("{0}")]
    WebSocket(#[from] tokio_tungstenite::tungstenite::Error),
    #[error("the header {0} cannot be sent")]
    Header(String),
}

/// Talks to it until one of both ends; these headers go with the question for it.
pub(super) async fn connect(endpoint: &str, headers: &[(String, String)]) -> Result<Connection, EndpointError> {
    tokio::time::timeout(DEADLINE, open(endpoint, headers)).await.map_err(|_| EndpointError::Silent)?
}

async fn open(endpoint: &str, headers: &[(String, String)]) -> Result<Connection, EndpointError> {
    let url = Url::parse(endpoint).map_err(|_| EndpointError::Url)?;
    let mut more = HeaderMap::new();
    for (name, value) in headers {
        let wrong = || EndpointError::Header(name.clone());
        let (key, value) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value));
        more.insert(key.map_err(|_| wrong())?, value.map_err(|_| wrong())?);
    }
    let url = match url.scheme() {
        "ws" | "wss" => url.to_string(),
        "http" => browser_of(&url, headers).await?,
        _ => return Err(EndpointError::Url),
    };
    let mut request = url.into_client_request()?;
    request.headers_mut().extend(more);
    // Pictures of pages are as large as they are.
    let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
    let (socket, _) = connect_async_with_config(request, Some(config), true).await?;
    let (connection, outgoing) = Connection::new();
    tokio::spawn(exchange(socket, connection.clone(), outgoing));
    Ok(connection)
}

/// What `/json/version` says: the address of the browser's WebSocket.
async fn browser_of(url: &Url, headers: &[(String, String)]) -> Result<String, EndpointError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Version {
        web_socket_debugger_url: String,
    }
    let (host, port) = (url.host_str().ok_or(EndpointError::Url)?, url.port_or_known_default().unwrap_or(80));
    let refused = |error: io::Error| match error.kind() {
        io::ErrorKind::ConnectionRefused => EndpointError::Refused(format!("{host}:{port}")),
        _ => EndpointError::Io(error),
    };
    let mut stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await.map_err(refused)?;
    let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let request = format!("GET /json/version HTTP/1.1\r\nHost: {host}:{port}\r\n{more}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    // It keeps the connection open whatever it is told.
    let mut answer = BufReader::new(stream.take(MAX_VERSION)).lines();
    let status = answer.next_line().await?.unwrap_or_default();
    let mut length = 0;
    while let Some(line) = answer.next_line().await?.filter(|line| !line.is_empty()) {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(|_| EndpointError::Version)?;
        }
    }
    let mut body = Vec::new();
    answer.into_inner().take(length).read_to_end(&mut body).await?;
    let version: Version = match status.split(' ').nth(1) {
        Some("200") => serde_json::from_slice(&body).map_err(|_| EndpointError::Version)?,
        _ => return Err(EndpointError::Version),
    };
    Ok(version.web_socket_debugger_url)
}

async fn exchange(
    mut socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    connection: Connection,
    mut outgoing: mpsc::UnboundedReceiver<Vec<u8>>,
) {
    loop {
        tokio::select! {
            message = outgoing.recv() => {
                let Some(text) = message.and_then(|message| String::from_utf8(message).ok()) else { break };
                if let Err(error) = socket.send(Message::text(text)).await {
                    tracing::debug!(%error, "failed to send a command");
                    break;
                }
            }
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => connection.receive(text.as_bytes()),
                Some(Ok(Message::Binary(bytes))) => connection.receive(&bytes),
                Some(Ok(Message::Close(_))) | None => break,
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    tracing::debug!(%error, "the connection to Chromium broke");
                    break;
                }
            }
        }
        if connection.is_closed() {
            break;
        }
    }
    connection.close();
}
