//! What there is in a browser, in numbers: whether anything is left behind.

use super::error::BrowserError;
use super::instance::Browser;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Contexts {
    browser_context_ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Targets {
    target_infos: Vec<serde_json::Value>,
}

impl Browser {
    /// How many objects of each kind we keep of it, and what Chromium itself has.
    ///
    /// # Errors
    /// When it is gone.
    pub async fn inventory(&self) -> Result<BTreeMap<&'static str, usize>, BrowserError> {
        let contexts = self.root().request("Target.getBrowserContexts", &json!({})).parse::<Contexts>();
        let targets = self.root().request("Target.getTargets", &json!({})).parse::<Targets>();
        let (contexts, targets) = tokio::try_join!(contexts, targets)?;
        let mut inventory = BTreeMap::from(self.held());
        inventory.insert("Chromium's contexts", contexts.browser_context_ids.len());
        inventory.insert("Chromium's targets", targets.target_infos.len());
        Ok(inventory)
    }
}
