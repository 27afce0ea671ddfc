//! A Socket.IO v5 client over Engine.IO v4, WebSocket transport only. One task owns the socket; its reading and its writing
//! half run side by side, so that a peer that stops reading is noticed by its missing pings.

use super::client::{CloseReason, ConnectError, Connection, Incoming, Outgoing, Proof, Received, Target};
use super::frame::{self, Engine, FrameError, Handshake, Kind, Packet};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use rustls::ClientConfig;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The longest message taken from a server, bytes; also all attachments of one event together. Source code of a test is
/// the largest thing a server has to say.
const MESSAGE_MAX_BYTES: usize = 32 << 20;
/// Events that a server may send before it has accepted us; some emit in their connect handler.
const EARLY_EVENTS_MAX: usize = 256;
/// Depth of the two channels: deep enough for a burst, shallow enough to push back.
const CHANNEL_DEPTH: usize = 256;
/// A write that takes longer has a peer that does not read. As long as Engine.IO's own ping timeout.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);
/// What taking leave may take: the rest of the queue, our close and the server's.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(2);
/// Bounds for what a server announces as its ping times; outside of them lie a hot loop and an overflow.
const SILENCE_BOUNDS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(24 * 60 * 60));
/// A server that takes less could not even be told that something failed.
const MAX_PAYLOAD_LEAST: usize = 1024;

/// Connects, joins the namespace and leaves a task behind that serves the connection.
///
/// # Errors
/// Refused when the server said no (CONNECT_ERROR, 401, 403), unreachable for everything else, timeouts included.
///
/// # Cancel safety
/// Dropping the future drops the socket.
pub async fn connect(target: &Target, tls: Arc<ClientConfig>) -> Result<Connection, ConnectError> {
    let limit = target.timeout;
    timeout(limit, open(target, tls)).await.unwrap_or_else(|_| {
        Err(ConnectError::Unreachable(format!("the server has not completed the handshake within {limit:?}")))
    })
}

async fn open(target: &Target, tls: Arc<ClientConfig>) -> Result<Connection, ConnectError> {
    let mut socket = upgrade(target, tls).await?;
    let handshake = handshake(&mut socket).await?;
    let hello = Packet::new(Kind::Connect, &target.namespace, Some(target.auth.clone()));
    socket.send(hello.to_text().into()).await.map_err(unreachable)?;
    let early = join(&mut socket, &target.namespace).await?;

    let silence = Duration::from_millis(handshake.ping_interval.saturating_add(handshake.ping_timeout));
    let (outgoing, to_write) = mpsc::channel(CHANNEL_DEPTH);
    let (told, incoming) = mpsc::channel(CHANNEL_DEPTH + EARLY_EVENTS_MAX);
    let (urgent, pongs) = mpsc::channel(4);
    let closing = CancellationToken::new();
    let (sink, stream) = socket.split();
    let namespace = target.namespace.clone();
    let max_payload = handshake.max_payload.max(MAX_PAYLOAD_LEAST);
    let reader = Reader {
        stream,
        namespace: namespace.clone(),
        silence: silence.clamp(SILENCE_BOUNDS.0, SILENCE_BOUNDS.1),
        told: told.clone(),
        urgent,
        partial: None,
    };
    let writer = Writer { sink, namespace, max_payload, told, pongs, to_write, closing: closing.clone() };
    tokio::spawn(serve(reader, writer, early));
    Ok(Connection { max_payload, outgoing, incoming, closing })
}

fn unreachable(error: impl std::fmt::Display) -> ConnectError {
    ConnectError::Unreachable(error.to_string())
}

async fn upgrade(target: &Target, tls: Arc<ClientConfig>) -> Result<Socket, ConnectError> {
    let mut url = target.url.clone();
    let scheme = match url.scheme() {
        "https" | "wss" => "wss",
        _ => "ws",
    };
    if url.set_scheme(scheme).is_err() {
        return Err(ConnectError::Unreachable(format!("{url} is not the address of a server")));
    }
    if url.path() == "/" {
        url.set_path("/socket.io/");
    }
    url.query_pairs_mut().append_pair("EIO", "4").append_pair("transport", "websocket");
    let request = url.as_str().into_client_request().map_err(unreachable)?;
    let config =
        WebSocketConfig::default().max_message_size(Some(MESSAGE_MAX_BYTES)).max_frame_size(Some(MESSAGE_MAX_BYTES));
    let no_delay = true;
    let connector = Some(Connector::Rustls(tls));
    match tokio_tungstenite::connect_async_tls_with_config(request, Some(config), no_delay, connector).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => {
            let status = response.status();
            let place = response.headers().get("location").and_then(|place| place.to_str().ok());
            Err(match (status, place) {
                (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => {
                    ConnectError::Refused(format!("HTTP {status}"))
                }
                (_, Some(place)) => unreachable(format!("HTTP {status}: the server has moved to {place}")),
                _ => unreachable(format!(
                    "HTTP {status} where a WebSocket was expected; is {} a Socket.IO server?",
                    target.url
                )),
            })
        }
        Err(error) => Err(unreachable(error)),
    }
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
async fn join(socket: &mut Socket, namespace: &str) -> Result<Vec<Received>, ConnectError> {
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
        Some(Err(error)) => error.to_string(),
    }
}

