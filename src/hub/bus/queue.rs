//! What waits for one peer: messages in order, and beside them of each live picture the newest.

use super::{Message, Stream};
use crate::model::ExecutionId;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, mpsc};

/// A peer that reads this much slower than it is sent to is disconnected, bytes: room for a burst of some 20,000 log
/// lines and a hundred large screenshots, and a bound on what one stalled browser tab costs.
const BACKLOG_MAX_BYTES: usize = 64 << 20;

/// A peer's queue: the outlet for [`super::Bus::attach`], the inbox for whoever writes to the peer.
pub(in crate::hub) fn queue() -> (Outlet, Inbox) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let (backlog, pictures) = (Arc::new(AtomicUsize::new(0)), Arc::new(Pictures::default()));
    let outlet = Outlet { queue: sender, backlog: backlog.clone(), pictures: pictures.clone() };
    (outlet, Inbox { queue: receiver, backlog, pictures })
}

/// The end that is written to.
#[derive(Debug)]
pub(in crate::hub) struct Outlet {
    queue: mpsc::UnboundedSender<Message>,
    backlog: Arc<AtomicUsize>,
    pictures: Arc<Pictures>,
}

/// The same, without keeping the queue open.
#[derive(Debug)]
pub(in crate::hub) struct WeakOutlet {
    queue: mpsc::WeakUnboundedSender<Message>,
    backlog: Arc<AtomicUsize>,
    pictures: Arc<Pictures>,
}

impl WeakOutlet {
    /// Another outlet, unless the queue was closed.
    pub(in crate::hub) fn upgrade(&self) -> Option<Outlet> {
        let (backlog, pictures) = (self.backlog.clone(), self.pictures.clone());
        Some(Outlet { queue: self.queue.upgrade()?, backlog, pictures })
    }
}

impl Outlet {
    /// What more outlets can be made of.
    pub(in crate::hub) fn downgrade(&self) -> WeakOutlet {
        let (backlog, pictures) = (self.backlog.clone(), self.pictures.clone());
        WeakOutlet { queue: self.queue.downgrade(), backlog, pictures }
    }

    /// Whether the peer keeps up and is still there.
    pub(super) fn send(&self, message: &Message) -> bool {
        match &message.stream {
            Stream::Picture(session) => {
                self.pictures.put(session, message);
                return !self.queue.is_closed();
            }
            Stream::End(session) => self.pictures.forget(session),
            Stream::Apart => {}
        }
        let before = self.backlog.fetch_add(message.bytes(), Ordering::Relaxed);
        before <= BACKLOG_MAX_BYTES && self.queue.send(message.clone()).is_ok()
    }
}

/// The receiving end. The bus closes it to disconnect the peer.
#[derive(Debug)]
pub(in crate::hub) struct Inbox {
    queue: mpsc::UnboundedReceiver<Message>,
    backlog: Arc<AtomicUsize>,
    pictures: Arc<Pictures>,
}

impl Inbox {
    /// The next message, pictures last and only where they are wanted; none when the peer is to be disconnected. Cancel safe.
    pub(in crate::hub) async fn next(&mut self, pictures: bool) -> Option<Message> {
        loop {
            if let Some(message) = self.waiting(pictures) {
                return Some(message);
            }
            tokio::select! {
                message = self.queue.recv() => return message.inspect(|message| self.taken(message)),
                () = self.pictures.more.notified(), if pictures => {}
            }
        }
    }

    /// What is there already.
    pub(super) fn waiting(&mut self, pictures: bool) -> Option<Message> {
        match self.queue.try_recv() {
            Ok(message) => {
                self.taken(&message);
                Some(message)
            }
            Err(_) => pictures.then(|| self.pictures.take()).flatten(),
        }
    }

    fn taken(&self, message: &Message) {
        self.backlog.fetch_sub(message.bytes(), Ordering::Relaxed);
    }

    #[cfg(test)]
    pub(super) fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }
}

/// Of each session the newest; whose has waited longest first.
#[derive(Debug, Default)]
struct Pictures {
    newest: Mutex<VecDeque<(ExecutionId, Message)>>,
    more: Notify,
}

impl Pictures {
    fn put(&self, session: &ExecutionId, picture: &Message) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        match newest.iter_mut().find(|(of, _)| of == session) {
            Some((_, older)) => *older = picture.clone(),
            None => newest.push_back((session.clone(), picture.clone())),
        }
        self.more.notify_one();
    }

    fn take(&self) -> Option<Message> {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.pop_front().map(|(_, picture)| picture)
    }

    fn forget(&self, session: &ExecutionId) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.retain(|(of, _)| of != session);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::hub::Frame;
    use serde_json::json;

    fn message(n: u32, stream: Stream) -> Message {
        let Frame { name, payload } = Frame::new("x", &json!(n));
        Message { name, payload, stream }
    }

    fn picture(of: &str, n: u32) -> Message {
        message(n, Stream::Picture(of.into()))
    }

    fn word(n: u32) -> Message {
        message(n, Stream::Apart)
    }

    fn all(inbox: &mut Inbox, pictures: bool) -> Vec<String> {
        std::iter::from_fn(|| inbox.waiting(pictures)).map(|message| message.payload.get().to_owned()).collect()
    }

    #[test]
    fn of_pictures_the_newest_waits_and_of_words_every_one() {
        let (outlet, mut inbox) = queue();
        for n in 0..100 {
            assert!(outlet.send(&picture("a", n)) && outlet.send(&word(n)) && outlet.send(&picture("b", n)));
        }
        let words: Vec<_> = (0..100).map(|n| n.to_string()).collect();
        assert_eq!(all(&mut inbox, false), words, "in order, and no picture before it is wanted");
        assert_eq!(all(&mut inbox, true), ["99", "99"], "one of each");
    }

    #[test]
    fn after_the_end_there_are_no_pictures() {
        let (outlet, mut inbox) = queue();
        outlet.send(&picture("a", 1));
        outlet.send(&picture("b", 2));
        outlet.send(&message(3, Stream::End("a".into())));
        assert_eq!(all(&mut inbox, true), ["3", "2"]);
    }

    #[tokio::test]
    async fn whoever_waits_is_woken_by_either() {
        let (outlet, mut inbox) = queue();
        outlet.send(&picture("a", 1));
        assert!(inbox.next(true).await.is_some());
        for message in [picture("a", 2), word(3)] {
            let (got, sent) = tokio::join!(inbox.next(true), async { outlet.send(&message) });
            assert_eq!(
                (got.map(|got| got.payload.get().to_owned()), sent),
                (Some(message.payload.get().to_owned()), true)
            );
        }
        outlet.send(&picture("a", 4));
        drop(outlet);
        assert!(inbox.next(false).await.is_none(), "closed");
    }
}
