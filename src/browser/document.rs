//! What is asked of the document in a frame, and done to it.

use super::error::BrowserError;
use super::frame::Frame;
use super::injected::Engine;
use super::progress::Progress;
use super::script::{CallArg, Evaluation, RemoteObject};
use serde_json::{Value, json};

/// What is asked of a document; see there.
static FRAME_JS: &str = include_str!("js/frame.js");

/// Adds elements; see there.
static TAGS_JS: &str = include_str!("js/tags.js");

impl Frame {
    /// Its document as HTML; `shadow`: with what is in open shadow roots.
    pub async fn content(&self, shadow: bool) -> Result<String, BrowserError> {
        Ok(self.run("content", &[json!(shadow)]).await?.as_str().unwrap_or_default().to_owned())
    }

    /// Its `document.title`.
    pub async fn title(&self) -> Result<String, BrowserError> {
        Ok(self.run("title", &[]).await?.as_str().unwrap_or_default().to_owned())
    }

    /// Runs what a test wrote until the result is true: at every frame (`"raf"`) or every so many milliseconds.
    pub async fn wait_for_function(
        &self,
        what: &Evaluation,
        polling: &Value,
        timeout: u64,
    ) -> Result<RemoteObject, BrowserError> {
        let work = async {
            loop {
                match self.main_context().await?.poll(what, polling, timeout).await {
                    Err(error) if error.is_context_lost() && what.handles.is_empty() => {}
                    result => return result,
                }
            }
        };
        Progress::new(timeout).run(work).await
    }

    /// Adds a script element and waits until it has run; either a URL or text.
    pub async fn add_script_tag(
        &self,
        url: Option<&str>,
        content: Option<&str>,
        kind: Option<&str>,
    ) -> Result<RemoteObject, BrowserError> {
        self.add_tag("addScript", &[json!(url), json!(content), json!(kind)]).await
    }

    /// Adds a style sheet and waits until it counts; either a URL or text.
    pub async fn add_style_tag(&self, url: Option<&str>, content: Option<&str>) -> Result<RemoteObject, BrowserError> {
        self.add_tag("addStyle", &[json!(url), json!(content)]).await
    }

    async fn add_tag(&self, name: &str, args: &[Value]) -> Result<RemoteObject, BrowserError> {
        let tags = self.main_context().await?.installed(TAGS_JS).await?;
        tags.call_handle("function(name, ...args) { return this[name](...args); }", &named(name, args)).await
    }

    /// Installs what operations need, before there is one. Documents that its process shows later have it compiled already.
    pub(super) async fn prepare(&self) -> Result<(), BrowserError> {
        let context = self.utility_context().await?;
        Engine::of(&context).await?;
        context.installed(FRAME_JS).await.map(drop)
    }

    /// Calls a function of `js/frame.js` in the utility world, again in the next document where this one goes away meanwhile.
    pub(super) async fn run(&self, name: &str, args: &[Value]) -> Result<Value, BrowserError> {
        let all = named(name, args);
        loop {
            let attempt = async {
                let script = self.utility_context().await?.installed(FRAME_JS).await?;
                script.call("function(name, ...args) { return this[name](...args); }", &all).await
            };
            match attempt.await {
                Err(error) if error.is_context_lost() => {}
                result => return result,
            }
        }
    }
}

fn named(name: &str, args: &[Value]) -> Vec<CallArg> {
    std::iter::once(json!(name)).chain(args.iter().cloned()).map(CallArg::Value).collect()
}