fn received(packet: Packet, attachments: Vec<Vec<u8>>) -> Option<Received> {
    let Some(Value::Array(mut items)) = packet.data else { return None };
    if items.is_empty() {
        return None;
    }
    let Value::String(name) = items.remove(0) else { return None };
    Some(Received { name, arguments: items, attachments, ack: packet.id })
}

async fn serve(mut reader: Reader, mut writer: Writer, early: Vec<Received>) {
    let told = writer.told.clone();
    let closing = writer.closing.clone();
    let patience = async {
        closing.cancelled().await;
        tokio::time::sleep(LEAVE_TIMEOUT * 2).await;
    };
    for event in early {
        // The channel has room for all of them.
        let _ = told.try_send(Incoming::Event(event));
    }
    let why = tokio::select! {
        why = reader.run() => why,
        why = writer.run() => {
            if why == CloseReason::Local {
                // Unread input would turn our close into a reset, which throws away what the server has not read yet.
                let _ = timeout(LEAVE_TIMEOUT, async { while let Some(Ok(_)) = reader.stream.next().await {} }).await;
            }
            why
        }
        () = patience => CloseReason::Local,
    };
    tracing::debug!(%why, "the socket is closed");
    let _ = told.send(Incoming::Closed(why)).await;
}

struct Reader {
    stream: SplitStream<Socket>,
    namespace: String,
    /// No frame for so long means that the server is gone.
    silence: Duration,
    told: mpsc::Sender<Incoming>,
    /// Pongs overtake what waits to be written.
    urgent: mpsc::Sender<String>,
    partial: Option<Partial>,
}

/// An event whose attachments are still to come.
struct Partial {
    packet: Packet,
    attachments: Vec<Vec<u8>>,
    bytes: usize,
}

impl Reader {
    async fn run(&mut self) -> CloseReason {
        loop {
            let message = match timeout(self.silence, self.stream.next()).await {
                Err(_) => return CloseReason::PingTimeout(self.silence),
                Ok(None) => return CloseReason::ServerClose(String::new()),
                Ok(Some(Err(error))) => return CloseReason::Transport(error.to_string()),
                Ok(Some(Ok(message))) => message,
            };
            let done = match message {
                Message::Text(text) => self.text(&text).await,
                Message::Binary(bytes) => self.attachment(bytes.to_vec()).await,
                Message::Pong(words) => match <[u8; 8]>::try_from(words.as_ref()) {
                    Ok(token) => self.tell(Incoming::Proved(u64::from_be_bytes(token))).await,
                    Err(_) => Ok(()),
                },
                Message::Close(frame) => {
                    let why = frame.map(|frame| format!(" ({} {})", u16::from(frame.code), frame.reason));
                    Err(CloseReason::ServerClose(why.unwrap_or_default()))
                }
                Message::Ping(_) | Message::Frame(_) => Ok(()),
            };
            if let Err(why) = done {
                return why;
            }
        }
    }

    async fn tell(&self, incoming: Incoming) -> Result<(), CloseReason> {
        self.told.send(incoming).await.map_err(|_| CloseReason::Local)
    }

    async fn text(&mut self, text: &str) -> Result<(), CloseReason> {
        let packet = match frame::engine(text) {
            Ok(Engine::Message(text)) => Packet::parse(text),
            Ok(Engine::Ping(words)) => {
                // A full channel has a pong in it already, and one is as good as four.
                let _ = self.urgent.try_send(format!("3{words}"));
                return Ok(());
            }
            Ok(Engine::Close) => return Err(CloseReason::ServerClose(String::new())),
            Ok(Engine::Open(_) | Engine::Pong(_) | Engine::Upgrade | Engine::Noop) => return Ok(()),
            Err(error) => Err(error),
        };
        match packet {
            Ok(packet) => self.packet(packet).await,
            Err(error) => {
                unreadable(&error);
                Ok(())
            }
        }
    }

