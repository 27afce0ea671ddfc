//! The files of a trace while it grows, and the archive that is made of them.

use super::Event;
use crate::artifacts::Share;
use sha1::{Digest, Sha1};
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Bytes of pictures and answers; what comes after is left out of the trace.
const MOST: u64 = 512 << 20;

/// Why there is no trace.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The disk.
    #[error("failed to write the trace {}: {source}", path.display())]
    Write {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// One archive on its way: lines of events by part, and files they speak of. Its folder goes with it.
#[derive(Debug)]
pub struct Chunk {
    folder: TempDir,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    parts: BTreeMap<String, BufWriter<File>>,
    files: HashSet<String>,
    bytes: u64,
    /// Of what the session may write.
    share: Share,
    /// The first thing that went wrong: a trace with a hole is none.
    failed: Option<io::Error>,
}

impl Chunk {
    /// An empty one, in the system's folder for temporary files. What is in it counts in `share`.
    ///
    /// # Errors
    /// When there is no place for it.
    pub fn new(share: Share) -> Result<Self, TraceError> {
        let folder = tempfile::Builder::new().prefix("understudy-trace-").tempdir();
        let folder = folder.map_err(|source| TraceError::Write { path: std::env::temp_dir(), source })?;
        Ok(Self { folder, state: Mutex::new(State { share, ..State::default() }) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line to a part: `test.trace`, `0-trace.network`, ….
    pub fn write(&self, part: &str, event: &Event) {
        let mut state = self.state();
        if state.failed.is_some() {
            return;
        }
        let written = state.line(self.folder.path(), part, event);
        state.note(written);
    }

    /// Has a part, maybe without lines.
    pub fn open(&self, part: &str) {
        let mut state = self.state();
        let opened = state.part(self.folder.path(), part).map(|_| ());
        state.note(opened);
    }

    /// Adds a file by what is in it; its name in the archive. None when the trace is full.
    pub fn add(&self, folder: &str, extension: &str, bytes: &[u8]) -> Option<String> {
        let extension = if extension.is_empty() { String::new() } else { format!(".{extension}") };
        let name = format!("{folder}/{}{extension}", hex(bytes));
        self.add_named(&name, bytes).then_some(name)
    }

    /// Adds a file; whether there was room. One that is there already stays.
    pub fn add_named(&self, name: &str, bytes: &[u8]) -> bool {
        let mut state = self.state();
        if state.files.contains(name) {
            return true;
        }
        let more = bytes.len() as u64;
        if state.bytes + more > MOST || state.share.grow(more).is_err() {
            return false;
        }
        state.files.insert(name.to_owned());
        state.bytes += more;
        let path = self.folder.path().join(name);
        let written = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&path, bytes));
        state.note(written);
        true
    }

    /// Makes an archive of it, in place of what was there. Takes a while; nothing may be added meanwhile.
    ///
    /// # Errors
    /// When anything of it could not be written.
    pub fn pack(&self, into: &Path) -> Result<(), TraceError> {
        self.try_pack(into).map_err(|source| TraceError::Write { path: into.to_owned(), source })
    }

    fn try_pack(&self, into: &Path) -> io::Result<()> {
        let mut state = self.state();
        if let Some(error) = state.failed.take() {
            return Err(error);
        }
        if let Some(parent) = into.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let mut archive = ZipWriter::new(BufWriter::new(File::create(into)?));
        let mut names: Vec<String> = state.files.iter().cloned().collect();
        names.sort();
        let parts = std::mem::take(&mut state.parts);
        for (name, lines) in parts {
            lines.into_inner().map_err(io::IntoInnerError::into_error)?;
            names.insert(0, name);
        }
        for name in names {
            // Pictures and fonts do not become smaller.
            let method = match name.rsplit('.').next() {
                Some("jpeg" | "png" | "webp" | "woff2" | "zip") => zip::CompressionMethod::Stored,
                _ => zip::CompressionMethod::Deflated,
            };
            let options = SimpleFileOptions::default().compression_method(method).large_file(false);
            archive.start_file(name.as_str(), options)?;
            io::copy(&mut File::open(self.folder.path().join(&name))?, &mut archive)?;
        }
        archive.finish()?.flush()
    }
}

impl State {
    fn part(&mut self, folder: &Path, part: &str) -> io::Result<&mut BufWriter<File>> {
        if !self.parts.contains_key(part) {
            self.parts.insert(part.to_owned(), BufWriter::new(File::create(folder.join(part))?));
        }
        self.parts.get_mut(part).ok_or_else(|| io::Error::other("the part is gone"))
    }

    fn line(&mut self, folder: &Path, part: &str, event: &Event) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        self.share.grow(line.len() as u64).map_err(io::Error::other)?;
        self.part(folder, part)?.write_all(&line)
    }

    fn note(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            self.failed.get_or_insert(error);
        }
    }
}

/// SHA-1 as files of a trace are named.
pub fn hex(bytes: &[u8]) -> String {
    Sha1::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifacts::Bounds;
    use std::io::Read;

    #[test]
    fn an_archive_holds_lines_and_files() {
        let chunk = Chunk::new(Share::default()).unwrap();
        let said = |text: &str| Event::Stdout { timestamp: 1.5, text: text.to_owned() };
        chunk.write("test.trace", &said("a\n"));
        chunk.write("test.trace", &said("b\n"));
        chunk.open("0-trace.network");
        let name = chunk.add("resources", "txt", b"hello").unwrap();
        assert_eq!(name, "resources/aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d.txt");
        assert_eq!(chunk.add("resources", "txt", b"hello"), Some(name.clone()), "once");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/trace.zip");
        chunk.pack(&path).unwrap();
        let mut archive = zip::ZipArchive::new(File::open(&path).unwrap()).unwrap();
        let mut read = |name: &str| {
            let mut text = String::new();
            archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        let line = |text: &str| format!("{{\"type\":\"stdout\",\"timestamp\":1.5,\"text\":\"{text}\\n\"}}\n");
        assert_eq!(read("test.trace"), line("a") + &line("b"));
        assert_eq!((read("0-trace.network"), read(&name)), (String::new(), "hello".to_owned()));
    }

    #[test]
    fn a_session_has_room_for_so_much_of_it() {
        let bounds = Bounds::of(1000);
        let chunk = Chunk::new(bounds.share()).unwrap();
        let said = Event::Stdout { timestamp: 1.5, text: "x".repeat(450) };
        chunk.write("test.trace", &said);
        assert_eq!(chunk.add("resources", "txt", &[b'x'; 600]), None, "it is left out");
        assert!(chunk.add("resources", "txt", &[b'x'; 100]).is_some());
        chunk.write("test.trace", &said);
        let folder = tempfile::tempdir().unwrap();
        let error = chunk.pack(&folder.path().join("trace.zip")).unwrap_err().to_string();
        assert!(
            error.ends_with("may have 1000 bytes in all on this agent (--artifact-limit): this one was not kept"),
            "{error}"
        );
        assert!(bounds.share().grow(600).is_err());
        drop(chunk);
        assert!(bounds.share().grow(1000).is_ok());
    }

    #[test]
    fn what_cannot_be_written_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let error = Chunk::new(Share::default()).unwrap().pack(folder.path()).unwrap_err();
        assert!(error.to_string().starts_with("failed to write the trace"), "{error}");
    }
}
