//! Worker processes: this same program, started with nothing but three pipes, one of them in advance.

use super::mailbox::{Letter, Mailbox, mailbox};
use super::processor::{ProcessorTime, Spent, used_by};
use crate::runner::events::EventSender;
use crate::runner::protocol::{self, MAX_FRAME, OpError, Probe, ToHost, ToWorker, Walls};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore, mpsc};

/// Messages of a worker that wait here before it is made to wait; a script that logs in a loop shall not fill our memory.
const INBOX: usize = 256;
/// The same of their size, KiB; one that is larger waits alone.
const INBOX_KIB: usize = 16 << 10;
/// What is kept of what a worker says on its standard error, bytes.
const COMPLAINTS: u64 = 64 << 10;

/// The only variable a worker is given: what is local time is decided before it runs anything.
pub(crate) const ZONE: &str = "TZ";

/// A running worker. Killed when dropped.
pub(crate) struct Process {
    child: Child,
    /// In order; from any thread.
    pub(crate) outbox: Mailbox,
    inbox: mpsc::Receiver<io::Result<Received>>,
    /// Where it is counted what it uses, and what is counted of it.
    time: Option<(Arc<ProcessorTime>, Duration)>,
    /// Where goes what it tells.
    events: Option<EventSender>,
    unheard: Unheard,
}

/// When a process was not listened to, because there was no room for what it tells.
#[derive(Debug, Default)]
struct Unheard {
    /// Where it goes on.
    since: Option<Instant>,
    /// What of it is over, and was not asked for yet.
    before: Duration,
}

/// A message, and the place it takes in the inbox until it is taken out.
type Received = (ToHost, OwnedSemaphorePermit);

impl Process {
    /// Starts one; it says `Ready` when it is.
    fn start(program: &Path, compiled: Option<Arc<[u8]>>, zone: Option<&str>) -> io::Result<Self> {
        let mut command = bare(program);
        command.envs(zone.map(|zone| (ZONE, zone)));
        if compiled.is_some() {
            command.arg("compiled");
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let missing = || io::Error::other("the process has no pipe");
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        let (outbox, messages) = mailbox();
        let (received, inbox) = mpsc::channel(INBOX);
        tokio::spawn(write(stdin, compiled, messages));
        tokio::spawn(read(stdout, received));
        tokio::spawn(async move {
            let mut stderr = BufReader::new(stderr);
            let mut lines = (&mut stderr).take(COMPLAINTS).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                tracing::warn!(target: "understudy::worker", "{line}");
            }
            // Not closed: a worker that complains more shall not die of it.
            let _ = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
        });
        Ok(Self { child, outbox, inbox, time: None, events: None, unheard: Unheard::default() })
    }

    /// To the worker; one that is gone does not hear it.
    pub(crate) fn send(&self, message: ToWorker) {
        self.outbox.send(message);
    }

    /// From now on it is listened to while there is room for what it tells: else it has to wait for who listens, as a program waits
    /// whose output nobody reads.
    pub(crate) fn tells(&mut self, events: EventSender) {
        self.events = Some(events);
    }

    /// How long it was not listened to since this was asked last: no fault of its own.
    pub(crate) fn unheard(&mut self) -> Duration {
        let mut unheard = std::mem::take(&mut self.unheard.before);
        if let Some(since) = &mut self.unheard.since {
            let now = Instant::now();
            unheard += now - std::mem::replace(since, now);
        }
        unheard
    }

    /// The next message; none when the worker closed its output. Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<io::Result<ToHost>> {
        if let Some(events) = self.events.as_ref().filter(|events| !events.has_room()) {
            self.unheard.since.get_or_insert_with(Instant::now);
            events.room().await;
        }
        if let Some(since) = self.unheard.since.take() {
            self.unheard.before += since.elapsed();
        }
        let received = self.inbox.recv().await?.map(|(message, _place)| message);
        if let Ok(ToHost::Ready { walls }) = received {
            tell_of(walls);
        }
        Some(received)
    }

    /// From now on what it uses of the processor is counted there, when it is over.
    pub(crate) fn count_in(&mut self, time: Option<Arc<ProcessorTime>>) {
        self.time = time.map(|time| (time, Duration::ZERO));
    }

    /// Ends it now and says how it ended.
    pub(crate) async fn kill(&mut self) -> Option<ExitStatus> {
        self.count();
        let _ = self.child.start_kill();
        self.child.wait().await.ok()
    }

    /// How it ended by itself; kills it if it has not.
    ///
    /// # Errors
    /// When it had used all that it may of the processor.
    pub(crate) async fn ended(&mut self) -> Result<Option<ExitStatus>, Spent> {
        // Its output is closed: it is exiting, or it is up to something.
        const PATIENCE: Duration = Duration::from_secs(1);
        self.count();
        let status = match tokio::time::timeout(PATIENCE, self.child.wait()).await {
            Ok(status) => status.ok(),
            Err(_) => self.kill().await,
        };
        match &self.time {
            Some((time, _)) => time.look_at(status).map(|()| status),
            None => Ok(status),
        }
    }

    /// What it has used since this was counted last.
    fn count(&mut self) {
        if let Some(((time, counted), process)) = self.time.as_mut().zip(self.child.id()) {
            let used = used_by(process);
            time.count(used.saturating_sub(*counted));
            *counted = used.max(*counted);
        }
    }
}

