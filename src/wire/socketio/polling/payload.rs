//! What an HTTP body of Engine.IO v4 carries: packets with 0x1e between them, bytes among them as base64. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio_tungstenite::tungstenite::{Bytes, Message, Utf8Bytes};

/// Between packets. JSON has no such byte: there it is written as an escape.
const SEPARATOR: char = '\u{1e}';
/// Packets in one body: python-engineio refuses more.
const PACKETS_MAX: usize = 16;

/// Why a body cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum PayloadError {
    /// No UTF-8.
    #[error("the answer is no text")]
    Text,
    /// What is neither a packet nor bytes: another server's page, say.
    #[error("the answer holds something else than packets")]
    Packet,
}

/// The packets of a body, in their order.
pub(super) fn packets(body: &[u8]) -> Result<Vec<Message>, PayloadError> {
    let body = str::from_utf8(body).map_err(|_| PayloadError::Text)?;
    body.split(SEPARATOR).map(packet).collect()
}

fn packet(text: &str) -> Result<Message, PayloadError> {
    match text.as_bytes().first() {
        Some(b'0'..=b'6') => Ok(Message::text(text)),
        Some(b'b') => STANDARD.decode(&text[1..]).map(Message::binary).map_err(|_| PayloadError::Packet),
        _ => Err(PayloadError::Packet),
    }
}

/// A body in the making.
#[derive(Debug, Default)]
pub(super) struct Batch {
    body: String,
    packets: usize,
    /// Pings that stand for receipts: proved as soon as the body was taken.
    pub(super) receipts: Vec<Bytes>,
}

impl Batch {
    /// Adds a message, or gives it back where the body would have more than `max` bytes with it. The first one always fits:
    /// whoever writes it has measured it.
    pub(super) fn add(&mut self, message: Message, max: usize) -> Result<(), Message> {
        let packet = match message {
            Message::Text(text) => text,
            Message::Binary(bytes) => Utf8Bytes::from(format!("b{}", STANDARD.encode(bytes))),
            Message::Ping(receipt) => {
                self.receipts.push(receipt);
                return Ok(());
            }
            Message::Pong(_) | Message::Close(_) | Message::Frame(_) => return Ok(()),
        };
        if self.packets > 0 {
            if self.packets == PACKETS_MAX || self.body.len() + SEPARATOR.len_utf8() + packet.len() > max {
                return Err(Message::Text(packet));
            }
            self.body.push(SEPARATOR);
        }
        self.body.push_str(&packet);
        self.packets += 1;
        Ok(())
    }

    /// Nothing has to be sent.
    pub(super) fn is_empty(&self) -> bool {
        self.packets == 0
    }

    /// Takes the body out.
    pub(super) fn take(&mut self) -> String {
        self.packets = 0;
        std::mem::take(&mut self.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_and_bytes_are_read_in_their_order() {
        let read = packets("2\u{1e}42[\"é\\u001e\"]\u{1e}bAR4C\u{1e}b\u{1e}6".as_bytes());
        let expected = [
            Message::text("2"),
            Message::text("42[\"é\\u001e\"]"),
            Message::binary(vec![1, 0x1e, 2]),
            Message::binary(Vec::new()),
            Message::text("6"),
        ];
        assert_eq!(read, Ok(expected.to_vec()));
    }

    #[test]
    fn what_is_no_payload_is_refused() {
        for body in ["", "\u{1e}", "2\u{1e}", "<html>", "7", "b!", "bAR4", "{}"] {
            assert_eq!(packets(body.as_bytes()), Err(PayloadError::Packet), "{body:?}");
        }
        assert_eq!(packets(&[0x32, 0xff]), Err(PayloadError::Text));
    }

    #[test]
    fn a_batch_ends_where_the_server_would_choke() {
        let mut batch = Batch::default();
        assert!(batch.is_empty());
        batch.add(Message::text("42[1]"), 4).unwrap();
        batch.add(Message::Ping(vec![7].into()), 4).unwrap();
        assert_eq!(batch.add(Message::text("3"), 6), Err(Message::text("3")));
        batch.add(Message::text("3"), 7).unwrap();
        batch.add(Message::binary(vec![1, 0x1e, 2]), 100).unwrap();
        assert_eq!((batch.take().as_str(), batch.receipts.len()), ("42[1]\u{1e}3\u{1e}bAR4C", 1));

        let mut batch = Batch::default();
        for _ in 0..PACKETS_MAX {
            batch.add(Message::text("3"), 1000).unwrap();
        }
        assert!(batch.add(Message::text("3"), 1000).is_err());
    }
}
