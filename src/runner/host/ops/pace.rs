//! How a test acts before the eyes of a person: with a pause after everything it does (`slowMo`), and shown as it does it
//! (`screencast.showActions`).

use super::{Failure, Operations, Performed, parse};
use crate::browser::locator::Locator;
use crate::browser::overlays::{ActionLook, Overlay, ShownAction};
use crate::browser::progress::{CallWitness, watching, witnessed};
use crate::browser::screenshot::Rect;
use crate::browser::{Page, Point};
use crate::runner::host::service::Call;
use crate::runner::protocol::OpError;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long an action is shown where nothing is said, milliseconds.
const SHOWN: f64 = 500.0;

/// Which pages show what is done in them.
#[derive(Default)]
pub(super) struct Shows(Arc<Mutex<Tables>>);

#[derive(Default)]
struct Tables {
    /// By page; none where it was said to be over.
    looks: HashMap<String, Option<ActionLook>>,
    /// Where the pointer was shown last.
    points: HashMap<String, Point>,
}

impl Shows {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `screencast.showActions`, and with none `screencast.hideActions`.
    pub(super) fn set(&self, page: &str, look: Option<ActionLook>) {
        let mut tables = self.tables();
        if look.as_ref().is_none_or(|look| !look.has_cursor()) {
            tables.points.remove(page);
        }
        tables.looks.insert(page.to_owned(), look);
    }

    /// Of pages that are gone nothing is kept.
    pub(super) fn keep_only(&self, is_there: impl Fn(&str) -> bool) {
        let mut tables = self.tables();
        tables.looks.retain(|page, _| is_there(page));
        tables.points.retain(|page, _| is_there(page));
    }

    /// How the actions of a page are shown: as it was told, or as its context is filmed.
    fn look(&self, page: &Page) -> Option<ActionLook> {
        match self.tables().looks.get(page.id()) {
            Some(look) => look.clone(),
            None => page.context().options().record_video?.show_actions,
        }
    }
}

/// An action that is about to be shown.
#[derive(Clone)]
struct Showing {
    tables: Arc<Mutex<Tables>>,
    look: ActionLook,
    title: String,
}

impl Showing {
    async fn show(&self, page: &Page, point: Option<Point>, target: Option<Rect>) {
        let from = {
            let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
            let before = tables.points.get(page.id()).copied();
            if let Some(point) = point.filter(|_| self.look.has_cursor()) {
                tables.points.insert(page.id().to_owned(), point);
            }
            before
        };
        let action = ShownAction { title: self.title.clone(), point, from, target, look: self.look.clone() };
        // What cannot be shown is done all the same.
        if page.overlay(Overlay::Action(Box::new(action))).await.is_ok() {
            let shown = self.look.duration.unwrap_or(SHOWN).max(0.0);
            tokio::time::sleep(Duration::try_from_secs_f64(shown / 1000.0).unwrap_or_default()).await;
            let _ = page.overlay(Overlay::ActionOver).await;
        }
    }
}

/// Shows where the pointer acts, after whoever else looks on.
struct Pointing {
    showing: Showing,
    other: Option<Arc<dyn CallWitness>>,
}

impl CallWitness for Pointing {
    fn noted(&self, line: &str) {
        if let Some(other) = &self.other {
            other.noted(line);
        }
    }

    fn acting<'a>(&'a self, page: &'a Page, point: Point, target: Option<Rect>) -> BoxFuture<'a, ()> {
        async move {
            self.showing.show(page, Some(point), target).await;
            if let Some(other) = &self.other {
                other.acting(page, point, target).await;
            }
        }
        .boxed()
    }
}

/// How an operation acts on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By the pointer, at a place that is found on the way.
    Pointer,
    /// On an element that is found by its selector.
    Element,
    /// By the pointer, at a place that is named or where it is.
    Mouse,
    /// On whatever has the focus.
    Keys,
}

