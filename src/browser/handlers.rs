//! Locator handlers: what a test wants done when something shows up over what it acts on or looks at.

use super::error::BrowserError;
use super::locator::Locator;
use super::notice::Notice;
use super::page::Page;
use super::progress::Progress;
use super::sync::lock;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Mutex;
use tokio::sync::watch;

/// The handlers of a page.
#[derive(Default)]
pub(super) struct Handlers(Mutex<State>);

#[derive(Default)]
struct State {
    last: u64,
    all: Vec<Handler>,
    /// Those that were called and have not said that they are done; who looks at the channel waits for it.
    called: HashMap<u64, watch::Sender<bool>>,
    /// How many actions wait for handlers: what a handler does itself is not intercepted.
    waiting: usize,
}

#[derive(Clone)]
struct Handler {
    id: u64,
    locator: Locator,
    /// It need not be gone when the handler has run.
    may_stay: bool,
}

impl Handlers {
    /// What to look for now.
    fn due(&self) -> Vec<Handler> {
        let state = lock(&self.0);
        if state.waiting > 0 { Vec::new() } else { state.all.clone() }
    }

    /// Where it will be said that a handler that was called before is done.
    fn called(&self, id: u64) -> Option<watch::Receiver<bool>> {
        lock(&self.0).called.get(&id).map(watch::Sender::subscribe)
    }

    /// The same of one that is called now; none when it was removed meanwhile or another action waits.
    fn call(&self, id: u64) -> Option<watch::Receiver<bool>> {
        let mut state = lock(&self.0);
        if state.waiting > 0 || !state.all.iter().any(|handler| handler.id == id) {
            return None;
        }
        let (sender, receiver) = watch::channel(false);
        state.called.insert(id, sender);
        Some(receiver)
    }
}

/// An action waits for a handler.
struct Waiting<'h>(&'h Handlers);

impl<'h> Waiting<'h> {
    fn begin(handlers: &'h Handlers) -> Self {
        lock(&handlers.0).waiting += 1;
        Self(handlers)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        lock(&self.0.0).waiting -= 1;
    }
}

impl Page {
    /// From now on [`Notice::Covered`] is told before an action or an assertion while `locator` is visible, and the action waits for
    /// [`Page::uncovered`]; then, unless `may_stay`, until it is hidden.
    pub fn add_handler(&self, locator: Locator, may_stay: bool) -> u64 {
        let mut state = lock(&self.handlers().0);
        state.last += 1;
        let id = state.last;
        state.all.push(Handler { id, locator, may_stay });
        id
    }

    /// It is looked for no more.
    pub fn remove_handler(&self, id: u64) {
        lock(&self.handlers().0).all.retain(|handler| handler.id != id);
    }

    /// The handler has done what it wanted.
    pub fn uncovered(&self, id: u64) {
        if let Some(done) = lock(&self.handlers().0).called.remove(&id) {
            done.send_replace(true);
        }
    }

    /// Has handlers run whose locators are visible: before each attempt of an action or an assertion.
    pub(super) async fn checkpoint(&self, progress: &Progress) -> Result<(), BrowserError> {
        let due = self.handlers().due();
        if due.is_empty() {
            return Ok(());
        }
        // Rare, and large: not part of every action's future.
        Box::pin(self.run_handlers(due, progress)).await
    }

    async fn run_handlers(&self, handlers: Vec<Handler>, progress: &Progress) -> Result<(), BrowserError> {
        for handler in handlers {
            let Handler { id, locator, may_stay } = handler;
            // One that was called for an action that was given up is not called again before it is done.
            let (mut done, anew) = match self.handlers().called(id) {
                Some(done) => (done, false),
                None if locator.ask("visible", json!({}), json!(false)).await? != Value::Bool(true) => continue,
                None => match self.handlers().call(id) {
                    Some(done) => (done, true),
                    None => continue,
                },
            };
            let _waiting = Waiting::begin(self.handlers());
            let text = locator.text();
            progress.note(format!("found {text}, intercepting action to run the handler"));
            if anew {
                self.tell(Notice::Covered(self.clone(), id));
            }
            tokio::select! {
                _ = done.wait_for(|done| *done) => {}
                error = self.gone() => return Err(error),
            }
            if may_stay {
                progress.note("locator handler has finished");
            } else {
                progress.note(format!("locator handler has finished, waiting for {text} to be hidden"));
                locator.hidden(progress).await?;
            }
        }
        Ok(())
    }
}
