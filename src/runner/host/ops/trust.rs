//! How far test code is trusted.

use super::Failure;
use crate::browser::leads_inside;

/// Where test code comes from decides what it may ask of the machine that it runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trust {
    /// From a server: it may do what pages may do, and nothing else.
    #[default]
    Pages,
    /// From who runs it: it may do what he may do.
    Machine,
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
            "about:version",
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
