//! The database of the state folder: what is written to it together is there together, whatever happens to the machine.

#[cfg(test)]
mod tests;

use super::sessions::Sessions;
use redb::backends::FileBackend;
use redb::{Builder, Database, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A file longer than this is made as short as it can be once nothing waits in it, bytes.
const IDLE_MAX_BYTES: u64 = 8 << 20;
/// What it may keep in memory, bytes; its own default is a gigabyte.
const CACHE_BYTES: usize = 2 << 20;

type Table = TableDefinition<'static, &'static [u8], &'static [u8]>;
const OUTBOX: Table = TableDefinition::new("outbox");
const SESSIONS: Table = TableDefinition::new("sessions");
const PAST: Table = TableDefinition::new("past");
const SERVERS: Table = TableDefinition::new("servers");

/// See the module.
#[derive(Debug)]
pub(super) struct Store {
    database: Database,
    file: File,
}

/// One row of a table: nothing any more where there is no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) key: Vec<u8>,
    pub(super) value: Option<Vec<u8>>,
}

/// What is to be written together.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) sessions: Vec<Row>,
    pub(super) outbox: Vec<Row>,
    pub(super) past: Vec<Row>,
    pub(super) servers: Vec<Row>,
    /// Nothing waits any more.
    pub(super) empty: bool,
}

impl Notes {
    fn all(&self) -> [(Table, &[Row]); 4] {
        [(SESSIONS, &self.sessions), (OUTBOX, &self.outbox), (PAST, &self.past), (SERVERS, &self.servers)]
    }
}

/// What was found.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) sessions: Sessions,
    pub(super) outbox: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) past: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) servers: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Why the disk did not take something.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct StoreError(#[from] redb::Error);

impl StoreError {
    /// Whether another file would do.
    fn is_of_the_file(&self) -> bool {
        match &self.0 {
            redb::Error::Corrupted(_) | redb::Error::UpgradeRequired(_) => true,
            redb::Error::Io(error) => error.kind() == io::ErrorKind::InvalidData,
            _ => false,
        }
    }

    /// Whether somebody has it.
    pub(super) fn is_taken(&self) -> bool {
        matches!(self.0, redb::Error::DatabaseAlreadyOpen)
    }

    pub(super) fn into_io(self) -> io::Error {
        match self.0 {
            redb::Error::Io(error) => error,
            other => io::Error::other(other),
        }
    }
}

impl Store {
    /// The file's name in the state folder.
    pub(super) fn path(folder: &Path) -> PathBuf {
        folder.join("state.redb")
    }

    /// Opens the file or makes it. One that a broken disk has spoilt is put aside.
    pub(super) fn open(folder: &Path) -> Result<(Self, Left), StoreError> {
        let path = Self::path(folder);
        match Self::read(&path) {
            Err(error) if error.is_of_the_file() => {
                let aside = path.with_extension("redb.broken");
                tracing::error!(%error, path = %path.display(), aside = %aside.display(), "what was not told yet cannot be read, and is put aside");
                fs::rename(&path, aside).map_err(redb::Error::Io)?;
                Self::read(&path)
            }
            read => read,
        }
    }

    fn read(path: &Path) -> Result<(Self, Left), StoreError> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        let file = file.map_err(redb::Error::Io)?;
        let storage = FileBackend::new(file.try_clone().map_err(redb::Error::Io)?).map_err(redb::Error::from)?;
        #[cfg(test)]
        let storage = tests::MayBeFull::new(path, storage);
        let (database, left) = Self::of(storage)?;
        Ok((Self { database, file }, left))
    }

    fn of(storage: impl StorageBackend) -> Result<(Database, Left), StoreError> {
        let builder = Builder::new().set_cache_size(CACHE_BYTES).create_with_backend(storage);
        let database = builder.map_err(redb::Error::from)?;
        write(&database, &Notes::default(), false)?;
        let reading = database.begin_read().map_err(redb::Error::from)?;
        let rows = |of: Table| -> Result<Vec<_>, redb::Error> {
            let mut rows = Vec::new();
            for row in reading.open_table(of)?.iter()? {
                let (key, value) = row?;
                rows.push((key.value().to_vec(), value.value().to_vec()));
            }
            Ok(rows)
        };
        let left = Left {
            sessions: Sessions::new(rows(SESSIONS)?),
            outbox: rows(OUTBOX)?,
            past: rows(PAST)?,
            servers: rows(SERVERS)?,
        };
        drop(reading);
        Ok((database, left))
    }

    /// All of it or nothing; certain when this returns.
    pub(super) fn commit(&mut self, notes: &Notes) -> Result<(), StoreError> {
        if notes.all().iter().all(|(_, rows)| rows.is_empty()) {
            return Ok(());
        }
        write(&self.database, notes, false)?;
        if notes.empty && self.file.metadata().is_ok_and(|file| file.len() > IDLE_MAX_BYTES) {
            // One that stays long is no loss.
            let shorter = self.database.compact();
            tracing::debug!(?shorter, "the file of what was not told has become long");
        }
        Ok(())
    }

    /// As [`Store::commit`], in place of everything that was there.
    pub(super) fn replace(&mut self, notes: &Notes) -> Result<(), StoreError> {
        write(&self.database, notes, true)
    }
}

fn write(database: &Database, notes: &Notes, anew: bool) -> Result<(), StoreError> {
    let writing = database.begin_write().map_err(redb::Error::from)?;
    for (table, rows) in notes.all() {
        if anew {
            writing.delete_table(table).map_err(redb::Error::from)?;
        }
        let mut table = writing.open_table(table).map_err(redb::Error::from)?;
        for Row { key, value } in rows {
            match value {
                Some(value) => table.insert(key.as_slice(), value.as_slice()),
                None => table.remove(key.as_slice()),
            }
            .map_err(redb::Error::from)?;
        }
    }
    writing.commit().map_err(redb::Error::from)?;
    Ok(())
}
