//! `handle.…`: values that stay in the page.

use super::{Failure, Operations, Performed, Script, parse};
use crate::browser::BrowserError;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Of {
    handle: String,
}

pub(super) async fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    let of: Of = parse(params.clone())?;
    if operation == "dispose" {
        operations.objects.forget_handle(&of.handle);
        return Ok(Value::Null.into());
    }
    let handle = operations.handle(&of.handle)?;
    let value = match operation {
        "evaluate" => {
            let script: Script = parse(params)?;
            let return_handle = script.return_handle;
            let what = operations.evaluation(script)?;
            if return_handle {
                operations.new_handle(handle.evaluate_handle(&what).await?)
            } else {
                json!({ "value": handle.evaluate(&what).await? })
            }
        }
        "jsonValue" => handle.json_value().await?,
        "getProperties" => {
            let properties = handle.properties().await?.into_iter().map(|(name, object)| {
                let mut value = operations.new_handle(object);
                value["name"] = json!(name);
                value
            });
            Value::Array(properties.collect())
        }
        "contentFrame" => {
            let inner = handle.content_frame().await.map_err(BrowserError::of_element)?;
            frame(operations, inner.as_ref())
        }
        "ownerFrame" => {
            handle.lives().map_err(|error| if error.is_context_lost() { error } else { error.of_element() })?;
            frame(operations, handle.owner_frame().await?.as_ref())
        }
        _ => return Err(Failure::unknown(&format!("handle.{operation}"))),
    };
    Ok(value.into())
}

fn frame(operations: &Operations, frame: Option<&crate::browser::Frame>) -> Value {
    match frame.and_then(|frame| operations.objects.frame_name(frame)) {
        Some(name) => json!({ "frame": name }),
        None => Value::Null,
    }
}
