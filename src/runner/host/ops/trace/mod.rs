//! `tracing.…`: traces of a test with all its contexts (`use.trace`), and of one context (`context.tracing`).

mod own;
mod test;
mod tracer;

pub(super) use tracer::Tracer;

use super::{Failure, Operations, Performed, parse, picture};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Of {
    context: String,
}

pub(super) async fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    match operation {
        "begin" => test::begin(operations, parse(params)?)?,
        "end" => test::end(operations, parse(params)?).await?,
        _ => {
            let of: Of = parse(params.clone())?;
            let context = operations.objects.context(&of.context)?;
            match operation {
                "start" => own::start(&operations.tracer, &context, &parse(params)?)?,
                "startChunk" => own::start_chunk(&operations.tracer, &context, parse(params)?)?,
                "stopChunk" => own::stop_chunk(operations, &context, parse(params)?).await?,
                "stop" => own::stop(&operations.tracer, &context),
                "group" => own::group(&operations.tracer, &context, parse(params)?),
                "groupEnd" => own::group_end(&operations.tracer, &context),
                _ => return Err(Failure::unknown(&format!("tracing.{operation}"))),
            }
        }
    }
    Ok(Value::Null.into())
}
