//! The window around a page.

use super::error::BrowserError;
use super::page::Page;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Window {
    window_id: i64,
}

impl Page {
    /// Makes its window as large as its viewport, so that a person sees all of it and nothing beside it.
    pub async fn fit_window(&self) -> Result<(), BrowserError> {
        let Some(size) = self.viewport() else { return Ok(()) };
        let root = self.context().browser().root();
        let target = json!({ "targetId": self.id() });
        let window: Window = root.request("Browser.getWindowForTarget", &target).parse().await?;
        let contents = json!({ "windowId": window.window_id, "width": size.width, "height": size.height });
        root.request("Browser.setContentsSize", &contents).raw().await.map(drop)
    }
}
