//! What an agent keeps on disk: who it is, which sessions it had, what it has not told yet. One agent per folder.

use super::outbox::Outbox;
use super::past::Past;
use super::sessions::Sessions;
use super::store::{Notes, Row, Store, StoreError};
use super::work::Owed;
use crate::model::{AgentId, Event, ExecutionId};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::time::Instant;
use url::Url;

/// Why the state folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A second agent would answer for the first one's sessions.
    #[error("another agent uses {}: give this one a --state-dir of its own", .0.display())]
    InUse(PathBuf),
    /// The disk.
    #[error("use the state folder {}: {source}. Make room or permission there, or name another folder with --state-dir; `understudy doctor` says more", path.display())]
    Io {
        /// The folder or a file in it.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// How often, and at which intervals, a lock is tried that somebody has.
const PATIENCE: (usize, Duration) = (20, Duration::from_millis(25));
/// The row that says which server is a hub of ours.
const HUB: &[u8] = b"hub";
/// Between attempts at a disk that takes nothing.
const AGAIN: Duration = Duration::from_secs(5);

/// The folder, locked for as long as this lives.
#[derive(Debug)]
pub(super) struct State {
    folder: PathBuf,
    /// None while the disk takes nothing.
    store: Option<Store>,
    sessions: Sessions,
    /// What was told of sessions that go on.
    pub(super) past: Past,
    /// The server that was last known to be a hub of ours.
    hub: Option<String>,
    /// That is not on disk yet.
    new_hub: bool,
    /// When to try a disk again that took nothing.
    again: Option<Instant>,
    _lock: File,
}

/// What was found in the folder.
#[derive(Debug)]
pub(super) struct Found {
    /// Made once.
    pub(super) agent: AgentId,
    /// Sessions that have ended, the oldest first.
    pub(super) ended: Vec<ExecutionId>,
    /// Sessions that were accepted, and not brought to their end when the agent was killed.
    pub(super) interrupted: Vec<Owed>,
    /// What was not told.
    pub(super) outbox: Vec<(Vec<u8>, Vec<u8>)>,
    /// What was told, or was to be, of sessions that were not over.
    pub(super) past: Vec<Event>,
}

/// Where sessions write, below the state folder.
#[must_use]
pub fn artifacts(state: &Path) -> PathBuf {
    state.join("artifacts")
}

impl State {
    /// Opens the folder, or makes it.
    pub(super) fn open(folder: &Path) -> Result<(Self, Found), StateError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| StateError::Io { path, source }
        };
        // What tests say and what pages show is nobody else's business.
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed(folder))?;
        let path = folder.join("lock");
        let mut options = OpenOptions::new();
        let lock = options.create(true).append(true).mode(0o600).open(&path).map_err(failed(&path))?;
        let locked = patiently(|| lock.try_lock(), |error| matches!(error, TryLockError::WouldBlock));
        match locked {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StateError::InUse(folder.to_owned())),
            Err(TryLockError::Error(source)) => return Err(failed(&path)(source)),
        }
        // Files of sessions that a killed agent left; a folder that cannot be removed is one that nothing can be written in.
        let _ = fs::remove_dir_all(artifacts(folder));
        let path = folder.join("agent-id");
        let agent = match fs::read_to_string(&path).ok().and_then(|text| text.trim().parse::<uuid::Uuid>().ok()) {
            Some(known) => known,
            None => {
                let new = uuid::Uuid::new_v4();
                replace(&path, format!("{new}\n").as_bytes()).map_err(failed(&path))?;
                new
            }
        };
        let (store, left) = patiently(|| Store::open(folder), StoreError::is_taken)
            .map_err(|error| failed(&Store::path(folder))(error.into_io()))?;
        let sessions = left.sessions;
        let (past, told) = Past::new(left.past);
        let found = Found {
            agent: AgentId(agent.to_string()),
            ended: sessions.ended().cloned().collect(),
            interrupted: sessions.open().cloned().collect(),
            outbox: left.outbox,
            past: told,
        };
        let hub = left.servers.into_iter().find(|(key, _)| key == HUB).and_then(|(_, url)| String::from_utf8(url).ok());
        let store = Some(store);
        let folder = folder.to_owned();
        Ok((Self { folder, store, sessions, past, hub, new_hub: false, again: None, _lock: lock }, found))
    }

    /// From now on the agent owes a verdict; certain after [`State::keep`].
    pub(super) fn accepted(&mut self, owed: &Owed) {
        self.sessions.accept(owed.clone());
    }

    /// The verdict is in the outbox; certain after [`State::keep`], together with it.
    pub(super) fn ended(&mut self, id: &ExecutionId) {
        self.sessions.end(id);
    }

    /// This server is a hub of ours.
    pub(super) fn note_hub(&mut self, server: &Url) {
        if !self.is_hub(server) {
            (self.hub, self.new_hub) = (Some(server.to_string()), true);
        }
    }

    /// Whether it was, when last it said what it is.
    pub(super) fn is_hub(&self, server: &Url) -> bool {
        self.hub.as_deref() == Some(server.as_str())
    }

    /// Puts on disk what has changed, all of it or nothing: neither a kill nor a power cut loses it after this. A disk that takes
    /// nothing is told of once, and tried again now and then.
    pub(super) fn keep(&mut self, outbox: &mut Outbox) {
        if self.again.is_some_and(|again| Instant::now() < again) {
            return;
        }
        match blocking(|| self.write(outbox)) {
            Ok(()) if self.again.is_none() => {}
            Ok(()) => {
                self.again = None;
                tracing::info!(folder = %self.folder.display(), "what is not told yet is on disk again");
            }
            Err(error) => {
                // It is not known what has come of it: everything is written anew.
                self.store = None;
                if self.again.is_none() {
                    let folder = self.folder.display();
                    tracing::error!(%error, %folder, "what is not told yet cannot be kept, and is lost if the agent is killed; trying again");
                }
                self.again = Some(Instant::now() + AGAIN);
            }
        }
    }

    fn write(&mut self, outbox: &mut Outbox) -> Result<(), StoreError> {
        let anew = self.store.is_none();
        let hub = self.hub.as_ref().filter(|_| std::mem::take(&mut self.new_hub) || anew);
        let servers = hub.map(|hub| Row { key: HUB.to_vec(), value: Some(hub.clone().into_bytes()) });
        let notes = Notes {
            sessions: if anew { self.sessions.whole() } else { self.sessions.take_changes() },
            outbox: if anew { outbox.whole() } else { outbox.take_changes() },
            servers: servers.into_iter().collect(),
            past: if anew { Vec::new() } else { self.past.take_changes() },
            empty: outbox.is_empty(),
        };
        match &mut self.store {
            Some(store) => store.commit(&notes),
            None => {
                let mut store = Store::open(&self.folder)?.0;
                self.past.lost();
                store.replace(&notes)?;
                self.store = Some(store);
                Ok(())
            }
        }
    }
}

