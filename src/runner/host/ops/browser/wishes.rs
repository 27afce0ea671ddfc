//! What a test may wish of a browser of its own. On an agent the program, its environment, its folders and nearly all of its arguments are the agent's matter.

use super::super::{Failure, Operations, ReadableFiles};
use crate::browser::context::ContextProxy;
use crate::browser::{Kept, LaunchOptions, Mode, Wishes, Without, find_channel};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::path::PathBuf;
use std::time::Duration;

/// Options of `launch`, as they come.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct LaunchWishes {
    args: Option<Vec<String>>,
    artifacts_dir: Option<PathBuf>,
    channel: Option<String>,
    chromium_sandbox: Option<bool>,
    downloads_path: Option<PathBuf>,
    env: Option<Map<String, Value>>,
    executable_path: Option<PathBuf>,
    headless: Option<bool>,
    ignore_default_args: Option<Value>,
    proxy: Option<ContextProxy>,
    slow_mo: f64,
    traces_dir: Option<PathBuf>,
}

/// Arguments that change what pages see and nothing else.
const HARMLESS: [&str; 14] = [
    "--autoplay-policy",
    "--disable-blink-features",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-notifications",
    "--font-render-hinting",
    "--force-device-scale-factor",
    "--hide-scrollbars",
    "--lang",
    "--mute-audio",
    "--start-maximized",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--window-size",
];
/// Arguments without effect on an agent: it decides itself.
const IDLE: [&str; 2] = ["--no-sandbox", "--disable-setuid-sandbox"];

const PROFILE: &str = "--user-data-dir";

impl LaunchWishes {
    /// How the browser is started.
    ///
    /// # Errors
    /// When a test from a server wishes for more than it may have.
    pub(super) fn permitted(self, operations: &Operations) -> Result<(Mode, LaunchOptions), Failure> {
        let usual = operations.pool.options();
        let trust = operations.options.trust;
        if !trust.is_whole() {
            self.modest(trust)?;
        }
        let args = match self.args {
            // What the machine needs, and what it may have of its own.
            Some(args) if !trust.is_whole() => {
                let asked = args.into_iter().filter(|arg| !IDLE.contains(&name_of(arg)));
                usual.args.iter().cloned().chain(asked).collect()
            }
            Some(args) => args,
            None => usual.args.clone(),
        };
        if args.iter().any(|arg| !arg.starts_with('-')) {
            return Err(Failure::new("Arguments can not specify page to be opened"));
        }
        if args.iter().any(|arg| name_of(arg) == PROFILE) {
            return Err(Failure::new(format!(
                "Pass userDataDir parameter to 'browserType.launchPersistentContext(userDataDir, options)' instead of specifying '{PROFILE}' argument"
            )));
        }
        let mode = match self.headless.filter(|_| trust.is_whole()) {
            Some(true) => Mode::Headless,
            Some(false) => Mode::Headed,
            None => operations.mode,
        };
        let env = self.env.map(|env| {
            let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            env.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name, text(value))).collect()
        });
        let without = match self.ignore_default_args {
            Some(Value::Bool(true)) => Without::All,
            Some(Value::Array(these)) => {
                Without::These(these.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            }
            _ => Without::Nothing,
        };
        let channel = self.channel.as_deref().filter(|_| self.executable_path.is_none()).unwrap_or_default();
        let channel = find_channel(channel).map_err(|error| Failure::new(error.to_string()))?;
        let options = LaunchOptions {
            executable: self.executable_path.or(channel).or_else(|| usual.executable.clone()),
            args,
            wishes: Wishes {
                profile: None,
                downloads: self.downloads_path.or(self.artifacts_dir).map(|folder| operations.folder(folder)),
                env,
                without,
                sandbox: self.chromium_sandbox.filter(|_| trust.is_whole()),
                proxy: self.proxy,
                slow_mo: pause(self.slow_mo),
                headers: Vec::new(),
            },
            keeps_out: !trust.is_whole(),
            ..LaunchOptions::default()
        };
        Ok((mode, options))
    }

    /// Refuses what is the machine's, by name.
    fn modest(&self, trust: super::super::Trust) -> Result<(), Failure> {
        let ignoring = self.ignore_default_args.as_ref().is_some_and(|these| *these != Value::Bool(false));
        for (given, name) in [
            (self.executable_path.is_some(), "executablePath"),
            (self.env.is_some(), "env"),
            (self.downloads_path.is_some(), "downloadsPath"),
            (self.artifacts_dir.is_some(), "artifactsDir"),
            (self.traces_dir.is_some(), "tracesDir"),
            (self.channel.as_deref().is_some_and(|channel| !channel.starts_with("chromium")), "channel"),
            (ignoring, "ignoreDefaultArgs"),
        ] {
            if given {
                trust.allow(&format!("options.{name} is"))?;
            }
        }
        let strange = |arg: &&String| !HARMLESS.contains(&name_of(arg)) && !IDLE.contains(&name_of(arg));
        match self.args.iter().flatten().find(strange) {
            Some(arg) => trust.allow(&format!("The argument {arg} is")),
            None => Ok(()),
        }
    }
}

