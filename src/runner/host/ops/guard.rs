//! Who stands between browsers and the network, for tests of strangers and where certificates are shown.

use super::api::proxy as proxy_of;
use super::{Failure, Operations, OperationsOptions, certificates};
use crate::browser::context::ContextProxy;
use crate::browser::{BrowserContext, ContextOptions, LaunchOptions, Warden};
use crate::client::{Gateway, GatewayOptions, Identities};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

impl Warden for Gateway {
    fn address(&self) -> String {
        Self::address(self)
    }

    fn why(&self, url: &str) -> Option<String> {
        // Where certificates are shown the words are Chromium's, as with the official runner.
        if self.ends_tls() { None } else { Self::why(self, url) }
    }

    fn ends_tls(&self) -> bool {
        Self::ends_tls(self)
    }
}

/// Puts a gateway in the way of a context that has certificates or, on an agent, a proxy of its own.
pub(super) async fn guard_context(
    operations: &Operations,
    identities: &Identities,
    options: &mut ContextOptions,
) -> Result<(), Failure> {
    if !identities.is_empty() || (operations.is_guarded() && options.proxy.is_some()) {
        let proxy = options.proxy.clone();
        options.gateway = Some(open(operations, identities.clone(), options.ignore_https_errors, proxy).await?);
    }
    Ok(())
}

/// The same for a whole browser of a test's own.
pub(super) async fn guard_browser(operations: &Operations, options: &mut LaunchOptions) -> Result<(), Failure> {
    if operations.is_guarded() {
        options.warden = match options.wishes.proxy.take() {
            Some(proxy) => Some(open(operations, Identities::default(), false, Some(proxy)).await?),
            None => operations.pool.options().warden.clone(),
        };
    }
    Ok(())
}

async fn open(
    operations: &Operations,
    identities: Identities,
    any_certificate: bool,
    proxy: Option<ContextProxy>,
) -> Result<Arc<dyn Warden>, Failure> {
    let upstream = match proxy {
        Some(proxy) => Some(proxy_of(proxy)?.into()),
        None => operations.options.upstream.clone(),
    };
    let gate = operations.options.gate.clone();
    let opened = Gateway::open(GatewayOptions { identities, any_certificate, upstream, gate }).await;
    Ok(Arc::new(opened.map_err(|error| Failure::new(error.to_string()))?))
}

/// Pages that a session of an agent may have open at a time.
const MOST_PAGES: usize = 64;

/// The bound on pages of those who have one.
pub(super) fn most_pages(options: &OperationsOptions) -> Option<usize> {
    (!options.trust.is_whole()).then(|| options.most_pages.unwrap_or(MOST_PAGES))
}

/// As long as it lives, the test waits for a page that it asked for.
pub(super) struct Opening<'a>(&'a AtomicUsize);

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Operations {
    pub(super) fn opening(&self) -> Opening<'_> {
        self.objects.opening.fetch_add(1, Ordering::SeqCst);
        Opening(&self.objects.opening)
    }

    /// Passes as long as there are not too many pages.
    pub(super) fn allow_page(&self, context: &BrowserContext) -> Result<(), Failure> {
        let Some(most) = self.objects.most_pages else { return Ok(()) };
        if self.objects.open_pages() < most || context.is_closed() {
            return Ok(());
        }
        Err(Failure::new(format!("{most} pages are open, more cannot be at a time on an agent: close some")))
    }

    /// Passes where there is room for a file of so many bytes in what the session writes, in place of what it is now.
    pub(super) fn keep(&self, file: &Path, bytes: u64) -> Result<(), Failure> {
        let kept = self.options.artifacts.bounds().keep(&[(file.to_owned(), bytes)]);
        kept.map_err(|spent| Failure::new(spent.to_string()))
    }

    /// Whether pages go through a gate too, and not requests of tests alone.
    fn is_guarded(&self) -> bool {
        !self.options.trust.is_whole()
    }

    /// Requests of a test beside the pages of a context show the same certificates.
    pub(super) fn introduce(&self, context: &str, identities: Identities) {
        if !identities.is_empty() {
            self.api.introduce(context, identities);
        }
    }

    /// Certificates among the parameters of a new context.
    pub(super) async fn identities(&self, params: &Value, place: &str) -> Result<Identities, Failure> {
        certificates::read_of(params, place, self.readable_files()).await
    }
}
