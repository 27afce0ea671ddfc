//! The engine of `js/` in a page: selectors, states, actions, matchers. One object per world, made when it is first needed.

use super::engines::CustomEngine;
use super::error::BrowserError;
use super::progress::CallLog;
use super::script::{CallArg, ExecutionContext, RemoteObject};
use crate::model::locator;
use serde::Deserialize;
use serde_json::{Value, json};

macro_rules! engine_files {
    () => {
        concat!(
            include_str!("js/dom.js"),
            include_str!("js/parse.js"),
            include_str!("js/parse_css.js"),
            include_str!("js/text.js"),
            include_str!("js/aria.js"),
            include_str!("js/name.js"),
            include_str!("js/css.js"),
            include_str!("js/query.js"),
            include_str!("js/states.js"),
            include_str!("js/suggest.js"),
            include_str!("js/act.js"),
            include_str!("js/expect.js"),
            include_str!("js/tree.js"),
            include_str!("js/distil.js"),
            include_str!("js/snapshot.js"),
            include_str!("js/highlight.js"),
            include_str!("js/main.js"),
        )
    };
}

/// All files share one scope; main.js defines `engine`.
pub(super) static ENGINE_FILES: &str = engine_files!();

/// An expression that makes an engine.
static ENGINE_JS: &str =
    concat!("(() => {\n", engine_files!(), "\nreturn engine;\n})()\n//# sourceURL=understudy:engine.js");

/// The engine in one world of one document.
#[derive(Debug, Clone)]
pub(super) struct Engine(RemoteObject);

/// What the engine says instead of a result.
#[derive(Deserialize)]
struct Failed {
    error: String,
    about: String,
    #[serde(default)]
    count: usize,
    /// Preview and selector of each element.
    #[serde(default)]
    shown: Vec<(String, String)>,
}

impl Failed {
    fn into_error(self, selector: &str) -> BrowserError {
        match self.about.as_str() {
            "strict" => {
                let mut message = format!(
                    "Error: strict mode violation: {} resolved to {} elements:",
                    locator::render(selector),
                    self.count
                );
                for (i, (preview, suggestion)) in self.shown.iter().enumerate() {
                    message += &format!("\n    {}) {preview} aka {}", i + 1, locator::render(suggestion));
                }
                if self.shown.len() < self.count {
                    message += "\n    ...";
                }
                message.push('\n');
                BrowserError::StrictMode { message, log: CallLog::default() }
            }
            "element" => BrowserError::other(format!("Error: {}", self.error)),
            _ => BrowserError::other(self.error),
        }
    }
}

impl Engine {
    pub(super) async fn of(context: &ExecutionContext) -> Result<Self, BrowserError> {
        context.installed(ENGINE_JS).await.map(Self)
    }

    /// Calls a method of main.js. `selector` is for messages; what the method notes goes to `log`.
    pub(super) async fn call(
        &self,
        selector: &str,
        method: &str,
        params: Value,
        handles: &[RemoteObject],
        log: &CallLog,
    ) -> Result<Value, BrowserError> {
        let mut args = vec![CallArg::Value(method.into()), CallArg::Value(params)];
        args.extend(handles.iter().cloned().map(CallArg::Handle));
        let mut reply = self.0.call("function(...all) { return this.call(...all); }", &args).await?;
        for line in reply["log"].as_array().into_iter().flatten() {
            log.note(line.as_str().unwrap_or_default());
        }
        match reply.get("error") {
            Some(_) => Err(failed(reply, selector)),
            None => Ok(reply["value"].take()),
        }
    }

    /// Makes a selector engine of a test known.
    pub(super) async fn learn(&self, custom: &CustomEngine) -> Result<(), BrowserError> {
        let params = json!({ "name": custom.name, "source": custom.source });
        self.call("", "learn", params, &[], &CallLog::default()).await.map(drop)
    }

    /// Calls a method of main.js about an element that is known; it notes nothing.
    pub(super) async fn about(
        &self,
        element: &RemoteObject,
        method: &str,
        params: Value,
    ) -> Result<Value, BrowserError> {
        self.call("", method, params, std::slice::from_ref(element), &CallLog::default()).await
    }

    /// The element a selector means, kept in the page; none without one.
    pub(super) async fn element(
        &self,
        selector: &str,
        params: Value,
        handles: &[RemoteObject],
    ) -> Result<Option<RemoteObject>, BrowserError> {
        let object = self.object("element", params, handles).await?;
        if object.is_null() {
            Ok(None)
        } else if object.is_element() {
            Ok(Some(object))
        } else {
            Err(failed(object.call("function() { return this; }", &[]).await?, selector))
        }
    }

    /// All elements a selector means, as an array in the page.
    pub(super) async fn elements(
        &self,
        selector: &str,
        params: Value,
        handles: &[RemoteObject],
    ) -> Result<RemoteObject, BrowserError> {
        let object = self.object("elements", params, handles).await?;
        if object.is_array() {
            Ok(object)
        } else {
            Err(failed(object.call("function() { return this; }", &[]).await?, selector))
        }
    }

    async fn object(
        &self,
        method: &str,
        params: Value,
        handles: &[RemoteObject],
    ) -> Result<RemoteObject, BrowserError> {
        let mut args = vec![CallArg::Value(method.into()), CallArg::Value(params)];
        args.extend(handles.iter().cloned().map(CallArg::Handle));
        self.0.call_handle("function(method, ...all) { return this[method](...all); }", &args).await
    }
}

fn failed(reply: Value, selector: &str) -> BrowserError {
    match serde_json::from_value::<Failed>(reply) {
        Ok(failed) => failed.into_error(selector),
        Err(error) => BrowserError::other(format!("failed to read what the page says: {error}")),
    }
}

/// What a method of the engine answers, typed.
pub(super) fn typed<T: serde::de::DeserializeOwned>(reply: Value) -> Result<T, BrowserError> {
    serde_json::from_value(reply)
        .map_err(|error| BrowserError::other(format!("failed to read what the page says: {error}")))
}