/// Once, where the system lacks some of them.
fn tell_of(walls: Walls) {
    static TOLD: Once = Once::new();
    if let Some(missing) = walls.missing() {
        TOLD.call_once(|| tracing::warn!("workers run with fewer walls around them: this system has no {missing}"));
    }
}

/// Has a worker try to break out of what this system shuts it in with: for `doctor`, and for tests. Nothing is changed.
///
/// # Errors
/// When no process can be started, or it says nothing that makes sense.
pub fn probe() -> io::Result<Probe> {
    let program = std::env::current_exe()?;
    let output = std::process::Command::new(program).args(["worker", "probe"]).env_clear().output()?;
    serde_json::from_slice(&output.stdout).map_err(io::Error::other)
}

/// This program as a worker with nothing of its surroundings.
fn bare(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg("worker").env_clear().current_dir("/").kill_on_drop(true);
    command
}

async fn write(mut pipe: ChildStdin, compiled: Option<Arc<[u8]>>, mut messages: mpsc::UnboundedReceiver<Letter>) {
    if let Some(compiled) = compiled {
        let Ok(frame) = protocol::frame(&compiled) else { return };
        if pipe.write_all(&frame).await.is_err() {
            return;
        }
    }
    while let Some(Letter { message, .. }) = messages.recv().await {
        let framed = match framed(&message) {
            Err(error) => match refused(message, &error) {
                Some(answer) => framed(&answer),
                None => Err(error),
            },
            framed => framed,
        };
        let written = match framed {
            Ok(frame) => pipe.write_all(&frame).await,
            Err(error) => {
                tracing::warn!("failed to send to a worker: {error}");
                Ok(())
            }
        };
        // Broken pipe: the reader notices that the process is gone.
        if written.is_err() {
            return;
        }
    }
}

fn framed(message: &ToWorker) -> io::Result<Vec<u8>> {
    serde_json::to_vec(message).map_err(io::Error::other).and_then(|json| protocol::frame(&json))
}

/// In place of a result that cannot be sent.
fn refused(message: ToWorker, error: &io::Error) -> Option<ToWorker> {
    let ToWorker::OpResult { id, .. } = message else { return None };
    let error =
        OpError { name: "Error".to_owned(), message: format!("The result is too large: {error}"), closed: false };
    Some(ToWorker::OpResult { id, result: Err(error) })
}

async fn read(pipe: ChildStdout, received: mpsc::Sender<io::Result<Received>>) {
    let mut pipe = BufReader::with_capacity(64 << 10, pipe);
    let room = Arc::new(Semaphore::new(INBOX_KIB));
    while let Some(message) = read_message(&mut pipe, &room).await.transpose() {
        let failed = message.is_err();
        if received.send(message).await.is_err() || failed {
            return;
        }
    }
}

async fn read_message(
    pipe: &mut (impl AsyncRead + Unpin + Send),
    room: &Arc<Semaphore>,
) -> io::Result<Option<Received>> {
    let length = match pipe.read_u32().await {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other? as usize,
    };
    if length > MAX_FRAME {
        return Err(io::Error::other(format!("a message of {length} bytes is too large")));
    }
    let places = u32::try_from((length >> 10).clamp(1, INBOX_KIB)).unwrap_or(1);
    let place = room.clone().acquire_many_owned(places).await.map_err(io::Error::other)?;
    // Not all at once: a length is only a claim until the bytes are there.
    let mut json = Vec::with_capacity(length.min(64 << 10));
    pipe.take(length as u64).read_to_end(&mut json).await?;
    if json.len() < length {
        return Ok(None);
    }
    let message = serde_json::from_slice(&json).map_err(io::Error::other)?;
    Ok(Some((message, place)))
}

/// Starts workers, one ahead of demand.
pub(crate) struct Nursery {
    program: PathBuf,
    /// In the zone of its start.
    warm: Mutex<Option<Process>>,
    /// Of tests that say nothing about it; the system's where nothing is said here either.
    zone: Option<String>,
    /// The facade compiled, once somebody needed more than one worker.
    compiled: Arc<OnceCell<Option<Arc<[u8]>>>>,
    started: AtomicUsize,
}

