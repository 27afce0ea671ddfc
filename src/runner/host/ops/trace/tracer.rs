//! What one worker has under trace, and what is written of it.

use super::{Failure, Operations, requests_of};
use crate::browser::{BrowserContext, Page};
use crate::model::Level;
use crate::model::run::StepBegin;
use crate::runner::host::ops::Performed;
use crate::runner::host::service::Call;
use crate::runner::protocol::{OpError, ToHost};
use crate::trace::event::{self, Place};
use crate::trace::{Chunk, Clock, ContextTrace, Event, TraceError, TraceOptions};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The test's part of a trace.
pub(super) const TEST: &str = "test.trace";

/// What one worker has under trace.
#[derive(Default)]
pub(in super::super) struct Tracer(Mutex<State>);

#[derive(Default)]
pub(super) struct State {
    /// Steps that are open, while anything is traced.
    pub(super) steps: HashMap<u32, StepBegin>,
    pub(super) test: Option<Running>,
    /// Whether titles of steps are wanted where nothing is traced.
    titles: bool,
    /// By the context's id.
    pub(super) contexts: HashMap<String, Traced>,
}

/// A chunk that grows.
#[derive(Clone)]
pub(super) struct Running {
    pub(super) chunk: Arc<Chunk>,
    pub(super) clock: Clock,
    pub(super) options: TraceOptions,
    /// Contexts in it so far.
    pub(super) parts: usize,
}

/// A context under trace.
pub(super) struct Traced {
    /// None between two chunks.
    pub(super) trace: Option<Arc<ContextTrace>>,
    /// None where it is the test's trace.
    pub(super) own: Option<Own>,
}

/// What `context.tracing` keeps.
pub(super) struct Own {
    pub(super) options: TraceOptions,
    pub(super) running: Option<Running>,
    pub(super) groups: Vec<String>,
    pub(super) last_group: u32,
}

impl Running {
    pub(super) fn start(operations: &Operations, options: TraceOptions) -> Result<Self, Failure> {
        let share = operations.objects.bounds.share();
        Ok(Self { chunk: Arc::new(Chunk::new(share)?), clock: Clock::start(), options, parts: 0 })
    }

    /// What the part of one context more is called.
    fn next_part(&mut self) -> String {
        let part = format!("{}-trace", self.parts);
        self.parts += 1;
        part
    }
}

impl From<TraceError> for Failure {
    fn from(error: TraceError) -> Self {
        Self::new(error.to_string())
    }
}

