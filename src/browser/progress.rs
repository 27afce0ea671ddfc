//! Waiting: deadlines, and the log of what was tried meanwhile. Everything in this room that waits for a page does it by these.

use super::error::BrowserError;
use super::page::Page;
use super::screenshot::Rect;
use super::way::Point;
use futures_util::future::BoxFuture;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A point in time, and the timeout it came from (messages name that).
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    at: Option<Instant>,
    timeout_ms: u64,
}

impl Deadline {
    /// So many milliseconds from now; 0 is never.
    pub fn after(timeout_ms: u64) -> Self {
        let at = (timeout_ms > 0).then(|| Instant::now() + Duration::from_millis(timeout_ms));
        Self { at, timeout_ms }
    }

    /// What is left; none when it never comes.
    pub fn remaining(&self) -> Option<Duration> {
        self.at.map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// Whether it has passed.
    pub fn is_over(&self) -> bool {
        self.remaining() == Some(Duration::ZERO)
    }

    /// Milliseconds it was made of; 0 is never.
    pub fn timeout_ms(&self) -> u64 {
        self.timeout_ms
    }

    /// Completes when it passes.
    pub async fn passed(&self) {
        match self.at {
            Some(at) => tokio::time::sleep_until(at).await,
            None => std::future::pending().await,
        }
    }
}

/// Sees an operation while it runs; see [`witnessed`].
pub trait CallWitness: Send + Sync {
    /// A line was added to the log.
    fn noted(&self, line: &str);
    /// The pointer is about to act at a point of a page, on what is in `target`; it does when this ends.
    fn acting<'a>(&'a self, page: &'a Page, point: Point, target: Option<Rect>) -> BoxFuture<'a, ()>;
}

tokio::task_local! {
    static WITNESS: Arc<dyn CallWitness>;
}

/// Ends an operation from outside; see [`interruptible`]. Clones end the same.
#[derive(Clone, Default)]
pub struct Interruption(Arc<Interrupting>);

#[derive(Default)]
struct Interrupting {
    why: OnceLock<(String, Option<String>)>,
    happened: CancellationToken,
    log: Mutex<Option<CallLog>>,
}

impl Interruption {
    /// The operation ends now: with these words, and with this line at the end of its log.
    pub fn interrupt(&self, why: String, line: Option<String>) {
        // Once is enough.
        let _ = self.0.why.set((why, line));
        self.0.happened.cancel();
    }

    /// Completes when it is interrupted.
    async fn happened(&self, log: &CallLog) -> BrowserError {
        self.0.happened.cancelled().await;
        let (why, line) = self.0.why.get().cloned().unwrap_or_default();
        line.into_iter().for_each(|line| log.note(line));
        BrowserError::Interrupted { why, log: log.clone() }
    }
}

tokio::task_local! {
    static INTERRUPTION: Interruption;
}

/// Runs `work` until it ends or is interrupted. What waits in it by a [`Progress`] ends in its own manner then; the rest is dropped.
pub async fn interruptible<T, E: From<BrowserError>>(
    interruption: Interruption,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let own = interruption.clone();
    tokio::select! {
        // What waits is asked first.
        biased;
        result = INTERRUPTION.scope(interruption, work) => result,
        error = async {
            own.0.happened.cancelled().await;
            let log = own.0.log.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
            own.happened(&log).await
        } => Err(error.into()),
    }
}

/// Who sees what is begun in this task now.
pub fn watching() -> Option<Arc<dyn CallWitness>> {
    WITNESS.try_with(Clone::clone).ok()
}

/// Runs `work` under the eyes of `witness`: all that is begun in this task meanwhile.
pub async fn witnessed<T>(witness: Arc<dyn CallWitness>, work: impl Future<Output = T>) -> T {
    WITNESS.scope(witness, work).await
}

/// What an operation tried and saw, in order. Clones share the lines. Leading spaces of a line are its depth.
#[derive(Clone, Default)]
pub struct CallLog(Arc<Log>);

#[derive(Default)]
struct Log {
    lines: Mutex<Vec<String>>,
    witness: Option<Arc<dyn CallWitness>>,
}

impl CallLog {
    /// Of an operation that begins now, told to the witness of this task.
    fn begin() -> Self {
        let log = Self(Arc::new(Log { lines: Mutex::default(), witness: WITNESS.try_with(Clone::clone).ok() }));
        // Nobody may interrupt it.
        let _ = INTERRUPTION.try_with(|interruption| {
            *interruption.0.log.lock().unwrap_or_else(PoisonError::into_inner) = Some(log.clone());
        });
        log
    }

