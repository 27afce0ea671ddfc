//! What one end of a Socket.IO connection says, read out of its bytes as they pass: frames of a WebSocket, or bodies of long-polling.

/// The bytes of one direction, as far as they have come.
#[derive(Debug, Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
    state: State,
    /// Of a message that comes in several frames.
    begun: Vec<u8>,
    /// The Engine.IO session that a request has named.
    pub(super) sid: Option<String>,
    /// The heads of requests or responses, in small letters.
    pub(super) heads: Vec<String>,
}

/// What comes next.
#[derive(Debug, Default, Clone, Copy)]
enum State {
    /// A request or a response.
    #[default]
    Head,
    /// So many bytes.
    Body(usize),
    Chunks,
    Socket,
}

impl Frames {
    /// More has come; returns the texts that are whole by now.
    pub(super) fn more(&mut self, bytes: &[u8]) -> Vec<String> {
        self.bytes.extend(bytes);
        let mut texts = Vec::new();
        while self.step(&mut texts).is_some() {}
        texts
    }

    /// None where more is needed first.
    fn step(&mut self, texts: &mut Vec<String>) -> Option<()> {
        match self.state {
            State::Head => {
                let end = self.bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
                let head = String::from_utf8(self.bytes.drain(..end).collect()).unwrap().to_lowercase();
                let value = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                let sid = head.lines().next().and_then(|line| line.split_once("sid=")?.1.split(['&', ' ']).next());
                self.sid = sid.map(str::to_owned).or(self.sid.take());
                self.heads.push(head.clone());
                self.state = match (value("upgrade:"), value("content-length:"), value("transfer-encoding:")) {
                    (Some("websocket"), ..) => State::Socket,
                    (_, Some(length), _) => State::Body(length.parse().unwrap()),
                    (_, None, Some("chunked")) => State::Chunks,
                    _ => State::Head,
                };
            }
            State::Body(length) => {
                if self.bytes.len() < length {
                    return None;
                }
                let body: Vec<u8> = self.bytes.drain(..length).collect();
                self.state = State::Head;
                texts.extend(packets(&body));
            }
            State::Chunks => {
                let line = self.bytes.windows(2).position(|two| two == b"\r\n")?;
                let length =
                    usize::from_str_radix(std::str::from_utf8(&self.bytes[..line]).unwrap().trim(), 16).unwrap();
                if self.bytes.len() < line + 2 + length + 2 {
                    return None;
                }
                let chunk: Vec<u8> = self.bytes.drain(..line + 2 + length + 2).collect();
                self.begun.extend(&chunk[line + 2..line + 2 + length]);
                if length == 0 {
                    self.state = State::Head;
                    texts.extend(packets(&std::mem::take(&mut self.begun)));
                }
            }
            State::Socket => {
                let (last, kind, payload, length) = frame(&self.bytes)?;
                self.bytes.drain(..length);
                // Text, and what goes on with it.
                if kind <= 1 {
                    self.begun.extend(payload);
                    if last {
                        texts.push(String::from_utf8(std::mem::take(&mut self.begun)).unwrap());
                    }
                }
            }
        }
        Some(())
    }
}

/// Of a body: several packets have a character between them.
fn packets(body: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(body).split('\u{1e}').map(str::to_owned).collect()
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
