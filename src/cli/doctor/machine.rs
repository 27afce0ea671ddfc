//! What the machine is to have: a browser that starts, memory, folders, a kernel that shuts workers in.

use super::super::{CouldNotRun, agent};
use super::Finding;
use crate::browser::launch::{is_confined, sweep_profiles};
use crate::browser::{Browser, LaunchOptions, Mode};
use crate::runner::host::probe;
use rustix::fs::{Access, access, statvfs};
use rustix::process::{Resource, getrlimit};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::Instant;

/// What a session takes with its pages, and Chromium itself with the agent, roughly, bytes.
const MEMORY: (u64, u64) = (250 << 20, 400 << 20);
/// What pages share; Chromium's renderers end where it is full.
const SHARED_LEAST: u64 = 256 << 20;
/// Free space of the state folder that is no reason to worry, bytes.
const DISK_LEAST: u64 = 500 << 20;
/// Open files of the agent and its Chromium, for each session and for all together.
const FILES: (u64, u64) = (256, 1024);
/// What the service's unit asks for.
const FILES_OF_UNIT: u64 = 65_536;

pub(super) async fn look(agent: &agent::Args, fix: bool) -> Result<Vec<Finding>, CouldNotRun> {
    if fix {
        tokio::task::spawn_blocking(sweep_profiles).await?;
    }
    let mut all = vec![browser(agent.playing().launch_options()).await];
    let local = agent.playing().launch_options().cdp_endpoint.is_none();
    all.extend(local.then(sandbox).into_iter().chain(local.then(shared_memory).flatten()));
    let sessions = agent.playing().max_sessions();
    all.extend(local.then(|| memory(sessions)).flatten());
    all.push(files(sessions, getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX)));
    all.extend(state(&agent.state_dir()?, fix));
    all.push(tokio::task::spawn_blocking(walls).await?);
    Ok(all)
}

async fn browser(options: LaunchOptions) -> Finding {
    let begun = Instant::now();
    match Browser::start(Mode::Headless, &options).await {
        Ok(browser) => {
            let took = begun.elapsed().as_secs_f64();
            browser.close().await;
            Finding::good(match options.cdp_endpoint {
                Some(address) => format!("the Chromium at {address} answers"),
                None => format!("Chromium starts ({took:.1} s)"),
            })
        }
        Err(error) => Finding::bad(error.to_string(), "understudy needs Chromium or Chrome; --browser PATH names one"),
    }
}

fn sandbox() -> Finding {
    match is_confined() {
        false => Finding::good("Chromium's sandbox is on"),
        true => Finding::note(
            "Chromium's sandbox is off: this is root, or a container",
            "run the agent as a user of its own; `understudy service install` does",
        ),
    }
}

fn shared_memory() -> Option<Finding> {
    let path = Path::new("/dev/shm");
    let size = statvfs(path).ok().map(|found| found.f_blocks.saturating_mul(found.f_frsize))?;
    Some(match size >= SHARED_LEAST {
        true => Finding::good(format!("/dev/shm has {}", megabytes(size))),
        false => Finding::note(
            format!("/dev/shm has only {}: Chromium uses /tmp in its place, which is slower", megabytes(size)),
            "docker run --shm-size 1g",
        ),
    })
}

fn memory(sessions: usize) -> Option<Finding> {
    let mut system = sysinfo::System::new().ok()?;
    system.refresh_memory();
    let wanted = MEMORY.1 + MEMORY.0 * sessions as u64;
    let there = system.available_memory();
    let fit = there.saturating_sub(MEMORY.1) / MEMORY.0;
    Some(match there >= wanted {
        true => Finding::good(format!("{} of memory are free for {}", megabytes(there), counted(sessions))),
        false => Finding::bad(
            format!("{} of memory are free; {} want about {}", megabytes(there), counted(sessions), megabytes(wanted)),
            format!("--max-sessions {}, or more memory", fit.max(1)),
        ),
    })
}

fn files(sessions: usize, limit: u64) -> Finding {
    let wanted = FILES.1 + FILES.0 * sessions as u64;
    let enough = wanted.next_power_of_two().max(FILES_OF_UNIT);
    match limit >= wanted {
        true => Finding::good(format!("{limit} files may be open")),
        false => Finding::bad(
            format!("{limit} files may be open; {} want about {wanted}", counted(sessions)),
            format!("`ulimit -n {enough}` before the agent, or LimitNOFILE={enough} in its unit"),
        ),
    }
}

