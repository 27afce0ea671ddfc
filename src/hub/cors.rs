//! Which other sites' pages may talk to the hub: browsers ask before they let them.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// What pages may send besides what needs no permission.
const HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type");
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST");

/// Answers preflight requests and marks answers for origins that are allowed; everybody else's browser refuses by itself.
pub(super) async fn cors(State(origins): State<Arc<[String]>>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).filter(|origin| allowed(&origins, origin)).cloned();
    let Some(origin) = origin else { return next.run(request).await };
    let asks_first =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match asks_first {
        true => StatusCode::NO_CONTENT.into_response(),
        false => next.run(request).await,
    };
    permit(response.headers_mut(), origin);
    response
}

fn allowed(origins: &[String], origin: &HeaderValue) -> bool {
    origins.iter().any(|one| one == "*" || one.trim_end_matches('/').as_bytes() == origin.as_bytes())
}

fn permit(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.append(header::VARY, HeaderValue::from_static("origin"));
}
