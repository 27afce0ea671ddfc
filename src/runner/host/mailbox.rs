//! What goes to a worker, in order. Answers are as many as it asked for; what happens in its pages is not, and a worker that takes nothing of
//! that must not fill our memory: past the bound it has overrun, and is ended.

use crate::runner::protocol::ToWorker;
use serde_json::Value;
use std::mem::size_of;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Of what happens in pages so much may wait for a worker, bytes as it takes them in memory; one that is larger waits alone.
pub(crate) const MOST: usize = 64 << 20;

/// A way to a worker, and where it comes out.
pub fn mailbox() -> (Mailbox, mpsc::UnboundedReceiver<Letter>) {
    let (channel, letters) = mpsc::unbounded_channel();
    (Mailbox { channel, waiting: Arc::default() }, letters)
}

/// Leads to a worker. Clones share it.
#[derive(Debug, Clone)]
pub struct Mailbox {
    channel: mpsc::UnboundedSender<Letter>,
    waiting: Arc<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    bytes: AtomicUsize,
    overrun: CancellationToken,
}

impl Mailbox {
    /// One that is gone does not hear it, one that has overrun hears no more of its pages.
    pub fn send(&self, message: ToWorker) {
        let bytes = match &message {
            ToWorker::Event { params, .. } => bytes(params),
            _ => 0,
        };
        if bytes > 0 {
            if self.waiting.overrun.is_cancelled() {
                return;
            }
            let before = self.waiting.bytes.fetch_add(bytes, Ordering::Relaxed);
            if before > 0 && before + bytes > MOST {
                self.waiting.overrun.cancel();
            }
        }
        let _ = self.channel.send(Letter { message, _place: Place { waiting: self.waiting.clone(), bytes } });
    }

    /// Fires when more waits for the worker than may.
    pub(crate) fn overrun(&self) -> CancellationToken {
        self.waiting.overrun.clone()
    }
}

/// A message on its way.
#[derive(Debug)]
pub struct Letter {
    /// What is said.
    pub message: ToWorker,
    _place: Place,
}

/// What a message takes while it waits.
#[derive(Debug)]
struct Place {
    waiting: Arc<Waiting>,
    bytes: usize,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.waiting.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// What it takes in memory, near enough.
fn bytes(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::String(text) => text.len(),
            Value::Array(all) => all.iter().map(bytes).sum(),
            Value::Object(all) => all.iter().map(|(name, value)| name.len() + bytes(value)).sum(),
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(bytes: usize) -> ToWorker {
        ToWorker::Event { target: "page@1".into(), name: "console".into(), params: json!("x".repeat(bytes)) }
    }

    #[test]
    fn who_takes_what_is_said_never_overruns() {
        let (mailbox, mut letters) = mailbox();
        for _ in 0..10 {
            mailbox.send(event(MOST / 2));
            assert!(letters.try_recv().is_ok());
        }
        // One that is too large by itself, and answers.
        mailbox.send(event(MOST + 1));
        mailbox.send(ToWorker::OpResult { id: 1, result: Ok(json!("x".repeat(MOST))) });
        assert!(!mailbox.overrun().is_cancelled());
    }

    #[test]
    fn who_takes_nothing_overruns_and_is_told_no_more_of_its_pages() {
        let (mailbox, mut letters) = mailbox();
        for _ in 0..10 {
            mailbox.send(event(MOST / 2));
        }
        mailbox.send(ToWorker::Cancel);
        assert!(mailbox.overrun().is_cancelled());
        let waits: Vec<ToWorker> =
            std::iter::from_fn(|| letters.try_recv().ok()).map(|letter| letter.message).collect();
        assert!(matches!(waits[..], [ToWorker::Event { .. }, ToWorker::Event { .. }, ToWorker::Cancel]));
    }
}
