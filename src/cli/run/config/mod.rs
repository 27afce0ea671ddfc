//! `playwright.config.ts`: found, read by a worker, and made into what is to be run.

mod hooks;
mod notes;
mod pattern;
mod projects;
mod raw;
mod resolve;

pub(super) use pattern::TEST_MATCH;
pub(super) use raw::WebServer;
pub(super) use resolve::{Flags, Resolved, resolve};

use super::files::Files;
use crate::model::Level;
use crate::report::error_words;
use crate::runner::host::{ConfigFile, Runner};
use crate::runner::protocol::WorkerConfig;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Tried in this order, as Playwright does.
const NAMES: [&str; 6] = [
    "playwright.config.ts",
    "playwright.config.js",
    "playwright.config.mts",
    "playwright.config.mjs",
    "playwright.config.cts",
    "playwright.config.cjs",
];

/// The configuration: the file that is named, the one in the folder that is named, or the one in the current folder.
///
/// # Errors
/// When what is named is not there.
pub(super) fn find(cwd: &Path, named: Option<&Path>) -> Result<Option<PathBuf>, String> {
    let in_folder = |folder: &Path| NAMES.iter().map(|name| folder.join(name)).find(|file| file.is_file());
    let Some(named) = named else { return Ok(in_folder(cwd)) };
    let full = super::select::plain(&cwd.join(named));
    match in_folder(&full) {
        _ if full.is_file() => Ok(Some(full)),
        Some(file) => Ok(Some(file)),
        None => {
            Err(format!("there is no configuration {}: name a playwright.config.ts or its folder", named.display()))
        }
    }
}

/// Has a worker read it.
///
/// # Errors
/// Why it cannot be read, with its place.
pub(super) async fn read(
    runner: &Runner,
    files: &Files,
    path: &str,
    cwd: &Path,
    env: BTreeMap<String, String>,
) -> Result<ConfigFile, String> {
    let entry = files.entry(path)?;
    let config = WorkerConfig { env, root: cwd.display().to_string(), ..WorkerConfig::default() };
    let log = |_: Level, text: String| crate::cli::say(&text);
    runner.read_config(entry, config, files, log).await.map_err(|error| match error.location {
        Some(_) => error_words(&error),
        None => format!("{path}: {}", error_words(&error)),
    })
}
