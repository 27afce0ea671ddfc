//! What Chromium tells about a page and its frames, put into their state and handed on. Runs on the reading task.

use super::bridge;
use super::cdp::{Event, Listener, Session};
use super::dialog::Dialog;
use super::frame::{Cause, World};
use super::load_state::LoadState;
use super::notice::{DialogClosed, Notice, Topic};
use super::owner::Owner;
use super::page::{Page, UTILITY_WORLD};
use super::resident::Resident;
use super::screencast::Cast;
use super::script::ExecutionContext;
use serde::Deserialize;
use serde_json::Value;
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
struct Lifecycle<'a> {
    frame_id: Cow<'a, str>,
    loader_id: Cow<'a, str>,
    name: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StartedNavigating {
    frame_id: String,
    #[serde(default)]
    navigation_type: String,
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
struct BindingCalled {
    name: String,
    payload: String,
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
struct DialogAnswered {
    result: bool,
    #[serde(default)]
    user_input: String,
}

#[derive(Deserialize)]
struct DragIntercepted {
    data: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TargetAttached {
    pub(super) session_id: String,
    pub(super) target_info: ChildTarget,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChildTarget {
    pub(super) target_id: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) url: String,
    pub(super) parent_frame_id: Option<String>,
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
            "Page.frameAttached"
            | "Page.frameNavigated"
            | "Page.navigatedWithinDocument"
            | "Page.frameDetached"
            | "Page.documentOpened" => page.frame_event(session, event),
            "Page.frameRequestedNavigation" => with(event, |event: RequestedNavigation| {
                if event.disposition.as_deref().is_none_or(|disposition| disposition == "currentTab") {
                    page.navigation_requested(&event.frame_id);
                    page.navigation_wanted(&event.frame_id, Cause::Page);
                }
            }),
            "Runtime.bindingCalled" => with(event, |event: BindingCalled| page.binding_called(session, event)),
            "Page.frameStartedNavigating" => with(event, |event: StartedNavigating| {
                page.navigation_requested(&event.frame_id);
                let history = event.navigation_type.starts_with("history");
                page.navigation_wanted(&event.frame_id, if history { Cause::History } else { Cause::Outside });
            }),
            "Page.javascriptDialogOpening" => with(event, |event| page.dialog_opening(session, event)),
            "Page.fileChooserOpened" => with(event, |opened| page.chooser_opened(opened)),
            "Page.screencastFrame" => with(event, |cast: Cast| page.casts(cast)),
            "Page.javascriptDialogClosed" => with(event, |event: DialogAnswered| {
                let DialogAnswered { result: accepted, user_input: text } = event;
                let page = page.clone();
                page.clone().tell_if(Topic::Dialog, || Notice::DialogClosed(DialogClosed { page, accepted, text }));
            }),
            "Runtime.executionContextCreated" => {
                with(event, |event: ContextCreated| page.context_created(session, event.context));
            }
            "Runtime.executionContextDestroyed" => with(event, |event: ContextDestroyed| {
                page.contexts_destroyed(|context| context.is(session, event.execution_context_id));
            }),
            "Runtime.executionContextsCleared" => page.contexts_destroyed(|context| context.belongs_to(session)),
            "Runtime.consoleAPICalled" | "Log.entryAdded" | "Runtime.exceptionThrown" => page.said(session, event),
            "Input.dragIntercepted" => with(event, |event: DragIntercepted| page.drags().handed(event.data)),
            "Target.attachedToTarget" => with(event, |event| page.target_attached(session, event)),
            "Inspector.targetCrashed" if self.is_main => page.has_crashed(),
            method if method.starts_with("Network.") || method.starts_with("Fetch.") => {
                page.network().event(&Owner::Page(page.clone()), session, event)
            }
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

pub(super) fn with<'a, T: Deserialize<'a>>(event: &Event<'a>, work: impl FnOnce(T)) {
    if let Some(params) = event.params() {
        work(params);
    }
}

impl Page {
    fn navigation_requested(&self, frame: &str) {
        if let Some(frame) = self.frame(frame) {
            frame.with_state(|state| {
                state.requested = true;
                state.requests += 1;
            });
        }
    }

    /// What a page asks for is told by its process, that it begins by Chromium's own: in any order.
    fn navigation_wanted(&self, frame: &str, by: Cause) {
        if let Some(frame) = self.frame(frame) {
            frame.with_state(|state| {
                if state.wanted_by == Cause::Unknown || by == Cause::Page {
                    state.wanted_by = by;
                }
            });
        }
    }

    fn binding_called(&self, session: &Session, event: BindingCalled) {
        if event.name == bridge::BINDING {
            self.exposed_called(session, event.execution_context_id, &event.payload);
        }
        if event.name != Resident::BINDING {
            return;
        }
        let from = self.frames().into_iter().find(|frame| frame.has_context(session, event.execution_context_id));
        if let Some(frame) = from {
            self.tell(Notice::Called(frame, event.payload));
        }
    }

    fn lifecycle(&self, event: &Lifecycle<'_>) {
        let state = match &*event.name {
            "DOMContentLoaded" => LoadState::DomContentLoaded,
            "load" => LoadState::Load,
            _ => return,
        };
        let Some(frame) = self.frame(&event.frame_id) else { return };
        let fresh = frame.with_state(|frame| {
            frame.loader == *event.loader_id && !std::mem::replace(&mut frame.loaded[state.slot()], true)
        });
        if !fresh {
            return;
        }
        self.tell(Notice::Loaded(frame, state));
    }

    fn context_created(&self, session: &Session, info: ContextInfo) {
        let aux = info.aux_data.unwrap_or_default();
        let Some(frame) = self.frame(&aux.frame_id).filter(|frame| !self.is_out_of_bounds(&frame.url())) else {
            return;
        };
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

    fn target_attached(&self, parent: &Session, event: TargetAttached) {
        let connection = parent.connection();
        if event.target_info.kind == "worker" {
            return self.worker_attached(parent, event, self.main_frame().id());
        }
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
        connection.session(&event.session_id).let_go(parent);
    }
}
