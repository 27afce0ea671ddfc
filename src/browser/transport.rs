//! Messages to and from Chromium: NUL-terminated JSON over two pipes, or text frames of a WebSocket.

use super::cdp::Connection;
use futures_util::{SinkExt, StreamExt};
use std::io;
use std::os::fd::OwnedFd;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::pipe;
use tokio_tungstenite::tungstenite::Message;

/// Bytes read from the pipe at once.
const READ_BUFFER: usize = 256 * 1024;

/// Largest message over a WebSocket: a full-page screenshot in base64.
const MAX_FRAME: usize = 256 * 1024 * 1024;

/// Talks over the pair of pipes until Chromium closes its end. Must be called within a tokio runtime.
pub(super) fn over_pipes(write: OwnedFd, read: OwnedFd) -> io::Result<Connection> {
    let mut writer = pipe::Sender::from_owned_fd(write)?;
    let mut reader = BufReader::with_capacity(READ_BUFFER, pipe::Receiver::from_owned_fd(read)?);
    let (connection, mut outgoing) = Connection::new();
    tokio::spawn(async move {
        let mut batch = Vec::new();
        while let Some(message) = outgoing.recv().await {
            batch.clear();
            append(&mut batch, &message);
            while let Ok(message) = outgoing.try_recv() {
                append(&mut batch, &message);
            }
            if writer.write_all(&batch).await.is_err() {
                break;
            }
        }
    });
    let receiving = connection.clone();
    tokio::spawn(async move {
        let mut message = Vec::new();
        loop {
            message.clear();
            match reader.read_until(0, &mut message).await {
                Ok(1..) if message.last() == Some(&0) => receiving.receive(&message[..message.len() - 1]),
                _ => break,
            }
        }
        receiving.close();
    });
    Ok(connection)
}

fn append(batch: &mut Vec<u8>, message: &[u8]) {
    batch.extend_from_slice(message);
    batch.push(0);
}

/// Talks to a Chromium that someone else started: `ws://host:port/devtools/browser/…`.
pub(super) async fn over_websocket(url: &str) -> Result<Connection, tokio_tungstenite::tungstenite::Error> {
    let config = tokio_tungstenite::tungstenite::protocol::WebSocketConfig::default()
        .max_message_size(Some(MAX_FRAME))
        .max_frame_size(Some(MAX_FRAME));
    let (stream, _) = tokio_tungstenite::connect_async_with_config(url, Some(config), true).await?;
    let (mut sink, mut stream) = stream.split();
    let (connection, mut outgoing) = Connection::new();
    tokio::spawn(async move {
        while let Some(message) = outgoing.recv().await {
            let text = String::from_utf8_lossy(&message).into_owned();
            if sink.send(Message::text(text)).await.is_err() {
                break;
            }
        }
    });
    let receiving = connection.clone();
    tokio::spawn(async move {
        while let Some(Ok(message)) = stream.next().await {
            if let Message::Text(text) = message {
                receiving.receive(text.as_bytes());
            }
        }
        receiving.close();
    });
    Ok(connection)
}
