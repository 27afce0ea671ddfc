//! One warm Chromium per mode: started when first asked for, again after a crash, closed when nobody used it for a while, replaced when
//! it has grown too large or does not answer.

mod keeper;

use super::instance::Browser;
use super::launch::{LaunchError, LaunchOptions, Mode};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

/// Where browsers come from. Clones share them.
#[derive(Clone)]
pub struct BrowserPool(Arc<Pool>);

struct Pool {
    options: LaunchOptions,
    browsers: Mutex<Browsers>,
    started: AtomicU64,
}

#[derive(Default)]
struct Browsers {
    /// For the next who asks.
    warm: HashMap<Mode, Browser>,
    /// In use, but for nobody else.
    retired: Vec<Browser>,
}

impl BrowserPool {
    /// Starts nothing yet.
    pub fn new(options: LaunchOptions) -> Self {
        Self(Arc::new(Pool { options, browsers: Mutex::default(), started: AtomicU64::new(0) }))
    }

    /// How its Chromiums are started.
    pub fn options(&self) -> &LaunchOptions {
        &self.0.options
    }

    /// How many Chromiums were started so far.
    pub fn started(&self) -> u64 {
        self.0.started.load(Ordering::Relaxed)
    }

    /// The warm Chromium of this mode; starts it where there is none, or where that one does not answer. Cancel-safe.
    pub async fn acquire(&self, mode: Mode) -> Result<Browser, LaunchError> {
        let mut browsers = self.0.browsers.lock().await;
        if let Some(browser) = browsers.warm.get(&mode)
            && !browser.is_closed()
        {
            let used = browser.is_used();
            browser.touch();
            if used || browser.answers(self.0.options.patience).await {
                return Ok(browser.clone());
            }
            tracing::warn!(
                "Chromium has not answered for {:?}: it is ended, and another is started",
                self.0.options.patience
            );
            browser.kill();
        }
        let browser = Browser::start(mode, &self.0.options).await?;
        self.0.started.fetch_add(1, Ordering::Relaxed);
        browsers.warm.insert(mode, browser.clone());
        tokio::spawn(keeper::keep(Arc::downgrade(&self.0), mode, browser.clone()));
        Ok(browser)
    }

    /// Ends every Chromium and waits until they are gone.
    pub async fn close(&self) {
        let Browsers { warm, retired } = std::mem::take(&mut *self.0.browsers.lock().await);
        for browser in warm.into_values().chain(retired) {
            browser.close().await;
        }
    }
}
