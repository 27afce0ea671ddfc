//! Who asks the network: a page, with its frames and dedicated workers, or a service worker, which belongs to no page.

use super::cdp::Session;
use super::context::BrowserContext;
use super::error::BrowserError;
use super::frame::Frame;
use super::notice::{Notice, Topic};
use super::page::Page;
use super::worker::Worker;

/// Who asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Owner {
    /// A page, or what belongs to it.
    Page(Page),
    /// A service worker.
    Worker(Worker),
}

impl Owner {
    /// Chromium's name for it.
    pub fn id(&self) -> &str {
        match self {
            Self::Page(page) => page.id(),
            Self::Worker(worker) => worker.id(),
        }
    }

    /// The page, if it is one.
    pub fn page(&self) -> Option<&Page> {
        match self {
            Self::Page(page) => Some(page),
            Self::Worker(_) => None,
        }
    }

    /// The service worker, if it is one.
    pub fn worker(&self) -> Option<&Worker> {
        match self {
            Self::Page(_) => None,
            Self::Worker(worker) => Some(worker),
        }
    }

    /// Where it lives.
    pub fn context(&self) -> &BrowserContext {
        match self {
            Self::Page(page) => page.context(),
            Self::Worker(worker) => worker.browser_context(),
        }
    }

    /// Why nothing can be done with it any more; none if something can.
    pub fn why_gone(&self) -> Option<BrowserError> {
        match self {
            Self::Page(page) => page.why_gone(),
            Self::Worker(worker) => worker.why_gone(),
        }
    }

    /// Completes when nothing can be done with it any more.
    pub async fn gone(&self) -> BrowserError {
        match self {
            Self::Page(page) => page.gone().await,
            Self::Worker(worker) => worker.gone().await,
        }
    }

    pub(super) fn session(&self) -> &Session {
        match self {
            Self::Page(page) => page.session(),
            Self::Worker(worker) => worker.session(),
        }
    }

    pub(super) fn frame(&self, id: &str) -> Option<Frame> {
        self.page().and_then(|page| page.frame(id))
    }

    /// Whether somebody decides about its requests.
    pub(super) fn is_routed(&self) -> bool {
        match self {
            Self::Page(page) => page.is_routed(),
            Self::Worker(worker) => worker.browser_context().is_routed(),
        }
    }

    pub(super) fn tell(&self, notice: Notice) {
        match self {
            Self::Page(page) => page.tell(notice),
            Self::Worker(worker) => worker.browser_context().tell(notice),
        }
    }

    /// What a service worker does is told always: there are few of them.
    pub(super) fn tell_if(&self, topic: Topic, notice: impl FnOnce() -> Notice) {
        match self {
            Self::Page(page) => page.tell_if(topic, notice),
            Self::Worker(worker) => worker.browser_context().tell(notice()),
        }
    }
}
