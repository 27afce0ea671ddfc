//! `snapshot.…`: files with what is expected, kept beside the tests. Only those who run their own tests have them.

use super::{Failure, Operations, Performed, files, parse};
use crate::picture::{Comparison, Limits, compare};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io;

const INSTEAD: &str = "snapshots are kept beside the tests; compare with a value";

#[derive(Deserialize)]
struct Named {
    path: String,
}

#[derive(Deserialize)]
struct Write {
    path: String,
    base64: String,
}

#[derive(Deserialize)]
struct Pictures {
    expected: String,
    actual: String,
    #[serde(flatten)]
    tolerance: Tolerance,
}

/// How much may differ, as the author says it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Tolerance {
    threshold: Option<f64>,
    max_diff_pixels: Option<u64>,
    max_diff_pixel_ratio: Option<f64>,
}

impl Tolerance {
    pub(super) fn limits(&self) -> Limits {
        Limits {
            threshold: self.threshold.unwrap_or(Limits::default().threshold),
            pixels: self.max_diff_pixels,
            ratio: self.max_diff_pixel_ratio,
        }
    }
}

/// `snapshot.read`, `snapshot.write`, `snapshot.compare`
pub(super) async fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    let value = match operation {
        "read" => read(operations, &parse::<Named>(params)?.path).await?,
        "write" => {
            let Write { path, base64 } = parse(params)?;
            write(operations, &path, &decoded(&base64)?).await?;
            Value::Null
        }
        "compare" => {
            let Pictures { expected, actual, tolerance } = parse(params)?;
            let (expected, actual) = (decoded(&expected)?, decoded(&actual)?);
            let compared = tokio::task::spawn_blocking(move || compare(&expected, &actual, &tolerance.limits())).await;
            match compared.map_err(|error| Failure::new(format!("comparing broke off: {error}")))? {
                Comparison::Same => Value::Null,
                Comparison::Different { why, shown } => json!({ "why": why, "diff": encoded(shown) }),
                Comparison::Unreadable { why } => json!({ "why": why }),
            }
        }
        _ => return Err(Failure::unknown(&format!("snapshot.{operation}"))),
    };
    Ok(value.into())
}

/// `{base64}`, or null where there is no such file.
async fn read(operations: &Operations, path: &str) -> Result<Value, Failure> {
    let place = files::place(path, operations.readable_files(), INSTEAD)?;
    match tokio::fs::read(&place).await {
        Ok(bytes) => Ok(json!({ "base64": encoded(bytes) })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Value::Null),
        Err(error) => Err(Failure::new(format!("failed to read {}: {error}", place.display()))),
    }
}

async fn write(operations: &Operations, path: &str, bytes: &[u8]) -> Result<(), Failure> {
    let place = files::place_to_write(path, operations.readable_files())?;
    let failed = |error: io::Error| Failure::new(format!("failed to write {}: {error}", place.display()));
    if let Some(parent) = place.parent() {
        tokio::fs::create_dir_all(parent).await.map_err(failed)?;
    }
    tokio::fs::write(&place, bytes).await.map_err(failed)
}

pub(super) fn decoded(base64: &str) -> Result<Vec<u8>, Failure> {
    BASE64.decode(base64).map_err(|error| Failure::new(format!("failed to decode a snapshot: {error}")))
}

pub(super) fn encoded(bytes: Vec<u8>) -> String {
    BASE64.encode(bytes)
}
