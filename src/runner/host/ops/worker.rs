//! `worker.…`, and how workers are told.

use super::objects::Objects;
use super::{Failure, Operations, Performed, Script, parse};
use crate::browser::Worker;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Of {
    worker: String,
}

/// It runs. Of a page that nobody knows yet: it is told with the page.
pub(super) fn created(objects: &Objects, context: &str, worker: &Worker) {
    let target = match worker.page() {
        Some(page) => objects.page_name(page),
        None => Some(context.to_owned()),
    };
    if let Some(target) = target {
        let params = json!({ "worker": objects.add_worker(worker), "url": worker.url() });
        objects.send(&target, "worker", params);
    }
}

/// It is gone.
pub(super) fn closed(objects: &Objects, worker: &Worker) {
    if let Some(name) = objects.forget_worker(worker) {
        objects.send(&name, "closed", json!({}));
    }
}

pub(super) async fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    let of: Of = parse(params.clone())?;
    let worker = operations.objects.worker(&of.worker)?;
    if operation != "evaluate" {
        return Err(Failure::unknown(&format!("worker.{operation}")));
    }
    let script: Script = parse(params)?;
    let return_handle = script.return_handle;
    let what = operations.evaluation(script)?;
    let context = worker.script().await?;
    Ok(if return_handle {
        operations.new_handle(context.evaluate_handle(&what).await?)
    } else {
        json!({ "value": context.evaluate(&what).await? })
    }
    .into())
}
