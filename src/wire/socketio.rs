//! A Socket.IO v5 client over Engine.IO v4, WebSocket transport only. One task owns the socket; its reading and its writing
//! half run side by side, so that a peer that stops reading is noticed by its missing pings.

mod handshake;
mod serve;

use super::client::{ConnectError, Connection, Connector, Received, Target};
use super::dial::Dialer;
use super::frame::{Kind, Packet};
use futures_util::SinkExt;
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;

/// A server that takes less could not even be told that something failed.
const MAX_PAYLOAD_LEAST: usize = 1024;

/// This client, on the way that the dialer knows.
#[must_use]
pub fn connector(dialer: Dialer) -> Connector {
    Connector::new(move |target| connect(target, dialer.clone()))
}

/// Connects, joins the namespace and leaves a task behind that serves the connection. Refused is what CONNECT_ERROR, 401
/// and 403 say.
async fn connect(target: Target, dialer: Dialer) -> Result<Connection, ConnectError> {
    let limit = target.timeout;
    timeout(limit, open(&target, &dialer)).await.unwrap_or_else(|_| {
        Err(ConnectError::Unreachable(format!("the server has not completed the handshake within {limit:?}")))
    })
}

async fn open(target: &Target, dialer: &Dialer) -> Result<Connection, ConnectError> {
    let mut socket = handshake::upgrade(target, dialer).await?;
    let server = handshake::handshake(&mut socket).await?;
    let hello = Packet::new(Kind::Connect, &target.namespace, Some(target.auth.clone()));
    socket.send(hello.to_text().into()).await.map_err(unreachable)?;
    let early = handshake::join(&mut socket, &target.namespace).await?;

    let silence = Duration::from_millis(server.ping_interval.saturating_add(server.ping_timeout));
    let (connection, ours) = Connection::pair(server.max_payload.max(MAX_PAYLOAD_LEAST), early);
    tokio::spawn(serve::serve(socket, ours, target.namespace.clone(), connection.max_payload, silence));
    Ok(connection)
}

fn unreachable(error: impl std::fmt::Display) -> ConnectError {
    ConnectError::Unreachable(error.to_string())
}

fn received(packet: Packet, attachments: Vec<Vec<u8>>) -> Option<Received> {
    let Some(Value::Array(mut items)) = packet.data else { return None };
    if items.is_empty() {
        return None;
    }
    let Value::String(name) = items.remove(0) else { return None };
    Some(Received { name, arguments: items, attachments, ack: packet.id })
}
