//! The Playwright Test facade: plain modules.

/// Name and source; the last is evaluated at start.
pub(super) const MODULES: &[(&str, &str)] = &[];
