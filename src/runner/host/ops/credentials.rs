//! `credentials.…`: passkeys of a context.

use super::{Failure, Operations, Performed, parse};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Of {
    context: String,
    id: Option<String>,
    rp_id: Option<String>,
}

pub(super) fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    let Of { context, id, rp_id } = parse(params.clone())?;
    let context = operations.objects.context(&context)?;
    let value = match operation {
        "install" => {
            context.install_passkeys()?;
            Value::Null
        }
        "create" => json!(context.add_passkey(parse(params)?)?),
        "get" => {
            let mut all = context.all_passkeys();
            all.retain(|passkey| {
                rp_id.as_ref().is_none_or(|rp_id| *rp_id == passkey.rp_id)
                    && id.as_ref().is_none_or(|id| *id == passkey.id)
            });
            json!(all)
        }
        "delete" => {
            context.remove_passkey(&id.unwrap_or_default());
            Value::Null
        }
        _ => return Err(Failure::unknown(&format!("credentials.{operation}"))),
    };
    Ok(value.into())
}
