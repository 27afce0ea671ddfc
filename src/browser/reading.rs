//! What can be asked of the elements a locator finds, and waiting for them.

use super::error::BrowserError;
use super::injected::typed;
use super::locator::{Attempts, Locator, World};
use super::progress::Progress;
use super::screenshot::Rect;
use super::script::{Evaluation, RemoteObject};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// What a locator is waited to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// In the document.
    Attached,
    /// Not in the document.
    Detached,
    /// In the document, with a box, not hidden.
    Visible,
    /// Not visible, or not there.
    Hidden,
}

impl Awaited {
    /// By Playwright's name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "attached" => Self::Attached,
            "detached" => Self::Detached,
            "visible" => Self::Visible,
            "hidden" => Self::Hidden,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Attached => "attached",
            Self::Detached => "detached",
            Self::Visible => "visible",
            Self::Hidden => "hidden",
        }
    }
}

impl Locator {
    /// Reads something of the element, once it is there. `what` is one of `READS` in js/main.js.
    pub async fn read(&self, what: &str, more: Value, timeout: u64) -> Result<Value, BrowserError> {
        self.read_within(what, more, &Progress::new(timeout)).await
    }

    /// The same as a part of something larger.
    pub(super) async fn read_within(
        &self,
        what: &str,
        more: Value,
        progress: &Progress,
    ) -> Result<Value, BrowserError> {
        self.note_waiting(progress, "");
        let mut params = more;
        params["what"] = what.into();
        self.within(progress, async {
            let mut attempts = Attempts::new(progress);
            loop {
                attempts.next().await;
                if let Some(read) = self.retriable(self.read_once(progress, &params).await)? {
                    return Ok(read);
                }
            }
        })
        .await
    }

    async fn read_once(&self, progress: &Progress, params: &Value) -> Result<Option<Value>, BrowserError> {
        #[derive(Deserialize)]
        struct Reading {
            #[serde(default)]
            missing: bool,
            #[serde(default)]
            value: Value,
        }
        let Some(mut place) = self.place(World::Utility).await? else { return Ok(None) };
        let reading: Reading = typed(place.call(&progress.log, "read", params.clone(), &[]).await?)?;
        if reading.missing {
            return self.unless_gone();
        }
        if params["what"] == "box" {
            let Ok(rect) = serde_json::from_value::<Rect>(reading.value) else { return Ok(Some(Value::Null)) };
            return Ok(Some(json!(place.way.shown(rect).await?)));
        }
        Ok(Some(reading.value))
    }

    /// Where the element is now, in what is visible of the page; none where there is no one element, or it cannot be told soon.
    pub async fn outline(&self) -> Option<Rect> {
        /// It is for a picture.
        const PATIENCE: Duration = Duration::from_millis(500);
        let (progress, params) = (Progress::new(0), json!({ "what": "box" }));
        let read = tokio::time::timeout(PATIENCE, self.read_once(&progress, &params)).await;
        serde_json::from_value(read.ok()?.ok()??).ok()
    }

    /// Asks all elements that are there now; `method` is `count`, `texts`, `visible` or `highlight`.
    pub async fn ask(&self, method: &str, more: Value, without_frame: Value) -> Result<Value, BrowserError> {
        let progress = Progress::new(0);
        if method == "visible" {
            progress.note(format!("  checking visibility of {}", self.text()));
        }
        self.within(&progress, async {
            loop {
                let asked = async {
                    let Some(place) = self.place(World::Utility).await? else {
                        return Ok(Some(without_frame.clone()));
                    };
                    place.call(&progress.log, method, more.clone(), &[]).await.map(Some)
                };
                if let Some(value) = self.retriable(asked.await)? {
                    return Ok(value);
                }
            }
        })
        .await
    }

    /// Waits for a state; the element if it has to be there, in the page's world.
    pub async fn wait_for(&self, awaited: Awaited, timeout: u64) -> Result<Option<RemoteObject>, BrowserError> {
        let progress = Progress::new(timeout);
        let suffix = if awaited == Awaited::Attached { String::new() } else { format!(" to be {}", awaited.name()) };
        self.note_waiting(&progress, &suffix);
        self.within(&progress, async {
            let mut attempts = Attempts::new(&progress);
            loop {
                attempts.next().await;
                self.frame.page().checkpoint(&progress).await?;
                if let Some(done) = self.retriable(self.look(&progress, awaited).await)? {
                    return Ok(done);
                }
            }
        })
        .await
    }

