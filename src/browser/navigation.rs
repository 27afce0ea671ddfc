//! Going somewhere, and waiting until it is reached.

use super::error::BrowserError;
use super::frame::{Frame, Navigated};
use super::load_state::LoadState;
use super::network::Request;
use super::page::Page;
use super::progress::Progress;
use super::url_match::UrlMatcher;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// How long a command waits for its document to be the one that is shown.
const NOT_YET_ACTIVE: Duration = Duration::from_millis(5);

/// How to go somewhere.
#[derive(Debug, Clone, Default)]
pub struct GotoOptions {
    /// What to wait for.
    pub wait_until: LoadState,
    /// Milliseconds; 0 is for ever.
    pub timeout: u64,
    /// Sent as `Referer`.
    pub referer: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    loader_id: Option<String>,
    error_text: Option<String>,
    is_download: Option<bool>,
}

impl Frame {
    /// Loads `url`; the request whose answer is the document, if one was sent. Dropping it leaves the navigation under way.
    pub async fn goto(&self, url: &str, options: &GotoOptions) -> Result<Option<Request>, BrowserError> {
        let progress = Progress::new(options.timeout);
        let until = options.wait_until;
        progress.note(format!("navigating to \"{url}\", waiting until \"{}\"", until.name()));
        if self.page().has_no_renderer() {
            return Err(BrowserError::navigation("Page crashed").with_log(&progress.log));
        }
        self.page().may_go_to(url)?;
        let navigated = progress.run(self.while_attached(self.navigate(url, options))).await;
        navigated.map_err(|error| match error {
            BrowserError::Closed { log } => {
                BrowserError::navigation("net::ERR_ABORTED; maybe frame was detached?").with_log(&log)
            }
            other => other,
        })
    }

    /// Where it says that it comes from: as asked, or as all requests of the page say.
    fn referer(&self, options: &GotoOptions) -> Result<Option<String>, BrowserError> {
        let headers = self.page().extra_headers().unwrap_or_default();
        let header = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("referer"));
        let header = header.and_then(|(_, value)| value.as_str());
        match (&options.referer, header) {
            (Some(asked), Some(header)) if asked != header => {
                Err(BrowserError::navigation("\"referer\" is already specified as extra HTTP header"))
            }
            (asked, header) => Ok(asked.clone().or_else(|| header.map(str::to_owned))),
        }
    }

    async fn navigate(&self, url: &str, options: &GotoOptions) -> Result<Option<Request>, BrowserError> {
        let mut navigations = self.navigations();
        let params = json!({
            "url": url,
            "frameId": self.id(),
            "referrer": self.referer(options)?.unwrap_or_default(),
            // As it was said, also to another origin.
            "referrerPolicy": "unsafeUrl",
        });
        // By the page's session: that of an out-of-process frame may end with its document, before it answers.
        let reply = self.page().session().request("Page.navigate", &params).unlimited();
        let outcome: Outcome = reply.parse().await?;
        if let Some(error) = outcome.error_text.filter(|error| !error.is_empty()) {
            return Err(if outcome.is_download == Some(true) {
                BrowserError::navigation("Download is starting")
            } else {
                // Redirects may have led elsewhere.
                let loader = outcome.loader_id.as_deref();
                let request = loader.and_then(|loader| self.page().network().document(loader));
                let last = request.map_or_else(|| url.to_owned(), |request| request.url().to_owned());
                BrowserError::navigation(format!("{} at {url}", self.page().context().unveiled(&last, error)))
            });
        }
        let Some(loader) = outcome.loader_id else {
            // Only the fragment differs.
            next(&mut navigations, |navigated| {
                matches!(navigated, Navigated::Committed { same_document: true, .. }).then_some(())
            })
            .await?;
            self.reached(options.wait_until).await?;
            return Ok(None);
        };
        next(&mut navigations, |navigated| match navigated {
            Navigated::Committed { same_document: true, .. } => None,
            Navigated::Committed { loader: other, .. } if other == loader => Some(Ok(())),
            Navigated::Committed { url: other, .. } => Some(Err(BrowserError::navigation(format!(
                "Navigation to \"{url}\" is interrupted by another navigation to \"{other}\""
            )))),
            Navigated::Aborted { loader: other, error } if other == loader => {
                Some(Err(BrowserError::navigation(error)))
            }
            Navigated::Aborted { .. } => None,
        })
        .await??;
        let request = self.page().network().document(&loader);
        self.reached(options.wait_until).await?;
        answered(request).await
    }

    /// Waits until the document is loaded so far.
    pub async fn reached(&self, state: LoadState) -> Result<(), BrowserError> {
        self.when(|frame| frame.has_reached(state).then_some(())).await
    }

    /// Waits until the document is loaded so far, within so many milliseconds (0 is for ever).
    pub async fn wait_for_load_state(&self, state: LoadState, timeout: u64) -> Result<(), BrowserError> {
        Progress::new(timeout).run(self.reached(state)).await.map_err(while_waiting)
    }

    /// Waits for the next navigation to a URL that matches, and until it is loaded so far.
    pub async fn wait_for_navigation(
        &self,
        url: &UrlMatcher,
        until: LoadState,
        timeout: u64,
    ) -> Result<Option<Request>, BrowserError> {
        let progress = Progress::new(timeout);
        self.next_navigation(self.navigations(), (url, true), until, &progress).await
    }

    async fn next_navigation(
        &self,
        mut navigations: broadcast::Receiver<Navigated>,
        (url, may_stay): (&UrlMatcher, bool),
        until: LoadState,
        progress: &Progress,
    ) -> Result<Option<Request>, BrowserError> {
        progress.note(match url.shown() {
            Some(url) => format!("waiting for navigation to {url} until \"{}\"", until.name()),
            None => format!("waiting for navigation until \"{}\"", until.name()),
        });
        let work = async {
            loop {
                let (loader, to, same) = next(&mut navigations, |navigated| match navigated {
                    Navigated::Committed { loader, url, same_document } => Some(Ok((loader, url, same_document))),
                    Navigated::Aborted { error, .. } => Some(Err(BrowserError::navigation(error))),
                })
                .await??;
                // What the document does to its own address is no answer to a new one.
                if same && !may_stay {
                    continue;
                }
                progress.note(format!("  navigated to \"{to}\""));
                if url.matches(self, &to).await? {
                    let request = if same { None } else { self.page().network().document(&loader) };
                    self.reached(until).await?;
                    return answered(request).await;
                }
            }
        };
        progress.run(self.while_attached(work)).await.map_err(while_waiting)
    }

    /// Waits until the URL matches and the document is loaded so far.
    pub async fn wait_for_url(&self, url: &UrlMatcher, until: LoadState, timeout: u64) -> Result<(), BrowserError> {
        let navigations = self.navigations();
        let progress = Progress::new(timeout);
        if progress.run(self.while_attached(url.matches(self, &self.url()))).await? {
            return progress.run(self.reached(until)).await.map_err(while_waiting);
        }
        self.next_navigation(navigations, (url, true), until, &progress).await.map(drop)
    }

    /// Replaces the document by `html` and waits until that is loaded so far.
    pub async fn set_content(&self, html: &str, until: LoadState, timeout: u64) -> Result<(), BrowserError> {
        let progress = Progress::new(timeout);
        progress.note(format!("setting frame content, waiting until \"{}\"", until.name()));
        progress
            .run(async {
                self.run("setContent", &[json!(html)]).await?;
                self.reached(until).await
            })
            .await
    }
}

