//! `request.…`, `response.…`, and how both are told.

use super::objects::Objects;
use super::{Failure, Operations, Performed, parse};
use crate::browser::network::{Headers, Request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Map, Value, json};

pub(super) fn request_json(objects: &Objects, request: &Request) -> Value {
    json!({
        "id": objects.add_request(request),
        "url": request.url(),
        "method": request.method(),
        "headers": lower_case(request.headers()),
        "resourceType": request.resource_type(),
        "postData": request.body_sent().map(|body| BASE64.encode(body)),
        "failure": request.failure(),
        "responseEnd": request.response_end(),
        "isNavigationRequest": request.is_navigation(),
        "frame": request.frame_id().and_then(|id| objects.frame_name_of(id)),
        "serviceWorker": request.owner().worker().and_then(|worker| objects.worker_name(worker)),
        "redirectedFrom": request.redirected_from().map(|request| request_json(objects, request)),
    })
}

fn lower_case(headers: &Map<String, Value>) -> Map<String, Value> {
    headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect()
}

/// The head of the answer to a request; none if there is none.
pub(super) fn response(objects: &Objects, request: &Request) -> Option<Value> {
    let response = request.response_now()?;
    let address = response.remote_ip_address.as_ref().zip(response.remote_port);
    Some(json!({
        "id": objects.add_request(request),
        "url": response.url,
        "status": response.status,
        "statusText": response.status_text,
        "headers": lower_case(&response.headers),
        "fromServiceWorker": response.from_service_worker,
        "httpVersion": response.protocol,
        "serverAddr": address.map(|(address, port)| json!({ "ipAddress": address, "port": port })),
        "securityDetails": response.security_details,
        "timing": request.timing(),
        "request": request_json(objects, request),
    }))
}

/// `{response}` of a navigation, or null.
pub(super) fn navigated(objects: &Objects, request: Option<&Request>) -> Value {
    match request.and_then(|request| response(objects, request)) {
        Some(response) => json!({ "response": response }),
        None => Value::Null,
    }
}

pub(super) fn headers_json(headers: &Headers) -> Value {
    headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

#[derive(Deserialize)]
struct Of {
    #[serde(alias = "response")]
    request: String,
}

pub(super) async fn perform(operations: &Operations, name: &str, params: Value) -> Result<Performed, Failure> {
    let of: Of = parse(params)?;
    let objects = &operations.objects;
    let request = objects.request(&of.request)?;
    let value = match name {
        "request.headers" => headers_json(&request.all_headers().await?),
        "request.response" => {
            request.response().await?;
            response(objects, &request).unwrap_or_default()
        }
        "request.sizes" => json!(request.sizes().await?),
        "response.headers" => headers_json(&request.all_response_headers().await?.unwrap_or_default()),
        "response.finished" => {
            request.finished().await?;
            json!({ "responseEnd": request.response_end() })
        }
        "response.body" => json!({ "base64": BASE64.encode(request.body().await?) }),
        _ => return Err(Failure::unknown(name)),
    };
    Ok(value.into())
}
