//! A Chromium that someone else started: `ws://host:port/devtools/browser/…`, or the `http://host:port` it listens at.

use super::cdp::Connection;
use chromiumoxide::Method;
use chromiumoxide::types::{CallId, EventMessage, Message, MethodId};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
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
    #[error("it does not answer /json/version as a Chromium with --remote-debugging-port does")]
    Version,
    #[error("{0}")]
    WebSocket(#[from] chromiumoxide::error::CdpError),
}

/// An event as it came, for our own router to take apart.
#[derive(Debug, Serialize, Deserialize)]
struct Passed {
    method: MethodId,
    #[serde(rename = "sessionId", skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    #[serde(default)]
    params: Value,
}

impl Method for Passed {
    fn identifier(&self) -> MethodId {
        self.method.clone()
    }
}

impl EventMessage for Passed {
    fn session_id(&self) -> Option<&str> {
        self.session_id.as_deref()
    }
}

/// A command as our own router made it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Command {
    id: u64,
    method: String,
    session_id: Option<String>,
    params: Value,
}

/// Talks to it until one of both ends.
pub(super) async fn connect(endpoint: &str) -> Result<Connection, EndpointError> {
    tokio::time::timeout(DEADLINE, open(endpoint)).await.map_err(|_| EndpointError::Silent)?
}

async fn open(endpoint: &str) -> Result<Connection, EndpointError> {
    let url = Url::parse(endpoint).map_err(|_| EndpointError::Url)?;
    let url = match url.scheme() {
        "ws" | "wss" => url.to_string(),
        "http" => browser_of(&url).await?,
        _ => return Err(EndpointError::Url),
    };
    let socket = chromiumoxide::Connection::<Passed>::connect(url).await?;
    let (connection, outgoing) = Connection::new();
    tokio::spawn(exchange(socket, connection.clone(), outgoing));
    Ok(connection)
}

/// What `/json/version` says: the address of the browser's WebSocket.
async fn browser_of(url: &Url) -> Result<String, EndpointError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Version {
        web_socket_debugger_url: String,
    }
    let (host, port) = (url.host_str().ok_or(EndpointError::Url)?, url.port_or_known_default().unwrap_or(80));
    let mut stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    let request = format!("GET /json/version HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
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
    mut socket: chromiumoxide::Connection<Passed>,
    connection: Connection,
    mut outgoing: mpsc::UnboundedReceiver<Vec<u8>>,
) {
    // The socket numbers commands itself.
    let mut ours: HashMap<CallId, u64> = HashMap::new();
    loop {
        tokio::select! {
            message = outgoing.recv() => {
                let Some(message) = message else { break };
                let Ok(Command { id, method, session_id, params }) = serde_json::from_slice(&message) else { continue };
                match socket.submit_command(method.into(), session_id.map(Into::into), params) {
                    Ok(theirs) => drop(ours.insert(theirs, id)),
                    Err(error) => tracing::debug!(%error, "failed to send a command"),
                }
            }
            message = socket.next() => match message {
                Some(Ok(Message::Response(response))) => {
                    let Some(id) = ours.remove(&response.id) else { continue };
                    let answer = match response.error {
                        Some(error) => json!({ "id": id, "error": { "message": error.message } }),
                        None => json!({ "id": id, "result": response.result }),
                    };
                    pass(&connection, &answer);
                }
                Some(Ok(Message::Event(event))) => pass(&connection, &event),
                // What it cannot read is told by its own log.
                Some(Err(chromiumoxide::error::CdpError::InvalidMessage(..))) => {}
                Some(Err(error)) => {
                    tracing::debug!(%error, "the connection to Chromium broke");
                    break;
                }
                None => break,
            }
        }
        if connection.is_closed() {
            break;
        }
    }
    connection.close();
}

fn pass(connection: &Connection, message: &impl Serialize) {
    match serde_json::to_vec(message) {
        Ok(message) => connection.receive(&message),
        Err(error) => tracing::debug!(%error, "failed to pass a message on"),
    }
}