impl Page {
    /// Loads the document again.
    pub async fn reload(&self, until: LoadState, timeout: u64) -> Result<Option<Request>, BrowserError> {
        let frame = self.main_frame();
        let progress = Progress::new(timeout);
        let navigations = frame.navigations();
        let next = frame.next_navigation(navigations, (&UrlMatcher::Any, false), until, &progress);
        self.meanwhile("Page.reload", json!({}), next).await
    }

    /// Waits for what a command brings about.
    async fn meanwhile<T>(&self, method: &'static str, params: Value, next: impl Future<Output = T>) -> T {
        let command = async {
            drop(self.as_active_page(method, params).await);
            std::future::pending::<Infallible>().await
        };
        tokio::select! {
            next = next => next,
            never = command => match never {},
        }
    }

    /// The answer to a command that Chromium does for the document that is shown. What a document says can overtake the word of its
    /// process that it is the one: the command is refused until that is there.
    async fn as_active_page(&self, method: &'static str, params: Value) -> Result<Box<RawValue>, BrowserError> {
        loop {
            match self.session().request(method, &params).unlimited().raw().await {
                Err(BrowserError::Protocol { message, .. }) if message.contains("Not attached to an active page") => {
                    tokio::time::sleep(NOT_YET_ACTIVE).await;
                }
                answer => return answer,
            }
        }
    }

    /// One back (`-1`) or forward (`1`) in the history; none if there is nothing there.
    pub async fn go(&self, by: i64, until: LoadState, timeout: u64) -> Result<Option<Option<Request>>, BrowserError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct History {
            current_index: i64,
            entries: Vec<Entry>,
        }
        #[derive(Deserialize)]
        struct Entry {
            id: i64,
        }
        let frame = self.main_frame();
        let progress = Progress::new(timeout);
        let history = progress.run(self.as_active_page("Page.getNavigationHistory", json!({}))).await?;
        let history: History = serde_json::from_str(history.get())
            .map_err(|error| BrowserError::other(format!("the history of the page cannot be read: {error}")))?;
        let entry = usize::try_from(history.current_index + by).ok().and_then(|at| history.entries.get(at));
        let Some(entry) = entry else { return Ok(None) };
        let navigations = frame.navigations();
        let next = frame.next_navigation(navigations, (&UrlMatcher::Any, true), until, &progress);
        self.meanwhile("Page.navigateToHistoryEntry", json!({ "entryId": entry.id }), next).await.map(Some)
    }
}

/// Who waits for a navigation is told in these words of the end of what should navigate.
fn while_waiting(error: BrowserError) -> BrowserError {
    match error {
        BrowserError::FrameDetached { log } => {
            BrowserError::Navigation { message: "Navigating frame was detached!".into(), log }
        }
        BrowserError::Crashed { log, .. } => {
            BrowserError::Navigation { message: "Navigation failed because page crashed!".into(), log }
        }
        error => error,
    }
}

async fn answered(request: Option<Request>) -> Result<Option<Request>, BrowserError> {
    if let Some(request) = &request {
        request.response().await?;
    }
    Ok(request)
}

/// The first navigation that `choose` has something for.
async fn next<T>(
    navigations: &mut broadcast::Receiver<Navigated>,
    mut choose: impl FnMut(Navigated) -> Option<T>,
) -> Result<T, BrowserError> {
    loop {
        match navigations.recv().await {
            Ok(navigated) => {
                if let Some(chosen) = choose(navigated) {
                    return Ok(chosen);
                }
            }
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return Err(BrowserError::detached()),
        }
    }
}
