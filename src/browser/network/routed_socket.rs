//! WebSockets of pages about which a test decides: `routeWebSocket`.

use super::super::bridge;
use super::super::context::BrowserContext;
use super::super::error::BrowserError;
use super::super::init_script::InitScript;
use super::super::page::Page;
use super::super::script::{CallArg, ExecutionContext};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;

/// See there.
static JS: &str = include_str!("../js/routed_socket.js");

/// A WebSocket that a page believes to have. Clones share it.
#[derive(Clone)]
pub struct RoutedSocket {
    context: ExecutionContext,
    /// No two sockets share it.
    pub id: String,
}

/// Something happened to one.
#[derive(Debug, Clone)]
pub struct RoutedSocketNotice {
    /// To which.
    pub socket: RoutedSocket,
    /// What.
    pub what: RoutedSocketEvent,
}

/// What happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum RoutedSocketEvent {
    /// The page made it, and waits for what is to become of it.
    Created {
        /// Where it wants to.
        url: String,
        /// Which it would speak.
        protocols: Vec<String>,
    },
    /// The page said something.
    FromPage(Said),
    /// The server said something.
    FromServer(Said),
    /// The page's end is closed.
    PageClosed(End),
    /// The server's end is closed.
    ServerClosed(End),
    /// Both are: nothing more will be said about it.
    Gone,
}

/// A message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Said {
    /// Text, or bytes in base64.
    pub data: String,
    /// Which.
    pub binary: bool,
}

/// How an end was closed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct End {
    /// 1000, 3000–4999, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// In words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether both ends agreed.
    pub was_clean: bool,
}

/// What js/routed_socket.js says.
#[derive(Deserialize)]
pub(in super::super) struct Told {
    socket: String,
    #[serde(flatten)]
    what: RoutedSocketEvent,
}

impl Told {
    pub(in super::super) fn from(self, context: ExecutionContext) -> RoutedSocketNotice {
        RoutedSocketNotice { socket: RoutedSocket { context, id: self.socket }, what: self.what }
    }
}

impl RoutedSocket {
    /// Where the page made it.
    pub fn context(&self) -> &ExecutionContext {
        &self.context
    }

    /// Does to it what `wanted` lists, in order; see js/routed_socket.js. A document that is gone wants nothing.
    pub async fn tell(&self, wanted: Value) {
        let declaration = "function(id, wanted) { globalThis.__understudy_sockets?.(id, wanted); }";
        let args = [CallArg::Value(json!(self.id)), CallArg::Value(wanted)];
        if let Err(error) = self.context.call(declaration, &args).await {
            tracing::debug!(%error, "nobody has that socket any more");
        }
    }
}

impl fmt::Debug for RoutedSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RoutedSocket").field(&self.id).finish()
    }
}

fn script() -> InitScript {
    let binding = json!(bridge::BINDING);
    InitScript::at_once(&format!("({JS}\n)({binding})\n//# sourceURL=understudy:routed_socket.js"))
}

impl Page {
    /// From now on its documents ask before they open a WebSocket, by [`super::super::Notice::RoutedSocket`].
    ///
    /// # Errors
    /// When the page is gone.
    pub fn route_sockets(&self) -> Result<(), BrowserError> {
        self.sessions().iter().for_each(bridge::prepare);
        self.keep_init_script(script()).map(drop)
    }
}

impl BrowserContext {
    /// As [`Page::route_sockets`], in all pages.
    ///
    /// # Errors
    /// When the context is gone.
    pub fn route_sockets(&self) -> Result<(), BrowserError> {
        for page in self.pages() {
            page.sessions().iter().for_each(bridge::prepare);
        }
        self.keep_init_script(script()).map(drop)
    }
}
