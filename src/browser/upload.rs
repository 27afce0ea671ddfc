//! A folder of the machine for an input that takes one: only the browser itself can say of files where they are in it.

use super::actionability::Acted;
use super::error::BrowserError;
use super::locator::Locator;
use super::progress::Progress;
use super::script::CallArg;
use serde_json::json;
use std::path::Path;

/// The browser looks through the folder before it says so.
const TAKEN: &str = "function(node) {
  return new Promise(done => { node.addEventListener('input', () => done(null), { once: true }); });
}";
/// Of what is named by its label.
const INPUT: &str = "function() { return this.closest('label')?.control ?? this; }";

impl Locator {
    /// Gives all files of a folder to an input for folders.
    ///
    /// # Errors
    /// When it takes none.
    pub async fn set_folder(&self, folder: &Path, timeout: u64) -> Result<Acted, BrowserError> {
        // Whether it takes one.
        let acted = self.set_files(json!({ "folder": true }), timeout).await?;
        let element = self.element_handle(timeout).await?.call_handle(INPUT, &[]).await?;
        let context = element.context().clone();
        let handle = [CallArg::Handle(element.clone())];
        let params = json!({ "files": [folder], "objectId": element.object_id() });
        let setting = async {
            let taken = context.call(TAKEN, &handle);
            let set = context.session().request("DOM.setFileInputFiles", &params).raw();
            let (taken, set) = tokio::join!(taken, set);
            set?;
            taken.map(drop)
        };
        Progress::new(timeout).run(setting).await?;
        Ok(acted)
    }
}
