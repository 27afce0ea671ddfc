//! What an agent keeps on disk: who it is, which sessions it had, what it has not told yet. One agent per folder.

use super::journal;
use super::outbox::{Entry, Outbox};
use super::slots::REMEMBERED;
use super::work::{Kind, Owed};
use crate::model::{AgentId, ExecutionId, TestFlowId};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
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

/// `outbox.jsonl` is written anew once it has grown to this, bytes, and to so many times what it is to keep.
const KEPT_MAX: (usize, usize) = (8 << 20, 4);

/// A line of `sessions.jsonl`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Accepted(ExecutionId),
    Recording { execution: ExecutionId, flow: TestFlowId },
    Browser(ExecutionId),
    Ended(ExecutionId),
}

impl From<&Owed> for Line {
    fn from(owed: &Owed) -> Self {
        let execution = owed.execution.clone();
        match &owed.kind {
            Kind::Execution => Self::Accepted(execution),
            Kind::Browser => Self::Browser(execution),
            Kind::Recording(flow) => Self::Recording { execution, flow: flow.clone() },
        }
    }
}

/// The folder, locked for as long as this lives.
#[derive(Debug)]
pub(super) struct State {
    folder: PathBuf,
    sessions: File,
    outbox: File,
    /// Bytes in `outbox.jsonl`.
    kept: usize,
    /// The last write has failed, perhaps in the middle of a line.
    torn: bool,
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
    pub(super) outbox: Vec<Entry>,
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
        let lock = append(&path).map_err(failed(&path))?;
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
        // What is known so far, in as few lines as it takes.
        let path = folder.join("sessions.jsonl");
        let lines = ended.iter().map(|id| Line::Ended(id.clone()));
        let lines = lines.chain(interrupted.iter().map(Line::from));
        replace(&path, &to_lines(lines)).map_err(failed(&path))?;
        let sessions = append(&path).map_err(failed(&path))?;

        let path = folder.join("outbox.jsonl");
        let outbox = append(&path).map_err(failed(&path))?;
        let text = fs::read(&path).map_err(failed(&path))?;
        let kept = text.len();
        let state = Self { folder: folder.to_owned(), sessions, outbox, kept, torn: false, _lock: lock };
        let outbox = journal::replay(&text);
        Ok((state, Found { agent: AgentId(agent.to_string()), ended, interrupted, outbox }))
    }

    /// From now on the agent owes a verdict.
    pub(super) fn accepted(&mut self, owed: &Owed) {
        self.note(Line::from(owed));
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

    /// Keeps what is not told yet: a kill loses nothing after this. (A power cut may: nothing is forced to the disk.)
    pub(super) fn keep(&mut self, outbox: &mut Outbox) {
        let lines = outbox.take_journal();
        if lines.is_empty() {
            return;
        }
        let kept = if outbox.is_empty() {
            self.kept = 0;
            self.outbox.set_len(0)
        } else if self.kept > KEPT_MAX.0.max(outbox.bytes().saturating_mul(KEPT_MAX.1)) {
            self.rewrite(&outbox.whole_journal())
        } else {
            self.append(&lines)
        };
        match (kept, self.torn) {
            (Ok(()), _) => self.torn = false,
            (Err(_), true) => {}
            (Err(error), false) => {
                self.torn = true;
                let folder = self.folder.display();
                tracing::error!(%error, %folder, "what is not told yet cannot be kept, and is lost if the agent is killed");
            }
        }
    }

    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.torn {
            self.outbox.write_all(b"\n")?;
        }
        self.outbox.write_all(lines)?;
        self.kept += lines.len();
        Ok(())
    }

    fn rewrite(&mut self, lines: &[u8]) -> io::Result<()> {
        let path = self.folder.join("outbox.jsonl");
        replace(&path, lines)?;
        self.outbox = append(&path)?;
        self.kept = lines.len();
        Ok(())
    }
}

