//! JavaScript in a page: the worlds of a frame, objects in them, calls.

use super::cdp::Session;
use super::error::BrowserError;
use super::frame::Frame;
use super::sync::lock;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

/// Turns a test's expression and arguments into a call, in any world.
static EVALUATE_JS: &str = concat!(
    "(",
    include_str!("js/evaluate.js"),
    "\n)(",
    include_str!("../model/serialize.js"),
    "\n)\n//# sourceURL=understudy:evaluate.js"
);

/// One JavaScript world of one document. Ends with the document.
#[derive(Clone)]
pub struct ExecutionContext(Arc<Inner>);

struct Inner {
    session: Session,
    id: i64,
    frame: Frame,
    destroyed: CancellationToken,
    installed: Mutex<HashMap<usize, Installed>>,
}

type Installed = Arc<tokio::sync::OnceCell<RemoteObject>>;

/// An argument of a call.
#[derive(Debug, Clone)]
pub enum CallArg {
    /// Plain JSON.
    Value(Value),
    /// An object of the same context.
    Handle(RemoteObject),
}

impl From<Value> for CallArg {
    fn from(value: Value) -> Self {
        Self::Value(value)
    }
}

impl From<RemoteObject> for CallArg {
    fn from(object: RemoteObject) -> Self {
        Self::Handle(object)
    }
}

/// What a test asked to be evaluated; see `src/model/serialize.js` for `arg`.
#[derive(Debug, Clone, Default)]
pub struct Evaluation {
    /// Text of a function or an expression.
    pub expression: String,
    /// Whether it is a function; if unknown it is called when it turns out to be one.
    pub is_function: Option<bool>,
    /// Serialized value.
    pub arg: Value,
    /// What `{h: n}` in `arg` stands for.
    pub handles: Vec<RemoteObject>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallFunctionOn<'a> {
    function_declaration: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    execution_context_id: Option<i64>,
    arguments: Vec<Value>,
    return_by_value: bool,
    await_promise: bool,
    user_gesture: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Evaluated {
    result: RawObject,
    exception_details: Option<Exception>,
}

/// Chromium's `Runtime.RemoteObject`, as far as it is of use.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RawObject {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) subtype: Option<String>,
    pub(super) class_name: Option<String>,
    pub(super) value: Option<Value>,
    pub(super) unserializable_value: Option<String>,
    pub(super) description: Option<String>,
    pub(super) object_id: Option<String>,
}

/// Chromium's `Runtime.ExceptionDetails`, as far as it is of use.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Exception {
    pub(super) text: String,
    pub(super) exception: Option<RawObject>,
}

impl Exception {
    /// `Error: text` with the stack, or the thrown value as text.
    pub(super) fn message(&self) -> String {
        match &self.exception {
            Some(RawObject { description: Some(description), .. }) => description.clone(),
            Some(RawObject { value: Some(Value::String(text)), .. }) => text.clone(),
            Some(RawObject { value: Some(value), .. }) => value.to_string(),
            Some(object) if object.kind == "undefined" => "undefined".into(),
            _ => self.text.clone(),
        }
    }
}

impl ExecutionContext {
    pub(super) fn new(session: Session, id: i64, frame: Frame) -> Self {
        let destroyed = CancellationToken::new();
        Self(Arc::new(Inner { session, id, frame, destroyed, installed: Mutex::default() }))
    }

    pub(super) fn is(&self, session: &Session, id: i64) -> bool {
        self.0.id == id && self.0.session.id() == session.id()
    }

    pub(super) fn belongs_to(&self, session: &Session) -> bool {
        self.0.session.id() == session.id()
    }

    pub(super) fn session(&self) -> &Session {
        &self.0.session
    }

    /// Ends it: its document is gone. What runs in it fails at once.
    pub(super) fn destroy(&self) {
        self.0.destroyed.cancel();
        lock(&self.0.installed).clear();
    }

    /// Whether its document is gone.
    pub fn is_destroyed(&self) -> bool {
        self.0.destroyed.is_cancelled()
    }

    /// Whose document it is of.
    pub fn frame(&self) -> &Frame {
        &self.0.frame
    }

    /// Calls a function, given as text, awaits what it promises and takes the result as plain JSON (`undefined` is null).
    pub async fn call(&self, declaration: &str, args: &[CallArg]) -> Result<Value, BrowserError> {
        Ok(self.call_on(None, declaration, args, true).await?.value.unwrap_or(Value::Null))
    }

