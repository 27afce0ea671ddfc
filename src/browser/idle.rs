//! When the network of a frame is idle, as Playwright counts it: the frame asked for nothing during half a second, and all frames within it are idle too.
//! Chromium's own word does not come for every document (not always for one that a script has opened) and waits for the end of event streams.

use super::frame::Frame;
use super::load_state::LoadState;
use super::notice::Notice;
use super::page::Page;
use std::collections::HashSet;
use std::time::Duration;
use tokio::task::AbortHandle;

/// How long nothing must have been asked for.
const QUIET: Duration = Duration::from_millis(500);

/// What a frame has under way.
#[derive(Default)]
pub(super) struct Idleness {
    /// By Chromium's names.
    requests: HashSet<String>,
    /// There was none of them for long enough.
    quiet: bool,
    /// Looks at the clock.
    wait: Option<AbortHandle>,
}

impl Idleness {
    /// A new document: what the last one asked for is none of its business, but the request that brought it is.
    pub(super) fn begin_anew(&mut self, document: &str) {
        self.requests.retain(|request| request == document);
        self.stop();
    }

    fn stop(&mut self) {
        self.quiet = false;
        if let Some(wait) = self.wait.take() {
            wait.abort();
        }
    }
}

impl Frame {
    /// A request that the network is not idle during.
    pub(super) fn request_began(&self, id: &str) {
        self.amend(|state| {
            if state.idleness.requests.insert(id.to_owned()) {
                state.idleness.stop();
            }
        });
    }

    /// Such a request is over.
    pub(super) fn request_ended(&self, id: &str) {
        if self.amend(|state| state.idleness.requests.remove(id)) {
            self.await_quiet();
        }
    }

    /// Where nothing is under way: from now on nothing must be for long enough.
    pub(super) fn await_quiet(&self) {
        self.amend(|state| {
            if !state.idleness.requests.is_empty() || state.loaded[LoadState::NetworkIdle.slot()] {
                return;
            }
            state.idleness.stop();
            let frame = self.clone();
            let wait = tokio::spawn(async move {
                tokio::time::sleep(QUIET).await;
                frame.amend(|state| state.idleness.quiet = true);
                frame.page().look_for_idleness();
            });
            state.idleness.wait = Some(wait.abort_handle());
        });
    }
}

impl Page {
    /// Frames that are idle now are told of. One that was stays so until it has another document.
    pub(super) fn look_for_idleness(&self) {
        let depth = |frame: &Frame| std::iter::successors(frame.parent(), Frame::parent).count();
        let mut frames = self.frames();
        frames.sort_by_cached_key(|frame| std::cmp::Reverse(depth(frame)));
        // Those with a frame within that is not.
        let mut busy = HashSet::new();
        for frame in frames {
            let slot = LoadState::NetworkIdle.slot();
            let (was, is) = frame.peek(|state| (state.loaded[slot], state.idleness.quiet));
            if !was && is && !busy.contains(frame.id()) {
                frame.with_state(|state| state.loaded[slot] = true);
                self.tell(Notice::Loaded(frame, LoadState::NetworkIdle));
            } else if !was && let Some(parent) = frame.parent() {
                busy.insert(parent.id().to_owned());
            }
        }
    }
}