    async fn packet(&mut self, packet: Packet) -> Result<(), CloseReason> {
        if packet.namespace != self.namespace {
            return Ok(());
        }
        if self.partial.take().is_some() {
            tracing::debug!("an event came without all of its attachments");
        }
        match (packet.kind, packet.id) {
            (Kind::Event | Kind::BinaryEvent, _) if packet.attachments == 0 => match received(packet, Vec::new()) {
                Some(event) => self.tell(Incoming::Event(event)).await,
                None => Ok(()),
            },
            (Kind::BinaryEvent, _) => {
                self.partial = Some(Partial { packet, attachments: Vec::new(), bytes: 0 });
                Ok(())
            }
            (Kind::Ack | Kind::BinaryAck, Some(token)) => self.tell(Incoming::Proved(token)).await,
            (Kind::Disconnect, _) => Err(CloseReason::ServerDisconnect),
            _ => Ok(()),
        }
    }

    async fn attachment(&mut self, bytes: Vec<u8>) -> Result<(), CloseReason> {
        let Some(mut partial) = self.partial.take() else { return Ok(()) };
        partial.bytes += bytes.len();
        if partial.bytes > MESSAGE_MAX_BYTES {
            tracing::warn!("an event with more than {MESSAGE_MAX_BYTES} bytes of attachments is left out");
            return Ok(());
        }
        partial.attachments.push(bytes);
        if partial.attachments.len() < partial.packet.attachments {
            self.partial = Some(partial);
            return Ok(());
        }
        match received(partial.packet, partial.attachments) {
            Some(event) => self.tell(Incoming::Event(event)).await,
            None => Ok(()),
        }
    }
}

fn unreadable(error: &FrameError) {
    tracing::debug!(%error, "a packet of the server cannot be read and is left out");
}

struct Writer {
    sink: SplitSink<Socket, Message>,
    namespace: String,
    max_payload: usize,
    told: mpsc::Sender<Incoming>,
    pongs: mpsc::Receiver<String>,
    to_write: mpsc::Receiver<Outgoing>,
    closing: CancellationToken,
}

impl Writer {
    async fn run(&mut self) -> CloseReason {
        loop {
            let done = tokio::select! {
                biased;
                Some(pong) = self.pongs.recv() => self.write([pong.into()]).await,
                next = self.to_write.recv() => match next {
                    Some(outgoing) => self.send(outgoing).await,
                    None => return CloseReason::Local,
                },
                () = self.closing.cancelled() => return self.leave().await,
            };
            if let Err(why) = done {
                return why;
            }
        }
    }

    /// The channel is empty when this is called: `run` prefers it to leaving.
    async fn leave(&mut self) -> CloseReason {
        let goodbye = Packet::new(Kind::Disconnect, &self.namespace, None).to_text();
        let _ = timeout(LEAVE_TIMEOUT, async {
            let _ = self.sink.send(goodbye.into()).await;
            let _ = self.sink.close().await;
        })
        .await;
        CloseReason::Local
    }

    async fn send(&mut self, outgoing: Outgoing) -> Result<(), CloseReason> {
        let (packet, proof) = match outgoing {
            Outgoing::Acknowledge { id, arguments } => {
                let mut packet = Packet::new(Kind::Ack, &self.namespace, Some(Value::Array(arguments)));
                packet.id = Some(id);
                (packet, None)
            }
            Outgoing::Emit { name, arguments, proof, token } => {
                let mut packet = Packet::event(&self.namespace, &name, arguments);
                packet.id = (proof == Proof::Ack).then_some(token);
                (packet, Some((proof, token)))
            }
        };
        let text = packet.to_text();
        if text.len() > self.max_payload {
            return match proof {
                Some((_, token)) => self.tell(Incoming::TooLarge { token, bytes: text.len() }).await,
                None => Ok(()),
            };
        }
        match proof {
            Some((Proof::Written, token)) => {
                self.write([text.into()]).await?;
                self.tell(Incoming::Proved(token)).await
            }
            Some((Proof::Pong, token)) => {
                self.write([text.into(), Message::Ping(token.to_be_bytes().to_vec().into())]).await
            }
            Some((Proof::Ack, _)) | None => self.write([text.into()]).await,
        }
    }

    async fn tell(&self, incoming: Incoming) -> Result<(), CloseReason> {
        self.told.send(incoming).await.map_err(|_| CloseReason::Local)
    }

    async fn write<const N: usize>(&mut self, messages: [Message; N]) -> Result<(), CloseReason> {
        let written = timeout(WRITE_TIMEOUT, async {
            for message in messages {
                self.sink.feed(message).await?;
            }
            self.sink.flush().await
        });
        match written.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(CloseReason::Transport(error.to_string())),
            Err(_) => Err(CloseReason::WriteTimeout(WRITE_TIMEOUT)),
        }
    }
}
