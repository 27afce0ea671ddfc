//! `webSocketRoute.…`: what a test decides about the WebSockets of its pages.

use super::objects::Objects;
use super::{Failure, Operations, Performed, parse};
use crate::browser::network::{RoutedSocketEvent, RoutedSocketNotice};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Deserialize)]
struct Of {
    page: Option<String>,
    #[serde(default)]
    context: String,
}

#[derive(Deserialize)]
struct Tell {
    socket: String,
    wanted: Value,
}

/// `page.routeWebSockets`, `context.routeWebSockets`
pub(super) async fn route(operations: &Operations, params: Value) -> Result<Performed, Failure> {
    let of: Of = parse(params)?;
    match &of.page {
        Some(page) => {
            let page = operations.page(page)?;
            page.route_sockets()?;
            page.scripts_are_there().await;
        }
        None => {
            let context = operations.objects.context(&of.context)?;
            context.route_sockets()?;
            context.scripts_are_there().await;
        }
    }
    Ok(Value::Null.into())
}

/// `webSocketRoute.tell`
pub(super) async fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    if operation != "tell" {
        return Err(Failure::unknown(&format!("webSocketRoute.{operation}")));
    }
    let Tell { socket, wanted } = parse(params)?;
    if let Some(socket) = operations.objects.socket(&socket) {
        socket.tell(wanted).await;
    }
    Ok(Value::Null.into())
}

/// What a page says about one, for the worker. With its document both ends are closed.
pub(super) fn told(objects: &Arc<Objects>, context: &str, notice: RoutedSocketNotice) {
    let RoutedSocketNotice { socket, what } = notice;
    let mut params = json!(what);
    match what {
        RoutedSocketEvent::Created { .. } => {
            params["socket"] = json!(socket.id);
            let page = socket.context().page().and_then(|page| objects.page_name(page));
            objects.add_socket(socket.clone());
            objects.send(page.as_deref().unwrap_or(context), "webSocketRoute", params);
            let objects = Arc::downgrade(objects);
            tokio::spawn(async move {
                socket.context().destroyed().await;
                if let Some(objects) = objects.upgrade().filter(|objects| objects.forget_socket(&socket.id)) {
                    for kind in ["pageClosed", "serverClosed", "gone"] {
                        objects.send(&socket.id, kind, json!({ "wasClean": true }));
                    }
                }
            });
            return;
        }
        RoutedSocketEvent::Gone => drop(objects.forget_socket(&socket.id)),
        _ => {}
    }
    let kind = params["kind"].as_str().unwrap_or_default().to_owned();
    objects.send(&socket.id, &kind, params);
}
