//! Functions of a test that pages call: `exposeFunction`, `exposeBinding`; and the way by which routed sockets and passkeys reach us.

use super::cdp::Session;
use super::context::BrowserContext;
use super::error::BrowserError;
use super::init_script::InitScript;
use super::network::Told;
use super::notice::Notice;
use super::page::Page;
use super::passkeys::PasskeyCall;
use super::script::{CallArg, ExecutionContext};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt;

/// By which js/bridge.js reaches us.
pub(super) const BINDING: &str = "__understudy_call";

/// See there.
static BRIDGE_JS: &str = include_str!("js/bridge.js");

/// See there.
static SERIALIZE_JS: &str = include_str!("../model/serialize.js");

/// A page calls a function of the test and waits.
#[derive(Clone)]
pub struct ExposedCall {
    context: ExecutionContext,
    seq: u64,
    /// Of the function.
    pub name: String,
    /// An array, serialized.
    pub args: Value,
}

/// What pages say by the binding.
#[derive(Deserialize)]
#[serde(untagged)]
enum Payload {
    Call { name: String, seq: u64, args: Value },
    Socket(Told),
    Passkey(PasskeyCall),
}

impl ExposedCall {
    /// The document that waits.
    pub fn context(&self) -> &ExecutionContext {
        &self.context
    }

    /// Ends the waiting with a serialized value; `threw`: with what the function threw. A document that is gone needs none.
    pub async fn answer(&self, value: Value, threw: bool) {
        let declaration = "function(...all) { globalThis.__understudy_bridge?.deliver(...all); }";
        let args = [CallArg::Value(json!(self.seq)), CallArg::Value(value), CallArg::Value(json!(threw))];
        if let Err(error) = self.context.call(declaration, &args).await {
            tracing::debug!(%error, "nobody waits for the answer of an exposed function any more");
        }
    }
}

impl fmt::Debug for ExposedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExposedCall").field("name", &self.name).field("seq", &self.seq).finish_non_exhaustive()
    }
}

fn script(name: &str) -> InitScript {
    InitScript::at_once(&format!(
        "({BRIDGE_JS}\n)({SERIALIZE_JS}\n, {binding}, {name})\n//# sourceURL=understudy:bridge.js",
        binding = json!(BINDING),
        name = json!(name)
    ))
}

/// For every session of a page, before its scripts.
pub(super) fn prepare(session: &Session) {
    drop(session.request("Runtime.addBinding", &json!({ "name": BINDING })));
}

impl Page {
    /// A function of this name in every document of the page; its calls arrive as [`Notice::Exposed`]. A name for [`Page::unexpose`].
    ///
    /// # Errors
    /// When the page is gone.
    pub fn expose(&self, name: &str) -> Result<u64, BrowserError> {
        self.sessions().iter().for_each(prepare);
        self.keep_init_script(script(name))
    }

    /// Takes it away, from the documents that are there too.
    pub async fn unexpose(&self, id: u64, name: &str) {
        self.remove_init_script(id).await;
        let declaration = "function(name) { globalThis.__understudy_bridge?.remove(name); }";
        for frame in self.frames() {
            // A frame that goes away has nothing left.
            if let Ok(context) = frame.main_context().await {
                let _ = context.call(declaration, &[CallArg::Value(json!(name))]).await;
            }
        }
    }

    pub(super) fn exposed_called(&self, session: &Session, context: i64, payload: &str) {
        let Ok(payload) = serde_json::from_str(payload) else { return };
        let context = self.frames().iter().find_map(|frame| frame.current_context(|one| one.is(session, context)));
        let Some(context) = context else { return };
        match payload {
            Payload::Call { name, seq, args } => self.tell(Notice::Exposed(ExposedCall { context, seq, name, args })),
            Payload::Socket(told) => self.tell(Notice::RoutedSocket(told.from(context))),
            Payload::Passkey(call) => call.answer(context),
        }
    }
}

impl BrowserContext {
    /// As [`Page::expose`], in all pages.
    ///
    /// # Errors
    /// When the context is gone.
    pub fn expose(&self, name: &str) -> Result<u64, BrowserError> {
        for page in self.pages() {
            page.sessions().iter().for_each(prepare);
        }
        self.keep_init_script(script(name))
    }

    /// As [`Page::unexpose`].
    pub async fn unexpose(&self, id: u64, name: &str) {
        self.remove_init_script(id).await;
        for page in self.pages() {
            page.unexpose(id, name).await;
        }
    }
}
