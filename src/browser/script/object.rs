//! Values that live in a page.

use super::super::error::BrowserError;
use super::super::frame::Frame;
use super::super::quad::Quad;
use super::context::{EVALUATE_JS, ExecutionContext};
use super::raw::RawObject;
use super::{CallArg, Evaluation};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

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
            drop(self.context.session().request("Runtime.releaseObject", &json!({ "objectId": id })));
        }
    }
}

impl RemoteObject {
    pub(super) fn new(raw: RawObject, context: ExecutionContext) -> Self {
        Self(Arc::new(Object { raw, context }))
    }

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

    /// Fails where its document is gone.
    pub fn lives(&self) -> Result<(), BrowserError> {
        self.context().lives()
    }

    /// In a few words, as a console shows it: `{a: 1}`, `Array(2)`, `JSHandle@node`, `5`.
    pub fn preview(&self) -> String {
        self.0.raw.text()
    }

    pub(in crate::browser) fn object_id(&self) -> Option<&str> {
        self.0.raw.object_id.as_deref()
    }

    pub(super) fn as_argument(&self) -> Value {
        let raw = &self.0.raw;
        match (&raw.object_id, &raw.unserializable_value, &raw.value) {
            (Some(id), _, _) => json!({ "objectId": id }),
            (None, Some(text), _) => json!({ "unserializableValue": text }),
            (None, None, Some(value)) => json!({ "value": value }),
            (None, None, None) if self.0.raw.subtype.as_deref() == Some("null") => json!({ "value": null }),
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

    pub(super) async fn in_context(&self, context: &ExecutionContext) -> Result<Self, BrowserError> {
        if self.context() == context || self.object_id().is_none() {
            return Ok(self.clone());
        }
        if self.is_element() && self.context().page() != context.page() {
            return Err(BrowserError::other("Frame has been detached."));
        }
        if !self.is_element() {
            return Err(BrowserError::other("JSHandles can be evaluated only in the context they were created!"));
        }
        self.adopt_into(context).await
    }

    /// Whether it is in the document.
    pub(in crate::browser) async fn is_connected(&self) -> Result<bool, BrowserError> {
        Ok(self.call("function() { return this.isConnected; }", &[]).await? == true)
    }

    /// The frame inside of it, if it is a frame element.
    pub async fn content_frame(&self) -> Result<Option<Frame>, BrowserError> {
        let node = self.describe().await?.filter(|node| matches!(node.node_name.as_str(), "IFRAME" | "FRAME"));
        Ok(node.and_then(|node| self.context().page()?.frame(&node.frame_id?)))
    }

    /// The frame whose document a node is in, whichever frame's script found it; none of what is no node.
    pub async fn owner_frame(&self) -> Result<Option<Frame>, BrowserError> {
        const ROOT: &str = "function() { return (this.ownerDocument ?? this).documentElement ?? null; }";
        if !self.is_element() {
            return Ok(None);
        }
        let root = self.call_handle(ROOT, &[]).await?;
        let Some(id) = root.describe().await?.and_then(|node| node.frame_id) else {
            return Ok(self.context().frame().cloned());
        };
        let pages = self.context().page().map(|page| page.context().pages()).unwrap_or_default();
        Ok(pages.iter().find_map(|page| page.frame(&id)))
    }

    /// Where its box is shown, as seen from the outermost frame of its process; none while it is not rendered.
    pub(in crate::browser) async fn quad(&self) -> Result<Option<Quad>, BrowserError> {
        #[derive(Deserialize)]
        struct Shown {
            quads: Vec<Quad>,
        }
        let Some(id) = self.object_id() else { return Ok(None) };
        let reply = self.context().session().request("DOM.getContentQuads", &json!({ "objectId": id }));
        match reply.parse::<Shown>().await {
            Ok(shown) => Ok(shown.quads.into_iter().next()),
            Err(BrowserError::Protocol { .. }) => Ok(None),
            Err(error) => Err(self.context().translate(error)),
        }
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
    node_name: String,
    frame_id: Option<String>,
}
