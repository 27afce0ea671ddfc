//! What the hub serves over HTTP.

use super::actor::RelayHandle;
use super::dashboard;
use super::token;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use std::sync::Arc;

#[derive(Clone)]
struct Shared {
    relay: RelayHandle,
    secret: Arc<[u8]>,
}

/// All routes but Socket.IO's.
pub(super) fn router(relay: RelayHandle, secret: Arc<[u8]>) -> Router {
    Router::new()
        .route("/healthz", get(health))
        .route("/api/v1/agents", get(agents))
        .merge(dashboard::router())
        .with_state(Shared { relay, secret })
}

async fn health() -> Json<serde_json::Value> {
    Json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}))
}

async fn agents(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = bearer.and_then(|value| value.strip_prefix("Bearer "));
    match token::verify(&shared.secret, token) {
        Ok(_) => Json(shared.relay.agents().await).into_response(),
        Err(error) => (StatusCode::UNAUTHORIZED, Json(json!({"error": error.to_string()}))).into_response(),
    }
}
