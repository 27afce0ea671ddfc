//! The trace of a test: what it did, and all its contexts.

use super::tracer::{Running, TEST, Traced, before, call_id, category};
use super::{Failure, Operations, picture};
use crate::model::run::{Location, StepBegin};
use crate::trace::event::{self, Attached, Place};
use crate::trace::{Chunk, Event, TraceOptions, hex};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

#[derive(Deserialize)]
pub(super) struct Begin {
    #[serde(flatten)]
    options: TraceOptions,
    /// Steps that are open already, the outermost first.
    open: Vec<StepBegin>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct End {
    path: Option<String>,
    errors: Vec<Error>,
    attachments: Vec<Attachment>,
    /// By the name they have in places.
    sources: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Error {
    message: String,
    location: Option<Location>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attachment {
    name: String,
    content_type: String,
    path: Option<String>,
    body: Option<String>,
}

/// `tracing.begin`: a test begins.
pub(super) fn begin(operations: &Operations, begin: Begin) -> Result<(), Failure> {
    let mut state = operations.tracer.state();
    let running = Running::start(operations, begin.options)?;
    running.chunk.write(
        TEST,
        &Event::ContextOptions {
            version: event::VERSION,
            origin: "testRunner",
            browser_name: "",
            playwright_version: event::PLAYWRIGHT,
            options: json!({}),
            platform: event::platform(),
            wall_time: running.clock.wall(),
            monotonic_time: running.clock.now(),
            sdk_language: "javascript",
            test_id_attribute_name: None,
            title: None,
        },
    );
    state.test = Some(running);
    for step in begin.open {
        state.write(|time| before(&step, time, "Test", category(&step), step.parent.map(call_id)));
        state.steps.insert(step.id, step);
    }
    for context in operations.objects.contexts() {
        state.trace_context(&context);
    }
    Ok(())
}

/// `tracing.end`: it is over; without a path nobody wants its trace.
pub(super) async fn end(operations: &Operations, end: End) -> Result<(), Failure> {
    let (test, traces) = {
        let mut state = operations.tracer.state();
        let Some(test) = state.test.take() else { return Ok(()) };
        let (of_test, own) =
            std::mem::take(&mut state.contexts).into_iter().partition(|(_, traced)| traced.own.is_none());
        state.contexts = own;
        state.steps.clear();
        let of_test: HashMap<String, Traced> = of_test;
        (test, of_test.into_values().filter_map(|traced| traced.trace).collect::<Vec<_>>())
    };
    for trace in &traces {
        trace.end().await;
    }
    for error in &end.errors {
        let stack = error.location.iter().map(|at| Place { file: at.file.clone(), line: at.line, column: at.column });
        test.chunk.write(TEST, &Event::Error { message: error.message.clone(), stack: stack.collect() });
    }
    attachments(operations, &test, &end.attachments).await;
    pack(operations, test.chunk, end).await
}

/// Those of the test, as one step at its end.
async fn attachments(operations: &Operations, test: &Running, attachments: &[Attachment]) {
    let mut attached = Vec::new();
    for attachment in attachments {
        let bytes = match (&attachment.body, &attachment.path) {
            (Some(body), _) => BASE64.decode(body).ok(),
            (None, Some(path)) => match operations.options.artifacts.resolve(path) {
                Ok(path) => tokio::fs::read(path).await.ok(),
                Err(_) => None,
            },
            (None, None) => None,
        };
        let file = bytes.and_then(|bytes| test.chunk.add("attachments", "", &bytes));
        attached.extend(file.map(|file| Attached {
            name: attachment.name.clone(),
            content_type: attachment.content_type.clone(),
            file,
        }));
    }
    if attached.is_empty() {
        return;
    }
    let (call_id, now) = ("attachments".to_owned(), test.clock.now());
    test.chunk.write(
        TEST,
        &Event::Before {
            call_id: call_id.clone(),
            start_time: now,
            parent_id: None,
            class: "Test",
            method: "test.attach".to_owned(),
            title: "Attachments".to_owned(),
            params: json!({}),
            stack: Vec::new(),
            page_id: None,
        },
    );
    test.chunk.write(TEST, &Event::After { call_id, end_time: now, error: None, attachments: attached });
}

/// Writes the archive, where one is wanted.
pub(super) async fn pack(operations: &Operations, chunk: Arc<Chunk>, end: End) -> Result<(), Failure> {
    let Some(path) = end.path else { return Ok(()) };
    let target = picture::place(operations, &path)?;
    for (file, text) in &end.sources {
        let extension = Path::new(file).extension().map(|it| format!(".{}", it.display())).unwrap_or_default();
        chunk.add_named(&format!("src/{}{extension}", hex(file.as_bytes())), text.as_bytes());
    }
    let place = target.clone();
    let packed = tokio::task::spawn_blocking(move || chunk.pack(&place)).await;
    packed.map_err(|_| Failure::new("the trace was not written: packing it broke off"))??;
    picture::count(operations, &target).await
}
