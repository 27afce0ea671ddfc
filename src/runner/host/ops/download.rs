//! `download.…`: what became of a file.

use super::{Failure, Operations, Performed, parse, picture};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Of {
    download: String,
    #[serde(default)]
    path: String,
}

pub(super) async fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    let of: Of = parse(params)?;
    let download = operations.objects.download(&of.download)?;
    let read = async || {
        let path = download.path().await.map_err(Failure::new)?;
        tokio::fs::read(&path).await.map_err(|error| Failure::new(format!("failed to read the download: {error}")))
    };
    let value = match operation {
        "failure" => json!(download.failure().await),
        "path" => json!(download.path().await.map_err(Failure::new)?),
        "read" => json!({ "base64": BASE64.encode(read().await?) }),
        "saveAs" => {
            picture::write(operations, &of.path, &read().await?).await?;
            Value::Null
        }
        "cancel" => {
            download.cancel();
            Value::Null
        }
        "delete" => {
            download.delete().await;
            Value::Null
        }
        _ => return Err(Failure::unknown(&format!("download.{operation}"))),
    };
    Ok(value.into())
}
