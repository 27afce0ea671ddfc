//! Messages to and from a Chromium of ours: NUL-terminated JSON over two pipes.

use super::cdp::Connection;
use std::io;
use std::os::fd::OwnedFd;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::pipe;

/// Bytes read from the pipe at once.
const READ_BUFFER: usize = 256 * 1024;

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
