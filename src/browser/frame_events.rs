//! How the frames of a page come, go, and move between processes. Runs on the reading task.

use super::cdp::{Event, Session};
use super::frame::{Cause, Frame, Navigated};
use super::notice::Notice;
use super::page::{Page, UTILITY_WORLD};
use super::page_events::with;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FrameAttached {
    frame_id: String,
    parent_frame_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FrameInfo {
    id: String,
    parent_id: Option<String>,
    loader_id: String,
    url: String,
    url_fragment: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FrameTree {
    frame: FrameInfo,
    #[serde(default)]
    child_frames: Vec<FrameTree>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FrameDetached {
    frame_id: String,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NavigatedWithin {
    frame_id: String,
    url: String,
    #[serde(default)]
    navigation_type: String,
}

#[derive(Deserialize)]
struct OfDocument {
    frame: FrameInfo,
}

impl Page {
    pub(super) fn frame_event(&self, session: &Session, event: &Event<'_>) {
        match event.method {
            "Page.frameAttached" => with(event, |event| self.frame_attached(session, event)),
            "Page.frameNavigated" => with(event, |event: OfDocument| self.frame_navigated(session, event.frame)),
            "Page.navigatedWithinDocument" => with(event, |event| self.navigated_within(event)),
            "Page.frameDetached" => with(event, |event| self.frame_detached(session, event)),
            "Page.documentOpened" => with(event, |event: OfDocument| self.document_opened(event.frame)),
            _ => {}
        }
    }

    /// The frames at the time of attaching.
    pub(super) fn frame_tree(&self, session: &Session, tree: &RawValue) {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Tree {
            frame_tree: FrameTree,
        }
        let Ok(tree) = serde_json::from_str::<Tree>(tree.get()) else { return };
        self.subtree(session, tree.frame_tree);
    }

    fn subtree(&self, session: &Session, tree: FrameTree) {
        let info = tree.frame;
        let frame = match self.frame(&info.id) {
            Some(frame) => frame,
            None => {
                let Some(parent) = info.parent_id.as_ref().and_then(|id| self.frame(id)) else { return };
                let frame = self.new_frame(session, &info.id, parent);
                let world = json!({ "frameId": info.id, "worldName": UTILITY_WORLD, "grantUniveralAccess": true });
                drop(session.request("Page.createIsolatedWorld", &world));
                frame
            }
        };
        frame.with_state(|state| {
            if state.loader.is_empty() {
                // A document without a URL is `:` in some versions.
                state.url =
                    if info.url == ":" { String::new() } else { full_url(&info.url, info.url_fragment.as_deref()) };
                state.name = info.name.unwrap_or_default();
                state.loader = info.loader_id;
            }
        });
        for child in tree.child_frames {
            self.subtree(session, child);
        }
    }

    fn new_frame(&self, session: &Session, id: &str, parent: Frame) -> Frame {
        let frame = Frame::new(self.clone(), session.clone(), id, Some(parent));
        self.insert_frame(&frame);
        frame.await_quiet();
        self.tell(Notice::FrameAttached(frame.clone()));
        frame
    }

    fn frame_attached(&self, session: &Session, event: FrameAttached) {
        if let Some(frame) = self.frame(&event.frame_id) {
            // It moved back from a process of its own.
            if frame.session().id() != session.id() && frame.parent().is_some() {
                self.remove_children(&frame);
                frame.contexts_destroyed(|_| true);
                frame.with_state(|state| state.session = session.clone());
            }
            return;
        }
        if let Some(parent) = self.frame(&event.parent_frame_id) {
            self.new_frame(session, &event.frame_id, parent);
        }
    }

    fn frame_navigated(&self, session: &Session, info: FrameInfo) {
        let frame = match self.frame(&info.id) {
            Some(frame) => frame,
            None => {
                let Some(parent) = info.parent_id.as_ref().and_then(|id| self.frame(id)) else { return };
                self.new_frame(session, &info.id, parent)
            }
        };
        self.remove_children(&frame);
        let url = full_url(&info.url, info.url_fragment.as_deref());
        self.keep_out(&url);
        if frame.parent().is_none() && !matches!(frame.url().as_str(), "" | "about:blank") {
            self.number(&frame);
        }
        frame.with_state(|state| {
            state.url.clone_from(&url);
            state.name = info.name.unwrap_or_default();
            state.loader.clone_from(&info.loader_id);
            state.loaded = [false; 3];
            state.idleness.begin_anew(&info.loader_id);
            state.requested = false;
            state.came_by = std::mem::take(&mut state.wanted_by);
            // What was asked for is here, or was given up for this.
            state.pending = None;
        });
        frame.await_quiet();
        self.look_for_idleness();
        if frame.parent().is_none() {
            self.turn_leaf();
            if !self.is_announced() {
                self.announce();
            }
        }
        self.tell(Notice::FrameNavigated { frame: frame.clone(), same_document: false });
        frame.announce(Navigated::Committed { loader: info.loader_id, url, same_document: false });
    }

    fn navigated_within(&self, event: NavigatedWithin) {
        let Some(frame) = self.frame(&event.frame_id) else { return };
        let loader = frame.with_state(|state| {
            state.url.clone_from(&event.url);
            state.requested = false;
            let wanted_by = std::mem::take(&mut state.wanted_by);
            // Only a script can push a state.
            state.came_by = if event.navigation_type == "historyApi" { Cause::Page } else { wanted_by };
            state.loader.clone()
        });
        self.tell(Notice::FrameNavigated { frame: frame.clone(), same_document: true });
        frame.announce(Navigated::Committed { loader, url: event.url, same_document: true });
    }

    fn frame_detached(&self, session: &Session, event: FrameDetached) {
        let Some(frame) = self.frame(&event.frame_id) else { return };
        if event.reason.as_deref() == Some("swap") {
            // It moves to a process of its own; another session tells the rest. If that one was first, the children are new already.
            if frame.session().id() == session.id() {
                self.remove_children(&frame);
            }
        } else if frame.parent().is_some() {
            self.remove_frame(&frame);
            self.look_for_idleness();
        }
    }

    fn document_opened(&self, info: FrameInfo) {
        let Some(frame) = self.frame(&info.id) else { return };
        frame.with_state(|state| {
            state.loaded = [false; 3];
            state.idleness.begin_anew(&info.loader_id);
            state.url = full_url(&info.url, info.url_fragment.as_deref());
        });
        frame.await_quiet();
    }
}

fn full_url(url: &str, fragment: Option<&str>) -> String {
    format!("{url}{}", fragment.unwrap_or_default())
}
