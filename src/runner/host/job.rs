//! A job while a worker runs it: which tests wait, which one runs and until when, what became of the others.

use super::mailbox;
use super::processor::Spent;
use super::schedule::JobEnd;
use super::stage::plain;
use crate::model::run::{Attempt, Status, TestError};
use crate::runner::protocol::Planned;
use std::process::ExitStatus;
use std::time::Duration;
use tokio::time::Instant;

/// Why a worker ended before it was done.
#[derive(Debug)]
pub(crate) enum Broken {
    /// By itself.
    Died(Option<ExitStatus>),
    /// It had used all that the run may of the processor.
    Spent(Spent),
    /// It did not give back control.
    Hung,
    /// More happened in its pages than it took note of.
    Overrun,
    /// The run was cancelled.
    Cancelled,
    /// It said what makes no sense.
    Nonsense(String),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct JobRun {
    waiting: Vec<Planned>,
    running: Option<Running>,
    /// Attempts that ended, in order.
    pub(crate) ended: Vec<(Planned, Attempt)>,
    /// What a worker may take between tests.
    pause_limit: Option<Duration>,
    hung_at: Option<Instant>,
}

/// The attempt that runs.
#[derive(Debug)]
struct Running {
    planned: Planned,
    began: Instant,
    /// Its time limit as people know it, milliseconds; 0 is none.
    limit: u64,
}

impl JobRun {
    pub(crate) fn new(tests: Vec<Planned>, pause_limit: Option<Duration>) -> Self {
        let hung_at = pause_limit.map(|limit| Instant::now() + limit);
        Self { waiting: tests, running: None, ended: Vec::new(), pause_limit, hung_at }
    }

    /// When the worker is to be ended as hung.
    pub(crate) fn hung_at(&self) -> Option<Instant> {
        self.hung_at
    }

    /// It may take so much longer: it was not listened to for so long.
    pub(crate) fn postpone(&mut self, unheard: Duration) {
        self.hung_at = self.hung_at.map(|at| at + unheard);
    }

    /// Number of repetition of the running test.
    pub(crate) fn repeat(&self) -> u32 {
        self.running.as_ref().map_or(0, |running| running.planned.repeat)
    }

    /// A test begins; none where it is none of this job's.
    ///
    /// # Errors
    /// When another one runs.
    pub(crate) fn begin(&mut self, test: &str, timeout: u64) -> Result<Option<Planned>, Broken> {
        let Some(planned) = self.take(test) else { return Ok(None) };
        if self.running.is_some() {
            self.waiting.insert(0, planned);
            return Err(Broken::Nonsense("it runs two tests at once".to_owned()));
        }
        self.running = Some(Running { planned: planned.clone(), began: Instant::now(), limit: 0 });
        self.renew(timeout, 0);
        Ok(Some(planned))
    }

    /// The running test has so many milliseconds from now, 0 is for ever; to people its limit is `limit`.
    pub(crate) fn renew(&mut self, timeout: u64, limit: u64) {
        if let Some(running) = &mut self.running {
            running.limit = limit;
            self.hung_at = (timeout > 0).then(|| Instant::now().checked_add(Duration::from_millis(timeout))).flatten();
        }
    }

    /// A test ended, and whether it was begun: one that was not was skipped. None where it is none of this job's.
    pub(crate) fn finish(&mut self, test: &str) -> Option<(bool, Planned)> {
        match self.running.take_if(|running| running.planned.test == test) {
            Some(running) => {
                self.hung_at = self.pause_limit.map(|limit| Instant::now() + limit);
                Some((true, running.planned))
            }
            None => Some((false, self.take(test)?)),
        }
    }

    /// Whether the worker may say that it is done: something came of the job, and nothing is left half done.
    pub(crate) fn fulfilled(&self) -> bool {
        self.running.is_none() && (self.waiting.is_empty() || !self.ended.is_empty())
    }

    pub(crate) fn end(self) -> JobEnd {
        JobEnd { ended: self.ended, remaining: self.waiting }
    }

    /// What is to be said of the test that ran when the worker broke, and whether its begin was told of. One that broke before
    /// any test fails the next, so that every worker makes some progress.
    ///
    /// # Errors
    /// What is to be said where that is about no test.
    pub(crate) fn account_for(&mut self, broken: &Broken) -> Result<(bool, Planned, Attempt), Option<TestError>> {
        let running = self.running.take();
        let limit = running.as_ref().map_or(0, |running| running.limit);
        let (status, error) = in_attempt(broken, limit);
        let (begun, planned, duration) = match running {
            Some(running) => (true, running.planned, running.began.elapsed()),
            None if matches!(broken, Broken::Cancelled) || !self.ended.is_empty() || self.waiting.is_empty() => {
                return Err(error);
            }
            None => (false, self.waiting.remove(0), Duration::ZERO),
        };
        let attempt = Attempt {
            test: planned.test.clone(),
            retry: planned.retry,
            status,
            expected_status: Status::Passed,
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            errors: error.into_iter().collect(),
            annotations: Vec::new(),
            timeout: None,
            attachments: Vec::new(),
        };
        Ok((begun, planned, attempt))
    }

    fn take(&mut self, test: &str) -> Option<Planned> {
        let at = self.waiting.iter().position(|planned| planned.test == test)?;
        Some(self.waiting.remove(at))
    }
}

fn in_attempt(broken: &Broken, limit: u64) -> (Status, Option<TestError>) {
    match broken {
        Broken::Died(how) => {
            let message = format!(
                "Error: the worker process ended unexpectedly ({}). What the test did with much memory, deep recursion or \
                 native features of the engine may be the cause; the other tests go on in a new process.",
                in_words(*how)
            );
            (Status::Failed, Some(plain(message)))
        }
        Broken::Spent(spent) => (Status::Failed, Some(plain(format!("Error: {spent}.")))),
        Broken::Nonsense(why) => {
            let message = format!("Error: the worker process was ended because what it said made no sense: {why}");
            (Status::Failed, Some(plain(message)))
        }
        Broken::Overrun => {
            let message = format!(
                "Error: More happened in the pages of this test than it took: {} MB of events waited for it, and it was ended together with \
                 its process. Code that does not give back control while it listens to a page that says a lot may be the cause.",
                mailbox::MOST >> 20
            );
            (Status::Failed, Some(plain(message)))
        }
        Broken::Hung => {
            let timeout = if limit > 0 { format!("timeout of {limit}ms") } else { "timeout".to_owned() };
            let message = format!(
                "Test {timeout} exceeded.\n\nThe test did not give back control and was ended together with its process."
            );
            (Status::TimedOut, Some(plain(message)))
        }
        Broken::Cancelled => (Status::Interrupted, None),
    }
}

pub(crate) fn in_words(status: Option<ExitStatus>) -> String {
    use std::os::unix::process::ExitStatusExt;
    match status {
        Some(status) => match (status.code(), status.signal()) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "for no known reason".to_owned(),
        },
        None => "for no known reason".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_was_not_listened_to_has_longer() {
        let mut job = JobRun::new(Vec::new(), Some(Duration::from_secs(30)));
        let at = job.hung_at().unwrap();
        job.postpone(Duration::from_secs(7));
        assert_eq!(job.hung_at().unwrap() - at, Duration::from_secs(7));
        let mut endless = JobRun::new(Vec::new(), None);
        endless.postpone(Duration::from_secs(7));
        assert_eq!(endless.hung_at(), None);
    }
}
