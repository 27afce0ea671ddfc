//! What lies over a page for those who look on: words and pictures of a test, in the isolated world, gone with the document.

use super::error::BrowserError;
use super::page::Page;
use super::script::CallArg;
use serde_json::{Value, json};

const OVERLAYS: &str = include_str!("js/overlays.js");

/// What is done with overlays.
#[derive(Debug, Clone, PartialEq)]
pub enum Overlay {
    /// HTML, for so many milliseconds or until it is removed.
    Show {
        /// To remove it by.
        id: String,
        /// As it is.
        html: String,
        /// Milliseconds.
        duration: Option<f64>,
    },
    /// A title over the whole page, for so many milliseconds.
    Chapter {
        /// To remove it by.
        id: String,
        /// Large.
        title: String,
        /// Below.
        description: Option<String>,
        /// Milliseconds.
        duration: f64,
    },
    /// One of those above is removed.
    Remove(String),
    /// All of them are seen, or not.
    Visible(bool),
}

impl Page {
    /// Shows or hides what lies over its document.
    ///
    /// # Errors
    /// When the page is gone.
    pub async fn overlay(&self, overlay: Overlay) -> Result<(), BrowserError> {
        let (method, args): (&str, Vec<Value>) = match overlay {
            Overlay::Show { id, html, duration } => ("show", vec![json!(id), json!(html), json!(duration)]),
            Overlay::Chapter { id, title, description, duration } => {
                ("chapter", vec![json!(id), json!(title), json!(description), json!(duration)])
            }
            Overlay::Remove(id) => ("remove", vec![json!(id)]),
            Overlay::Visible(visible) => ("visible", vec![json!(visible)]),
        };
        let world = self.main_frame().utility_context().await?;
        let overlays = world.installed(OVERLAYS).await?;
        let args: Vec<CallArg> = [CallArg::Handle(overlays), CallArg::Value(method.into())]
            .into_iter()
            .chain(args.into_iter().map(CallArg::Value))
            .collect();
        world.call("(overlays, method, ...all) => { overlays[method](...all); }", &args).await.map(drop)
    }
}
