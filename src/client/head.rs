//! The head of an answer as it was on the wire: hyper knows names in lower case only, and by name.

use super::Headers;
use super::connect::Stream;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{self, AsyncRead, AsyncWrite, ReadBuf};

/// The longest head that is kept.
const LONGEST: usize = 256 * 1024;

/// What was read so far, up to the end of the head.
#[derive(Clone, Default)]
pub(super) struct Head(Arc<Mutex<Vec<u8>>>);

/// A stream whose beginning is kept.
pub(super) struct Overheard {
    stream: Box<dyn Stream>,
    head: Head,
}

/// The stream, and its beginning as it is read.
pub(super) fn overheard(stream: Box<dyn Stream>) -> (Overheard, Head) {
    let head = Head::default();
    (Overheard { stream, head: head.clone() }, head)
}

impl Head {
    fn hear(&self, bytes: &[u8]) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.len() < LONGEST && last(&heard).is_none() {
            heard.extend_from_slice(bytes);
        }
    }

    /// Names and values in their order; none where that cannot be told.
    pub(super) fn headers(&self) -> Option<Headers> {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(last(&heard)?);
        let pair = |line: &str| line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
        text.lines().skip(1).map(pair).collect()
    }
}

/// The first head that is not about what is still to come, once it is complete.
fn last(mut heard: &[u8]) -> Option<&[u8]> {
    loop {
        let end = heard.windows(4).position(|four| four == b"\r\n\r\n")?;
        let (head, rest) = (&heard[..end], &heard[end + 4..]);
        if head.get(9) != Some(&b'1') {
            return Some(head);
        }
        heard = rest;
    }
}

impl AsyncRead for Overheard {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        self.head.hear(&buf.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Overheard {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_they_came() {
        let head = Head::default();
        head.hear(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nX-One: 1\r\n");
        assert_eq!(head.headers(), None, "it is not complete");
        head.hear(b"set-COOKIE:  a=b \r\nx-one: 2\r\n\r\nbody\r\n\r\n");
        let expected = [("X-One", "1"), ("set-COOKIE", "a=b"), ("x-one", "2")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(head.headers(), Some(expected.to_vec()));
    }
}
