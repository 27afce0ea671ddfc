//! What Chromium tells on the browser's own session.

use super::super::cdp::{Event, Listener, Session};
use super::super::download::{self, Download};
use super::super::guest::{GUEST, is_a_page};
use super::super::notice::{Notice, Topic};
use super::super::page::Page;
use super::super::sync::lock;
use super::{Browser, Inner, TargetInfo};
use serde::Deserialize;
use std::sync::{Arc, Weak};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attached {
    session_id: String,
    target_info: TargetInfo,
}

impl Browser {
    fn attached(&self, attached: Attached) {
        let info = attached.target_info;
        let context = {
            let state = lock(&self.0.state);
            let own = info.browser_context_id.as_ref().and_then(|id| state.contexts.get(id));
            let foreign = state.own_context.is_some() && state.own_context != info.browser_context_id;
            let welcome = !foreign && is_a_page(&info.kind, &info.url);
            own.or_else(|| state.contexts.get(GUEST).filter(|_| welcome)).cloned()
        };
        match context {
            Some(context) if info.kind == "page" => {
                let opener = info.opener_id.as_ref().and_then(|id| lock(&self.0.state).pages.get(id).cloned());
                let page = Page::attach(context, &attached.session_id, &info.target_id, opener);
                lock(&self.0.state).pages.insert(info.target_id, page);
                self.0.changed.send_replace(());
            }
            Some(context) if info.kind == "service_worker" && !context.is_guest() => {
                let session = self.connection().session(&attached.session_id);
                context.worker_attached(session, info.target_id, info.url);
            }
            // Ourselves, once more.
            _ if info.kind == "browser" => {}
            // Not ours: the browser's own windows, workers of no page, ….
            _ => {
                self.connection().session(&attached.session_id).let_go(&self.0.root);
            }
        }
    }

    fn download_begun(&self, begun: download::Begun) {
        let mut state = lock(&self.0.state);
        let page = state.pages.values().find(|page| page.frame(&begun.frame_id).is_some()).cloned();
        if let Some(page) = page {
            let download = Download::new(page.clone(), begun);
            state.downloads.push(download.clone());
            drop(state);
            page.tell_if(Topic::Download, || Notice::Download(download));
        }
    }

    fn download_progressed(&self, progressed: &download::Progressed) {
        let state = lock(&self.0.state);
        if let Some(download) = state.downloads.iter().find(|download| download.guid == progressed.guid) {
            download.progressed(progressed);
        }
    }
}

/// Listens on the browser's own session.
pub(super) struct Root(Weak<Inner>);

impl Root {
    pub(super) fn of(browser: &Browser) -> Self {
        Self(Arc::downgrade(&browser.0))
    }
}

impl Listener for Root {
    fn event(&self, _: &Session, event: &Event<'_>) {
        let Some(browser) = self.0.upgrade().map(Browser) else { return };
        match event.method {
            "Target.attachedToTarget" => {
                if let Some(attached) = event.params() {
                    browser.attached(attached);
                }
            }
            "Browser.downloadWillBegin" => {
                if let Some(begun) = event.params() {
                    browser.download_begun(begun);
                }
            }
            "Browser.downloadProgress" => {
                if let Some(progressed) = event.params() {
                    browser.download_progressed(&progressed);
                }
            }
            _ => {}
        }
    }

    fn gone(&self) {
        if let Some(inner) = self.0.upgrade() {
            let contexts = std::mem::take(&mut lock(&inner.state).contexts);
            for context in contexts.into_values() {
                context.gone();
            }
        }
    }
}