fn state(folder: &Path, fix: bool) -> Vec<Finding> {
    let shown = folder.display();
    if !folder.exists() {
        if fix && let Err(error) = DirBuilder::new().recursive(true).mode(0o700).create(folder) {
            return vec![Finding::bad(
                format!("the state folder {shown} cannot be made: {error}"),
                "--state-dir names another",
            )];
        }
        if !fix {
            let nearest = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
            let room = if nearest.is_dir() {
                access(nearest, Access::WRITE_OK).map_err(io::Error::from)
            } else {
                Err(io::ErrorKind::NotADirectory.into())
            };
            return vec![match room {
                Ok(()) => Finding::good(format!("the state folder {shown} will be made")),
                Err(error) => Finding::bad(
                    format!("the state folder {shown} cannot be made: {}: {error}", nearest.display()),
                    "--state-dir names another, or run this as the user of the agent",
                ),
            }];
        }
    }
    let mut all = vec![match used(folder) {
        Ok(false) => Finding::good(format!("the state folder {shown} can be written to, and nobody uses it")),
        Ok(true) => Finding::note(
            format!("an agent uses the state folder {shown} now"),
            "that is fine if it is the one you mean; a second one wants a --state-dir of its own",
        ),
        Err(error) => Finding::bad(
            format!("the state folder {shown} cannot be used: {error}"),
            "--state-dir names another, or make it the agent's own: chown",
        ),
    }];
    if let Ok(disk) = statvfs(folder) {
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free < DISK_LEAST {
            let what = format!("only {} are free on the disk of {shown}", megabytes(free));
            all.push(Finding::bad(what, "results and pictures wait there while the server is away: make room"));
        }
    }
    all
}

/// Whether another agent has it; fails where it cannot be written to.
fn used(folder: &Path) -> io::Result<bool> {
    drop(tempfile::Builder::new().prefix(".doctor").tempfile_in(folder)?);
    let lock: File = match OpenOptions::new().append(true).open(folder.join("lock")) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    match lock.try_lock() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// What shuts in the processes that run tests.
fn walls() -> Finding {
    let todo = "a newer kernel shuts tests in better; until then give the agent a user of its own";
    match probe() {
        Err(error) => Finding::bad(format!("no worker can be started: {error}"), "install understudy anew"),
        Ok(probe) => match (probe.could.is_empty(), probe.walls.missing()) {
            (true, None) => Finding::good("tests are shut in: landlock and seccomp are there"),
            (true, Some(missing)) => Finding::note(format!("tests are shut in, but this kernel lacks {missing}"), todo),
            (false, _) => {
                Finding::note(format!("a test that breaks out of its engine could: {}", probe.could.join(", ")), todo)
            }
        },
    }
}

fn counted(sessions: usize) -> String {
    if sessions == 1 { "1 session".to_owned() } else { format!("{sessions} sessions") }
}

fn megabytes(bytes: u64) -> String {
    match bytes >> 20 {
        small @ 0..2048 => format!("{small} MB"),
        large => format!("{:.1} GB", large as f64 / 1024.0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn state_folders() {
        let folder = tempfile::tempdir().unwrap();
        let verdict = |path: &Path, fix| state(path, fix)[0].verdict;
        let new = folder.path().join("deep/er");
        assert_eq!(verdict(&new, false), Verdict::Good);
        assert!(!new.exists());
        assert_eq!(verdict(&new, true), Verdict::Good);
        assert!(new.exists());
        let lock = File::create(new.join("lock")).unwrap();
        lock.lock().unwrap();
        assert_eq!(verdict(&new, false), Verdict::Note);
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(verdict(&file, true), Verdict::Bad);
        assert_eq!(verdict(&file.join("below"), true), Verdict::Bad);
    }

    #[test]
    fn memory_is_held_against_sessions() {
        assert_eq!(memory(1_000_000).unwrap().verdict, Verdict::Bad);
        assert_eq!(files(usize::MAX >> 20, 65_536).verdict, Verdict::Bad);
        for (sessions, advice) in [(100, "ulimit -n 65536"), (500, "ulimit -n 131072")] {
            let finding = files(sessions, 1024);
            assert!(finding.todo.as_ref().unwrap().contains(advice), "{}", finding.text());
        }
        assert_eq!(files(500, 131_072).verdict, Verdict::Good);
        assert_eq!((megabytes(5 << 20), megabytes(5 << 30)), ("5 MB".to_owned(), "5.0 GB".to_owned()));
    }
}
