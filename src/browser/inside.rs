//! Addresses of the machine's files and of the browser's own pages. A browser that keeps its pages out lets nobody get there: who asks is
//! refused, and a page that gets there by itself, which Chromium shuts already, is closed before anybody can look at it.

use super::error::BrowserError;
use super::page::Page;

/// Schemes of addresses that show neither.
const OPEN: [&str; 5] = ["http", "https", "blob", "data", "javascript"];

/// Of `about:` these are pages like any other; what else is called so is one of the browser's, by its other name.
const EMPTY: [&str; 2] = ["blank", "srcdoc"];

/// Schemes of what shows them.
const SHUT: [&str; 5] = ["chrome", "chrome-untrusted", "devtools", "file", "view-source"];

/// What a person sees in a new tab of a window.
const NEW_TABS: [&str; 2] = ["newtab", "new-tab-page"];

/// Scheme, in small letters, and the rest, as browsers read an address: without what is before it, and without line breaks and tabs
/// wherever they are.
fn parts(url: &str) -> Option<(String, String)> {
    let url = url.trim_start_matches(|c: char| c <= ' ').replace(['\t', '\n', '\r'], "");
    url.split_once(':').map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest.to_ascii_lowercase()))
}

/// Whether an address may be one of the machine or of the browser itself.
#[must_use]
pub fn leads_inside(url: &str) -> bool {
    // Without a scheme it leads nowhere.
    parts(url).is_some_and(|(scheme, rest)| match scheme.as_str() {
        "about" => !EMPTY.contains(&rest.split(['?', '#']).next().unwrap_or_default().trim_end()),
        scheme => !OPEN.contains(&scheme),
    })
}

/// Whether the address of a page that is there is one.
fn is_inside(url: &str) -> bool {
    parts(url).is_some_and(|(scheme, rest)| {
        let host = rest.trim_start_matches('/').split('/').next().unwrap_or_default();
        SHUT.contains(&scheme.as_str()) && !NEW_TABS.contains(&host)
    })
}

impl Page {
    /// Passes for an address that may be gone to.
    pub(super) fn may_go_to(&self, url: &str) -> Result<(), BrowserError> {
        if self.context().browser().keeps_out() && leads_inside(url) {
            let why = "it is an address of the machine or of the browser itself";
            return Err(BrowserError::other(format!("{url} is not allowed on an agent: {why}")));
        }
        Ok(())
    }

    /// Whether a document is where it may not be.
    pub(super) fn is_out_of_bounds(&self, url: &str) -> bool {
        self.context().browser().keeps_out() && is_inside(url)
    }

    /// Closes the page where a document of it is.
    pub(super) fn keep_out(&self, url: &str) {
        if self.is_out_of_bounds(url) {
            tracing::warn!(url, "a page got to an address of the machine or of the browser itself: it is closed");
            self.dismiss();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_lead_inside() {
        for url in [
            "file:///etc/passwd",
            " FILE:/etc/passwd",
            "fi\tle:///etc/passwd",
            "\u{1}fil\ne:///etc/passwd",
            "chrome://settings",
            "devtools://devtools/bundled/inspector.html",
            "view-source:file:///etc/passwd",
            "view-source:https://example.com/",
            "chrome-search://x",
            "filesystem:https://example.com/temporary/x",
            "about:version",
            "About:\tcrash",
            "about:blankness",
            "about:",
        ] {
            assert!(leads_inside(url), "{url}");
        }
        for url in [
            "https://example.com/",
            "about:blank",
            "ABOUT:Blank?x#y",
            "about:srcdoc",
            "data:text/html,hi",
            "blob:https://example.com/1",
            "/etc/passwd",
        ] {
            assert!(!leads_inside(url), "{url}");
        }
    }

    #[test]
    fn pages_that_are_inside() {
        for url in ["file:///", "chrome://version/", "chrome-untrusted://print/", "devtools://devtools/x", "FILE:///a"]
        {
            assert!(is_inside(url), "{url}");
        }
        for url in ["chrome-error://chromewebdata/", "chrome://newtab/", "about:blank#blocked", "https://file/", ""] {
            assert!(!is_inside(url), "{url}");
        }
    }
}
