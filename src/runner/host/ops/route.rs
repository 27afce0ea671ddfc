//! `route.…`: what a test decides about a request.

use super::{Failure, Operations, Performed, files, parse};
use crate::browser::network::{Headers, Overrides};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Of {
    route: String,
}

#[derive(Deserialize)]
pub(super) struct Header {
    name: String,
    value: String,
}

pub(super) fn headers(given: Vec<Header>) -> Headers {
    given.into_iter().map(|Header { name, value }| (name, value)).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Continue {
    url: Option<String>,
    method: Option<String>,
    headers: Option<Vec<Header>>,
    /// In base64.
    post_data: Option<String>,
}

#[derive(Deserialize)]
struct Fulfill {
    status: u16,
    headers: Vec<Header>,
    base64: Option<String>,
    path: Option<String>,
    /// The answer to a request of ours.
    fetched: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Abort {
    error_code: Option<String>,
}

#[derive(Deserialize)]
struct Redirect {
    url: String,
}

pub(super) async fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    let of: Of = parse(params.clone())?;
    // Its page may be gone: then there is nobody to answer and nothing to decide.
    let Some(route) = operations.objects.route(&of.route) else { return Ok(Value::Null.into()) };
    match operation {
        "continue" => {
            let given: Continue = parse(params)?;
            let body = given.post_data.as_deref().map(bytes).transpose()?;
            let headers = given.headers.map(headers);
            route.resume(Overrides { url: given.url, method: given.method, headers, body }).await?;
        }
        "fulfill" => {
            let given: Fulfill = parse(params)?;
            let mut headers = headers(given.headers);
            let body = match (&given.path, &given.base64, &given.fetched) {
                (Some(path), ..) => from_file(operations, path, &mut headers).await?,
                (None, Some(text), _) => bytes(text)?,
                (None, None, Some(id)) => {
                    let body = operations.api.body(id);
                    body.ok_or_else(|| Failure::new("Fetch response has been disposed"))?.to_vec()
                }
                (None, None, None) => Vec::new(),
            };
            route.fulfill(given.status, headers, &body).await?;
        }
        "redirect" => route.redirect(&parse::<Redirect>(params)?.url).await?,
        "abort" => route.abort(parse::<Abort>(params)?.error_code.as_deref().unwrap_or("failed")).await?,
        _ => return Err(Failure::unknown(&format!("route.{operation}"))),
    }
    operations.objects.forget_route(&of.route);
    Ok(Value::Null.into())
}

async fn from_file(operations: &Operations, path: &str, headers: &mut Headers) -> Result<Vec<u8>, Failure> {
    let body = files::content(path, operations.readable_files()).await?;
    let mut also = |name: &str, value: String| {
        if !headers.iter().any(|(other, _)| other == name) {
            headers.push((name.into(), value));
        }
    };
    also("content-type", mime_guess::from_path(path).first_or_octet_stream().essence_str().to_owned());
    also("content-length", body.len().to_string());
    Ok(body)
}

pub(super) fn bytes(text: &str) -> Result<Vec<u8>, Failure> {
    BASE64.decode(text).map_err(|error| Failure::new(format!("wrong parameters: {error}")))
}
