//! Scripts that a test brings into pages: init scripts, exposed functions, selector engines.

use super::{Failure, Operations, Performed, parse};
use crate::browser::CustomEngine;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Of {
    page: Option<String>,
    #[serde(default)]
    context: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    name: String,
    /// Of what is taken away.
    #[serde(default)]
    script: u64,
}

#[derive(Deserialize)]
struct Answer {
    call: String,
    value: Value,
    threw: bool,
}

/// Whether `page.…` or `context.…` is one of these.
pub(super) fn knows(operation: &str) -> bool {
    matches!(operation, "addInitScript" | "removeInitScript" | "expose" | "unexpose")
}

pub(super) async fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    let of: Of = parse(params)?;
    let script = match &of.page {
        Some(page) => {
            let page = operations.page(page)?;
            match operation {
                "addInitScript" | "expose" => {
                    let adds = operation == "addInitScript";
                    let id = if adds { page.add_init_script(&of.source)? } else { page.expose(&of.name)? };
                    page.scripts_are_there().await;
                    id
                }
                "unexpose" => {
                    page.unexpose(of.script, &of.name).await;
                    of.script
                }
                _ => {
                    page.remove_init_script(of.script).await;
                    of.script
                }
            }
        }
        None => {
            let context = operations.objects.context(&of.context)?;
            match operation {
                "addInitScript" | "expose" => {
                    let adds = operation == "addInitScript";
                    let id = if adds { context.add_init_script(&of.source)? } else { context.expose(&of.name)? };
                    context.scripts_are_there().await;
                    id
                }
                "unexpose" => {
                    context.unexpose(of.script, &of.name).await;
                    of.script
                }
                _ => {
                    context.remove_init_script(of.script).await;
                    of.script
                }
            }
        }
    };
    Ok(json!({ "script": script }).into())
}

#[derive(Deserialize)]
struct Engine {
    name: String,
    source: String,
    isolated: bool,
}

/// `selectors.register`
pub(super) fn register_engine(operations: &Operations, params: Value) -> Result<Performed, Failure> {
    let Engine { name, source, isolated } = parse(params)?;
    operations.objects.engines.register(CustomEngine { name, source, isolated });
    Ok(Value::Null.into())
}

/// `exposed.answer`
pub(super) async fn answer(operations: &Operations, params: Value) -> Result<Performed, Failure> {
    let Answer { call, value, threw } = parse(params)?;
    if let Some(call) = operations.objects.take_call(&call) {
        call.answer(value, threw).await;
    }
    Ok(Value::Null.into())
}
