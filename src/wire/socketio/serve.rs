//! A joined connection, up to its end.

use super::{Frames, received};
use crate::wire::client::{self, CloseReason, Incoming, Outgoing, Proof};
use crate::wire::frame::{self, Engine, FrameError, Kind, Packet};
use crate::wire::socket::{Heard, LEAVE_TIMEOUT, Read, hear, keep, ping, tell, write};
use crate::wire::upgrade::MESSAGE_MAX_BYTES;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, Stream, StreamExt};
use serde_json::Value;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::sync::CancellationToken;

/// Bounds for what a server announces as its ping times; outside of them lie a hot loop and an overflow.
const SILENCE_BOUNDS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(24 * 60 * 60));

/// What a connection is bound to.
pub(super) struct Terms {
    pub(super) namespace: String,
    /// The longest packet that the server takes.
    pub(super) max_payload: usize,
    /// No frame for so long means that the server is gone.
    pub(super) silence: Duration,
    /// What is flushed is on its way. Else only a pong says so.
    pub(super) flushed_is_written: bool,
}

/// Serves the connection whose other end is `ours`.
pub(super) async fn serve(socket: impl Frames, ours: client::Socket, terms: Terms) {
    let client::Socket { outgoing: to_write, incoming: told, closing } = ours;
    let (urgent, pongs) = mpsc::channel(4);
    let (sink, stream) = socket.split();
    let reader = Reader {
        stream,
        namespace: terms.namespace.clone(),
        silence: terms.silence.clamp(SILENCE_BOUNDS.0, SILENCE_BOUNDS.1),
        told: told.clone(),
        urgent,
        partial: None,
    };
    let mut writer = Writer { sink, terms, told: told.clone(), pongs, to_write, closing: closing.clone() };
    keep(reader, writer.run(), closing, told).await;
}

struct Reader<S> {
    stream: SplitStream<S>,
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

impl<S: Frames> Read for Reader<S> {
    fn stream(&mut self) -> &mut (impl Stream<Item = Result<Message, Error>> + Unpin + Send) {
        &mut self.stream
    }

    async fn run(&mut self) -> CloseReason {
        loop {
            let done = match hear(&mut self.stream, self.silence).await {
                Err(why) => return why,
                Ok(Heard::Text(text)) => self.text(&text).await,
                Ok(Heard::Binary(bytes)) => self.attachment(bytes).await,
                Ok(Heard::Proved(token)) => tell(&self.told, Incoming::Proved(token)).await,
                Ok(Heard::Nothing) => Ok(()),
            };
            if let Err(why) = done {
                return why;
            }
        }
    }
}

impl<S: Frames> Reader<S> {
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
                Some(event) => tell(&self.told, Incoming::Event(event)).await,
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
                tell(&self.told, Incoming::Acknowledged { token, arguments }).await
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
            Some(event) => tell(&self.told, Incoming::Event(event)).await,
            None => Ok(()),
        }
    }
}

fn unreadable(error: &FrameError) {
    tracing::debug!(%error, "a packet of the server cannot be read and is left out");
}

struct Writer<S> {
    sink: SplitSink<S, Message>,
    terms: Terms,
    told: mpsc::Sender<Incoming>,
    pongs: mpsc::Receiver<String>,
    to_write: mpsc::Receiver<Outgoing>,
    closing: CancellationToken,
}

impl<S: Frames> Writer<S> {
    async fn run(&mut self) -> CloseReason {
        loop {
            let done = tokio::select! {
                biased;
                Some(pong) = self.pongs.recv() => write(&mut self.sink, [pong.into()]).await,
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
        let goodbye = Packet::new(Kind::Disconnect, &self.terms.namespace, None).to_text();
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
                let mut packet = Packet::new(Kind::Ack, &self.terms.namespace, Some(Value::Array(arguments)));
                packet.id = Some(id);
                (packet, None)
            }
            Outgoing::Emit { name, arguments, proof, token } => {
                let mut packet = Packet::event(&self.terms.namespace, &name, arguments);
                packet.id = (proof == Proof::Ack).then_some(token);
                (packet, Some((proof, token)))
            }
        };
        let text = packet.to_text();
        if text.len() > self.terms.max_payload {
            return match proof {
                Some((_, token)) => tell(&self.told, Incoming::TooLarge { token, bytes: text.len() }).await,
                None => Ok(()),
            };
        }
        match proof {
            Some((Proof::Written, token)) if self.terms.flushed_is_written => {
                write(&mut self.sink, [text.into()]).await?;
                tell(&self.told, Incoming::Proved(token)).await
            }
            Some((Proof::Pong | Proof::Written, token)) => write(&mut self.sink, [text.into(), ping(token)]).await,
            Some((Proof::Ack, _)) | None => write(&mut self.sink, [text.into()]).await,
        }
    }
}