    /// As part of an operation that is underway.
    pub(super) async fn hidden(&self, progress: &Progress) -> Result<(), BrowserError> {
        let mut attempts = Attempts::new(progress);
        loop {
            attempts.next().await;
            if self.retriable(self.look(progress, Awaited::Hidden).await)?.is_some() {
                return Ok(());
            }
        }
    }

    /// None, so that it is looked for again; an element that was given is nowhere else.
    fn unless_gone<T>(&self) -> Result<Option<T>, BrowserError> {
        match self.element {
            Some(_) if self.selector.is_empty() => Err(BrowserError::context_destroyed().of_element()),
            _ => Ok(None),
        }
    }

    async fn look(&self, progress: &Progress, awaited: Awaited) -> Result<Option<Option<RemoteObject>>, BrowserError> {
        #[derive(Deserialize)]
        struct Look {
            attached: bool,
            visible: bool,
        }
        let gone_is_fine = matches!(awaited, Awaited::Detached | Awaited::Hidden);
        let Some(place) = self.place(World::Main).await? else {
            return Ok(gone_is_fine.then_some(None));
        };
        let look: Look = typed(place.call(&progress.log, "look", Value::Null, &[]).await?)?;
        let there = match awaited {
            Awaited::Attached => look.attached,
            Awaited::Detached => !look.attached,
            Awaited::Visible => look.visible,
            Awaited::Hidden => !look.visible,
        };
        if !there {
            return match &self.element {
                Some(root) if !root.is_connected().await? => Err(BrowserError::context_destroyed().of_element()),
                _ => Ok(None),
            };
        }
        Ok(Some(if gone_is_fine { None } else { place.element().await? }))
    }

    /// The element in the page's world, once it is there.
    pub async fn element_handle(&self, timeout: u64) -> Result<RemoteObject, BrowserError> {
        self.once(None, timeout).await
    }

    /// Waits until what a test wrote says true of the element, which is looked up anew each time.
    pub async fn wait_for_function(&self, what: &Evaluation, timeout: u64) -> Result<(), BrowserError> {
        self.once(Some(what), timeout).await.map(drop)
    }

    /// The element in the page's world, once it is there and `condition` says true of it.
    async fn once(&self, condition: Option<&Evaluation>, timeout: u64) -> Result<RemoteObject, BrowserError> {
        let progress = Progress::new(timeout);
        self.note_waiting(&progress, "");
        self.within(&progress, async {
            let mut attempts = Attempts::new(&progress);
            loop {
                attempts.next().await;
                let found = async {
                    let Some(element) = self.query().await? else { return Ok(None) };
                    let holds = match condition {
                        Some(condition) => element.evaluate(condition).await? == Value::Bool(true),
                        None => true,
                    };
                    Ok(holds.then_some(element))
                };
                if let Some(element) = self.retriable(found.await)? {
                    return Ok(element);
                }
            }
        })
        .await
    }

    /// A selector of the element there is now as a person would write it; none without an element.
    pub async fn normalized(&self) -> Result<Option<String>, BrowserError> {
        let Some(place) = self.place(World::Utility).await? else { return Ok(None) };
        let Some(element) = place.element().await? else { return Ok(None) };
        Ok(place.engine.about(&element, "suggest", Value::Null).await?.as_str().map(str::to_owned))
    }

    /// The element there is now, in the page's world.
    pub async fn query(&self) -> Result<Option<RemoteObject>, BrowserError> {
        match self.place(World::Main).await? {
            Some(place) => place.element().await,
            None => Ok(None),
        }
    }

    /// The elements there are now, as an array in the page's world; none without the frame they would be in.
    pub async fn query_all(&self) -> Result<Option<RemoteObject>, BrowserError> {
        match self.place(World::Main).await? {
            Some(place) => place.elements().await.map(Some),
            None => Ok(None),
        }
    }

    /// Dispatches an event that nobody made: `event` is `{ type, eventInit }`, serialized, as are its `handles`.
    pub async fn dispatch_event(
        &self,
        event: Value,
        handles: Vec<RemoteObject>,
        timeout: u64,
    ) -> Result<(), BrowserError> {
        let expression = include_str!("js/events.js").into();
        let what = Evaluation { expression, is_function: Some(true), arg: event, handles };
        self.element_handle(timeout).await?.evaluate(&what).await.map(drop)
    }
}
