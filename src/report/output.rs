//! Where reports go: remembers the first failure, so that reporters need not care at every line.

use std::io::{self, Write};

/// A writer that fails once, at the end.
pub(super) struct Output {
    writer: Box<dyn Write + Send>,
    failed: Option<io::Error>,
}

impl Output {
    pub(super) fn new(writer: Box<dyn Write + Send>) -> Self {
        Self { writer, failed: None }
    }

    /// Writes and flushes: a person is watching, or a program reads line by line.
    pub(super) fn put(&mut self, text: &str) {
        if self.failed.is_none() {
            let written = self.writer.write_all(text.as_bytes()).and_then(|()| self.writer.flush());
            self.failed = written.err();
        }
    }

    /// The first failure. A reader that went away (`| head`) is none.
    pub(super) fn end(&mut self) -> io::Result<()> {
        match self.failed.take() {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }
}
