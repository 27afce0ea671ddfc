//! The last that a page said and asked for, kept for who asks later.

use super::network::Request;
use super::notice::{ConsoleMessage, PageError};
use super::page::Page;
use super::sync::lock;
use std::collections::VecDeque;
use std::sync::Mutex;

/// Console messages, and page errors, that are kept. As many as Playwright keeps.
const MESSAGES: usize = 200;

/// Requests that are kept. As many as Playwright keeps.
const REQUESTS: usize = 100;

/// What a page keeps; emptied when it closes.
#[derive(Default)]
pub(super) struct Heard(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// How many documents there were.
    document: u64,
    console: VecDeque<(u64, ConsoleMessage)>,
    errors: VecDeque<(u64, PageError)>,
    requests: VecDeque<Request>,
}

fn push<T>(list: &mut VecDeque<T>, item: T, most: usize) {
    if list.len() == most {
        list.pop_front();
    }
    list.push_back(item);
}

fn of<T: Clone>(list: &VecDeque<(u64, T)>, since: Option<u64>) -> Vec<T> {
    let wanted = list.iter().filter(|(document, _)| since.is_none_or(|since| *document >= since));
    wanted.map(|(_, item)| item.clone()).collect()
}

impl Page {
    pub(super) fn keep_message(&self, message: ConsoleMessage) {
        let mut kept = lock(&self.heard().0);
        let document = kept.document;
        push(&mut kept.console, (document, message), MESSAGES);
    }

    pub(super) fn keep_error(&self, error: PageError) {
        let mut kept = lock(&self.heard().0);
        let document = kept.document;
        push(&mut kept.errors, (document, error), MESSAGES);
    }

    pub(super) fn keep_request(&self, request: Request) {
        push(&mut lock(&self.heard().0).requests, request, REQUESTS);
    }

    /// Another document is there.
    pub(super) fn turn_leaf(&self) {
        lock(&self.heard().0).document += 1;
    }

    pub(super) fn forget_all(&self) {
        let kept = std::mem::take(&mut *lock(&self.heard().0));
        // Not under the lock: handles talk to the page when they go.
        drop(kept);
    }

    /// Its last console messages; of this document, or `all`.
    pub fn console_messages(&self, all: bool) -> Vec<ConsoleMessage> {
        let kept = lock(&self.heard().0);
        of(&kept.console, (!all).then_some(kept.document))
    }

    /// Its last uncaught exceptions; of this document, or `all`.
    pub fn errors(&self, all: bool) -> Vec<PageError> {
        let kept = lock(&self.heard().0);
        of(&kept.errors, (!all).then_some(kept.document))
    }

    /// Its last requests.
    pub fn last_requests(&self) -> Vec<Request> {
        lock(&self.heard().0).requests.iter().cloned().collect()
    }

    /// Those before are kept no more.
    pub fn clear_console_messages(&self) {
        let gone = std::mem::take(&mut lock(&self.heard().0).console);
        drop(gone);
    }

    /// Those before are kept no more.
    pub fn clear_errors(&self) {
        lock(&self.heard().0).errors.clear();
    }

    /// Has the page collect its garbage.
    ///
    /// # Errors
    /// When it is gone.
    pub async fn collect_garbage(&self) -> Result<(), super::BrowserError> {
        let asked = self.session().request("HeapProfiler.collectGarbage", &serde_json::json!({}));
        asked.raw().await.map(drop)
    }
}