impl Nursery {
    /// `program` is this program unless it is said otherwise.
    ///
    /// # Errors
    /// When the system does not say which program this is.
    pub(crate) fn new(program: Option<PathBuf>, zone: Option<String>) -> io::Result<Self> {
        // By the link and not by what it names: the file may have been replaced by a newer one meanwhile.
        let linked = PathBuf::from("/proc/self/exe");
        let program = match program {
            Some(program) => std::path::absolute(program)?,
            None if linked.exists() => linked,
            None => std::env::current_exe()?,
        };
        Ok(Self { program, warm: Mutex::default(), zone, compiled: Arc::default(), started: AtomicUsize::new(0) })
    }

    /// Has one ready for the next [`Nursery::take`].
    pub(crate) async fn prepare(&self) {
        compile(self.program.clone(), self.compiled.clone()).await;
        let mut warm = self.warm.lock().unwrap_or_else(PoisonError::into_inner);
        if warm.is_none() {
            *warm = self.start(self.zone.as_deref()).ok();
        }
    }

    /// The one that was prepared, or a new one; in the zone that is named, if it names one. Within a runtime only.
    ///
    /// # Errors
    /// When no process can be started.
    pub(crate) fn take(&self, zone: Option<&str>) -> io::Result<Process> {
        let zone = zone.filter(|zone| is_zone(zone)).or(self.zone.as_deref());
        let warm = self.warm.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut process) = warm
            && zone == self.zone.as_deref()
            && matches!(process.child.try_wait(), Ok(None))
        {
            return Ok(process);
        }
        // The first compiles for itself, sooner than two processes one after the other.
        if self.started.fetch_add(1, Ordering::Relaxed) == 1 {
            tokio::spawn(compile(self.program.clone(), self.compiled.clone()));
        }
        self.start(zone)
    }

    fn start(&self, zone: Option<&str>) -> io::Result<Process> {
        Process::start(&self.program, self.compiled.get().cloned().flatten(), zone)
    }
}

/// Whether this is a name (`Europe/Berlin`, `:UTC`) and no path: whoever sends tests may say it, and the system reads a file by it.
fn is_zone(zone: &str) -> bool {
    let name = zone.strip_prefix(':').unwrap_or(zone);
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "/_+-".contains(c))
}

/// Has a process of its own compile the facade; without that workers compile it themselves.
async fn compile(program: PathBuf, compiled: Arc<OnceCell<Option<Arc<[u8]>>>>) {
    let compiling = || async {
        let output = bare(&program).arg("compile").stdin(Stdio::null()).stderr(Stdio::null()).output().await;
        output.ok().filter(|output| output.status.success()).map(|output| output.stdout.into())
    };
    compiled.get_or_init(compiling).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes out of a pipe with these bytes, and that it comes to an end.
    async fn read_all(bytes: &[u8]) -> (usize, Option<String>) {
        let room = Arc::new(Semaphore::new(INBOX_KIB));
        let mut pipe = bytes;
        let mut messages = 0;
        loop {
            match read_message(&mut pipe, &room).await {
                Ok(Some(_)) => messages += 1,
                Ok(None) => return (messages, None),
                Err(error) => return (messages, Some(error.to_string())),
            }
        }
    }

    #[tokio::test]
    async fn whatever_the_bytes_reading_ends() {
        let messages = [
            r#"{"t":"ready"}"#,
            r#"{"t":"testBegin","test":"a","retry":0,"timeout":5}"#,
            r#"{"t":"op","id":1,"step":null,"name":"locator.click","params":{"selector":"x","n":[1,-2.5e3,null,true,"\ud83d\ude00"]}}"#,
            r#"{"t":"done","remaining":["a"],"spent":false}"#,
        ];
        let stream: Vec<u8> = messages.iter().flat_map(|json| protocol::frame(json.as_bytes()).unwrap()).collect();
        assert_eq!(read_all(&stream).await, (messages.len(), None));
        for end in 0..stream.len() {
            assert_eq!(read_all(&stream[..end]).await.1, None, "cut at {end}");
        }
        // Every byte changed in a few ways; lengths grow, texts break, numbers change their kind.
        for at in 0..stream.len() {
            for value in [0, 1, b'"', b'\\', b'{', b'9', 0x7f, 0x80, 0xff] {
                let mut changed = stream.clone();
                changed[at] = value;
                assert!(read_all(&changed).await.0 <= messages.len());
            }
        }
    }

    #[tokio::test]
    async fn a_length_is_believed_when_the_bytes_are_there() {
        let mut claimed = u32::try_from(MAX_FRAME).unwrap().to_be_bytes().to_vec();
        claimed.extend(b"{}");
        assert_eq!(read_all(&claimed).await, (0, None));
        let beyond = (u32::try_from(MAX_FRAME).unwrap() + 1).to_be_bytes();
        assert_eq!(read_all(&beyond).await.1, Some(format!("a message of {} bytes is too large", MAX_FRAME + 1)));
    }
}