impl Way {
    fn of(name: &str) -> Option<Self> {
        match name {
            "locator.click" | "locator.dblclick" | "locator.hover" | "locator.tap" | "locator.check"
            | "locator.uncheck" | "locator.setChecked" | "locator.dragTo" => Some(Self::Pointer),
            "locator.fill"
            | "locator.clear"
            | "locator.press"
            | "locator.pressSequentially"
            | "locator.type"
            | "locator.selectOption"
            | "locator.setInputFiles"
            | "locator.drop" => Some(Self::Element),
            "mouse.move" | "mouse.click" | "mouse.down" | "mouse.up" | "mouse.wheel" | "touchscreen.tap" => {
                Some(Self::Mouse)
            }
            "keyboard.down" | "keyboard.up" | "keyboard.press" | "keyboard.type" | "keyboard.insertText" => {
                Some(Self::Keys)
            }
            _ => None,
        }
    }
}

/// What else a test does to a page.
const ALSO: [&str; 11] = [
    "locator.blur",
    "locator.dispatchEvent",
    "locator.focus",
    "locator.scrollIntoViewIfNeeded",
    "locator.selectText",
    "frame.goto",
    "page.goBack",
    "page.goForward",
    "page.reload",
    "handle.dispatchEvent",
    "handle.focus",
];

impl Operations {
    /// A context is gone, and its pages with it.
    pub(super) fn forget_shows(&self) {
        let pages: Vec<Page> = self.objects.contexts().iter().flat_map(|context| context.pages()).collect();
        self.shows.keep_only(|id| pages.iter().any(|page| page.id() == id));
    }

    /// Performs what a worker asks for at the pace, and as visibly, as was asked for.
    pub(super) async fn played(&self, call: &Call) -> Result<Performed, OpError> {
        let way = Way::of(&call.name);
        if way.is_none() && !ALSO.contains(&call.name.as_str()) {
            return self.doing(call).await;
        }
        let Some(page) = self.page_of(&call.params) else {
            return self.doing(call).await;
        };
        let slow_mo = page.context().browser().slow_mo();
        let look = way.and_then(|way| Some((way, self.shows.look(&page)?)));
        let performed = match look {
            Some((way, look)) => {
                let title = call.step.and_then(|step| self.tracer.title(step)).unwrap_or_else(|| call.name.clone());
                let showing = Showing { tables: self.shows.0.clone(), look, title };
                self.shown(call, &page, way, showing).await
            }
            None => self.doing(call).await,
        };
        if !slow_mo.is_zero() {
            tokio::time::sleep(slow_mo).await;
        }
        performed
    }

    /// Boxed: a table of all operations is large, and there are several ways to it here.
    fn doing<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Performed, OpError>> {
        self.perform(&call.name, call.params.clone()).boxed()
    }

    async fn shown(&self, call: &Call, page: &Page, way: Way, showing: Showing) -> Result<Performed, OpError> {
        match way {
            Way::Pointer => {
                let witness = Pointing { showing, other: watching() };
                return witnessed(Arc::new(witness), self.doing(call)).await;
            }
            Way::Element => {
                let target = self.seen(&call.params).await;
                showing.show(page, None, target).await;
            }
            Way::Mouse => {
                let at = |name| call.params.get(name).and_then(Value::as_f64);
                let (x, y) = at("x").zip(at("y")).unwrap_or_else(|| page.mouse().position());
                showing.show(page, Some(Point { x, y }), None).await;
            }
            Way::Keys => showing.show(page, None, None).await,
        }
        self.doing(call).await
    }

    /// Where the element is that an operation is about, once it is there.
    async fn seen(&self, params: &Value) -> Option<Rect> {
        let target: super::locator::Target = parse(params.clone()).ok()?;
        let locator: Locator = target.locator(self).ok()?;
        let timeout = params.get("timeout").and_then(Value::as_u64).unwrap_or_default();
        // Inputs for files are hidden more often than not.
        let state = if params.get("files").is_some() { "attached" } else { "visible" };
        locator.wait_for_state(state, timeout).await.ok()?;
        locator.outline().await
    }
}

/// `screencast.showActions`, `screencast.hideActions`
pub(super) async fn perform(
    operations: &Operations,
    operation: &str,
    page: &Page,
    params: Value,
) -> Result<(), Failure> {
    if operation == "showActions" {
        let look: ActionLook = parse(params)?;
        operations.tracer.keep_titles();
        if !look.has_cursor() {
            page.overlay(Overlay::CursorOver).await?;
        }
        operations.shows.set(page.id(), Some(look));
    } else {
        operations.shows.set(page.id(), None);
        page.overlay(Overlay::CursorOver).await?;
    }
    Ok(())
}
