//! Scripts that run in every document before its own: of one page, or of all pages of a context.

use super::cdp::{Reply, Session};
use super::context::BrowserContext;
use super::error::BrowserError;
use super::page::Page;
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Tells scripts apart.
static IDS: AtomicU64 = AtomicU64::new(1);

/// One script.
#[derive(Debug, Clone)]
pub(super) struct InitScript {
    id: u64,
    source: Arc<str>,
    /// Also in the documents that are there.
    at_once: bool,
}

impl InitScript {
    pub(super) fn new(source: &str) -> Self {
        Self { id: IDS.fetch_add(1, Ordering::Relaxed), source: source.into(), at_once: false }
    }

    pub(super) fn at_once(source: &str) -> Self {
        Self { at_once: true, ..Self::new(source) }
    }
}

/// The scripts of a page, and where its own and its context's are.
#[derive(Default)]
pub(super) struct InitScripts {
    pub(super) own: Vec<InitScript>,
    /// With Chromium's names of them, which come when they come.
    installed: HashMap<u64, Vec<(Session, Reply)>>,
}

#[derive(Deserialize)]
struct Installed {
    identifier: String,
}

impl Page {
    /// Runs `source` in every document of this page, before its own scripts. A name for [`Page::remove_init_script`].
    ///
    /// # Errors
    /// When the page is gone.
    pub fn add_init_script(&self, source: &str) -> Result<u64, BrowserError> {
        self.keep_init_script(InitScript::new(source))
    }

    pub(super) fn keep_init_script(&self, script: InitScript) -> Result<u64, BrowserError> {
        if let Some(error) = self.why_gone() {
            return Err(error);
        }
        let id = script.id;
        self.install(&script);
        self.with_init_scripts(|scripts| scripts.own.push(script));
        Ok(id)
    }

    /// From the next document on.
    pub async fn remove_init_script(&self, id: u64) {
        let installed = self.with_init_scripts(|scripts| {
            scripts.own.retain(|script| script.id != id);
            scripts.installed.remove(&id).unwrap_or_default()
        });
        for (session, reply) in installed {
            // Without an answer it is not there, or nobody is.
            let Ok(Installed { identifier }) = reply.parse().await else { continue };
            drop(session.request("Page.removeScriptToEvaluateOnNewDocument", &json!({ "identifier": identifier })));
        }
    }

    /// Waits until the scripts and bindings that were added are there: what a page is told while it goes elsewhere, to another
    /// process perhaps, can come after its document. A page that is gone needs none.
    pub async fn scripts_are_there(&self) {
        for session in self.sessions() {
            // Answered in order, where the scripts are.
            drop(session.request("Page.enable", &json!({})).unlimited().raw().await);
        }
    }

    fn install(&self, script: &InitScript) {
        for session in self.sessions() {
            self.install_in(&session, script);
        }
    }

    /// Commands of a session are done in order: what is sent after this finds the script there.
    pub(super) fn install_in(&self, session: &Session, script: &InitScript) {
        let mut params = json!({ "source": &*script.source });
        if script.at_once {
            params["runImmediately"] = true.into();
        }
        let reply = session.request("Page.addScriptToEvaluateOnNewDocument", &params);
        self.with_init_scripts(|scripts| {
            scripts.installed.entry(script.id).or_default().push((session.clone(), reply))
        });
    }

    /// Its own and its context's, in the order in which they run.
    pub(super) fn all_init_scripts(&self) -> Vec<InitScript> {
        if self.is_hidden() {
            return Vec::new();
        }
        let own = self.with_init_scripts(|scripts| scripts.own.clone());
        self.context().init_scripts().into_iter().chain(own).collect()
    }
}

impl BrowserContext {
    /// Runs `source` in every document of every page, before its own scripts. A name for [`BrowserContext::remove_init_script`].
    ///
    /// # Errors
    /// When the context is gone.
    pub fn add_init_script(&self, source: &str) -> Result<u64, BrowserError> {
        self.keep_init_script(InitScript::new(source))
    }

    /// As [`Page::scripts_are_there`], of all pages.
    pub async fn scripts_are_there(&self) {
        for page in self.pages() {
            page.scripts_are_there().await;
        }
    }

    pub(super) fn keep_init_script(&self, script: InitScript) -> Result<u64, BrowserError> {
        if self.is_closed() {
            return Err(BrowserError::closed());
        }
        let id = script.id;
        for page in self.pages() {
            page.install(&script);
        }
        self.with_init_scripts(|scripts| scripts.push(script));
        Ok(id)
    }

    /// From the next document on.
    pub async fn remove_init_script(&self, id: u64) {
        self.with_init_scripts(|scripts| scripts.retain(|script| script.id != id));
        for page in self.pages() {
            page.remove_init_script(id).await;
        }
    }
}
