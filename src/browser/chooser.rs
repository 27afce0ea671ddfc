//! File choosers: what a page opens when someone clicks a file input. While they are wanted none is shown.

use super::cdp::Session;
use super::notice::{Notice, Topic};
use super::page::Page;
use super::script::RemoteObject;
use serde::Deserialize;
use serde_json::json;

/// A chooser that was not shown.
#[derive(Debug, Clone)]
pub struct FileChooser {
    /// The input, in the page's world.
    pub element: RemoteObject,
    /// Whether it takes more than one.
    pub multiple: bool,
}

/// What Chromium tells of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Opened {
    frame_id: String,
    mode: String,
    backend_node_id: Option<i64>,
}

impl Page {
    /// Chromium shows choosers, or tells of them instead.
    pub(super) fn intercept_choosers(&self, sessions: &[Session]) {
        let params = json!({ "enabled": self.wants(Topic::FileChooser) });
        for session in sessions {
            drop(session.request("Page.setInterceptFileChooserDialog", &params));
        }
    }

    /// Told once the element is there.
    pub(super) fn chooser_opened(&self, opened: Opened) {
        let (Some(frame), Some(node)) = (self.frame(&opened.frame_id), opened.backend_node_id) else { return };
        let page = self.clone();
        tokio::spawn(async move {
            let found = async { frame.main_context().await?.resolve(node).await };
            match found.await {
                Ok(element) => {
                    let chooser = FileChooser { element, multiple: opened.mode == "selectMultiple" };
                    page.tell_if(Topic::FileChooser, || Notice::FileChooser(chooser));
                }
                Err(error) => tracing::debug!(%error, "failed to find the input of a file chooser"),
            }
        });
    }
}
