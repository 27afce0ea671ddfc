//! A joined connection, up to its end.

use super::received;
use crate::wire::client::{self, CloseReason, Incoming, Outgoing, Proof};
use crate::wire::frame::{self, Engine, FrameError, Kind, Packet};
use crate::wire::upgrade::{MESSAGE_MAX_BYTES, Socket};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

/// A write that takes longer has a peer that does not read. As long as Engine.IO's own ping timeout.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);
/// What taking leave may take: the rest of the queue, our close and the server's.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(2);
/// Bounds for what a server announces as its ping times; outside of them lie a hot loop and an overflow.
const SILENCE_BOUNDS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(24 * 60 * 60));

/// Serves the connection whose other end is `ours`. `silence`: no frame for so long means that the server is gone.
pub(super) async fn serve(
    socket: Socket,
    ours: client::Socket,
    namespace: String,
    max_payload: usize,
    silence: Duration,
) {
    let client::Socket { outgoing: to_write, incoming: told, closing } = ours;
    let (urgent, pongs) = mpsc::channel(4);
    let (sink, stream) = socket.split();
    let mut reader = Reader {
        stream,
        namespace: namespace.clone(),
        silence: silence.clamp(SILENCE_BOUNDS.0, SILENCE_BOUNDS.1),
        told: told.clone(),
        urgent,
        partial: None,
    };
    let mut writer = Writer { sink, namespace, max_payload, told, pongs, to_write, closing };
    let told = writer.told.clone();
    let closing = writer.closing.clone();
    let patience = async {
        closing.cancelled().await;
        tokio::time::sleep(LEAVE_TIMEOUT * 2).await;
    };
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
            (Kind::Ack | Kind::BinaryAck, Some(token)) => {
                let arguments = match packet.data {
                    Some(Value::Array(arguments)) => arguments,
                    _ => Vec::new(),
                };
                self.tell(Incoming::Acknowledged { token, arguments }).await
            }
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
