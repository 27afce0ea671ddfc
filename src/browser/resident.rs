//! A script of ours that lives in every document of a context, in the isolated world, from before the page's first script on.

use super::cdp::Session;
use super::error::BrowserError;
use super::frame::Frame;
use super::injected;
use super::page::UTILITY_WORLD;
use super::script::{CallArg, RemoteObject};
use serde_json::{Value, json};
use std::sync::Arc;

/// Where a resident leaves what it is called by, in its world.
const RESIDENT: &str = "__understudy_resident";

/// A script that shares the scope of the engine of `js/` and calls out by the function [`Resident::BINDING`]; the page sees neither.
#[derive(Debug, Clone)]
pub struct Resident(Arc<str>);

impl Resident {
    /// What the script calls with one text; it arrives as [`super::Notice::Called`], in order.
    pub const BINDING: &'static str = "__understudy_record";

    /// From statements, which see the engine and may have names that it has too; `value` is an expression, the object whose methods
    /// [`Frame::call_resident`] calls.
    pub fn new(statements: &str, value: &str) -> Self {
        let engine = injected::ENGINE_FILES;
        let source = format!(
            "(() => {{\nif (globalThis.{RESIDENT}) return;\n{engine}\n(() => {{\n{statements}\nglobalThis.{RESIDENT} = {value};\n}})();\n}})()\n\
             //# sourceURL=understudy:resident.js"
        );
        Self(source.into())
    }

    /// Into all documents of a session from the next one on, and into the one that is there.
    pub(super) fn move_into(&self, session: &Session) {
        let binding = json!({ "name": Self::BINDING, "executionContextName": UTILITY_WORLD });
        drop(session.request("Runtime.addBinding", &binding));
        let script = json!({ "source": &*self.0, "worldName": UTILITY_WORLD, "runImmediately": true });
        drop(session.request("Page.addScriptToEvaluateOnNewDocument", &script));
    }
}

impl Frame {
    /// Calls a method of the resident of the document that is there; null without one.
    ///
    /// # Errors
    /// When the frame or its document goes away meanwhile.
    pub async fn call_resident(
        &self,
        method: &str,
        params: Value,
        element: Option<RemoteObject>,
    ) -> Result<Value, BrowserError> {
        let context = self.utility_context().await?;
        let call = format!("function(method, ...all) {{ return globalThis.{RESIDENT}?.[method](...all) ?? null; }}");
        let mut args = vec![CallArg::Value(method.into())];
        match element {
            Some(element) => args.push(CallArg::Handle(element)),
            None => args.push(CallArg::Value(params)),
        }
        context.call(&call, &args).await
    }
}
