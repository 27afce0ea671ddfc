//! What the environment says without flags: colours, the terminal, variables for tests.

use std::collections::BTreeMap;
use std::env;

/// Whether to colour what goes to a place that is a terminal or not: `FORCE_COLOR` over `NO_COLOR` over that.
#[must_use]
pub fn colors(is_terminal: bool) -> bool {
    let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
    match (set("FORCE_COLOR").as_deref(), set("NO_COLOR")) {
        (Some("0" | "false"), _) => false,
        (Some(_), _) => true,
        (None, Some(_)) => false,
        (None, None) => is_terminal,
    }
}

/// Whether a window can be shown.
#[must_use]
pub fn has_display() -> bool {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(target_os = "macos") || ["DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(set)
}

/// Whether the terminal says that it cannot rewrite lines.
#[must_use]
pub fn dumb_terminal() -> bool {
    env::var("TERM").is_ok_and(|term| term == "dumb")
}

/// All variables that are text.
#[must_use]
pub fn environment() -> BTreeMap<String, String> {
    env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
}