/// Milliseconds, as somebody wrote them.
pub(super) fn pause(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1000.0).unwrap_or_default()
}

impl Operations {
    /// A folder of the machine, seen from where the test is.
    pub(super) fn folder(&self, folder: PathBuf) -> PathBuf {
        match self.readable_files() {
            ReadableFiles::From(base) => base.join(folder),
            ReadableFiles::Below(_) | ReadableFiles::None => folder,
        }
    }
}

/// `--lang` of `--lang=de`.
fn name_of(arg: &str) -> &str {
    arg.split_once('=').map_or(arg, |(name, _)| name)
}

/// Where a profile is kept; none is a fresh one.
pub(super) fn profile(operations: &Operations, folder: &str) -> Result<Kept, Failure> {
    if folder.is_empty() {
        return Ok(Kept::Fresh);
    }
    operations.options.trust.allow("A profile in a folder of the machine is")?;
    Ok(Kept::In(operations.folder(folder.into())))
}

#[cfg(test)]
mod tests {
    use super::super::super::Trust;
    use super::*;
    use serde_json::json;

    #[test]
    fn code_of_strangers_chooses_neither_program_nor_surroundings() {
        for (options, refused) in [
            (json!({}), None),
            (json!({ "headless": false, "chromiumSandbox": false }), None),
            (json!({ "args": ["--lang=de", "--window-size=800,600", "--no-sandbox"] }), None),
            (
                json!({ "args": ["--lang=de", "--renderer-cmd-prefix=xterm"] }),
                Some("The argument --renderer-cmd-prefix=xterm"),
            ),
            (json!({ "args": ["--load-extension=/x"] }), Some("The argument --load-extension=/x")),
            (json!({ "args": ["--remote-debugging-port=1"] }), Some("The argument --remote-debugging-port=1")),
            (json!({ "args": ["/etc/passwd"] }), Some("The argument /etc/passwd")),
            (json!({ "executablePath": "/bin/sh" }), Some("options.executablePath")),
            (json!({ "env": {} }), Some("options.env")),
            (json!({ "downloadsPath": "/" }), Some("options.downloadsPath")),
            (json!({ "artifactsDir": "/" }), Some("options.artifactsDir")),
            (json!({ "tracesDir": "/" }), Some("options.tracesDir")),
            (json!({ "channel": "chrome" }), Some("options.channel")),
            (json!({ "channel": "chromium", "slowMo": 5 }), None),
            (json!({ "ignoreDefaultArgs": true }), Some("options.ignoreDefaultArgs")),
        ] {
            let wishes: LaunchWishes = serde_json::from_value(options).unwrap();
            let error = wishes.modest(Trust::Pages).err().map(|error| error.to_string());
            match refused {
                Some(what) => assert!(error.unwrap().starts_with(&format!("{what} is not allowed on an agent"))),
                None => assert_eq!(error, None),
            }
            assert!(wishes.modest(Trust::Machine).is_ok());
        }
    }
}