    /// Calls a function, given as text, awaits what it promises and keeps the result in the page.
    pub async fn call_handle(&self, declaration: &str, args: &[CallArg]) -> Result<RemoteObject, BrowserError> {
        Ok(self.object(self.call_on(None, declaration, args, false).await?))
    }

    /// The value of the expression `source`, evaluated once in this context.
    pub async fn installed(&self, source: &'static str) -> Result<RemoteObject, BrowserError> {
        let cell = lock(&self.0.installed).entry(source.as_ptr() as usize).or_default().clone();
        cell.get_or_try_init(|| self.expression(source)).await.cloned()
    }

    /// The value of an expression, kept in the page.
    pub(super) async fn expression(&self, source: &str) -> Result<RemoteObject, BrowserError> {
        let params = json!({ "expression": source, "contextId": self.0.id, "awaitPromise": true, "userGesture": true });
        let reply = self.0.session.request("Runtime.evaluate", &params).unlimited();
        Ok(self.object(self.outcome(reply).await?))
    }

    /// Runs what a test wrote; the value comes back serialized.
    pub async fn evaluate(&self, what: &Evaluation) -> Result<Value, BrowserError> {
        Ok(self.run(what, None, true).await?.value.unwrap_or(Value::Null))
    }

    /// Runs what a test wrote; the value stays in the page.
    pub async fn evaluate_handle(&self, what: &Evaluation) -> Result<RemoteObject, BrowserError> {
        Ok(self.object(self.run(what, None, false).await?))
    }

    async fn run(
        &self,
        what: &Evaluation,
        first: Option<&RemoteObject>,
        by_value: bool,
    ) -> Result<RawObject, BrowserError> {
        let runner = self.installed(EVALUATE_JS).await?;
        let mut args = vec![
            json!(what.expression).into(),
            json!(what.is_function).into(),
            json!(by_value).into(),
            what.arg.clone().into(),
            json!(usize::from(first.is_some())).into(),
        ];
        args.extend(first.cloned().map(CallArg::Handle));
        self.add_handles(&mut args, what).await?;
        let declaration = "function(...all) { return this.run(...all); }";
        self.call_on(Some(&runner), declaration, &args, by_value).await
    }

    /// Runs what a test wrote until the result is true, at every frame or every so many milliseconds; that stays in the page.
    /// The page gives up after `lifetime` milliseconds (0 is never), without an answer.
    pub(super) async fn poll(
        &self,
        what: &Evaluation,
        polling: &Value,
        lifetime: u64,
    ) -> Result<RemoteObject, BrowserError> {
        let runner = self.installed(EVALUATE_JS).await?;
        let mut args = vec![
            json!(what.expression).into(),
            json!(what.is_function).into(),
            polling.clone().into(),
            json!(lifetime).into(),
            what.arg.clone().into(),
        ];
        self.add_handles(&mut args, what).await?;
        runner.call_handle("function(...all) { return this.poll(...all); }", &args).await
    }

    async fn add_handles(&self, args: &mut Vec<CallArg>, what: &Evaluation) -> Result<(), BrowserError> {
        for handle in &what.handles {
            args.push(CallArg::Handle(handle.in_context(self).await?));
        }
        Ok(())
    }

    async fn call_on(
        &self,
        this: Option<&RemoteObject>,
        declaration: &str,
        args: &[CallArg],
        by_value: bool,
    ) -> Result<RawObject, BrowserError> {
        if self.is_destroyed() {
            return Err(self.lost());
        }
        let object_id = this.and_then(|this| this.object_id());
        let arguments = args
            .iter()
            .map(|arg| match arg {
                CallArg::Value(value) => json!({ "value": value }),
                CallArg::Handle(object) => object.as_argument(),
            })
            .collect();
        let params = CallFunctionOn {
            function_declaration: declaration,
            object_id,
            execution_context_id: if object_id.is_none() { Some(self.0.id) } else { None },
            arguments,
            return_by_value: by_value,
            await_promise: true,
            user_gesture: true,
        };
        let reply = self.0.session.request("Runtime.callFunctionOn", &params).unlimited();
        self.outcome(reply).await
    }

    async fn outcome(&self, reply: super::cdp::Reply) -> Result<RawObject, BrowserError> {
        let answer = tokio::select! {
            biased;
            answer = reply.parse::<Evaluated>() => answer,
            () = self.0.destroyed.cancelled() => Err(self.lost()),
        };
        let evaluated = answer.map_err(|error| self.translate(error))?;
        match evaluated.exception_details {
            None => Ok(evaluated.result),
            Some(exception) => Err(BrowserError::script(exception.message())),
        }
    }

