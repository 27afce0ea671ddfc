//! One warm Chromium per mode: started when first asked for, again after a crash, closed when nobody used it for a while.

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
    warm: Mutex<HashMap<Mode, Browser>>,
    started: AtomicU64,
}

impl BrowserPool {
    /// Starts nothing yet.
    pub fn new(options: LaunchOptions) -> Self {
        Self(Arc::new(Pool { options, warm: Mutex::default(), started: AtomicU64::new(0) }))
    }

    /// How its Chromiums are started.
    pub fn options(&self) -> &LaunchOptions {
        &self.0.options
    }

    /// How many Chromiums were started so far.
    pub fn started(&self) -> u64 {
        self.0.started.load(Ordering::Relaxed)
    }

    /// The warm Chromium of this mode; starts it where there is none. Cancel-safe.
    pub async fn acquire(&self, mode: Mode) -> Result<Browser, LaunchError> {
        let mut warm = self.0.warm.lock().await;
        if let Some(browser) = warm.get(&mode)
            && !browser.is_closed()
        {
            browser.touch();
            return Ok(browser.clone());
        }
        let browser = Browser::start(mode, &self.0.options).await?;
        self.0.started.fetch_add(1, Ordering::Relaxed);
        warm.insert(mode, browser.clone());
        if !self.0.options.idle.is_zero() {
            tokio::spawn(close_when_idle(Arc::downgrade(&self.0), mode, browser.clone()));
        }
        Ok(browser)
    }

    /// Ends every Chromium and waits until they are gone.
    pub async fn close(&self) {
        let browsers: Vec<Browser> = self.0.warm.lock().await.drain().map(|(_, browser)| browser).collect();
        for browser in browsers {
            browser.close().await;
        }
    }
}

async fn close_when_idle(pool: std::sync::Weak<Pool>, mode: Mode, browser: Browser) {
    loop {
        let Some(idle) = pool.upgrade().map(|pool| pool.options.idle) else { return };
        tokio::select! {
            () = browser.closed() => return,
            () = tokio::time::sleep(idle.saturating_sub(browser.idle_for()).max(std::time::Duration::from_millis(10))) => {}
        }
        let Some(pool) = pool.upgrade() else { return };
        // Under the lock, so that nobody is handed a browser that is about to close.
        let mut warm = pool.warm.lock().await;
        if browser.idle_for() >= idle {
            warm.remove(&mode);
            drop(warm);
            return browser.close().await;
        }
    }
}
