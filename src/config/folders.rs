//! Where things are kept.

use std::env;
use std::path::PathBuf;

/// Where an agent keeps what it must remember, unless it is told: below `XDG_STATE_HOME`, which is `~/.local/state`.
///
/// # Errors
/// A sentence for the user, where there is no home.
pub fn state_dir() -> Result<PathBuf, String> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let below = set("XDG_STATE_HOME").or_else(|| set("HOME").map(|home| home.join(".local/state")));
    below.map(|folder| folder.join("understudy")).ok_or_else(|| "there is no HOME: name a --state-dir".to_owned())
}

/// The user's home, and their folder for settings: `XDG_CONFIG_HOME`, which is `~/.config`.
///
/// # Errors
/// A sentence for the user, where there is no home.
pub fn home() -> Result<(PathBuf, PathBuf), String> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = set("HOME").ok_or_else(|| "there is no HOME: whose service is it to be?".to_owned())?;
    let config = set("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
    Ok((home, config))
}
