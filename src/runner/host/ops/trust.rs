//! How far test code is trusted.

use super::Failure;

/// Where test code comes from decides what it may ask of the machine that it runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trust {
    /// From a server: it may do what pages may do, and nothing else.
    #[default]
    Pages,
    /// From who runs it: it may do what he may do.
    Machine,
}

/// Schemes of addresses that show neither files of the machine nor the browser's own pages.
const OPEN_SCHEMES: [&str; 6] = ["http", "https", "about", "blob", "data", "javascript"];

/// Whether an address may be one of the machine or of the browser itself.
pub(super) fn leads_inside(url: &str) -> bool {
    // As browsers read it: without what is before it, and without line breaks and tabs wherever they are.
    let url = url.trim_start_matches(|c: char| c <= ' ').replace(['\t', '\n', '\r'], "");
    let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    // Without one it leads nowhere.
    scheme.is_some_and(|scheme| !OPEN_SCHEMES.contains(&scheme.as_str()))
}

impl Trust {
    /// Whether it may do what only its owner may do on a machine.
    pub(super) fn is_whole(self) -> bool {
        self == Self::Machine
    }

    /// Passes for trusted code only; `what` begins the sentence of the refusal.
    pub(super) fn allow(self, what: &str) -> Result<(), Failure> {
        if self.is_whole() {
            return Ok(());
        }
        Err(Failure::new(format!(
            "{what} not allowed on an agent: the test code comes from a server. `understudy run` allows it"
        )))
    }

    /// Whether a page may be sent to `url` by its test.
    pub(super) fn allow_address(self, url: &str) -> Result<(), Failure> {
        if leads_inside(url) { self.allow(&format!("{url} is")) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_pages_of_the_browser_are_closed_to_code_of_strangers() {
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
        ] {
            let error = Trust::Pages.allow_address(url).unwrap_err().to_string();
            assert!(error.contains("is not allowed on an agent"), "{error}");
            assert!(Trust::Machine.allow_address(url).is_ok());
        }
        for url in ["https://example.com/", "about:blank", "data:text/html,hi", "blob:https://example.com/1"] {
            assert!(Trust::Pages.allow_address(url).is_ok(), "{url}");
        }
    }
}
