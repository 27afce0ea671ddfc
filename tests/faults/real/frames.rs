//! What one end of a WebSocket connection says, read out of its bytes as they pass.

/// The bytes of one direction, as far as they have come.
#[derive(Debug, Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
    /// The HTTP request or response is through.
    open: bool,
    /// Of a message that comes in several frames.
    begun: Vec<u8>,
}

impl Frames {
    /// More has come; returns the texts that are whole by now.
    pub(super) fn more(&mut self, bytes: &[u8]) -> Vec<String> {
        self.bytes.extend(bytes);
        if !self.open {
            let Some(end) = self.bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Vec::new() };
            self.bytes.drain(..end + 4);
            self.open = true;
        }
        let mut texts = Vec::new();
        while let Some((last, kind, payload, length)) = frame(&self.bytes) {
            self.bytes.drain(..length);
            // Text, and what goes on with it.
            if kind <= 1 {
                self.begun.extend(payload);
                if last {
                    texts.push(String::from_utf8(std::mem::take(&mut self.begun)).unwrap());
                }
            }
        }
        texts
    }
}

/// The first frame: whether it is the last of its message, its kind, what it carries, its length.
fn frame(bytes: &[u8]) -> Option<(bool, u8, Vec<u8>, usize)> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    let (length, mut at) = match second & 0x7f {
        126 => (u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
        127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?), 10),
        short => (u64::from(short), 2),
    };
    let length = usize::try_from(length).ok()?;
    let mask = match second & 0x80 {
        0 => [0; 4],
        _ => {
            at += 4;
            bytes.get(at - 4..at)?.try_into().ok()?
        }
    };
    let payload = bytes.get(at..at + length)?;
    let payload = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
    Some((first & 0x80 != 0, first & 0x0f, payload, at + length))
}
