//! A scripted person: `script.json` of `fixtures/recordings`, done by input events. `tests/interop/record.mjs` does the same to the
//! official recorder; change both.

use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use understudy::browser::input::{Button, ClickOptions};
use understudy::browser::navigation::GotoOptions;
use understudy::browser::reading::Awaited;
use understudy::browser::{BrowserError, LoadState, Locator, Page, Progress};

/// Generous: only a broken test takes so long. Milliseconds.
pub(crate) const TIMEOUT: u64 = 20_000;

/// What a person does, in order.
#[derive(Debug, Deserialize)]
pub(crate) struct Script {
    /// The first page, from the site's root.
    pub(crate) url: String,
    /// The browser context's.
    #[serde(default)]
    pub(crate) options: Value,
    /// To dialogs, in order: `no`, or yes; what a prompt takes. Without one it is no.
    #[serde(default)]
    pub(crate) answers: Vec<String>,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Step {
    /// Which page, in the order they opened.
    #[serde(default)]
    pub(crate) page: usize,
    /// Whether a download begins, which the person sees.
    #[serde(default)]
    pub(crate) downloads: bool,
    #[serde(flatten)]
    deed: Deed,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase")]
enum Deed {
    Click {
        at: String,
        #[serde(default)]
        button: Option<String>,
        #[serde(default = "once")]
        count: u32,
        #[serde(default)]
        modifiers: Vec<String>,
    },
    Type {
        text: String,
    },
    Press {
        key: String,
    },
    Select {
        at: String,
        values: Vec<String>,
    },
    Set {
        at: String,
        value: String,
    },
    Files {
        at: String,
        names: Vec<String>,
    },
    Drag {
        from: String,
        to: String,
    },
    /// The mouse rests there. The recorder is told to keep it; the official one cannot.
    Hover {
        at: String,
    },
    Wheel {
        at: String,
        #[serde(default)]
        x: f64,
        #[serde(default)]
        y: f64,
    },
    /// At once, as input methods and the clipboard do.
    Insert {
        text: String,
    },
    See {
        at: String,
    },
    Goto {
        url: String,
    },
    Back,
    Forward,
    Reload,
    Close,
}

fn once() -> u32 {
    1
}

impl Script {
    pub(crate) fn read(folder: &Path) -> Self {
        let text = std::fs::read_to_string(folder.join("script.json")).expect("a script");
        serde_json::from_str(&text).expect("a script that can be read")
    }
}

impl Step {
    /// What the person waits for to be there.
    pub(crate) fn sees(&self) -> Option<&str> {
        if let Deed::See { at } = &self.deed { Some(at) } else { None }
    }

    /// What the mouse rests on.
    pub(crate) fn hovers(&self) -> Option<&str> {
        if let Deed::Hover { at } = &self.deed { Some(at) } else { None }
    }

    /// Whether it is a navigation of the person's own.
    pub(crate) fn navigates(&self) -> bool {
        matches!(self.deed, Deed::Goto { .. } | Deed::Back | Deed::Forward | Deed::Reload)
    }

    /// Does it in `page`.
    pub(crate) async fn perform(&self, page: &Page, site: &str) -> Result<(), BrowserError> {
        let find = |selector: &str| Locator::new(&page.main_frame(), selector);
        let keyboard = page.keyboard();
        match &self.deed {
            Deed::Click { at, button, count, modifiers } => {
                let (x, y) = middle(&find(at)).await?;
                page.mouse().move_to(x, y, 1).await?;
                for key in modifiers {
                    keyboard.down(key).await?;
                }
                let button = button.as_deref().and_then(Button::parse).unwrap_or_default();
                let barrier = page.barrier();
                page.mouse().click(x, y, &ClickOptions { button, count: *count, ..ClickOptions::default() }).await?;
                // A person looks where the click leads before going on.
                barrier.finish(&Progress::new(TIMEOUT)).await?;
                page.main_frame().wait_for_load_state(LoadState::Load, TIMEOUT).await?;
                for key in modifiers {
                    keyboard.up(key).await?;
                }
            }
            Deed::Type { text } => keyboard.type_text(text, None).await?,
            Deed::Press { key } => keyboard.press(key, None).await?,
            Deed::Select { at, values } => {
                let options = values.iter().map(|value| json!({ "value": value })).collect();
                find(at).select_option(options, &[], false, TIMEOUT).await?;
            }
            Deed::Set { at, value } => drop(find(at).fill(value, false, TIMEOUT).await?),
            Deed::Files { at, names } => {
                let files: Value =
                    names.iter().map(|name| json!({ "name": name, "mimeType": "text/plain", "base64": "" })).collect();
                find(at).set_files(files, TIMEOUT).await?;
            }
            Deed::Drag { from, to } => {
                let (x, y) = middle(&find(from)).await?;
                page.mouse().move_to(x, y, 1).await?;
                page.mouse().down(Button::Left, 1).await?;
                let (x, y) = middle(&find(to)).await?;
                page.mouse().move_to(x, y, 5).await?;
                page.mouse().up(Button::Left, 1).await?;
            }
            Deed::Hover { at } => {
                let (x, y) = middle(&find(at)).await?;
                page.mouse().move_to(x, y, 1).await?;
            }
            Deed::Wheel { at, x: dx, y: dy } => {
                let (x, y) = middle(&find(at)).await?;
                page.mouse().move_to(x, y, 1).await?;
                page.mouse().wheel(*dx, *dy).await?;
            }
            Deed::Insert { text } => keyboard.insert_text(text).await?,
            Deed::See { at } => drop(find(at).wait_for(Awaited::Visible, TIMEOUT).await?),
            Deed::Goto { url } => drop(page.main_frame().goto(&format!("{site}{url}"), &goto()).await?),
            Deed::Back => drop(page.go(-1, LoadState::Load, TIMEOUT).await?),
            Deed::Forward => drop(page.go(1, LoadState::Load, TIMEOUT).await?),
            Deed::Reload => drop(page.reload(LoadState::Load, TIMEOUT).await?),
            Deed::Close => page.close(false).await?,
        }
        Ok(())
    }
}

/// A click in the middle.
pub(crate) async fn click(page: &Page, selector: &str) -> Result<(), BrowserError> {
    let (x, y) = middle(&Locator::new(&page.main_frame(), selector)).await?;
    page.mouse().click(x, y, &ClickOptions::default()).await
}

/// Where a person points to.
pub(crate) async fn middle_of(page: &Page, selector: &str) -> (f64, f64) {
    middle(&Locator::new(&page.main_frame(), selector)).await.expect("an element")
}

/// How a person waits for a page.
pub(crate) fn goto() -> GotoOptions {
    GotoOptions { wait_until: LoadState::Load, timeout: TIMEOUT, referer: None }
}

/// The middle of an element, CSS pixels of the main frame's visible part.
pub(crate) async fn middle(locator: &Locator) -> Result<(f64, f64), BrowserError> {
    locator.simply("scrollIntoView", false, TIMEOUT).await?;
    let place = locator.read("box", json!({}), TIMEOUT).await?;
    let side = |name: &str| place[name].as_f64().expect("a visible element");
    Ok((side("x") + side("width") / 2.0, side("y") + side("height") / 2.0))
}
