//! Traces that a test begins and ends itself, of one context or of requests.

use super::test::{End, pack};
use super::tracer::{Own, Running, Traced, Tracer};
use super::{Failure, Operations, Watched};
use crate::model::run::Location;
use crate::trace::event::Place;
use crate::trace::{ContextTrace, Event, TraceOptions};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

#[derive(Deserialize)]
pub(super) struct Start {
    #[serde(flatten)]
    options: TraceOptions,
}

#[derive(Deserialize)]
pub(super) struct StartChunk {
    title: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Group {
    name: String,
    location: Option<Location>,
}

/// `tracing.start`
pub(super) fn start(tracer: &Tracer, watched: &Watched, start: &Start) -> Result<(), Failure> {
    let mut state = tracer.state();
    if state.contexts.contains_key(watched.key()) {
        return Err(Failure::new("Tracing has been already started"));
    }
    let own = Own { options: start.options, running: None, groups: Vec::new(), last_group: 0 };
    state.contexts.insert(watched.key().to_owned(), Traced { trace: None, own: Some(own) });
    Ok(())
}

/// `tracing.startChunk`
pub(super) fn start_chunk(operations: &Operations, watched: &Watched, start: StartChunk) -> Result<(), Failure> {
    let mut state = operations.tracer.state();
    let traced = state.contexts.get_mut(watched.key());
    let Some((own, trace)) = traced.and_then(|traced| Some((traced.own.as_mut()?, &mut traced.trace))) else {
        return Err(Failure::new("Must start tracing before starting a new chunk"));
    };
    let running = Running::start(operations, own.options)?;
    own.groups.clear();
    // The one before ends first: a context has one witness.
    drop(trace.take());
    let (chunk, clock) = (running.chunk.clone(), running.clock);
    let begun = match watched {
        Watched::Browser(context) => ContextTrace::begin(context, chunk, clock, "trace", start.title, own.options),
        Watched::Requests(_) => ContextTrace::of_requests(chunk, clock, "trace", start.title, own.options),
    };
    *trace = Some(Arc::new(begun));
    own.running = Some(running);
    Ok(())
}

/// `tracing.stopChunk`; without a path nobody wants it.
pub(super) async fn stop_chunk(operations: &Operations, watched: &Watched, end: End) -> Result<(), Failure> {
    let (trace, running) = {
        let mut state = operations.tracer.state();
        let traced = state.contexts.get_mut(watched.key());
        // Where nothing was begun there is nothing to end.
        let Some((own, trace)) = traced.and_then(|traced| Some((traced.own.as_mut()?, &mut traced.trace))) else {
            return Ok(());
        };
        (trace.take(), own.running.take())
    };
    let (Some(trace), Some(running)) = (trace, running) else { return Ok(()) };
    trace.end().await;
    drop(trace);
    pack(operations, running.chunk, end).await
}

/// `tracing.stop`
pub(super) fn stop(tracer: &Tracer, watched: &Watched) {
    let mut state = tracer.state();
    if state.contexts.get(watched.key()).is_some_and(|traced| traced.own.is_some()) {
        state.contexts.remove(watched.key());
    }
}

/// `tracing.group`
pub(super) fn group(tracer: &Tracer, watched: &Watched, group: Group) {
    let mut state = tracer.state();
    let Some(Traced { trace: Some(trace), own: Some(own) }) = state.contexts.get_mut(watched.key()) else { return };
    own.last_group += 1;
    let id = format!("group@{}", own.last_group);
    let stack = group.location.into_iter().map(|at| Place { file: at.file, line: at.line, column: at.column });
    trace.note(&Event::Before {
        call_id: id.clone(),
        start_time: trace.now(),
        parent_id: own.groups.last().cloned(),
        class: "Tracing",
        method: "tracingGroup".to_owned(),
        title: group.name,
        params: json!({}),
        stack: stack.collect(),
        page_id: None,
    });
    own.groups.push(id);
}

/// `tracing.groupEnd`
pub(super) fn group_end(tracer: &Tracer, watched: &Watched) {
    let mut state = tracer.state();
    let Some(Traced { trace: Some(trace), own: Some(own) }) = state.contexts.get_mut(watched.key()) else { return };
    if let Some(call_id) = own.groups.pop() {
        trace.note(&Event::After { call_id, end_time: trace.now(), error: None, attachments: Vec::new() });
    }
}