    /// Adds a line.
    pub fn note(&self, line: impl Into<String>) {
        let line = line.into();
        if let Some(witness) = &self.0.witness {
            witness.noted(&line);
        }
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    /// The lines so far, as they were noted.
    pub fn lines(&self) -> Vec<String> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The lines as people read them: repetitions folded into `3 × …`.
    pub fn compressed(&self) -> Vec<String> {
        compress(&self.lines())
    }
}

impl fmt::Debug for CallLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CallLog").field(&self.lines()).finish()
    }
}

impl fmt::Display for CallLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.compressed();
        if lines.is_empty() { Ok(()) } else { write!(f, "\nCall log:\n{}\n", lines.join("\n")) }
    }
}

/// Folds what repeats, in Playwright's form: `  - line`, or `  2 × first` with the others of the group below it.
fn compress(lines: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let (length, count) = longest_repetition(&lines[at..]);
        for (i, line) in lines[at..at + length].iter().enumerate() {
            let text = line.trim();
            let indent = &line[..line.len() - line.trim_start().len()];
            out.push(match (count, i) {
                (1, _) => format!("  {indent}- {text}"),
                (_, 0) => format!("  {indent}{count} × {text}"),
                _ => format!("  {indent}{:pad$}- {text}", "", pad = count.to_string().len() + 1),
            });
        }
        at += length * count;
    }
    out
}

/// The group at the start whose repetitions cover most lines: its length and how often it comes. The shortest of equals.
fn longest_repetition(lines: &[String]) -> (usize, usize) {
    let mut best = (1, 1);
    for length in 1..=lines.len() / 2 {
        let group = &lines[..length];
        let count = lines.chunks_exact(length).take_while(|chunk| *chunk == group).count();
        if count > 1 && length * count > best.0 * best.1 {
            best = (length, count);
        }
    }
    best
}

/// A deadline and a log that travel together through one operation.
#[derive(Clone)]
pub struct Progress {
    /// When the operation gives up.
    pub deadline: Deadline,
    /// What it did so far.
    pub log: CallLog,
    interruption: Option<Interruption>,
}

impl Progress {
    /// Starts now; 0 waits for ever.
    pub fn new(timeout_ms: u64) -> Self {
        let interruption = INTERRUPTION.try_with(Clone::clone).ok();
        Self { deadline: Deadline::after(timeout_ms), log: CallLog::begin(), interruption }
    }

    /// Adds a line to the log.
    pub fn note(&self, line: impl Into<String>) {
        self.log.note(line);
    }

    /// The pointer is about to act: ends when the witness, where there is one, has seen the page as it is now.
    pub async fn acting(&self, page: &Page, point: Point, target: Option<Rect>) {
        if let Some(witness) = &self.log.0.witness {
            witness.acting(page, point, target).await;
        }
    }

    /// The error of an operation that took too long.
    pub fn timeout(&self) -> BrowserError {
        BrowserError::Timeout { timeout_ms: self.deadline.timeout_ms(), log: self.log.clone() }
    }

    /// Waits so many milliseconds, or fails at the deadline.
    pub async fn sleep(&self, ms: u64) -> Result<(), BrowserError> {
        self.run(async {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            Ok(())
        })
        .await
    }

    /// Runs `work` until it ends or the deadline passes; its errors carry the log away. Cancel-safe if `work` is.
    pub async fn run<T>(&self, work: impl Future<Output = Result<T, BrowserError>>) -> Result<T, BrowserError> {
        tokio::select! {
            biased;
            result = work => result.map_err(|error| error.with_log(&self.log)),
            () = self.deadline.passed() => Err(self.timeout()),
            error = self.interrupted() => Err(error),
        }
    }

    /// Completes when somebody ends the operation from outside.
    async fn interrupted(&self) -> BrowserError {
        match &self.interruption {
            Some(interruption) => interruption.happened(&self.log).await,
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_folds_what_repeats() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            ("plain", &["a", "  b"], &["  - a", "    - b"]),
            ("one line", &["a", "a", "b"], &["  2 × a", "  - b"]),
            (
                "a group",
                &["start", "  try", "    why", "  try", "    why", "  last"],
                &["  - start", "    2 × try", "        - why", "    - last"],
            ),
            ("two digits", &["x"; 12], &["  12 × x"]),
        ];
        for (name, lines, expected) in cases {
            let log = CallLog::default();
            for line in *lines {
                log.note(*line);
            }
            assert_eq!(log.compressed(), *expected, "{name}");
        }
    }

    #[tokio::test]
    async fn a_deadline_ends_what_takes_too_long() {
        let progress = Progress::new(5);
        progress.note("waiting for Godot");
        let error = progress.run(std::future::pending::<Result<(), _>>()).await.unwrap_err();
        assert_eq!(error.to_string(), "Timeout 5ms exceeded.\nCall log:\n  - waiting for Godot\n");
        assert!(progress.deadline.is_over());
        assert_eq!(Progress::new(0).deadline.remaining(), None);
    }
}
