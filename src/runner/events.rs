//! What a run tells, on its way to who listens: in order, and never more of it than fits. Who tells is not made to wait; who makes others tell
//! (listens to a worker) waits until there is [room](EventSender::room) first.

use crate::model::run::{Attempt, RunEvent, TestError};
use std::mem::size_of;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Notify, mpsc};

/// What may be on its way before workers are made to wait, bytes as it takes them in memory: some hundred thousand lines, so that only
/// a test that says far more than its server reads has to wait for that.
const MOST: usize = 64 << 20;

/// A way for the events of a run, with room for as much as is good for a machine.
pub fn channel() -> (EventSender, EventReceiver) {
    with_room_for(MOST)
}

/// The same with room for so many bytes.
pub fn with_room_for(most: usize) -> (EventSender, EventReceiver) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let load = Arc::new(Load { most, bytes: AtomicUsize::new(0), less: Notify::new() });
    (EventSender { channel: sender, load: load.clone() }, EventReceiver { channel: receiver, load })
}

/// What is on its way.
#[derive(Debug)]
struct Load {
    most: usize,
    bytes: AtomicUsize,
    /// There is room again.
    less: Notify,
}

/// Where events go in. Clones share it.
#[derive(Debug, Clone)]
pub struct EventSender {
    channel: mpsc::UnboundedSender<RunEvent>,
    load: Arc<Load>,
}

impl EventSender {
    /// Tells; where nobody listens any more that is all right.
    pub(crate) fn send(&self, event: RunEvent) {
        let bytes = bytes(&event);
        // First, so that who takes it out finds it counted.
        self.load.bytes.fetch_add(bytes, Ordering::Relaxed);
        let _ = self.channel.send(event);
    }

    /// Whether more should be said now. There is always room where nobody listens.
    pub(crate) fn has_room(&self) -> bool {
        self.load.bytes.load(Ordering::Relaxed) < self.load.most || self.channel.is_closed()
    }

    /// Waits until there is room. Cancel safe.
    pub(crate) async fn room(&self) {
        loop {
            let less = self.load.less.notified();
            tokio::pin!(less);
            less.as_mut().enable();
            if self.has_room() {
                return;
            }
            less.await;
        }
    }
}

/// Where they come out.
#[derive(Debug)]
pub struct EventReceiver {
    channel: mpsc::UnboundedReceiver<RunEvent>,
    load: Arc<Load>,
}

impl EventReceiver {
    /// The next one; none when the run is over and all has been told. Cancel safe.
    pub async fn recv(&mut self) -> Option<RunEvent> {
        let event = self.channel.recv().await?;
        let bytes = bytes(&event);
        let before = self.load.bytes.fetch_sub(bytes, Ordering::Relaxed);
        if before >= self.load.most && before - bytes < self.load.most {
            self.load.less.notify_waiters();
        }
        Some(event)
    }
}

impl Drop for EventReceiver {
    fn drop(&mut self) {
        self.channel.close();
        self.load.less.notify_waiters();
    }
}

/// What it takes in memory, near enough.
fn bytes(event: &RunEvent) -> usize {
    size_of::<RunEvent>()
        + match event {
            RunEvent::Log { test, text, .. } => length(test.as_deref()) + text.len(),
            RunEvent::Screenshot { image, .. } => image.len(),
            RunEvent::StepBegin { test, step } => length(test.as_deref()) + step.title.len() + step.api_name.len(),
            RunEvent::StepEnd { test, error, .. } => length(test.as_deref()) + error.as_ref().map_or(0, of_error),
            RunEvent::TestEnd(attempt) => of_attempt(attempt),
            RunEvent::Error(error) => of_error(error),
            RunEvent::Planned { .. } | RunEvent::Counted { .. } | RunEvent::TestBegin { .. } => 0,
        }
}

fn of_attempt(attempt: &Attempt) -> usize {
    let bodies = attempt.attachments.iter().map(|attachment| length(attachment.body.as_deref()));
    attempt.errors.iter().map(of_error).chain(bodies).sum()
}

fn of_error(error: &TestError) -> usize {
    error.message.len() + error.stack.len()
}

fn length(text: Option<&str>) -> usize {
    text.map_or(0, str::len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Level;
    use futures_util::FutureExt;

    fn line(text: &str) -> RunEvent {
        RunEvent::Log { test: None, level: Level::Info, text: text.to_owned() }
    }

    #[tokio::test]
    async fn who_makes_others_tell_waits_until_enough_is_taken_out() {
        let one = bytes(&line("0123456789"));
        let (sender, mut receiver) = with_room_for(3 * one);
        for _ in 0..4 {
            sender.send(line("0123456789"));
        }
        let mut room = std::pin::pin!(sender.room());
        assert!(room.as_mut().now_or_never().is_none());
        receiver.recv().await;
        // Three are left, and three are all there is room for.
        assert!(room.as_mut().now_or_never().is_none() && !sender.has_room());
        receiver.recv().await;
        assert!(room.now_or_never().is_some() && sender.has_room());
    }

    #[tokio::test]
    async fn where_nobody_listens_nobody_waits() {
        let (sender, receiver) = with_room_for(1);
        sender.send(line("a"));
        let waiting = tokio::spawn({
            let sender = sender.clone();
            async move { sender.room().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(receiver);
        waiting.await.unwrap();
        sender.send(line("b"));
        sender.room().await;
    }

    #[tokio::test]
    async fn everything_comes_out_in_order_and_then_the_end() {
        let (sender, mut receiver) = channel();
        for text in ["a", "b"] {
            sender.send(line(text));
        }
        drop(sender);
        assert_eq!([receiver.recv().await, receiver.recv().await], [Some(line("a")), Some(line("b"))]);
        assert_eq!(receiver.recv().await, None);
        assert_eq!(receiver.load.bytes.load(Ordering::Relaxed), 0);
    }
}
