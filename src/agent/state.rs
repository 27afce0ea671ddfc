//! What an agent keeps on disk: who it is, which sessions it had, what it has not told yet. One agent per folder.

use super::outbox::Entry;
use super::slots::REMEMBERED;
use crate::model::{AgentId, ExecutionId};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Why the state folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A second agent would answer for the first one's sessions.
    #[error("another agent uses {}: give this one a --state-dir of its own", .0.display())]
    InUse(PathBuf),
    /// The disk.
    #[error("use the state folder {}: {source}", path.display())]
    Io {
        /// The folder or a file in it.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// What `outbox.jsonl` may grow to by appending, bytes: pictures are a third larger there than in memory.
const KEPT_MAX_BYTES: usize = 192 << 20;

/// A line of `sessions.jsonl`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Started(ExecutionId),
    Ended(ExecutionId),
}

/// The folder, locked for as long as this lives.
#[derive(Debug)]
pub(super) struct State {
    folder: PathBuf,
    sessions: File,
    /// Bytes in `outbox.jsonl`.
    kept: usize,
    _lock: File,
}

/// How it stands with what is not told yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is on disk.
    Whole,
    /// The file has grown beyond what can be waiting: it is to be written anew.
    TooMuch,
}

/// What was found in the folder.
#[derive(Debug)]
pub(super) struct Found {
    /// Made once.
    pub(super) agent: AgentId,
    /// Sessions that have ended, the oldest first.
    pub(super) ended: Vec<ExecutionId>,
    /// Sessions that were running when the agent was killed.
    pub(super) interrupted: Vec<ExecutionId>,
    /// What was not told.
    pub(super) outbox: Vec<Entry>,
}

impl State {
    /// Opens the folder, or makes it.
    pub(super) fn open(folder: &Path) -> Result<(Self, Found), StateError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| StateError::Io { path, source }
        };
        fs::create_dir_all(folder).map_err(failed(folder))?;
        let path = folder.join("lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StateError::InUse(folder.to_owned())),
            Err(TryLockError::Error(source)) => return Err(failed(&path)(source)),
        }
        let path = folder.join("agent-id");
        let agent = match fs::read_to_string(&path).ok().and_then(|text| text.trim().parse::<uuid::Uuid>().ok()) {
            Some(known) => known,
            None => {
                let new = uuid::Uuid::new_v4();
                replace(&path, format!("{new}\n").as_bytes()).map_err(failed(&path))?;
                new
            }
        };
        let (ended, interrupted) = history(&read_lines(&folder.join("sessions.jsonl")));
        let path = folder.join("outbox.jsonl");
        let kept = fs::metadata(&path).map_or(0, |file| usize::try_from(file.len()).unwrap_or(usize::MAX));
        let outbox = read_lines(&path);

        // What is known so far, in as few lines as it takes.
        let path = folder.join("sessions.jsonl");
        let lines = ended.iter().chain(&interrupted).map(|id| Line::Ended(id.clone()));
        replace(&path, &to_lines(lines)).map_err(failed(&path))?;
        let sessions = OpenOptions::new().append(true).open(&path).map_err(failed(&path))?;
        let state = Self { folder: folder.to_owned(), sessions, kept, _lock: lock };
        Ok((state, Found { agent: AgentId(agent.to_string()), ended, interrupted, outbox }))
    }

    pub(super) fn started(&mut self, id: &ExecutionId) {
        self.note(Line::Started(id.clone()));
    }

    pub(super) fn ended(&mut self, id: &ExecutionId) {
        self.note(Line::Ended(id.clone()));
    }

    fn note(&mut self, line: Line) {
        // In one write, so that a kill leaves no half line behind.
        if let Err(error) = self.sessions.write_all(&to_lines([line])) {
            tracing::warn!(%error, folder = %self.folder.display(), "a session cannot be noted in the state folder");
        }
    }

    /// Keeps what is not told yet, in place of what was kept before.
    pub(super) fn keep<'a>(&mut self, entries: impl Iterator<Item = &'a Entry>) {
        let path = self.outbox();
        let lines = to_lines(entries);
        let kept = if lines.is_empty() { remove(&path) } else { replace(&path, &lines) };
        self.kept = lines.len();
        self.warn(kept);
    }

    /// Keeps one more.
    pub(super) fn keep_one(&mut self, entry: &Entry) -> Kept {
        let line = to_lines([entry]);
        self.kept += line.len();
        let file = OpenOptions::new().create(true).append(true).open(self.outbox());
        self.warn(file.and_then(|mut file| file.write_all(&line)));
        if self.kept > KEPT_MAX_BYTES { Kept::TooMuch } else { Kept::Whole }
    }

    /// Nothing is to be kept any more.
    pub(super) fn told_everything(&mut self) {
        if self.kept > 0 {
            self.keep(std::iter::empty());
        }
    }

    fn outbox(&self) -> PathBuf {
        self.folder.join("outbox.jsonl")
    }

    fn warn(&self, kept: io::Result<()>) {
        if let Err(error) = kept {
            tracing::error!(%error, path = %self.outbox().display(), "what is not told yet cannot be kept");
        }
    }
}