impl Tracer {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many of each kind are kept.
    pub(in super::super) fn held(&self) -> [(&'static str, usize); 2] {
        let state = self.state();
        [("traced steps", state.steps.len()), ("traced contexts", state.contexts.len())]
    }

    /// See [`crate::runner::host::Service::told`].
    pub(in super::super) fn told(&self, message: &ToHost) {
        let mut state = self.state();
        if state.test.is_none() && state.contexts.is_empty() && !state.titles {
            return;
        }
        match message {
            ToHost::StepBegin { step, .. } => {
                state.steps.insert(step.id, step.clone());
                state.write(|time| before(step, time, "Test", category(step), step.parent.map(call_id)));
            }
            ToHost::StepEnd { id, error, .. } => {
                state.steps.remove(id);
                let error = error.as_ref().map(|error| failure("Error", &error.message));
                state.write(|end_time| Event::After {
                    call_id: call_id(*id),
                    end_time,
                    error,
                    attachments: Vec::new(),
                });
            }
            ToHost::Log { level, text, .. } => state.write(|timestamp| {
                let text = format!("{text}\n");
                match level {
                    Level::Error | Level::Warn => Event::Stderr { timestamp, text },
                    _ => Event::Stdout { timestamp, text },
                }
            }),
            _ => {}
        }
    }

    /// From now on steps can be asked for their titles.
    pub(in super::super) fn keep_titles(&self) {
        self.state().titles = true;
    }

    /// Of a step that is open.
    pub(in super::super) fn title(&self, step: u32) -> Option<String> {
        self.state().steps.get(&step).map(|step| step.title.clone())
    }

    /// A context is new: part of the test's trace, if there is one.
    pub(in super::super) fn context_created(&self, context: &BrowserContext) {
        self.state().trace_context(context);
    }

    /// A context is gone, and what it had under trace itself.
    pub(in super::super) fn forget(&self, key: &str) {
        let mut state = self.state();
        if state.contexts.get(key).is_some_and(|traced| traced.own.is_some()) {
            state.contexts.remove(key);
        }
    }

    /// The trace of requests that no browser makes, where there is one.
    pub(in super::super) fn of_requests(&self, name: &str) -> Option<Arc<ContextTrace>> {
        self.state().contexts.get(name)?.trace.clone()
    }

    /// How this operation is to be traced.
    fn watching(&self, operations: &Operations, call: &Call) -> Option<(Arc<ContextTrace>, Event, Option<Page>)> {
        let mut state = self.state();
        if state.contexts.is_empty() && state.test.is_none() {
            return None;
        }
        let step = state.steps.get(&call.step?)?.clone();
        let page = operations.page_of(&call.params);
        let named = |name| call.params.get(name).and_then(Value::as_str);
        let key = match &page {
            _ if call.name == "api.fetch" => {
                let name =
                    named("api").map_or_else(|| named("context").map(requests_of), |api| Some(api.to_owned()))?;
                state.trace_requests(&name);
                name
            }
            Some(page) => page.context().id().to_owned(),
            None => operations.objects.context(named("context")?).ok()?.id().to_owned(),
        };
        let traced = state.contexts.get_mut(&key)?;
        let trace = traced.trace.clone()?;
        let (room, method) = call.name.split_once('.').unwrap_or((&call.name, ""));
        let class = match room {
            "api" => "APIRequestContext",
            "page" => "Page",
            "context" => "BrowserContext",
            "handle" => "ElementHandle",
            "keyboard" | "mouse" | "touchscreen" => "Page",
            _ => "Frame",
        };
        let group = traced.own.as_ref().and_then(|own| own.groups.last().cloned());
        let mut begin = before(&step, trace.now(), class, method.to_owned(), group);
        if let (Event::Before { page_id, .. }, Some(page)) = (&mut begin, &page) {
            *page_id = Some(page.id().to_owned());
        }
        Some((trace, begin, page))
    }
}

impl State {
    pub(super) fn write(&self, event: impl FnOnce(f64) -> Event) {
        if let Some(Running { chunk, clock, .. }) = &self.test {
            chunk.write(TEST, &event(clock.now()));
        }
    }

    /// Requests that no browser makes are part of the test's trace from the first of them on.
    fn trace_requests(&mut self, name: &str) {
        let Some(running) = self.test.as_mut().filter(|_| !self.contexts.contains_key(name)) else { return };
        let part = running.next_part();
        let trace = ContextTrace::of_requests(running.chunk.clone(), running.clock, &part, None, running.options);
        self.contexts.insert(name.to_owned(), Traced { trace: Some(Arc::new(trace)), own: None });
    }

    pub(super) fn trace_context(&mut self, context: &BrowserContext) {
        let Some(running) = &mut self.test else { return };
        let part = running.next_part();
        let trace = ContextTrace::begin(context, running.chunk.clone(), running.clock, &part, None, running.options);
        self.contexts.insert(context.id().to_owned(), Traced { trace: Some(Arc::new(trace)), own: None });
    }
}

pub(super) fn call_id(step: u32) -> String {
    format!("call@{step}")
}

pub(super) fn category(step: &StepBegin) -> String {
    serde_json::to_value(step.category).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

pub(super) fn before(
    step: &StepBegin,
    start_time: f64,
    class: &'static str,
    method: String,
    parent_id: Option<String>,
) -> Event {
    let stack = step.location.iter().map(|at| Place { file: at.file.clone(), line: at.line, column: at.column });
    Event::Before {
        call_id: call_id(step.id),
        start_time,
        parent_id,
        class,
        method,
        title: step.title.clone(),
        params: step.params.clone(),
        stack: stack.collect(),
        page_id: None,
    }
}

fn failure(name: &str, message: &str) -> event::Failure {
    event::Failure { name: name.to_owned(), message: message.to_owned() }
}

impl Operations {
    /// Performs what a worker asks for, before the eyes of a trace where there is one.
    pub(in super::super) async fn traced(&self, call: Call) -> Result<Performed, OpError> {
        let Some((trace, begin, page)) = self.tracer.watching(self, &call) else {
            return self.played(&call).await;
        };
        let work = self.played(&call);
        trace.call(begin, page, work, |error| failure(&error.name, &error.message)).await
    }
}
