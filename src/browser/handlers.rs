//! Locator handlers: what a test wants done when something shows up over what it acts on or looks at.

use super::error::BrowserError;
use super::locator::Locator;
use super::notice::Notice;
use super::page::Page;
use super::progress::Progress;
use super::sync::lock;
use serde_json::{Value, json};
use std::sync::Mutex;
use tokio::sync::oneshot;

/// The handlers of a page.
#[derive(Default)]
pub(super) struct Handlers(Mutex<State>);

#[derive(Default)]
struct State {
    last: u64,
    all: Vec<Handler>,
    /// Who waits for the one that runs: what it does itself is not intercepted.
    running: Option<(u64, oneshot::Sender<()>)>,
}

#[derive(Clone)]
struct Handler {
    id: u64,
    locator: Locator,
    /// It need not be gone when the handler has run.
    may_stay: bool,
}

impl Handlers {
    /// Whether there is anything to look for now.
    fn waiting(&self) -> Vec<Handler> {
        let state = lock(&self.0);
        if state.running.is_some() { Vec::new() } else { state.all.clone() }
    }

    /// None while another runs, or when it was removed.
    fn begin(&self, id: u64) -> Option<oneshot::Receiver<()>> {
        let mut state = lock(&self.0);
        if state.running.is_some() || !state.all.iter().any(|handler| handler.id == id) {
            return None;
        }
        let (sender, receiver) = oneshot::channel();
        state.running = Some((id, sender));
        Some(receiver)
    }
}

/// Ends the run of a handler, also of one that was given up.
struct Running<'h>(&'h Handlers);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        lock(&self.0.0).running = None;
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
        let mut state = lock(&self.handlers().0);
        if let Some((_, done)) = state.running.take_if(|(running, _)| *running == id) {
            // Who waited may have given up.
            let _ = done.send(());
        }
    }

    /// Has handlers run whose locators are visible: before each attempt of an action or an assertion.
    pub(super) async fn checkpoint(&self, progress: &Progress) -> Result<(), BrowserError> {
        let waiting = self.handlers().waiting();
        if waiting.is_empty() {
            return Ok(());
        }
        // Rare, and large: not part of every action's future.
        Box::pin(self.run_handlers(waiting, progress)).await
    }

    async fn run_handlers(&self, handlers: Vec<Handler>, progress: &Progress) -> Result<(), BrowserError> {
        for handler in handlers {
            let Handler { id, locator, may_stay } = handler;
            if locator.ask("visible", json!({}), json!(false)).await? != Value::Bool(true) {
                continue;
            }
            let Some(done) = self.handlers().begin(id) else { continue };
            let _running = Running(self.handlers());
            let text = locator.text();
            progress.note(format!("found {text}, intercepting action to run the handler"));
            self.tell(Notice::Covered(self.clone(), id));
            tokio::select! {
                _ = done => {}
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
