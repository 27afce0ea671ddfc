//! What a configuration asks for and does not get here: told, not swallowed.

use super::raw::RawConfig;
use crate::browser::find_channel;
use serde_json::{Map, Value};

/// Settings that have no effect here, and why.
const WITHOUT_EFFECT: [(&str, &str); 8] = [
    ("build", "code is translated without Babel, plugins of it are not run"),
    ("captureGitInfo", "reports say nothing of Git"),
    ("preserveOutput", "what tests leave behind is kept"),
    ("reportSlowTests", "slow files are not listed"),
    ("respectGitIgnore", "files that Git ignores are looked at"),
    ("tsconfig", "the tsconfig.json nearest to each file holds"),
    ("updateSourceMethod", "sources are not changed"),
    ("tag", "tags of a whole run are not told"),
];
/// What is done here anyway.
const USUAL: [(&str, &str); 2] = [("preserveOutput", "always"), ("updateSourceMethod", "patch")];
/// The same of options in `use`.
const OPTIONS_WITHOUT_EFFECT: [(&str, &str); 3] = [
    ("connectOptions", "Chromium is started here"),
    ("channel", "it is not installed, the Chromium that is here is used (--browser names another)"),
    ("agentOptions", "there are no agents in tests"),
];
/// Of `launchOptions` those that are honoured, or are for other browsers.
const LAUNCH_OPTIONS: [&str; 18] = [
    "args",
    "artifactsDir",
    "channel",
    "chromiumSandbox",
    "downloadsPath",
    "env",
    "executablePath",
    "firefoxUserPrefs",
    "handleSIGHUP",
    "handleSIGINT",
    "handleSIGTERM",
    "headless",
    "ignoreDefaultArgs",
    "logger",
    "proxy",
    "slowMo",
    "timeout",
    "tracesDir",
];
/// What is read elsewhere, or by nobody anywhere.
const KNOWN: [&str; 2] = ["@playwright/test", "$schema"];

/// A note for each setting without effect.
pub(super) fn of(raw: &RawConfig, lost: &[String]) -> Vec<String> {
    let mut notes = Vec::new();
    // `defineConfig` makes an empty `build`.
    let empty = |value: &Value| value.is_null() || value.as_object().is_some_and(Map::is_empty);
    let usual = |name: &str, value: &Value| USUAL.iter().any(|(known, usual)| *known == name && value == usual);
    for name in raw
        .rest
        .iter()
        .filter(|(name, value)| !empty(value) && !usual(name, value))
        .map(|(name, _)| name)
        .filter(|name| !KNOWN.contains(&name.as_str()))
    {
        notes.push(match WITHOUT_EFFECT.iter().find(|(known, _)| known == name) {
            Some((_, why)) => format!("{name} has no effect: {why}"),
            None => format!("{name} is not known here and has no effect"),
        });
    }
    for project in &raw.projects {
        let name = project.common.name.as_deref().unwrap_or_default();
        for key in project.rest.keys().filter(|key| !KNOWN.contains(&key.as_str())) {
            notes.push(format!("{key} of project {name:?} is not known here and has no effect"));
        }
        if project.common.workers.is_some() {
            notes.push(format!("workers of project {name:?} has no effect: the run's holds for all"));
        }
    }
    let options = std::iter::once(&raw.common.r#use).chain(raw.projects.iter().map(|project| &project.common.r#use));
    for note in options.flat_map(of_options) {
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes.extend(
        lost.iter()
            .filter(|path| !path.starts_with("build.") && !path.starts_with("reporter"))
            .map(|path| format!("{path} is a function or no data, and has no effect")),
    );
    notes
}

/// Whether a channel is one that is not here.
fn is_missing(channel: &str) -> bool {
    find_channel(channel).is_err()
}

fn of_options(options: &Map<String, Value>) -> Vec<String> {
    let mut notes: Vec<String> = OPTIONS_WITHOUT_EFFECT
        .iter()
        .filter(|(name, _)| options.get(*name).is_some_and(|value| !value.is_null() && value != "off"))
        .filter(|(name, _)| *name != "channel" || options["channel"].as_str().is_some_and(is_missing))
        .map(|(name, why)| format!("use.{name} has no effect: {why}"))
        .collect();
    let launch = options.get("launchOptions").and_then(Value::as_object);
    for name in launch.into_iter().flat_map(Map::keys).filter(|name| !LAUNCH_OPTIONS.contains(&name.as_str())) {
        notes.push(format!("use.launchOptions.{name} has no effect"));
    }
    if options.get("video").is_some_and(|video| video.pointer("/show/test").is_some()) {
        notes.push("use.video.show.test has no effect: videos show actions only".to_owned());
    }
    notes
}
