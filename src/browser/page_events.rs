//! What Chromium tells about a page and its frames, put into their state and handed on. Runs on the reading task.

use super::cdp::{Event, Listener, Session};
use super::dialog::Dialog;
use super::frame::{Frame, LoadState, Navigated, World, slot};
use super::notice::{ConsoleMessage, Notice, PageError, Topic};
use super::page::{Page, UTILITY_WORLD};
use super::script::{Exception, ExecutionContext, RawObject};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::sync::Arc;

/// Listens on one session of a page: its own, or that of an out-of-process frame.
pub(super) struct PageListener {
    page: Page,
    session: Session,
    is_main: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FrameAttached {
    frame_id: String,
    parent_frame_id: String,
}

#[derive(Deserialize)]
struct FrameNavigated {
    frame: FrameInfo,
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
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lifecycle<'a> {
    frame_id: Cow<'a, str>,
    loader_id: Cow<'a, str>,
    name: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfFrame {
    frame_id: String,
}

#[derive(Deserialize)]
struct DocumentOpened {
    frame: FrameInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestedNavigation {
    frame_id: String,
    disposition: Option<String>,
}

#[derive(Deserialize)]
struct ContextCreated {
    context: ContextInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContextInfo {
    id: i64,
    name: String,
    aux_data: Option<AuxData>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct AuxData {
    is_default: bool,
    frame_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContextDestroyed {
    execution_context_id: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DialogOpening {
    message: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    default_prompt: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConsoleCalled {
    #[serde(rename = "type")]
    kind: String,
    args: Vec<RawObject>,
    execution_context_id: i64,
    #[serde(default)]
    stack_trace: StackTrace,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct StackTrace {
    call_frames: Vec<CallFrame>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CallFrame {
    url: String,
    line_number: i64,
    column_number: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExceptionThrown {
    exception_details: Exception,
}

#[derive(Deserialize)]
struct LogAdded {
    entry: LogEntry,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogEntry {
    source: String,
    level: String,
    text: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    line_number: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TargetAttached {
    session_id: String,
    target_info: ChildTarget,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChildTarget {
    target_id: String,
    #[serde(rename = "type")]
    kind: String,
}

impl PageListener {
    pub(super) fn new(page: Page, session: Session) -> Self {
        let is_main = session.id() == page.session().id();
        Self { page, session, is_main }
    }
}

impl Listener for PageListener {
    fn event(&self, session: &Session, event: &Event<'_>) {
        let page = &self.page;
        match event.method {
            "Page.lifecycleEvent" => with(event, |event: Lifecycle<'_>| page.lifecycle(&event)),
            "Page.frameAttached" => with(event, |event| page.frame_attached(session, event)),
            "Page.frameNavigated" => with(event, |event: FrameNavigated| page.frame_navigated(session, event.frame)),
            "Page.navigatedWithinDocument" => with(event, |event| page.navigated_within(event)),
            "Page.frameDetached" => with(event, |event| page.frame_detached(event)),
            "Page.documentOpened" => with(event, |event: DocumentOpened| page.document_opened(event.frame)),
            "Page.frameRequestedNavigation" => with(event, |event: RequestedNavigation| {
                if event.disposition.as_deref().is_none_or(|disposition| disposition == "currentTab") {
                    page.navigation_requested(&event.frame_id);
                }
            }),
            "Page.frameStartedNavigating" => with(event, |event: OfFrame| page.navigation_requested(&event.frame_id)),
            "Page.javascriptDialogOpening" => with(event, |event| page.dialog_opening(session, event)),
            "Runtime.executionContextCreated" => {
                with(event, |event: ContextCreated| page.context_created(session, event.context));
            }
            "Runtime.executionContextDestroyed" => with(event, |event: ContextDestroyed| {
                page.contexts_destroyed(|context| context.is(session, event.execution_context_id));
            }),
            "Runtime.executionContextsCleared" => page.contexts_destroyed(|context| context.belongs_to(session)),
            "Runtime.consoleAPICalled" if page.wants(Topic::Console) => {
                with(event, |event| page.console_called(session, event));
            }
            "Log.entryAdded" if page.wants(Topic::Console) => {
                with(event, |event: LogAdded| page.log_added(event.entry))
            }
            "Runtime.exceptionThrown" if page.wants(Topic::PageError) => {
                with(event, |event: ExceptionThrown| page.exception_thrown(&event.exception_details));
            }
            "Target.attachedToTarget" => with(event, |event| page.target_attached(session, event)),
            "Inspector.targetCrashed" if self.is_main => page.has_crashed(),
            method if method.starts_with("Network.") => page.network().event(page, session, event),
            _ => {}
        }
    }

    fn gone(&self) {
        if self.is_main {
            self.page.has_closed();
        } else {
            self.page.forget_session(&self.session);
            self.page.contexts_destroyed(|context| context.belongs_to(&self.session));
        }
    }
}

fn with<'a, T: Deserialize<'a>>(event: &Event<'a>, work: impl FnOnce(T)) {
    if let Some(params) = event.params() {
        work(params);
    }
}

impl Page {
    /// The frames at the time of attaching.
    pub(super) fn frame_tree(&self, session: &Session, tree: &RawValue) {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Tree {
            frame_tree: FrameTree,
        }
        let Ok(tree) = serde_json::from_str::<Tree>(tree.get()) else { return };
        let is_main = session.id() == self.session().id();
        // Before the first navigation of a popup there is a document without a URL (`:` in some versions).
        let empty = matches!(tree.frame_tree.frame.url.as_str(), "" | ":");
        self.subtree(session, tree.frame_tree);
        if is_main && !empty {
            self.announce();
        }
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
        frame.with_state(|state| {
            state.url.clone_from(&url);
            state.name = info.name.unwrap_or_default();
            state.loader.clone_from(&info.loader_id);
            state.loaded = [false; 3];
            state.requested = false;
            // What was asked for is here, or was given up for this.
            state.pending = None;
        });
        if !self.is_announced() && frame.parent().is_none() {
            self.announce();
        }
        self.tell(Notice::FrameNavigated(frame.clone()));
        frame.announce(Navigated::Committed { loader: info.loader_id, url, same_document: false });
    }

    fn navigated_within(&self, event: NavigatedWithin) {
        let Some(frame) = self.frame(&event.frame_id) else { return };
        let loader = frame.with_state(|state| {
            state.url.clone_from(&event.url);
            state.requested = false;
            state.loader.clone()
        });
        self.tell(Notice::FrameNavigated(frame.clone()));
        frame.announce(Navigated::Committed { loader, url: event.url, same_document: true });
    }

    fn frame_detached(&self, event: FrameDetached) {
        let Some(frame) = self.frame(&event.frame_id) else { return };
        if event.reason.as_deref() == Some("swap") {
            // It moves to a process of its own; another session tells the rest.
            self.remove_children(&frame);
        } else if frame.parent().is_some() {
            self.remove_frame(&frame);
        }
    }

    fn document_opened(&self, info: FrameInfo) {
        let Some(frame) = self.frame(&info.id) else { return };
        frame.with_state(|state| {
            state.loaded = [false; 3];
            state.url = full_url(&info.url, info.url_fragment.as_deref());
        });
    }

    fn navigation_requested(&self, frame: &str) {
        if let Some(frame) = self.frame(frame) {
            frame.with_state(|state| {
                state.requested = true;
                state.requests += 1;
            });
        }
    }

    fn lifecycle(&self, event: &Lifecycle<'_>) {
        let state = match &*event.name {
            "DOMContentLoaded" => LoadState::DomContentLoaded,
            "load" => LoadState::Load,
            "networkIdle" => LoadState::NetworkIdle,
            _ => return,
        };
        let Some(frame) = self.frame(&event.frame_id) else { return };
        let fresh = frame.with_state(|frame| {
            frame.loader == *event.loader_id && !std::mem::replace(&mut frame.loaded[slot(state)], true)
        });
        if !fresh {
            return;
        }
        self.tell(Notice::Loaded(frame.clone(), state));
        let mut around = frame.parent();
        while let Some(frame) = around {
            frame.touch();
            around = frame.parent();
        }
    }

    fn context_created(&self, session: &Session, info: ContextInfo) {
        let aux = info.aux_data.unwrap_or_default();
        let Some(frame) = self.frame(&aux.frame_id) else { return };
        let world = match (aux.is_default, info.name.as_str()) {
            (true, _) => World::Main,
            (false, UTILITY_WORLD) => World::Utility,
            _ => return,
        };
        frame.context_created(world, ExecutionContext::new(session.clone(), info.id, frame.clone()));
    }

    fn contexts_destroyed(&self, which: impl Fn(&ExecutionContext) -> bool) {
        for frame in self.frames() {
            frame.contexts_destroyed(&which);
        }
    }

    fn dialog_opening(&self, session: &Session, event: DialogOpening) {
        let dialog = Dialog::new(self.clone(), session.clone(), event.kind, event.message, event.default_prompt);
        if self.wants(Topic::Dialog) {
            self.tell(Notice::Dialog(dialog));
        } else {
            dialog.close_by_default();
        }
    }

    fn console_called(&self, session: &Session, event: ConsoleCalled) {
        let context = self
            .frames()
            .into_iter()
            .find_map(|frame| frame.current_context(|context| context.is(session, event.execution_context_id)));
        let Some(context) = context else { return };
        let args: Vec<_> = event.args.into_iter().map(|arg| context.object(arg)).collect();
        let text = args.iter().map(super::script::RemoteObject::console_text).collect::<Vec<_>>().join(" ");
        let at = event.stack_trace.call_frames.into_iter().next().unwrap_or_default();
        self.tell(Notice::Console(ConsoleMessage {
            page: self.clone(),
            kind: event.kind,
            text,
            args,
            location: (at.url, at.line_number, at.column_number),
        }));
    }

    fn log_added(&self, entry: LogEntry) {
        // What a worker says it says itself.
        if entry.source == "worker" {
            return;
        }
        self.tell(Notice::Console(ConsoleMessage {
            page: self.clone(),
            kind: entry.level,
            text: entry.text,
            args: Vec::new(),
            location: (entry.url, entry.line_number, 0),
        }));
    }

    fn exception_thrown(&self, details: &Exception) {
        let stack = details.message();
        let head = stack.split("\n    at ").next().unwrap_or(&stack);
        let (name, message) = match head.split_once(": ") {
            Some((name, message)) if !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_') => {
                (name.to_owned(), message.to_owned())
            }
            _ => (String::new(), head.to_owned()),
        };
        self.tell(Notice::PageError(PageError { page: self.clone(), name, message, stack }));
    }

    fn target_attached(&self, parent: &Session, event: TargetAttached) {
        let connection = parent.connection();
        if event.target_info.kind == "iframe"
            && let Some(frame) = self.frame(&event.target_info.target_id)
        {
            let session = connection.session(&event.session_id);
            connection.attach(&session, Arc::new(PageListener::new(self.clone(), session.clone())));
            self.remove_children(&frame);
            frame.contexts_destroyed(|_| true);
            frame.with_state(|state| state.session = session.clone());
            self.set_up(&session, frame.id());
            return;
        }
        let session = connection.session(&event.session_id);
        drop(session.request("Runtime.runIfWaitingForDebugger", &json!({})));
        let params: Value = json!({ "sessionId": event.session_id });
        drop(parent.request("Target.detachFromTarget", &params));
    }
}

fn full_url(url: &str, fragment: Option<&str>) -> String {
    format!("{url}{}", fragment.unwrap_or_default())
}
