//! Finds Chromium, starts it on two pipes with a private profile, and sees to its end.

use super::cdp::Connection;
use super::transport;
use command_fds::{CommandFdExt, FdMapping};
use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

/// With a window or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// No window, no display needed.
    #[default]
    Headless,
    /// With a window; needs a display.
    Headed,
}

/// Which Chromium, and how.
#[derive(Debug, Clone)]
pub struct LaunchOptions {
    /// The program; looked for in the usual places when none is named.
    pub executable: Option<PathBuf>,
    /// A running Chromium (`ws://…/devtools/browser/…`) to be used instead of starting one.
    pub cdp_endpoint: Option<String>,
    /// Further arguments.
    pub args: Vec<String>,
    /// How long a Chromium without contexts is kept; zero is for ever.
    pub idle: Duration,
}

impl Default for LaunchOptions {
    fn default() -> Self {
        Self { executable: None, cdp_endpoint: None, args: Vec::new(), idle: Duration::from_secs(300) }
    }
}

/// Why there is no browser.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// None in the usual places.
    #[error("no Chromium found (looked for {}). Install it with:\n  {}\nor name one with --chromium or UNDERSTUDY_CHROMIUM.", .looked.join(", "), install_hint())]
    NotFound {
        /// Where.
        looked: Vec<String>,
    },
    /// The one that was named is not there.
    #[error("there is no program at {path}. Name another Chromium, or none to have it looked for.", path = .path.display())]
    NoSuchFile {
        /// As it was named.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("failed to start {path}: {source}", path = .path.display())]
    Spawn {
        /// Which program.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It went away at once.
    #[error("{path} ended before it could be used ({status}).{output}{hint}", path = .path.display(), hint = snap_hint(.path, .output))]
    Exited {
        /// Which program.
        path: PathBuf,
        /// How.
        status: String,
        /// The last lines it wrote, each on a new line.
        output: String,
    },
    /// It runs but says nothing.
    #[error("{path} did not answer within {waited:?}.{output}", path = .path.display())]
    Silent {
        /// Which program.
        path: PathBuf,
        /// How long.
        waited: Duration,
        /// The last lines it wrote, each on a new line.
        output: String,
    },
    /// The endpoint cannot be used.
    #[error("failed to connect to the browser at {endpoint}: {reason}")]
    Endpoint {
        /// As it was named.
        endpoint: String,
        /// Why.
        reason: String,
    },
}

/// Where Chromium and its kin are installed by their packages.
const USUAL_PLACES: &[&str] = &[
    "/usr/bin/chromium",
    "/usr/local/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome-stable",
    "/usr/bin/google-chrome",
    "/opt/google/chrome/chrome",
    "/snap/bin/chromium",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/opt/homebrew/bin/chromium",
];

/// Time from the start of the process to its first answer; a cold start on a slow disk takes some seconds.
const START_DEADLINE: Duration = Duration::from_secs(30);

/// Time for Chromium to end by itself after it was asked to.
const CLOSE_GRACE: Duration = Duration::from_secs(5);

/// `/dev/shm` below this size makes renderers crash on large pages: bytes. Docker's default is 64 MiB.
const SMALL_SHM: u64 = 512 * 1024 * 1024;

/// Same behaviour on every machine, nothing throttled in the background, no traffic of Chromium's own.
const FLAGS: &[&str] = &[
    "--allow-pre-commit-input",
    "--disable-back-forward-cache",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-extensions-with-background-pages",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-features=AcceptCHFrame,AvoidUnnecessaryBeforeUnloadCheckSync,CertificateTransparencyComponentUpdater,\
     DestroyProfileOnBrowserClose,DialMediaRouteProvider,GlobalMediaControls,HttpsUpgrades,ImprovedCookieControls,\
     LazyFrameLoading,LensOverlay,MediaRouter,OptimizationHints,PaintHolding,ThirdPartyStoragePartitioning,Translate",
    "--disable-field-trial-config",
    "--disable-hang-monitor",
    "--disable-ipc-flooding-protection",
    "--disable-popup-blocking",
    "--disable-prompt-on-repost",
    "--disable-renderer-backgrounding",
    "--disable-search-engine-choice-screen",
    "--enable-automation",
    "--export-tagged-pdf",
    "--force-color-profile=srgb",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-service-autorun",
    "--no-startup-window",
    "--password-store=basic",
    "--remote-debugging-pipe",
    "--use-mock-keychain",
];

/// A headless Chromium takes these for a desktop with a mouse.
const HEADLESS_FLAGS: &[&str] = &[
    "--headless",
    "--hide-scrollbars",
    "--mute-audio",
    "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4",
];

/// The program to start.
pub fn find_chromium(named: Option<&Path>) -> Result<PathBuf, LaunchError> {
    if let Some(path) = named {
        return if path.is_file() {
            Ok(path.to_owned())
        } else {
            Err(LaunchError::NoSuchFile { path: path.to_owned() })
        };
    }
    USUAL_PLACES
        .iter()
        .map(PathBuf::from)
        .find(|path| path.is_file())
        .ok_or_else(|| LaunchError::NotFound { looked: USUAL_PLACES.iter().map(|place| (*place).to_owned()).collect() })
}

fn install_hint() -> &'static str {
    if cfg!(target_os = "macos") { "brew install --cask chromium" } else { "sudo apt-get install chromium" }
}

