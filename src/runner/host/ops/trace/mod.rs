//! `tracing.…`: traces of a test with all its contexts (`use.trace`), and of one context (`context.tracing`).

mod own;
mod test;
mod tracer;

pub(super) use tracer::Tracer;

use super::watched::{Watched, requests_of};
use super::{Failure, Operations, Performed, parse, picture};
use serde_json::Value;

pub(super) async fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    match operation {
        "begin" => test::begin(operations, parse(params)?)?,
        "end" => test::end(operations, parse(params)?).await?,
        _ => {
            let watched = Watched::of(operations, &params)?;
            match operation {
                "start" => own::start(&operations.tracer, &watched, &parse(params)?)?,
                "startChunk" => own::start_chunk(operations, &watched, parse(params)?)?,
                "stopChunk" => own::stop_chunk(operations, &watched, parse(params)?).await?,
                "stop" => own::stop(&operations.tracer, &watched),
                "group" => own::group(&operations.tracer, &watched, parse(params)?),
                "groupEnd" => own::group_end(&operations.tracer, &watched),
                _ => return Err(Failure::unknown(&format!("tracing.{operation}"))),
            }
        }
    }
    Ok(Value::Null.into())
}
