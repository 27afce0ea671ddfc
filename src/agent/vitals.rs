//! How the agent fares, in numbers and in words: for the service manager, for whoever asks over HTTP, for Prometheus. The daemon writes
//! it, everybody may read it; nothing waits for it.

mod serve;
mod text;

use crate::model::live::LiveNews;
use crate::model::{Event, ExecutionId};
use crate::wire::client::ConnectError;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

pub use serve::{Served, serve};

/// The daemon's loop turns every second; one that did not for so long stands still.
const STILL: Duration = Duration::from_secs(15);
/// Upper bounds of the durations that are told apart, seconds: from a check to the longest suite.
const BUCKETS: [u64; 10] = [1, 2, 5, 10, 30, 60, 120, 300, 900, 1800];

/// See the module. Clones share it.
#[derive(Clone, Default)]
pub struct Vitals(Arc<Shared>);

#[derive(Default)]
struct Shared {
    numbers: Mutex<Numbers>,
    counters: Mutex<Vec<Counter>>,
}

/// A number that somebody else keeps.
struct Counter {
    name: &'static str,
    help: &'static str,
    read: Box<dyn Fn() -> u64 + Send + Sync>,
}

impl fmt::Debug for Vitals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vitals(…)")
    }
}

#[derive(Debug, Default)]
struct Numbers {
    beat: Option<Instant>,
    gauges: Gauges,
    connected: bool,
    /// Why not, and what is done about it.
    trouble: String,
    server: String,
    accepted: u64,
    lost: u64,
    failures: BTreeMap<&'static str, u64>,
    token_expires: Option<SystemTime>,
    begun: BTreeMap<ExecutionId, Instant>,
    ended: BTreeMap<(&'static str, &'static str), u64>,
    durations: BTreeMap<&'static str, Histogram>,
}

/// What changes all the time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Gauges {
    pub(super) running: usize,
    pub(super) waiting: usize,
    pub(super) slots: usize,
    pub(super) outbox_entries: usize,
    pub(super) outbox_bytes: usize,
    pub(super) draining: bool,
}

#[derive(Debug, Default)]
struct Histogram {
    counts: [u64; BUCKETS.len()],
    count: u64,
    sum: Duration,
}

impl Histogram {
    fn add(&mut self, took: Duration) {
        for (count, bound) in self.counts.iter_mut().zip(BUCKETS) {
            *count += u64::from(took <= Duration::from_secs(bound));
        }
        self.count += 1;
        self.sum += took;
    }
}

/// Whether the agent can be sent work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// It is registered.
    Ready,
    /// It is not, and why.
    Not(String),
}

impl Vitals {
    /// A number that only grows and is kept elsewhere, by the name it has for Prometheus.
    pub fn count(&self, name: &'static str, help: &'static str, read: impl Fn() -> u64 + Send + Sync + 'static) {
        let counter = Counter { name, help, read: Box::new(read) };
        self.0.counters.lock().unwrap_or_else(PoisonError::into_inner).push(counter);
    }

    fn numbers(&self) -> MutexGuard<'_, Numbers> {
        self.0.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which server is meant.
    pub fn server(&self, server: &url::Url) {
        // Without user and password.
        let port = server.port().map_or_else(String::new, |port| format!(":{port}"));
        self.numbers().server = format!("{}://{}{port}", server.scheme(), server.host_str().unwrap_or_default());
    }

    /// The loop has turned.
    pub(super) fn beat(&self, gauges: Gauges) {
        let mut numbers = self.numbers();
        (numbers.beat, numbers.gauges) = (Some(Instant::now()), gauges);
    }

    pub(super) fn connected(&self, token_expires: Option<SystemTime>) {
        let mut numbers = self.numbers();
        (numbers.connected, numbers.token_expires) = (true, token_expires);
        numbers.accepted += 1;
    }

    pub(super) fn renewed(&self, token_expires: Option<SystemTime>) {
        self.numbers().token_expires = token_expires;
    }

    pub(super) fn not_connected(&self, error: &ConnectError, wait: Duration) {
        let reason = match error {
            ConnectError::Refused(_) => "refused",
            ConnectError::Untrusted(_) => "untrusted",
            ConnectError::Unready(_) => "unready",
            ConnectError::Unreachable(_) => "unreachable",
        };
        let mut numbers = self.numbers();
        *numbers.failures.entry(reason).or_default() += 1;
        numbers.trouble = format!("{error} (tried again after {:.1} s)", wait.as_secs_f64());
    }

    pub(super) fn lost(&self, why: &str) {
        let mut numbers = self.numbers();
        (numbers.connected, numbers.trouble) = (false, why.to_owned());
        numbers.lost += 1;
    }

    /// A session has its slot.
    pub(super) fn begins(&self, execution: &ExecutionId) {
        self.numbers().begun.insert(execution.clone(), Instant::now());
    }

    /// A session's last word.
    pub(super) fn ends(&self, last: &Event) {
        let (kind, result) = match last {
            Event::ExecutionComplete { exit_code, .. } => (
                "execution",
                match exit_code {
                    0 => "passed",
                    1 => "failed",
                    124 => "timed_out",
                    130 => "cancelled",
                    _ => "not_run",
                },
            ),
            Event::RecordingComplete { success: true, .. } => ("recording", "passed"),
            Event::RecordingComplete { .. } => ("recording", "failed"),
            Event::Live { news: LiveNews::Closed(None), .. } => ("browser", "passed"),
            Event::Live { .. } => ("browser", "failed"),
            _ => return,
        };
        let mut numbers = self.numbers();
        *numbers.ended.entry((kind, result)).or_default() += 1;
        let begun = last.session().and_then(|id| numbers.begun.remove(id));
        if let Some(begun) = begun {
            numbers.durations.entry(kind).or_default().add(begun.elapsed());
        }
    }

    /// Whether the daemon's loop turns; how long it has not.
    ///
    /// # Errors
    /// With the time for which it stands still.
    pub fn healthy(&self) -> Result<(), Duration> {
        match self.numbers().beat.map(|beat| beat.elapsed()) {
            Some(since) if since > STILL => Err(since),
            _ => Ok(()),
        }
    }

    /// Whether a server can send work now.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let numbers = self.numbers();
        if numbers.gauges.draining {
            return Readiness::Not("draining: no new work is taken".to_owned());
        }
        match (numbers.connected, numbers.trouble.is_empty()) {
            (true, _) => Readiness::Ready,
            (false, true) => Readiness::Not(format!("connecting to {}", numbers.server)),
            (false, false) => Readiness::Not(format!("no connection to {}: {}", numbers.server, numbers.trouble)),
        }
    }

    /// All of it in one line, for people.
    pub(super) fn words(&self) -> String {
        let readiness = self.readiness();
        let numbers = self.numbers();
        let Gauges { running, waiting, slots, outbox_entries, .. } = numbers.gauges;
        let first = match readiness {
            Readiness::Ready => format!("connected to {}", numbers.server),
            Readiness::Not(why) => why,
        };
        format!("{first}; {running} of {slots} sessions, {waiting} waiting, {outbox_entries} events to tell")
    }
}
