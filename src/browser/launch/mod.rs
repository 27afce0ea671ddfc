//! Finds Chromium, starts it on two pipes with a private profile, and sees to its end.

mod error;
mod find;
mod flags;
mod group;
mod output;
mod profile;

pub use error::LaunchError;
pub use find::{find_channel, find_chromium};
pub use flags::is_confined;
pub(super) use group::{Group, Memory};
pub use profile::sweep_profiles;

use super::cdp::Connection;
use super::ceiling::Ceiling;
use super::context::ContextProxy;
use super::transport;
use super::warden::{self, Warden};
use command_fds::{CommandFdExt, FdMapping};
use output::tail_of;
use profile::Profile;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
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
    /// A running Chromium (`ws://…/devtools/browser/…`, `http://host:port`) to be used instead of starting one.
    pub cdp_endpoint: Option<String>,
    /// Further arguments.
    pub args: Vec<String>,
    /// How long a Chromium without contexts is kept; zero is for ever.
    pub idle: Duration,
    /// How much memory it may have.
    pub ceiling: Ceiling,
    /// A Chromium that nobody uses and that does not answer for so long is replaced.
    pub patience: Duration,
    /// What else is wanted of it.
    pub wishes: Wishes,
    /// Through whom everything goes, in place of a proxy of the wishes.
    pub warden: Option<Arc<dyn Warden>>,
    /// Whether its pages are kept out of the machine's files and of the browser's own pages.
    pub keeps_out: bool,
}

/// What a test may want of a Chromium of its own.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// A profile that stays, with a window; none is a fresh one that is deleted afterwards, without a window.
    pub profile: Option<Kept>,
    /// Where downloads go.
    pub downloads: Option<PathBuf>,
    /// The only environment variables that it sees; none is all of ours.
    pub env: Option<BTreeMap<String, String>>,
    /// Which of our arguments it is started without.
    pub without: Without,
    /// Whether Chromium's own sandbox is wanted; none decides by the machine.
    pub sandbox: Option<bool>,
    /// What everything goes through.
    pub proxy: Option<ContextProxy>,
    /// A pause after everything that a test does.
    pub slow_mo: Duration,
    /// What a Chromium that runs already is told beside the question for it.
    pub headers: Vec<(String, String)>,
}

/// A profile in which pages open at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// Deleted afterwards all the same.
    Fresh,
    /// In this folder.
    In(PathBuf),
}

/// Which arguments are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Without {
    /// None.
    #[default]
    Nothing,
    /// All that we can do without.
    All,
    /// These.
    These(Vec<String>),
}

impl Default for LaunchOptions {
    fn default() -> Self {
        Self {
            executable: None,
            cdp_endpoint: None,
            args: Vec::new(),
            idle: Duration::from_secs(300),
            ceiling: Ceiling::default(),
            patience: Duration::from_secs(10),
            wishes: Wishes::default(),
            warden: None,
            keeps_out: false,
        }
    }
}

/// Time from the start of the process to its first answer; a cold start on a slow disk takes some seconds.
const START_DEADLINE: Duration = Duration::from_secs(30);

/// Time for Chromium to end by itself after it was asked to.
const CLOSE_GRACE: Duration = Duration::from_secs(5);

/// A Chromium of ours.
pub(super) struct Process {
    id: Option<u32>,
    profile: PathBuf,
    downloads: PathBuf,
    stop: CancellationToken,
    ended: CancellationToken,
}

impl Process {
    /// The operating system's number for it.
    pub(super) fn id(&self) -> Option<u32> {
        self.id
    }

    /// It and its helpers.
    pub(super) fn group(&self) -> Option<Group> {
        self.id.and_then(Group::led_by)
    }

    /// Where it keeps what its own context stores.
    pub(super) fn profile(&self) -> &Path {
        &self.profile
    }

    /// A folder for what pages download; goes with the profile.
    pub(super) fn downloads(&self) -> &Path {
        &self.downloads
    }

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
    let sweeping = tokio::task::spawn_blocking(sweep_profiles);
    let wishes = &options.wishes;
    profile::find_room()?;
    let profile = match &wishes.profile {
        Some(Kept::In(folder)) => Profile::kept(folder),
        _ => Profile::new(),
    };
    let profile = profile.map_err(failed)?;
    let (their_read, our_write) = io::pipe().map_err(failed)?;
    let (our_read, their_write) = io::pipe().map_err(failed)?;
    let mut command = Command::new(&path);
    if let Some(env) = &wishes.env {
        command.env_clear().envs(env);
    }
    command
        .args(flags::all(mode, &options.args, wishes))
        .args(options.warden.iter().flat_map(|warden| warden::flags(&**warden)))
        .arg(format!("--user-data-dir={}", profile.data().display()))
        // Else reports of crashes, which it makes whatever its flags say, are kept in the person's configuration.
        .env("BREAKPAD_DUMP_LOCATION", profile.crashes())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
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
    profile.used_by(child.id());
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
    profile.refuse_reports();
    let downloads = wishes.downloads.clone().unwrap_or_else(|| profile.downloads());
    let process = Process {
        id: child.id(),
        profile: profile.data(),
        downloads,
        stop: CancellationToken::new(),
        ended: CancellationToken::new(),
    };
    let supervising = supervise(child, profile, connection.clone(), process.stop.clone());
    let ended = process.ended.clone().drop_guard();
    tokio::spawn(async move {
        supervising.await;
        // A failure to sweep is in the log.
        let _ = sweeping.await;
        drop(ended);
    });
    Ok((connection, process))
}

/// Owns the process and its profile until both are gone.
async fn supervise(mut child: Child, profile: Profile, connection: Connection, stop: CancellationToken) {
    let group = child.id().and_then(Group::led_by);
    tokio::select! {
        status = child.wait() => {
            if !connection.is_closed() {
                tracing::debug!(status = %status.map(|status: ExitStatus| status.to_string()).unwrap_or_default(), "Chromium ended");
            }
        }
        () = stop.cancelled() => drop(connection.root().request("Browser.close", &serde_json::json!({}))),
        // It has closed its pipe, or does not answer.
        () = connection.closed() => {}
    }
    if tokio::time::timeout(CLOSE_GRACE, child.wait()).await.is_err() {
        group.into_iter().for_each(Group::kill);
        // What was killed ends.
        let _ = child.wait().await;
    }
    connection.close();
    profile.remove().await;
}