    fn lost(&self) -> BrowserError {
        self.0.frame.why_gone().unwrap_or_else(BrowserError::context_destroyed)
    }

    /// What Chromium says when the document went away in the middle of it, in our words.
    fn translate(&self, error: BrowserError) -> BrowserError {
        if matches!(error, BrowserError::Closed { .. }) {
            // Perhaps only the process of an out-of-process frame.
            return self.lost();
        }
        let BrowserError::Protocol { message, .. } = &error else { return error };
        const GONE: &[&str] = &[
            "Cannot find context with specified id",
            "Execution context was destroyed",
            "Inspected target navigated or closed",
            "uniqueContextId not found",
            "Could not find object with given id",
            "Cannot find default execution context",
        ];
        if GONE.iter().any(|gone| message.contains(gone)) {
            return self.lost();
        }
        if message.contains("Object reference chain is too long")
            || message.contains("Object couldn't be returned by value")
        {
            return BrowserError::other("Cannot serialize result: object reference chain is too long.");
        }
        error
    }

    pub(super) fn object(&self, raw: RawObject) -> RemoteObject {
        RemoteObject(Arc::new(Object { raw, context: self.clone() }))
    }
}

/// A value that lives in a page. Let go in the page when the last clone is dropped.
#[derive(Clone)]
pub struct RemoteObject(Arc<Object>);

struct Object {
    raw: RawObject,
    context: ExecutionContext,
}

impl std::fmt::Debug for RemoteObject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RemoteObject").field(&self.0.raw).finish()
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        if let Some(id) = &self.raw.object_id
            && !self.context.is_destroyed()
        {
            drop(self.context.0.session.request("Runtime.releaseObject", &json!({ "objectId": id })));
        }
    }
}

impl RemoteObject {
    /// Where it lives.
    pub fn context(&self) -> &ExecutionContext {
        &self.0.context
    }

    /// Whether it is `null` or `undefined`.
    pub fn is_null(&self) -> bool {
        self.0.raw.kind == "undefined" || self.0.raw.subtype.as_deref() == Some("null")
    }

    /// Whether it is a DOM node.
    pub fn is_element(&self) -> bool {
        self.0.raw.subtype.as_deref() == Some("node")
    }

    /// Whether it is an array.
    pub fn is_array(&self) -> bool {
        self.0.raw.subtype.as_deref() == Some("array")
    }

    /// Its value if it is a primitive of JSON.
    pub fn value(&self) -> Option<&Value> {
        self.0.raw.value.as_ref()
    }

    /// Short text, as a handle is printed: `JSHandle@array`, `JSHandle@<div class="x"></div>`, `5`.
    pub fn preview(&self) -> String {
        let raw = &self.0.raw;
        if raw.object_id.is_some() {
            let kind = raw.subtype.as_deref().unwrap_or(&raw.kind);
            return format!("JSHandle@{}", if kind == "object" { "object" } else { kind });
        }
        match (&raw.unserializable_value, &raw.value) {
            (Some(text), _) => text.clone(),
            (None, Some(Value::String(text))) => text.clone(),
            (None, Some(value)) => value.to_string(),
            (None, None) => raw.kind.clone(),
        }
    }

    /// As a console prints it.
    pub(super) fn console_text(&self) -> String {
        let raw = &self.0.raw;
        match (&raw.value, &raw.unserializable_value, &raw.description) {
            (Some(Value::String(text)), _, _) => text.clone(),
            (Some(value), _, _) => value.to_string(),
            (None, Some(text), _) => text.clone(),
            (None, None, Some(text)) => text.clone(),
            (None, None, None) => raw.kind.clone(),
        }
    }

    pub(super) fn object_id(&self) -> Option<&str> {
        self.0.raw.object_id.as_deref()
    }

    fn as_argument(&self) -> Value {
        let raw = &self.0.raw;
        match (&raw.object_id, &raw.unserializable_value, &raw.value) {
            (Some(id), _, _) => json!({ "objectId": id }),
            (None, Some(text), _) => json!({ "unserializableValue": text }),
            (None, None, Some(value)) => json!({ "value": value }),
            (None, None, None) => json!({}),
        }
    }

