//! What operations bring.

use crate::browser::Page;
use crate::browser::locator::Locator;
use crate::browser::screenshot::Rect;
use serde_json::Value;

/// What an operation brought.
pub struct Performed {
    /// For the worker.
    pub value: Value,
    /// What there is to see now.
    pub shown: Option<Shown>,
}

/// What a picture of a step shows.
#[derive(Clone)]
pub struct Shown {
    /// Of which page.
    pub page: Page,
    /// What the step was about.
    pub outlined: Outlined,
}

/// What is outlined in a picture.
#[derive(Clone)]
pub enum Outlined {
    /// Nothing.
    Nothing,
    /// A place in what was visible of a document; nothing in another document.
    Place {
        /// CSS pixels.
        rect: Rect,
        /// Chromium's name for the document.
        document: String,
    },
    /// An element, wherever it is when the picture is taken.
    Element(Box<Locator>),
}

impl From<Value> for Performed {
    fn from(value: Value) -> Self {
        Self { value, shown: None }
    }
}

impl Performed {
    /// The same, with a picture of this page.
    #[must_use]
    pub fn showing(self, page: &Page, target: Option<Rect>) -> Self {
        let document = page.main_frame().document();
        self.showing_in(page, target, document)
    }

    /// The same; the target was in this document of the page.
    #[must_use]
    pub fn showing_in(mut self, page: &Page, target: Option<Rect>, document: String) -> Self {
        let outlined = target.map_or(Outlined::Nothing, |rect| Outlined::Place { rect, document });
        self.shown = Some(Shown { page: page.clone(), outlined });
        self
    }

    /// The same, with a picture of this element and the page around it.
    #[must_use]
    pub fn showing_element(mut self, locator: Locator) -> Self {
        let page = locator.frame.page().clone();
        self.shown = Some(Shown { page, outlined: Outlined::Element(Box::new(locator)) });
        self
    }
}
