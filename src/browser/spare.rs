//! A context with a page, kept ready: starting its process takes longer than all of our own work at the start of a session.

use super::context::BrowserContext;
use super::sync::lock;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};

/// At most one is there, or being made.
#[derive(Default)]
pub(super) struct Spare {
    slot: Arc<Mutex<Slot>>,
    hurry: Arc<Notify>,
}

#[derive(Default)]
enum Slot {
    #[default]
    Empty,
    /// Being made; who waits for it gets it.
    Making(Option<oneshot::Sender<BrowserContext>>),
    Ready(BrowserContext),
}

/// Held by who makes one; dropped without one, nobody waits any longer.
pub(super) struct Making {
    slot: Arc<Mutex<Slot>>,
    hurry: Arc<Notify>,
}

impl Spare {
    /// The one that is there, or that is just being made and promised to nobody else.
    pub(super) async fn take(&self) -> Option<BrowserContext> {
        let promised = {
            let mut slot = lock(&self.slot);
            match std::mem::take(&mut *slot) {
                Slot::Empty => return None,
                Slot::Ready(context) => return Some(context),
                Slot::Making(Some(other)) => {
                    *slot = Slot::Making(Some(other));
                    return None;
                }
                Slot::Making(None) => {
                    let (sender, receiver) = oneshot::channel();
                    *slot = Slot::Making(Some(sender));
                    receiver
                }
            }
        };
        self.hurry.notify_one();
        promised.await.ok()
    }

    /// To make one; none if that is not needed.
    pub(super) fn begin(&self) -> Option<Making> {
        let mut slot = lock(&self.slot);
        matches!(*slot, Slot::Empty).then(|| {
            *slot = Slot::Making(None);
            Making { slot: self.slot.clone(), hurry: self.hurry.clone() }
        })
    }

    /// The one to be made is needed soon.
    pub(super) fn hurry(&self) {
        self.hurry.notify_waiters();
    }
}

impl Making {
    /// Waits for a good moment: so long, or until someone is in a hurry.
    pub(super) async fn wait(&self, delay: Duration) {
        // Passing the time is one end of it, the other is the hurry: both are well.
        let _ = tokio::time::timeout(delay, self.hurry.notified()).await;
    }

    /// Here it is.
    pub(super) fn done(self, context: BrowserContext) {
        let mut slot = lock(&self.slot);
        let rejected = match std::mem::take(&mut *slot) {
            Slot::Making(Some(waiting)) => waiting.send(context).err(),
            _ => Some(context),
        };
        // Who waited has gone meanwhile: it is for the next.
        if let Some(context) = rejected {
            *slot = Slot::Ready(context);
        }
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        let mut slot = lock(&self.slot);
        if matches!(*slot, Slot::Making(_)) {
            *slot = Slot::Empty;
        }
    }
}