    /// Calls a function with this object as `this`; the result as plain JSON.
    pub async fn call(&self, declaration: &str, args: &[CallArg]) -> Result<Value, BrowserError> {
        let result = self.context().call_on(Some(self), declaration, args, true).await?;
        Ok(result.value.unwrap_or(Value::Null))
    }

    /// Calls a function with this object as `this`; the result stays in the page.
    pub async fn call_handle(&self, declaration: &str, args: &[CallArg]) -> Result<Self, BrowserError> {
        Ok(self.context().object(self.context().call_on(Some(self), declaration, args, false).await?))
    }

    /// Runs what a test wrote with this object as first argument; the value comes back serialized.
    pub async fn evaluate(&self, what: &Evaluation) -> Result<Value, BrowserError> {
        Ok(self.context().run(what, Some(self), true).await?.value.unwrap_or(Value::Null))
    }

    /// Runs what a test wrote with this object as first argument; the value stays in the page.
    pub async fn evaluate_handle(&self, what: &Evaluation) -> Result<Self, BrowserError> {
        Ok(self.context().object(self.context().run(what, Some(self), false).await?))
    }

    /// Its serialized value.
    pub async fn json_value(&self) -> Result<Value, BrowserError> {
        let runner = self.context().installed(EVALUATE_JS).await?;
        runner.call("function(object) { return this.value(object); }", &[CallArg::Handle(self.clone())]).await
    }

    /// Own enumerable properties, by name.
    pub async fn properties(&self) -> Result<Vec<(String, Self)>, BrowserError> {
        #[derive(Deserialize)]
        struct Properties {
            result: Vec<Property>,
        }
        #[derive(Deserialize)]
        struct Property {
            name: String,
            #[serde(default)]
            enumerable: bool,
            value: Option<RawObject>,
        }
        let Some(id) = self.object_id() else { return Ok(Vec::new()) };
        let params = json!({ "objectId": id, "ownProperties": true });
        let properties: Properties = self
            .context()
            .session()
            .request("Runtime.getProperties", &params)
            .parse()
            .await
            .map_err(|error| self.context().translate(error))?;
        Ok(properties
            .result
            .into_iter()
            .filter(|property| property.enumerable)
            .filter_map(|property| Some((property.name, self.context().object(property.value?))))
            .collect())
    }

    /// The same node in another world of the same document; itself if it lives there.
    pub async fn adopt_into(&self, context: &ExecutionContext) -> Result<Self, BrowserError> {
        let Some(node) = self.describe().await? else {
            return Err(BrowserError::other("Unable to adopt element handle from a different document"));
        };
        context.resolve(node.backend_node_id).await
    }

    async fn in_context(&self, context: &ExecutionContext) -> Result<Self, BrowserError> {
        if Arc::ptr_eq(&self.context().0, &context.0) || self.object_id().is_none() {
            return Ok(self.clone());
        }
        if !self.is_element() || self.context().frame().id() != context.frame().id() {
            return Err(BrowserError::other("JSHandles can be evaluated only in the context they were created!"));
        }
        self.adopt_into(context).await
    }

    /// The frame inside of it, if it is a frame element.
    pub async fn content_frame(&self) -> Result<Option<Frame>, BrowserError> {
        let frame = self.describe().await?.and_then(|node| node.frame_id);
        Ok(frame.and_then(|id| self.context().frame().page().frame(&id)))
    }

    async fn describe(&self) -> Result<Option<Node>, BrowserError> {
        #[derive(Deserialize)]
        struct Described {
            node: Node,
        }
        let Some(id) = self.object_id().filter(|_| self.is_element()) else { return Ok(None) };
        let reply = self.context().session().request("DOM.describeNode", &json!({ "objectId": id }));
        let described: Described = reply.parse().await.map_err(|error| self.context().translate(error))?;
        Ok(Some(described.node))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    backend_node_id: i64,
    frame_id: Option<String>,
}

impl ExecutionContext {
    /// The node in this world.
    pub(super) async fn resolve(&self, backend_node_id: i64) -> Result<RemoteObject, BrowserError> {
        #[derive(Deserialize)]
        struct Resolved {
            object: RawObject,
        }
        let params = json!({ "backendNodeId": backend_node_id, "executionContextId": self.0.id });
        let reply = self.0.session.request("DOM.resolveNode", &params);
        let resolved: Resolved = reply.parse().await.map_err(|error| match self.translate(error) {
            BrowserError::Protocol { .. } => {
                BrowserError::other("Unable to adopt element handle from a different document")
            }
            error => error,
        })?;
        Ok(self.object(resolved.object))
    }
}
