//! A Socket.IO v5 client over Engine.IO v4: by WebSocket, and over HTTP requests where none gets through. One task owns the socket;
//! its reading and its writing half run side by side, so that a peer that stops reading is noticed by its missing pings.

mod handshake;
mod polling;
mod serve;

use super::client::{ConnectError, Connection, Connector, Received, Target};
use super::dial::Dialer;
use super::frame::{Handshake, Kind, Packet};
use super::upgrade::Barrier;
use futures_util::{Sink, SinkExt, Stream};
use polling::Session;
use serde_json::Value;
use serve::Terms;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message};

/// A server that takes less could not even be told that something failed.
const MAX_PAYLOAD_LEAST: usize = 1024;
/// Of the time for an attempt, what a WebSocket has before it is done without one.
const WEBSOCKET_SHARE: u32 = 3;

/// What carries Engine.IO packets, a message each.
trait Frames: Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Unpin + Send + 'static {}

impl<T> Frames for T where
    T: Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Unpin + Send + 'static
{
}

/// This client, on the way that the dialer knows.
#[must_use]
pub fn connector(dialer: Dialer) -> Connector {
    let barred = Arc::new(AtomicBool::new(false));
    Connector::new(move |target| connect(Attempt { target, dialer: dialer.clone(), barred: barred.clone() }))
}

/// One attempt.
struct Attempt {
    target: Target,
    dialer: Dialer,
    /// The last connection did without a WebSocket.
    barred: Arc<AtomicBool>,
}

/// Connects, joins the namespace and leaves a task behind that serves the connection. Refused is what CONNECT_ERROR, 401
/// and 403 say.
async fn connect(attempt: Attempt) -> Result<Connection, ConnectError> {
    let limit = attempt.target.timeout;
    timeout(limit, attempt.open()).await.unwrap_or_else(|_| {
        Err(ConnectError::Unreachable(format!("the server has not completed the handshake within {limit:?}")))
    })
}

impl Attempt {
    /// By a WebSocket; without one where something on the way bars it; and where it did so the last time, the server is asked
    /// first whether it does still.
    async fn open(&self) -> Result<Connection, ConnectError> {
        let engine = handshake::engine(&self.target);
        if self.barred.load(Ordering::Relaxed) {
            // Nothing is remembered of a way that is none any more.
            self.barred.store(false, Ordering::Relaxed);
            let session = Session::open(&engine, &self.dialer).await?;
            if !session.server.upgrades.iter().any(|to| to == "websocket") {
                return self.poll(session).await;
            }
            return match self.in_time(handshake::probe(&session, &self.dialer)).await {
                Some(Ok(socket)) => {
                    tracing::info!("WebSockets get through again");
                    self.join(socket, &session.server, true).await
                }
                _ => self.poll(session).await,
            };
        }
        let why = match self.in_time(handshake::websocket(&engine, &self.dialer)).await {
            Some(Ok((socket, server))) => return self.join(socket, &server, true).await,
            Some(Err(Barrier { why, on_the_way: false })) => return Err(why),
            Some(Err(Barrier { why, .. })) => why,
            None => ConnectError::Unreachable("no answer to the upgrade".to_owned()),
        };
        match Session::open(&engine, &self.dialer).await {
            Ok(session) => {
                tracing::warn!(%why, "no WebSocket gets through to the server; going on over HTTP requests");
                self.poll(session).await
            }
            Err(refused @ ConnectError::Refused(_)) => Err(refused),
            Err(_) => Err(why),
        }
    }

    async fn in_time<T>(&self, way: impl Future<Output = T>) -> Option<T> {
        timeout(self.target.timeout / WEBSOCKET_SHARE, way).await.ok()
    }

    async fn poll(&self, session: Session) -> Result<Connection, ConnectError> {
        let server = session.server.clone();
        let connection = self.join(session.begin(), &server, false).await?;
        self.barred.store(true, Ordering::Relaxed);
        Ok(connection)
    }

    async fn join(
        &self,
        mut frames: impl Frames,
        server: &Handshake,
        flushed_is_written: bool,
    ) -> Result<Connection, ConnectError> {
        let namespace = self.target.namespace.clone();
        let hello = Packet::new(Kind::Connect, &namespace, Some(self.target.auth.clone()));
        frames.send(hello.to_text().into()).await.map_err(unreachable)?;
        let early = handshake::join(&mut frames, &namespace).await?;
        let silence = Duration::from_millis(server.ping_interval.saturating_add(server.ping_timeout));
        let max_payload = server.max_payload.max(MAX_PAYLOAD_LEAST);
        let (connection, ours) = Connection::pair(max_payload, early);
        tokio::spawn(serve::serve(frames, ours, Terms { namespace, max_payload, silence, flushed_is_written }));
        Ok(connection)
    }
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
