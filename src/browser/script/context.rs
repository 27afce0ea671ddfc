//! One JavaScript world of one document, and calls in it.

use super::super::cdp::{Reply, Session};
use super::super::error::BrowserError;
use super::super::frame::Frame;
use super::super::page::Page;
use super::super::sync::lock;
use super::super::worker::Worker;
use super::raw::{Exception, RawObject};
use super::{CallArg, Evaluation, RemoteObject};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

/// Turns a test's expression and arguments into a call, in any world.
pub(super) static EVALUATE_JS: &str = concat!(
    "(",
    include_str!("../js/evaluate.js"),
    "\n)(",
    include_str!("../../model/serialize.js"),
    "\n)\n//# sourceURL=understudy:evaluate.js"
);

/// One JavaScript world of one document. Ends with the document.
#[derive(Clone)]
pub struct ExecutionContext(Arc<Inner>);

struct Inner {
    session: Session,
    id: i64,
    home: Home,
    destroyed: CancellationToken,
    installed: Mutex<HashMap<usize, Installed>>,
}

/// Where a world is.
enum Home {
    Frame(Frame),
    Worker(Worker),
}

type Installed = Arc<tokio::sync::OnceCell<RemoteObject>>;

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

impl ExecutionContext {
    pub(in crate::browser) fn new(session: Session, id: i64, frame: Frame) -> Self {
        Self::at(session, id, Home::Frame(frame))
    }

    pub(in crate::browser) fn of_worker(session: Session, id: i64, worker: Worker) -> Self {
        Self::at(session, id, Home::Worker(worker))
    }

    fn at(session: Session, id: i64, home: Home) -> Self {
        let destroyed = CancellationToken::new();
        Self(Arc::new(Inner { session, id, home, destroyed, installed: Mutex::default() }))
    }

    pub(in crate::browser) fn is(&self, session: &Session, id: i64) -> bool {
        self.0.id == id && self.0.session.id() == session.id()
    }

    pub(in crate::browser) fn belongs_to(&self, session: &Session) -> bool {
        self.0.session.id() == session.id()
    }

    pub(in crate::browser) fn session(&self) -> &Session {
        &self.0.session
    }

    /// Ends it: its document is gone. What runs in it fails at once.
    pub(in crate::browser) fn destroy(&self) {
        self.0.destroyed.cancel();
        lock(&self.0.installed).clear();
    }

    /// Whether its document is gone.
    pub fn is_destroyed(&self) -> bool {
        self.0.destroyed.is_cancelled()
    }

    /// Completes when its document is gone.
    pub async fn destroyed(&self) {
        self.0.destroyed.cancelled().await;
    }

    pub(super) fn lives(&self) -> Result<(), BrowserError> {
        if self.is_destroyed() { Err(self.lost()) } else { Ok(()) }
    }

    /// Whose document it is of; none in a worker.
    pub fn frame(&self) -> Option<&Frame> {
        match &self.0.home {
            Home::Frame(frame) => Some(frame),
            Home::Worker(_) => None,
        }
    }

    /// The worker it is of, if it is one.
    pub fn worker(&self) -> Option<&Worker> {
        match &self.0.home {
            Home::Frame(_) => None,
            Home::Worker(worker) => Some(worker),
        }
    }

    /// Whose page it belongs to; none in a service worker.
    pub fn page(&self) -> Option<&Page> {
        match &self.0.home {
            Home::Frame(frame) => Some(frame.page()),
            Home::Worker(worker) => worker.page(),
        }
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
    pub(in crate::browser) async fn expression(&self, source: &str) -> Result<RemoteObject, BrowserError> {
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

    pub(super) async fn run(
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
    pub(in crate::browser) async fn poll(
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

    pub(super) async fn call_on(
        &self,
        this: Option<&RemoteObject>,
        declaration: &str,
        args: &[CallArg],
        by_value: bool,
    ) -> Result<RawObject, BrowserError> {
        self.lives()?;
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

    async fn outcome(&self, reply: Reply) -> Result<RawObject, BrowserError> {
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
        match &self.0.home {
            Home::Frame(frame) => frame.why_gone().unwrap_or_else(BrowserError::context_destroyed),
            Home::Worker(_) => BrowserError::closed(),
        }
    }

    /// What Chromium says when the document went away in the middle of it, in our words.
    pub(super) fn translate(&self, error: BrowserError) -> BrowserError {
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
            || message.contains("CBOR: stack limit exceeded")
        {
            return BrowserError::other("Cannot serialize result: object reference chain is too long.");
        }
        error
    }

    pub(in crate::browser) fn object(&self, raw: RawObject) -> RemoteObject {
        RemoteObject::new(raw, self.clone())
    }

    /// The node in this world.
    pub(in crate::browser) async fn resolve(&self, backend_node_id: i64) -> Result<RemoteObject, BrowserError> {
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

impl PartialEq for ExecutionContext {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