/// Ended sessions and those that never did.
fn history(lines: &[Line]) -> (Vec<ExecutionId>, Vec<Owed>) {
    let mut ended = VecDeque::new();
    let mut open: Vec<Owed> = Vec::new();
    for line in lines {
        match line {
            Line::Accepted(id) => open.push(Owed { execution: id.clone(), kind: Kind::Execution }),
            Line::Browser(id) => open.push(Owed { execution: id.clone(), kind: Kind::Browser }),
            Line::Recording { execution, flow } => {
                open.push(Owed { execution: execution.clone(), kind: Kind::Recording(flow.clone()) });
            }
            Line::Ended(id) => {
                open.retain(|other| other.execution != *id);
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
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
    file.write_all(bytes)?;
    fs::rename(new, path)
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Event;
    use crate::wire::client::Proof;
    use std::os::unix::fs::PermissionsExt;

    fn execution(id: impl ToString) -> Owed {
        Owed { execution: ExecutionId(id.to_string()), kind: Kind::Execution }
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
        for path in [place.clone(), place.join("outbox.jsonl"), place.join("sessions.jsonl")] {
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
        drop(state);
        fs::OpenOptions::new()
            .append(true)
            .open(folder.path().join("sessions.jsonl"))
            .and_then(|mut file| file.write_all(b"{\"ended\":\"ha"))
            .unwrap();
        let (state, found) = State::open(folder.path()).unwrap();
        assert_eq!(found.interrupted, cut);
        assert_eq!((found.ended.len(), found.ended[0].as_str()), (REMEMBERED, "5"));
        drop(state);
        let (mut state, found) = State::open(folder.path()).unwrap();
        assert_eq!(found.interrupted, cut, "until it is noted");
        cut.iter().for_each(|owed| state.ended(&owed.execution));
        drop(state);
        let (_, found) = State::open(folder.path()).unwrap();
        assert_eq!((found.interrupted.len(), found.ended.last().unwrap().as_str()), (0, "driven"));
    }

    fn complete(id: &str) -> Event {
        Event::ExecutionComplete { execution: id.into(), exit_code: 1, duration_ms: 7 }
    }

    fn found(folder: &Path) -> Vec<String> {
        let (_, found) = State::open(folder).unwrap();
        found.outbox.into_iter().map(|entry| entry.event_id).collect()
    }

    #[test]
    fn what_is_not_told_waits_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let (mut state, _) = State::open(folder.path()).unwrap();
        let mut outbox = Outbox::new("run".to_owned(), vec![]);
        outbox.push(complete("a"));
        state.keep(&mut outbox);
        outbox.push(complete("b"));
        state.keep(&mut outbox);
        drop(state);
        assert_eq!(found(folder.path()), ["run-1", "run-2"]);

        let (mut state, _) = State::open(folder.path()).unwrap();
        let token = outbox.sent(Proof::Ack);
        outbox.proved(token);
        state.keep(&mut outbox);
        drop(state);
        assert_eq!(found(folder.path()), ["run-2"]);

        let (mut state, _) = State::open(folder.path()).unwrap();
        let token = outbox.sent(Proof::Ack);
        outbox.proved(token);
        state.keep(&mut outbox);
        assert_eq!(fs::metadata(folder.path().join("outbox.jsonl")).unwrap().len(), 0);
    }

    #[test]
    fn the_file_does_not_grow_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let (mut state, _) = State::open(folder.path()).unwrap();
        let mut outbox = Outbox::new("run".to_owned(), vec![]);
        let long = Event::Error { message: "x".repeat(1 << 20), execution: None };
        outbox.push(long.clone());
        for _ in 0..30 {
            outbox.push(long.clone());
            let token = outbox.sent(Proof::Ack);
            outbox.proved(token);
            state.keep(&mut outbox);
            let length = fs::metadata(folder.path().join("outbox.jsonl")).unwrap().len();
            assert!(length < 12 << 20, "{length}");
        }
        drop(state);
        assert_eq!(found(folder.path()), ["run-31"]);
    }
}