fn snap_hint(path: &Path, output: &str) -> String {
    if path.ends_with("chromium-browser") && output.contains("snap") {
        "\nUbuntu's chromium package is a stub for a snap: run `snap install chromium`, or install google-chrome-stable.".into()
    } else {
        String::new()
    }
}

/// A Chromium of ours.
pub(super) struct Process {
    stop: CancellationToken,
    ended: CancellationToken,
}

impl Process {
    /// Ends it and waits until it is gone and its profile deleted.
    pub(super) async fn close(&self) {
        self.stop.cancel();
        self.ended.cancelled().await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Starts Chromium; the connection is ready for commands.
pub(super) async fn launch(mode: Mode, options: &LaunchOptions) -> Result<(Connection, Process), LaunchError> {
    let path = find_chromium(options.executable.as_deref())?;
    let failed = |source: io::Error| LaunchError::Spawn { path: path.clone(), source };
    let profile = tempfile::Builder::new().prefix("understudy-profile-").tempdir().map_err(failed)?;
    let (their_read, our_write) = io::pipe().map_err(failed)?;
    let (our_read, their_write) = io::pipe().map_err(failed)?;
    let mut command = Command::new(&path);
    command
        .args(FLAGS)
        .args(if mode == Mode::Headless { HEADLESS_FLAGS } else { &[] })
        .args(surroundings())
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(&options.args)
        // Else it keeps a folder for reports of crashes in the person's configuration.
        .env("BREAKPAD_DUMP_LOCATION", profile.path().join("Crash Reports"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
        .fd_mappings(vec![
            FdMapping { parent_fd: their_read.into(), child_fd: 3 },
            FdMapping { parent_fd: their_write.into(), child_fd: 4 },
        ])
        .map_err(|error| failed(io::Error::other(error)))?;
    let mut child = command.spawn().map_err(failed)?;
    // Holds our copies of Chromium's ends of the pipes: without them its death closes ours.
    drop(command);
    let output = tail_of(child.stderr.take());
    let connection = transport::over_pipes(our_write.into(), our_read.into()).map_err(failed)?;
    let answer = connection.root().request("Browser.getVersion", &serde_json::json!({})).raw();
    tokio::select! {
        answer = answer => match answer {
            Ok(_) => {}
            Err(_) => {
                let status = child.wait().await.map(|status| status.to_string()).unwrap_or_default();
                return Err(LaunchError::Exited { path, status, output: output.text().await });
            }
        },
        () = tokio::time::sleep(START_DEADLINE) => {
            return Err(LaunchError::Silent { path, waited: START_DEADLINE, output: output.text().await });
        }
    }
    let process = Process { stop: CancellationToken::new(), ended: CancellationToken::new() };
    tokio::spawn(supervise(child, profile, connection.clone(), process.stop.clone(), process.ended.clone()));
    Ok((connection, process))
}

/// Owns the process and its profile until both are gone.
async fn supervise(
    mut child: Child,
    profile: TempDir,
    connection: Connection,
    stop: CancellationToken,
    ended: CancellationToken,
) {
    let _ended = ended.drop_guard();
    tokio::select! {
        status = child.wait() => {
            if !connection.is_closed() {
                tracing::debug!(status = %status.map(|status: ExitStatus| status.to_string()).unwrap_or_default(), "Chromium ended");
            }
        }
        () = stop.cancelled() => {
            drop(connection.root().request("Browser.close", &serde_json::json!({})));
            if tokio::time::timeout(CLOSE_GRACE, child.wait()).await.is_err() {
                // It may have ended just now; then there is nothing to kill.
                let _ = child.kill().await;
            }
        }
    }
    connection.close();
    // Chromium's helpers may still write for a moment.
    for _ in 0..20 {
        if std::fs::remove_dir_all(profile.path()).is_ok() || !profile.path().exists() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Flags that this machine needs.
fn surroundings() -> Vec<&'static str> {
    let mut flags = Vec::new();
    let container = ["/.dockerenv", "/run/.containerenv"].iter().any(|file| Path::new(file).exists());
    if cfg!(target_os = "linux") && (rustix::process::geteuid().is_root() || container) {
        static WARNED: std::sync::Once = std::sync::Once::new();
        WARNED.call_once(|| tracing::warn!("running as root or in a container: Chromium starts with --no-sandbox"));
        flags.push("--no-sandbox");
    }
    let shm = rustix::fs::statvfs("/dev/shm").map_or(0, |shm| shm.f_blocks.saturating_mul(shm.f_frsize));
    if cfg!(target_os = "linux") && shm < SMALL_SHM {
        flags.push("--disable-dev-shm-usage");
    }
    flags
}

/// The last lines of Chromium's standard error.
struct Tail {
    lines: Arc<Mutex<VecDeque<String>>>,
    done: CancellationToken,
}

impl Tail {
    /// Each on a new line; waits a moment for the last ones.
    async fn text(&self) -> String {
        let _ = tokio::time::timeout(Duration::from_millis(500), self.done.cancelled()).await;
        super::sync::lock(&self.lines).iter().map(|line| format!("\n  {line}")).collect()
    }
}

fn tail_of(stderr: Option<impl AsyncRead + Unpin + Send + 'static>) -> Tail {
    let lines = Arc::new(Mutex::new(VecDeque::new()));
    let done = CancellationToken::new();
    if let Some(stderr) = stderr {
        let (lines, done) = (lines.clone(), done.clone().drop_guard());
        tokio::spawn(async move {
            let _done = done;
            let mut reader = BufReader::new(stderr).lines();
            while let Ok(Some(line)) = reader.next_line().await {
                let mut lines = super::sync::lock(&lines);
                if lines.len() == 20 {
                    lines.pop_front();
                }
                lines.push_back(line);
            }
        });
    }
    Tail { lines, done }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_browser_says_what_to_do() {
        let error = find_chromium(Some(Path::new("/nowhere/chrome"))).unwrap_err().to_string();
        assert!(error.starts_with("there is no program at /nowhere/chrome."), "{error}");
        let error = LaunchError::NotFound { looked: vec!["/usr/bin/chromium".into()] }.to_string();
        assert!(error.contains("looked for /usr/bin/chromium"), "{error}");
        assert!(error.contains("install"), "{error}");
    }
}
