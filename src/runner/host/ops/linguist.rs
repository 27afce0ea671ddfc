//! Who is asked what `Intl` says: the browser, which has the data of all languages, in a page that nothing else runs in.

use crate::browser::{BrowserContext, BrowserError, BrowserPool, ContextOptions, Mode, RemoteObject};
use serde_json::json;
use tokio::sync::Mutex;

/// The value of this expression answers.
const LINGUIST_JS: &str = concat!("(", include_str!("linguist.js"), ")()\n//# sourceURL=understudy:linguist.js");

/// See the module. Of one worker; opens its page with the first question.
#[derive(Default)]
pub(super) struct Linguist(Mutex<Option<Desk>>);

struct Desk {
    context: BrowserContext,
    page: RemoteObject,
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.context.close();
    }
}

impl Linguist {
    /// The answer to a question, both as `linguist.js` has them.
    pub(super) async fn answer(&self, pool: &BrowserPool, question: &str) -> Result<String, String> {
        let mut desk = self.0.lock().await;
        let there = desk.take().filter(|desk| !desk.page.context().is_destroyed());
        let desk = desk.insert(match there {
            Some(there) => there,
            None => Desk::open(pool).await?,
        });
        let args = [json!(question).into()];
        let asked = desk.page.call("function(question) { return this.answer(question); }", &args);
        let answer = asked.await.map_err(|error| format!("Intl asks the browser, and that failed: {error}"))?;
        Ok(answer.as_str().unwrap_or_default().to_owned())
    }

    /// Nothing is asked any more.
    pub(super) fn leave(&self) {
        // Whoever asks just now closes it himself: he is given up with his worker.
        if let Ok(mut desk) = self.0.try_lock() {
            desk.take();
        }
    }
}

impl Desk {
    async fn open(pool: &BrowserPool) -> Result<Self, String> {
        // Also where the run shows its browser: this page is nothing to look at.
        let browser = pool.acquire(Mode::Headless).await.map_err(|error| format!("Intl asks the browser: {error}"))?;
        let failed = |error: BrowserError| format!("Intl asks the browser, and that failed: {error}");
        let context = browser.new_context(ContextOptions::default()).await.map_err(failed)?;
        let opened = async {
            let page = context.new_page().await?;
            page.main_frame().main_context().await?.installed(LINGUIST_JS).await
        };
        match opened.await {
            Ok(page) => Ok(Self { context, page }),
            Err(error) => {
                context.close();
                Err(failed(error))
            }
        }
    }
}