/// Tries again for a moment: a program that an agent was just starting when it was killed holds the agent's locks until it has begun.
fn patiently<T, E>(mut attempt: impl FnMut() -> Result<T, E>, passes: impl Fn(&E) -> bool) -> Result<T, E> {
    let (times, pause) = PATIENCE;
    for _ in 0..times {
        match attempt() {
            Err(error) if passes(&error) => std::thread::sleep(pause),
            done => return done,
        }
    }
    attempt()
}

/// A disk takes milliseconds, and others have something to do meanwhile.
fn blocking<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

/// All or nothing: a new file takes the place of the old one.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(new, path)
}

#[cfg(test)]
mod tests {
    use super::super::slots::REMEMBERED;
    use super::super::work::Kind;
    use super::*;
    use crate::model::Event;
    use crate::wire::client::Proof;
    use std::os::unix::fs::PermissionsExt;

    fn execution(id: impl ToString) -> Owed {
        Owed { execution: ExecutionId(id.to_string()), kind: Kind::Execution }
    }

    fn outbox(left: Found) -> Outbox {
        Outbox::new("run".to_owned(), left.outbox)
    }

    #[test]
    fn an_agent_stays_who_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("deep/er");
        let first = State::open(&place).unwrap();
        let error = State::open(&place).unwrap_err();
        assert!(matches!(error, StateError::InUse(_)), "{error}");
        let agent = first.1.agent.clone();
        drop(first);
        for path in [place.clone(), Store::path(&place), place.join("agent-id")] {
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}: others may read it", path.display());
        }
        assert_eq!(State::open(&place).unwrap().1.agent, agent);
    }

    #[test]
    fn sessions_are_remembered_and_those_cut_off_are_told_from_the_ended() {
        let folder = tempfile::tempdir().unwrap();
        let (mut state, found) = State::open(folder.path()).unwrap();
        assert_eq!((found.ended.len(), found.interrupted.len()), (0, 0));
        let mut none = outbox(found);
        for n in 0..REMEMBERED + 5 {
            state.accepted(&execution(n));
            state.ended(&ExecutionId(n.to_string()));
        }
        let cut = [
            execution("cut"),
            Owed { kind: Kind::Recording("f".into()), ..execution("recorded") },
            Owed { kind: Kind::Browser, ..execution("driven") },
        ];
        cut.iter().for_each(|owed| state.accepted(owed));
        state.keep(&mut none);
        state.accepted(&execution("not certain"));
        drop(state);
        let (state, found) = State::open(folder.path()).unwrap();
        assert_eq!(found.interrupted, cut);
        assert_eq!((found.ended.len(), found.ended[0].as_str()), (REMEMBERED, "5"));
        drop(state);
        let (mut state, found) = State::open(folder.path()).unwrap();
        assert_eq!(found.interrupted, cut, "until it is noted");
        cut.iter().for_each(|owed| state.ended(&owed.execution));
        state.keep(&mut none);
        drop(state);
        let (_, found) = State::open(folder.path()).unwrap();
        assert_eq!((found.interrupted.len(), found.ended.last().unwrap().as_str()), (0, "driven"));
    }

    fn complete(id: &str) -> Event {
        Event::ExecutionComplete { execution: id.into(), exit_code: 1, duration_ms: 7 }
    }

    fn found(folder: &Path) -> Vec<String> {
        let (_, found) = State::open(folder).unwrap();
        outbox(found).entries().map(|entry| entry.event_id.clone()).collect()
    }

    fn told(outbox: &mut Outbox) {
        let token = outbox.sent(Proof::Ack);
        outbox.proved(token);
    }

    #[test]
    fn what_is_not_told_waits_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let (mut state, left) = State::open(folder.path()).unwrap();
        let mut outbox = outbox(left);
        ["a", "b"].into_iter().for_each(|id| outbox.push(complete(id)));
        state.keep(&mut outbox);
        outbox.push(complete("not certain"));
        drop(state);
        assert_eq!(found(folder.path()), ["run-1", "run-2"]);

        let (mut state, left) = State::open(folder.path()).unwrap();
        let mut outbox = self::outbox(left);
        told(&mut outbox);
        state.keep(&mut outbox);
        drop(state);
        assert_eq!(found(folder.path()), ["run-2"]);
    }

    #[test]
    fn a_disk_without_room_is_told_of_and_heals() {
        let folder = tempfile::tempdir().unwrap();
        let full = folder.path().join("full");
        let (mut state, left) = State::open(folder.path()).unwrap();
        let mut outbox = outbox(left);
        ["a", "b"].into_iter().for_each(|id| outbox.push(complete(id)));
        state.accepted(&execution("s"));
        state.keep(&mut outbox);
        fs::write(&full, "").unwrap();
        told(&mut outbox);
        outbox.push(complete("c"));
        state.accepted(&execution("t"));
        state.keep(&mut outbox);
        assert!(state.store.is_none() && state.again.is_some());
        outbox.push(complete("d"));
        state.ended(&"s".into());
        state.keep(&mut outbox);
        state.again = Some(Instant::now());
        state.keep(&mut outbox);
        assert!(state.again.is_some(), "still full");
        fs::remove_file(&full).unwrap();
        state.again = Some(Instant::now());
        state.keep(&mut outbox);
        assert!(state.store.is_some() && state.again.is_none());
        outbox.push(complete("e"));
        state.keep(&mut outbox);
        drop(state);
        let (_, left) = State::open(folder.path()).unwrap();
        assert_eq!(
            (left.interrupted.as_slice(), left.ended.as_slice()),
            ([execution("t")].as_slice(), ["s".into()].as_slice())
        );
        let ids: Vec<_> = self::outbox(left).entries().map(|entry| entry.event_id.clone()).collect();
        assert_eq!(ids, ["run-2", "run-3", "run-4", "run-5"]);
    }

    #[test]
    fn the_file_does_not_grow_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let (mut state, left) = State::open(folder.path()).unwrap();
        let mut outbox = outbox(left);
        let length = || fs::metadata(Store::path(folder.path())).unwrap().len();
        let long = Event::Error { message: "x".repeat(1 << 20), execution: None };
        outbox.push(long.clone());
        for _ in 0..20 {
            outbox.push(long.clone());
            told(&mut outbox);
            state.keep(&mut outbox);
            assert!(length() < 12 << 20, "{}", length());
        }
        // A server that was away for long, and is back.
        (0..20).for_each(|_| outbox.push(long.clone()));
        state.keep(&mut outbox);
        assert!(length() > 20 << 20, "{}", length());
        while !outbox.is_empty() {
            told(&mut outbox);
            state.keep(&mut outbox);
        }
        assert!(length() < 2 << 20, "{}", length());
    }
}
