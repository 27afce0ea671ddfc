//! Sees to one Chromium of a pool until it is gone.

use super::super::ceiling::Verdict;
use super::super::instance::Browser;
use super::super::launch::Mode;
use super::Pool;
use crate::artifacts::words;
use std::sync::Weak;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// One that gets no more sessions is closed when nobody has used it for so long: who was handed it just before has begun by then.
const GRACE: Duration = Duration::from_secs(5);

/// Between two looks while there are no contexts.
const REST: Duration = Duration::from_secs(60);

/// Shorter pauses are not worth it.
const SHORTEST: Duration = Duration::from_millis(10);

/// Until it is gone. It ends with the pool.
pub(super) async fn keep(pool: Weak<Pool>, mode: Mode, browser: Browser) {
    let mut retired = false;
    let mut looked = Instant::now();
    let mut changes = browser.changes();
    loop {
        let Some(pause) = pool.upgrade().map(|pool| pause(&pool, &browser, looked, retired)) else { return };
        tokio::select! {
            () = browser.closed() => break,
            // How long the pause is depends on what it has.
            _ = changes.changed() => continue,
            () = sleep(pause) => {}
        }
        let Some(pool) = pool.upgrade() else { return };
        looked = Instant::now();
        if let Some(memory) = browser.memory().await {
            let ceiling = pool.options.ceiling;
            match ceiling.judge(memory.bytes, browser.contexts()) {
                Verdict::Fine => {}
                Verdict::TooMuch => browser.shed(memory, ceiling.all),
                Verdict::Grown if !retired => {
                    tracing::info!("Chromium has grown to {}: the next session gets another", words(memory.bytes));
                    let mut browsers = pool.browsers.lock().await;
                    browsers.warm.remove(&mode);
                    browsers.retired.push(browser.clone());
                    retired = true;
                }
                Verdict::Grown => {}
            }
        }
        // Under the lock, so that nobody is handed a browser that is about to close.
        let mut browsers = pool.browsers.lock().await;
        if patience(&pool, retired).is_some_and(|patience| browser.idle_for() >= patience) {
            if !retired {
                browsers.warm.remove(&mode);
            }
            drop(browsers);
            browser.close().await;
            break;
        }
    }
    if let Some(pool) = pool.upgrade() {
        pool.browsers.lock().await.retired.retain(|retired| !retired.is_closed());
    }
}

/// How long it may be without work; none is for ever.
fn patience(pool: &Pool, retired: bool) -> Option<Duration> {
    let idle = Some(pool.options.idle).filter(|idle| !idle.is_zero());
    if retired { Some(idle.map_or(GRACE, |idle| idle.min(GRACE))) } else { idle }
}

/// Until there is something to be done.
fn pause(pool: &Pool, browser: &Browser, looked: Instant, retired: bool) -> Duration {
    let look = if browser.contexts() > 0 { pool.options.ceiling.look } else { REST };
    let look = look.saturating_sub(looked.elapsed());
    match patience(pool, retired) {
        Some(patience) => look.min(patience.saturating_sub(browser.idle_for())),
        None => look,
    }
    .max(SHORTEST)
}
