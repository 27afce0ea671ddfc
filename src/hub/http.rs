//! What the hub serves over HTTP.

use super::actor::Request;
use super::dashboard;
use super::desk::Desk;
use super::runs::NotMade;
use super::service::Posted;
use super::token::{Identity, Role, TokenError};
use super::websocket;
use crate::dialect::ai_run::messages::StartAgent;
use crate::dialect::reading::read;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use tokio::sync::oneshot;

/// All routes but Socket.IO's.
pub(super) fn router(desk: Desk) -> Router {
    Router::new()
        .route("/healthz", get(health))
        .route("/api/v1/agents", get(agents))
        .route("/api/runs", post(make_run))
        .route("/api/runs/{id}", get(run))
        .route("/api/v1/events", post(event))
        .route("/api/v1/notifications", post(notification))
        .route("/api/v1/chat", post(chat))
        .route("/api/v1/websocket/stats", get(stats))
        .route("/ws", get(websocket::enter))
        .merge(dashboard::router())
        .with_state(desk)
}

async fn health(State(desk): State<Desk>) -> Response {
    let (code, status) = match desk.is_ready() {
        true => (StatusCode::OK, "ok"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "Redis is away"),
    };
    (code, Json(json!({"status": status, "version": env!("CARGO_PKG_VERSION")}))).into_response()
}

async fn agents(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    match bearer(&desk, &headers) {
        Ok(_) => Json(desk.relay.agents().await).into_response(),
        Err(refusal) => *refusal,
    }
}

/// Makes a run of protocol 001.
async fn make_run(State(desk): State<Desk>, headers: HeaderMap, body: Bytes) -> Response {
    let identity = match bearer(&desk, &headers) {
        Ok(identity) => identity,
        Err(refusal) => return *refusal,
    };
    let asked = serde_json::from_slice::<Value>(&body).map_err(|error| error.to_string());
    let asked: StartAgent = match asked.and_then(|body| read(&body).map_err(|refusal| refusal.to_string())) {
        Ok(asked) => asked,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, &format!("read the run: {error}")),
    };
    let run = json!({"runId": asked.run_id});
    let (answer, made) = oneshot::channel();
    desk.relay.send(Request::MakeRun { owner: identity.user, asked: Box::new(asked), answer });
    match made.await {
        Ok(Ok(())) => (StatusCode::CREATED, Json(run)).into_response(),
        Ok(Err(error @ NotMade::Taken)) => refuse(StatusCode::CONFLICT, &error.to_string()),
        Ok(Err(error @ NotMade::Empty(_))) => refuse(StatusCode::BAD_REQUEST, &error.to_string()),
        Err(_) => refuse(StatusCode::SERVICE_UNAVAILABLE, "the hub is stopping"),
    }
}

/// The run as it was made, for agents that fetch it; for its owner, how it stands, too.
async fn run(State(desk): State<Desk>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let identity = match bearer(&desk, &headers) {
        Ok(identity) => identity,
        Err(refusal) => return *refusal,
    };
    let (answer, found) = oneshot::channel();
    desk.relay.send(Request::Run { id, identity, answer });
    match found.await {
        Ok(Some(run)) => Json(run).into_response(),
        _ => refuse(StatusCode::NOT_FOUND, "there is no such run"),
    }
}

/// A service tells what peers are to know.
async fn tell(desk: Desk, headers: HeaderMap, body: Bytes, by: fn(Value) -> Posted) -> Response {
    match bearer(&desk, &headers) {
        Ok(Identity { role: Role::Service, .. }) => {}
        Ok(_) => return refuse(StatusCode::FORBIDDEN, "only tokens of the role `service` may tell something"),
        Err(refusal) => return *refusal,
    }
    let posted = match serde_json::from_slice(&body) {
        Ok(body) => by(body),
        Err(error) => return refuse(StatusCode::BAD_REQUEST, &format!("read what was posted: {error}")),
    };
    match posted.read() {
        Ok(_) => {
            desk.relay.send(Request::Service(posted));
            (StatusCode::ACCEPTED, Json(json!({}))).into_response()
        }
        Err(malformed) => refuse(StatusCode::BAD_REQUEST, &malformed.message),
    }
}

async fn event(State(desk): State<Desk>, headers: HeaderMap, body: Bytes) -> Response {
    tell(desk, headers, body, Posted::Event).await
}

async fn notification(State(desk): State<Desk>, headers: HeaderMap, body: Bytes) -> Response {
    tell(desk, headers, body, Posted::Notification).await
}

async fn chat(State(desk): State<Desk>, headers: HeaderMap, body: Bytes) -> Response {
    tell(desk, headers, body, Posted::Chat).await
}

/// How many peers there are, and in which rooms.
async fn stats(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    if let Err(refusal) = bearer(&desk, &headers) {
        return *refusal;
    }
    let (answer, counted) = oneshot::channel();
    desk.relay.send(Request::Stats { answer });
    match counted.await {
        Ok((peers, rooms)) => {
            let clients = peers + desk.strangers.load(Ordering::Relaxed);
            Json(json!({"connections": clients, "rooms": rooms, "clients": clients, "authenticatedClients": peers}))
                .into_response()
        }
        Err(_) => refuse(StatusCode::SERVICE_UNAVAILABLE, "the hub is stopping"),
    }
}

fn bearer(desk: &Desk, headers: &HeaderMap) -> Result<Identity, Box<Response>> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = bearer.and_then(|value| value.strip_prefix("Bearer "));
    let refused = |error: TokenError| Box::new(refuse(StatusCode::UNAUTHORIZED, &error.to_string()));
    desk.verify(token).map(|grant| grant.identity).map_err(refused)
}

fn refuse(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({"error": error}))).into_response()
}
