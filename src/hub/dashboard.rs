//! The dashboard: static files in the binary. They hold no secret; what they show comes over Socket.IO, with a token.

use crate::model::device::DEVICES_JSON;
use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// Path, content type, content.
const FILES: [(&str, &str, &str); 16] = [
    ("/", "text/html; charset=utf-8", include_str!("dashboard/index.html")),
    ("/dashboard/style.css", "text/css; charset=utf-8", include_str!("dashboard/style.css")),
    ("/dashboard/recording.css", "text/css; charset=utf-8", include_str!("dashboard/recording.css")),
    ("/dashboard/icon.svg", "image/svg+xml", include_str!("dashboard/icon.svg")),
    ("/dashboard/devices.json", "application/json", DEVICES_JSON),
    ("/dashboard/agents.js", SCRIPT, include_str!("dashboard/agents.js")),
    ("/dashboard/app.js", SCRIPT, include_str!("dashboard/app.js")),
    ("/dashboard/elements.js", SCRIPT, include_str!("dashboard/elements.js")),
    ("/dashboard/live.js", SCRIPT, include_str!("dashboard/live.js")),
    ("/dashboard/picker.js", SCRIPT, include_str!("dashboard/picker.js")),
    ("/dashboard/record.js", SCRIPT, include_str!("dashboard/record.js")),
    ("/dashboard/recording-view.js", SCRIPT, include_str!("dashboard/recording-view.js")),
    ("/dashboard/recordings.js", SCRIPT, include_str!("dashboard/recordings.js")),
    ("/dashboard/sessions.js", SCRIPT, include_str!("dashboard/sessions.js")),
    ("/dashboard/socket.js", SCRIPT, include_str!("dashboard/socket.js")),
    ("/dashboard/view.js", SCRIPT, include_str!("dashboard/view.js")),
];

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Nothing from elsewhere, no script that is not a file of ours, no page of others around it: what tests print is hostile.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
];

pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    FILES.into_iter().fold(Router::new(), |router, (path, kind, content)| {
        router.route(path, get(move || std::future::ready(file(kind, content))))
    })
}

fn file(kind: &'static str, content: &'static str) -> Response {
    (HEADERS, [(header::CONTENT_TYPE, kind)], content).into_response()
}
