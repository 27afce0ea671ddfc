//! Who is told what happens in a context, beside its one observer.

use super::notice::{Notice, Witness};
use super::sync::lock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

/// The witnesses of a context.
#[derive(Default)]
pub(super) struct Witnesses(Arc<List>);

#[derive(Default)]
struct List {
    numbers: AtomicU64,
    present: Mutex<Vec<(u64, Witness)>>,
}

impl Witnesses {
    /// One more.
    pub(super) fn watch(&self, witness: Witness) -> Watch {
        let number = self.0.numbers.fetch_add(1, Ordering::Relaxed);
        lock(&self.0.present).push((number, witness));
        Watch { list: Arc::downgrade(&self.0), number }
    }

    pub(super) fn is_empty(&self) -> bool {
        lock(&self.0.present).is_empty()
    }

    /// All go: the context is closed.
    pub(super) fn clear(&self) {
        lock(&self.0.present).clear();
    }

    /// In the order in which they came; one may come or go meanwhile.
    pub(super) fn tell(&self, notice: &Notice) {
        let present = lock(&self.0.present).clone();
        for (_, witness) in present {
            witness(notice);
        }
    }
}

/// A witness is told until this is dropped, or ended.
#[must_use = "what is dropped at once is told nothing"]
pub struct Watch {
    list: Weak<List>,
    number: u64,
}

impl Watch {
    /// Nothing is told any more, but for what is being told at this moment.
    pub fn end(&self) {
        if let Some(list) = self.list.upgrade() {
            lock(&list.present).retain(|(number, _)| *number != self.number);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end();
    }
}
