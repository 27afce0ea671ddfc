//! `/healthz`, `/readyz` and `/metrics` on a port of its own.

use super::{Readiness, Vitals};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// What serves; it ends when this is dropped.
#[derive(Debug)]
pub struct Served {
    /// Where.
    pub address: SocketAddr,
    _task: AbortOnDropHandle<()>,
}

/// Listens there; port 0 is any free one. Nothing secret is told, and nothing can be changed.
///
/// # Errors
/// When that is not possible, because somebody else listens there for example.
pub async fn serve(vitals: Vitals, address: SocketAddr) -> io::Result<Served> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let app = Router::new()
        .route("/healthz", get(health))
        .route("/readyz", get(readiness))
        .route("/metrics", get(metrics))
        .with_state(vitals);
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, app).await {
            tracing::error!(%error, "nothing is served at --metrics any more");
        }
    });
    Ok(Served { address, _task: AbortOnDropHandle::new(task) })
}

async fn health(State(vitals): State<Vitals>) -> Response {
    match vitals.healthy() {
        Ok(()) => "ok\n".into_response(),
        Err(still) => {
            let words = format!("the agent's loop stands still for {} s\n", still.as_secs());
            (StatusCode::SERVICE_UNAVAILABLE, words).into_response()
        }
    }
}

async fn readiness(State(vitals): State<Vitals>) -> Response {
    match vitals.readiness() {
        Readiness::Ready => "ready\n".into_response(),
        Readiness::Not(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}

async fn metrics(State(vitals): State<Vitals>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], vitals.prometheus()).into_response()
}
