//! What every WebSocket of ours does, whatever is said over it: reads until the server is silent for too long, writes to who reads,
//! proves by pongs, and takes leave.

use super::client::{CloseReason, Incoming};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_util::sync::CancellationToken;

/// A write that takes longer has a peer that does not read. As long as Engine.IO's own ping timeout.
pub(super) const WRITE_TIMEOUT: Duration = Duration::from_secs(20);
/// What taking leave may take: the rest of the queue, our close and the server's.
pub(super) const LEAVE_TIMEOUT: Duration = Duration::from_secs(2);

/// What came.
pub(super) enum Heard {
    /// Words.
    Text(Utf8Bytes),
    /// Bytes.
    Binary(Vec<u8>),
    /// A pong to a ping with this token: all that was written before has arrived.
    Proved(u64),
    /// Of no meaning to us.
    Nothing,
}

/// The reading end of a connection.
pub(super) trait Read {
    /// From where it reads.
    fn stream(&mut self) -> &mut (impl Stream<Item = Result<Message, Error>> + Unpin + Send);

    /// Reads until the end.
    fn run(&mut self) -> impl Future<Output = CloseReason> + Send;
}

/// The next message. `silence`: no frame for so long means that the server is gone. Cancel safe.
pub(super) async fn hear(
    stream: &mut (impl Stream<Item = Result<Message, Error>> + Unpin),
    silence: Duration,
) -> Result<Heard, CloseReason> {
    let message = match timeout(silence, stream.next()).await {
        Err(_) => return Err(CloseReason::PingTimeout(silence)),
        Ok(None) => return Err(CloseReason::ServerClose(String::new())),
        Ok(Some(Err(error))) => return Err(CloseReason::Transport(error.to_string())),
        Ok(Some(Ok(message))) => message,
    };
    Ok(match message {
        Message::Text(text) => Heard::Text(text),
        Message::Binary(bytes) => Heard::Binary(bytes.to_vec()),
        Message::Pong(words) => match <[u8; 8]>::try_from(words.as_ref()) {
            Ok(token) => Heard::Proved(u64::from_be_bytes(token)),
            Err(_) => Heard::Nothing,
        },
        Message::Close(frame) => {
            let why = frame.map(|frame| format!(" ({} {})", u16::from(frame.code), frame.reason));
            return Err(CloseReason::ServerClose(why.unwrap_or_default()));
        }
        Message::Ping(_) | Message::Frame(_) => Heard::Nothing,
    })
}

/// Writes all of it, and flushes.
pub(super) async fn write<const N: usize>(
    sink: &mut (impl Sink<Message, Error = Error> + Unpin),
    messages: [Message; N],
) -> Result<(), CloseReason> {
    let written = timeout(WRITE_TIMEOUT, async {
        for message in messages {
            sink.feed(message).await?;
        }
        sink.flush().await
    });
    match written.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(CloseReason::Transport(error.to_string())),
        Err(_) => Err(CloseReason::WriteTimeout(WRITE_TIMEOUT)),
    }
}

/// A ping whose pong proves all that was written before it.
pub(super) fn ping(token: u64) -> Message {
    Message::Ping(token.to_be_bytes().to_vec().into())
}

/// Tells the agent; an agent that is gone has closed the connection.
pub(super) async fn tell(told: &mpsc::Sender<Incoming>, incoming: Incoming) -> Result<(), CloseReason> {
    told.send(incoming).await.map_err(|_| CloseReason::Local)
}

/// Keeps both ends going until one of them ends, and tells why.
pub(super) async fn keep(
    mut reader: impl Read,
    writer: impl Future<Output = CloseReason>,
    closing: CancellationToken,
    told: mpsc::Sender<Incoming>,
) {
    let patience = async {
        closing.cancelled().await;
        sleep(LEAVE_TIMEOUT * 2).await;
    };
    let why = tokio::select! {
        why = reader.run() => why,
        why = writer => {
            if why == CloseReason::Local {
                // Unread input would turn our close into a reset, which throws away what the server has not read yet.
                let _ = timeout(LEAVE_TIMEOUT, async { while let Some(Ok(_)) = reader.stream().next().await {} }).await;
            }
            why
        }
        () = patience => CloseReason::Local,
    };
    tracing::debug!(%why, "the socket is closed");
    let _ = told.send(Incoming::Closed(why)).await;
}