/// Ended sessions and those that never did.
fn history(lines: &[Line]) -> (Vec<ExecutionId>, Vec<ExecutionId>) {
    let mut ended = VecDeque::new();
    let mut open: Vec<ExecutionId> = Vec::new();
    for line in lines {
        match line {
            Line::Started(id) => open.push(id.clone()),
            Line::Ended(id) => {
                open.retain(|other| other != id);
                ended.push_back(id.clone());
                if ended.len() > REMEMBERED {
                    ended.pop_front();
                }
            }
        }
    }
    (ended.into(), open)
}

/// Lines that can be read; a half one at the end is what a full disk or a power cut leaves.
fn read_lines<T: for<'de> Deserialize<'de>>(path: &Path) -> Vec<T> {
    let Ok(text) = fs::read(path) else { return Vec::new() };
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines
        .filter_map(|line| {
            let read = serde_json::from_slice(line);
            if let Err(error) = &read {
                tracing::warn!(%error, path = %path.display(), "a line of the state folder cannot be read");
            }
            read.ok()
        })
        .collect()
}

fn to_lines<T: Serialize>(items: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut lines = Vec::new();
    for item in items {
        if let Ok(line) = serde_json::to_vec(&item) {
            lines.extend(line);
            lines.push(b'\n');
        }
    }
    lines
}

/// All or nothing: a new file takes the place of the old one.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, bytes)?;
    fs::rename(new, path)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::outbox::Outbox;
    use super::*;
    use crate::model::Event;

    fn names(ids: &[ExecutionId]) -> Vec<&str> {
        ids.iter().map(ExecutionId::as_str).collect()
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
        assert_eq!(State::open(&place).unwrap().1.agent, agent);
    }

    #[test]
    fn sessions_are_remembered_and_those_cut_off_are_told_from_the_ended() {
        let folder = tempfile::tempdir().unwrap();
        let (mut state, found) = State::open(folder.path()).unwrap();
        assert_eq!((found.ended.len(), found.interrupted.len()), (0, 0));
        for n in 0..REMEMBERED + 5 {
            state.started(&ExecutionId(n.to_string()));
            state.ended(&ExecutionId(n.to_string()));
        }
        state.started(&"cut".into());
        drop(state);
        fs::OpenOptions::new()
            .append(true)
            .open(folder.path().join("sessions.jsonl"))
            .and_then(|mut file| file.write_all(b"{\"ended\":\"ha"))
            .unwrap();
        let (state, found) = State::open(folder.path()).unwrap();
        assert_eq!(names(&found.interrupted), ["cut"]);
        assert_eq!((found.ended.len(), found.ended[0].as_str()), (REMEMBERED, "5"));
        drop(state);
        let (_, found) = State::open(folder.path()).unwrap();
        assert_eq!((found.interrupted.len(), found.ended.last().unwrap().as_str()), (0, "cut"));
    }

    #[test]
    fn what_is_not_told_waits_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let (mut state, _) = State::open(folder.path()).unwrap();
        let mut outbox = Outbox::new("run".to_owned(), vec![]);
        outbox.push(Event::ExecutionComplete { execution: "e".into(), exit_code: 1, duration_ms: 7 });
        state.keep(outbox.entries());
        outbox.push(Event::Error { message: "m".to_owned(), execution: None });
        assert_eq!(state.keep_one(outbox.entries().last().unwrap()), Kept::Whole);
        drop(state);
        let (mut state, found) = State::open(folder.path()).unwrap();
        let ids: Vec<_> = found.outbox.iter().map(|entry| entry.event_id.as_str()).collect();
        assert_eq!(ids, ["run-1", "run-2"]);
        state.told_everything();
        drop(state);
        assert!(State::open(folder.path()).unwrap().1.outbox.is_empty());
    }
}
