//! From nothing to a joined namespace: Engine.IO over a WebSocket or over HTTP requests, Socket.IO over either.

use super::polling::Session;
use super::{Frames, received, unreachable};
use crate::wire::client::{ConnectError, Received, Target};
use crate::wire::dial::Dialer;
use crate::wire::frame::{self, Engine, Handshake, Kind, Packet};
use crate::wire::reasons::network;
use crate::wire::upgrade::{self, Barrier, Socket};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio_tungstenite::tungstenite::{Error, Message};
use url::Url;

/// Events that a server may send before it has accepted us; some emit in their connect handler.
const EARLY_EVENTS_MAX: usize = 256;

/// Where the engine is.
pub(super) fn engine(target: &Target) -> Url {
    let mut url = target.url.clone();
    if url.path() == "/" {
        url.set_path("/socket.io/");
    }
    url.query_pairs_mut().append_pair("EIO", "4");
    url
}

/// A WebSocket of its own.
pub(super) async fn websocket(engine: &Url, dialer: &Dialer) -> Result<(Socket, Handshake), Barrier> {
    let mut url = engine.clone();
    url.query_pairs_mut().append_pair("transport", "websocket");
    let mut socket = upgrade::attempt(url, None, dialer).await?;
    let server = handshake(&mut socket).await.map_err(|why| Barrier { why, on_the_way: false })?;
    Ok((socket, server))
}

/// A WebSocket that takes a session over, in which nothing was said yet and nobody asks: so there is nothing to wait for and
/// nothing that could be lost on the way.
pub(super) async fn probe(session: &Session, dialer: &Dialer) -> Result<Socket, ConnectError> {
    let (url, cookies) = session.upgrade();
    let mut socket = upgrade::attempt(url, cookies, dialer).await.map_err(|barrier| barrier.why)?;
    socket.send("2probe".into()).await.map_err(unreachable)?;
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) if text == "3probe" => break,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            other => return Err(unreachable(ended(other))),
        }
    }
    socket.send("5".into()).await.map_err(unreachable)?;
    Ok(socket)
}

async fn handshake(socket: &mut Socket) -> Result<Handshake, ConnectError> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => {
                return match frame::engine(&text) {
                    Ok(Engine::Open(handshake)) => Ok(handshake),
                    Ok(other) => Err(unreachable(format!("the server began with {other:?} instead of its handshake"))),
                    Err(error) => Err(unreachable(error)),
                };
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            other => return Err(unreachable(ended(other))),
        }
    }
}

/// Waits for the server's yes and keeps the events that overtake it.
pub(super) async fn join(socket: &mut impl Frames, namespace: &str) -> Result<Vec<Received>, ConnectError> {
    let mut early = Vec::new();
    loop {
        let text = match socket.next().await {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_))) => continue,
            other => return Err(unreachable(ended(other))),
        };
        let packet = match frame::engine(&text) {
            Ok(Engine::Ping(words)) => {
                socket.send(format!("3{words}").into()).await.map_err(unreachable)?;
                continue;
            }
            Ok(Engine::Message(text)) => Packet::parse(text).map_err(unreachable)?,
            Ok(Engine::Close) => return Err(unreachable("the server closed the connection during the handshake")),
            Ok(_) => continue,
            Err(error) => return Err(unreachable(error)),
        };
        // A server that has no such namespace says so in `/` on old versions.
        if packet.namespace != namespace && packet.kind != Kind::ConnectError {
            continue;
        }
        match packet.kind {
            Kind::Connect => return Ok(early),
            Kind::ConnectError => return Err(ConnectError::Refused(refusal(packet.data))),
            Kind::Disconnect => return Err(unreachable("the server disconnected us during the handshake")),
            Kind::Event if early.len() < EARLY_EVENTS_MAX => early.extend(received(packet, Vec::new())),
            _ => {}
        }
    }
}

fn refusal(data: Option<Value>) -> String {
    let message = match &data {
        Some(Value::Object(map)) => map.get("message").and_then(Value::as_str),
        Some(Value::String(text)) => Some(text.as_str()),
        _ => None,
    };
    message.filter(|text| !text.is_empty()).unwrap_or("no reason given").to_owned()
}

fn ended(last: Option<Result<Message, Error>>) -> String {
    match last {
        None => "the server closed the connection during the handshake".to_owned(),
        Some(Ok(Message::Close(Some(frame)))) => {
            format!("the server closed the connection during the handshake ({} {})", frame.code, frame.reason)
        }
        Some(Ok(Message::Close(None))) => "the server closed the connection during the handshake".to_owned(),
        Some(Ok(other)) => format!("the server sent {} bytes of something else during the handshake", other.len()),
        Some(Err(Error::Io(error))) => network(&error),
        Some(Err(error)) => error.to_string(),
    }
}
