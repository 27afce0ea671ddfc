//! What lies over a page for those who look on: words and pictures of a test, in the isolated world, gone with the document.

use super::Point;
use super::error::BrowserError;
use super::page::Page;
use super::screenshot::Rect;
use super::script::CallArg;
use serde::{Deserialize, Serialize};
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
    /// What a test is about to do, until it is over.
    Action(Box<ShownAction>),
    /// It was shown long enough.
    ActionOver,
    /// No pointer is shown any more.
    CursorOver,
}

/// What a test is about to do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShownAction {
    /// For people.
    pub title: String,
    /// Where the pointer acts.
    pub point: Option<Point>,
    /// Where it was before.
    pub from: Option<Point>,
    /// The element that it is about.
    pub target: Option<Rect>,
    /// How it is to look.
    pub look: ActionLook,
}

/// How actions are shown. Names and meanings are Playwright's.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ActionLook {
    /// `none`: without a pointer.
    pub cursor: Option<String>,
    /// Milliseconds.
    pub duration: Option<f64>,
    /// Of the title, pixels.
    pub font_size: Option<f64>,
    /// `top-left`, `top`, `top-right`, `bottom-left`, `bottom`, `bottom-right`
    pub position: Option<String>,
    /// Further declarations.
    pub style: ActionStyle,
}

/// CSS declarations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActionStyle {
    /// Of a mark where the pointer acts; none is no mark.
    pub point: Option<String>,
    /// Of a box around the element; none is no box.
    pub highlight: Option<String>,
    /// Of the title.
    pub title: Option<String>,
}

impl ActionLook {
    /// Whether a pointer is shown.
    pub fn has_cursor(&self) -> bool {
        self.cursor.as_deref() != Some("none")
    }
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
            Overlay::Action(action) => ("action", vec![json!(action)]),
            Overlay::ActionOver => ("actionOver", vec![]),
            Overlay::CursorOver => ("cursorOver", vec![]),
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
