//! The one task that owns all of an agent's state.

use super::backoff::Backoff;
use super::clock::Watch;
use super::link::{Change, Link};
use super::outbox::{Outbox, is_last};
use super::past::essence;
use super::pulse::pulse;
use super::renewal::{Look, Renewal};
use super::session::Told;
use super::slots::Slots;
use super::state::State;
use super::system::{self, Gauge};
use super::upload::Uploader;
use super::words::verdict;
use super::work::Owed;
use super::{AgentOptions, SessionStarter, Shutdown, StateError};
use crate::dialect::agent::{AgentEnd, Standing};
use crate::model::{AgentId, Event, ExecutionId};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout_at};

/// Events of all sessions that may be ahead of this task.
pub(super) const AHEAD: usize = 256;
/// What an agent that ends gives the server to take its last words.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// What an agent that is told to end at once gives its sessions to end.
const ABORT: Duration = Duration::from_secs(2);
/// What it gives everything together; closing the browser comes after it, and five seconds are promised.
const ABORT_ALL: Duration = Duration::from_millis(3500);

/// See the module.
pub(super) struct Daemon {
    pub(super) options: AgentOptions,
    pub(super) starter: SessionStarter,
    pub(super) agent: AgentId,
    pub(super) name: String,
    pub(super) system_info: Map<String, Value>,
    pub(super) state: State,
    pub(super) slots: Slots,
    pub(super) outbox: Outbox,
    pub(super) end: Box<dyn AgentEnd>,
    /// As the server was told last.
    pub(super) stood: Standing,
    pub(super) gauge: Gauge,
    pub(super) uploader: Option<Arc<Uploader>>,
    pub(super) backoff: Backoff,
    pub(super) link: Link,
    /// Answers to what asked for one; they go out when what they promise is on disk.
    pub(super) answers: Vec<(u64, Option<String>)>,
    /// How sessions have ended; people are told when it is on disk.
    verdicts: Vec<(ExecutionId, String)>,
    pub(super) watch: Watch,
    pub(super) renewal: Renewal,
    /// A server has accepted us, this time or before.
    pub(super) was_ready: bool,
    /// As the service manager was told last.
    pub(super) status: String,
    /// Why what was just heard will not be done.
    pub(super) refused: Option<String>,
    pub(super) tell: mpsc::Sender<Told>,
    pub(super) told: mpsc::Receiver<Told>,
    pub(super) ending: Ending,
    /// Nothing may take longer.
    end_by: Option<Instant>,
}

/// Whether, and how far, the agent is on its way out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Ending {
    No,
    /// What runs has until then to end.
    Draining(Instant),
    /// What runs was cancelled and has until then to end.
    Cancelling(Instant),
    /// Nothing runs; the server has until then to take the last words.
    Flushing(Instant),
    /// Nothing is waited for.
    Over,
}

pub(super) enum Happening {
    Drain,
    Abort,
    Late,
    Heartbeat,
    Pulse,
    Looked(Look),
    Told(Told),
    Link(Change),
}

impl Daemon {
    pub(super) fn new(options: AgentOptions, starter: SessionStarter) -> Result<Self, StateError> {
        let (state, found) = State::open(&options.state_dir)?;
        let run = uuid::Uuid::new_v4().simple().to_string();
        let outbox = Outbox::new(run, found.outbox);
        let (tell, told) = mpsc::channel(AHEAD);
        let interrupted = found.interrupted.iter().map(|owed| owed.execution.clone());
        let ended = found.ended.into_iter().chain(interrupted).collect();
        let mut daemon = Self {
            name: options.name.clone().unwrap_or_else(system::hostname),
            system_info: system::info(&options.versions),
            slots: Slots::new(options.max_sessions, ended),
            end: (options.protocol.end)(),
            stood: Standing::default(),
            gauge: Gauge::default(),
            uploader: Uploader::new(&options),
            starter,
            agent: found.agent,
            state,
            outbox,
            backoff: Backoff::default(),
            link: Link::new(),
            answers: Vec::new(),
            verdicts: Vec::new(),
            watch: Watch::new(Instant::now(), options.machine.clock.read()),
            renewal: Renewal::default(),
            was_ready: false,
            status: String::new(),
            refused: None,
            tell,
            told,
            ending: Ending::No,
            end_by: None,
            options,
        };
        daemon.recall(&found.past);
        for owed in found.interrupted {
            daemon.interrupted(&owed);
        }
        Ok(daemon)
    }

    /// What was told already is said to this protocol's end once more, for what it tells later. What is still in the outbox it hears from there.
    fn recall(&mut self, past: &[Event]) {
        let waiting: Vec<Event> = self.outbox.entries().filter_map(|entry| essence(&entry.event)).collect();
        for event in past.iter().filter(|event| !waiting.contains(event)) {
            self.end.tell(event, None, SystemTime::now());
        }
    }

    /// The agent was killed while it had this session.
    fn interrupted(&mut self, owed: &Owed) {
        let id = &owed.execution;
        let ends = |event: &Event| is_last(event) && event.session() == Some(id);
        if self.outbox.entries().any(|entry| ends(&entry.event)) {
            self.state.ended(id);
            return;
        }
        tracing::warn!(execution = %id, "the agent was killed before this session had ended");
        // What was told already is the server's.
        let code = self.outbox.entries().rev().find_map(|entry| match &entry.event {
            Event::RecordingAction { execution, code, .. } if execution == id => Some(code.clone()),
            _ => None,
        });
        for event in owed.failed("The agent was killed before this session had ended", code, 0) {
            self.tell_server(event);
        }
    }

    pub(super) async fn run(mut self, shutdown: Shutdown) {
        let (server, slots) = (&self.options.server, self.options.max_sessions);
        tracing::info!(%server, name = self.name, agent = %self.agent, slots, "an agent starts");
        let mut heartbeat = interval(self.options.heartbeat.max(Duration::from_millis(10)));
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut pulse = pulse(self.options.machine.notify.watchdog());
        let clock = self.options.machine.clock.clone();
        loop {
            if self.outbox.is_empty() {
                self.state.past.keep_only(self.slots.live());
            }
            self.state.keep(&mut self.outbox);
            for (execution, verdict) in self.verdicts.drain(..) {
                tracing::info!(%execution, "{verdict}");
            }
            for (id, refused) in std::mem::take(&mut self.answers) {
                self.link.acknowledge(id, refused.as_deref());
            }
            // That it is free again is told after how its work has ended.
            self.link.flush(&mut self.outbox, &mut *self.end);
            self.tell_standing();
            if self.is_over() {
                break;
            }
            let ending = self.ending;
            let late = async {
                match ending {
                    Ending::No | Ending::Over => std::future::pending().await,
                    Ending::Draining(at) | Ending::Cancelling(at) | Ending::Flushing(at) => sleep_until(at).await,
                }
            };
            let can_abort = self.end_by.is_none();
            // In this order, so that a schedule can be played again. What sessions say comes last, and is not held up: see below.
            let happening = tokio::select! {
                biased;
                () = shutdown.drain.cancelled(), if ending == Ending::No => Happening::Drain,
                () = shutdown.abort.cancelled(), if can_abort => Happening::Abort,
                () = late => Happening::Late,
                _ = heartbeat.tick() => Happening::Heartbeat,
                _ = pulse.tick() => Happening::Pulse,
                look = self.renewal.looked(|| clock.read().wall) => Happening::Looked(look),
                change = self.link.next(&mut self.outbox) => Happening::Link(change),
                Some(told) = self.told.recv(), if self.listens() => Happening::Told(told),
            };
            self.handle(happening);
            self.catch_up();
        }
        self.link.say(self.end.leaves(SystemTime::now()));
        match self.end_by {
            // Giving up drops the socket.
            Some(end_by) => drop(timeout_at(end_by, self.link.close()).await),
            None => self.link.close().await,
        }
    }

    pub(super) fn handle(&mut self, happening: Happening) {
        match happening {
            Happening::Drain => {
                tracing::info!(running = self.slots.running(), "no new work: finishing what runs");
                self.ending = Ending::Draining(Instant::now() + self.options.drain_timeout);
                self.options.machine.notify.stopping();
                self.tell_leaving();
                self.give_up_waiting();
                self.report();
            }
            Happening::Abort => {
                tracing::info!(running = self.slots.running(), "cancelling what runs");
                let now = Instant::now();
                self.end_by = Some(now + ABORT_ALL);
                self.ending = Ending::Cancelling(now + ABORT);
                self.options.machine.notify.stopping();
                self.give_up_waiting();
                self.slots.cancel_all();
            }
            Happening::Late => self.late(),
            Happening::Heartbeat => {
                self.gauge.look();
                let standing = self.standing();
                self.link.heartbeat(self.end.heartbeat(&standing, SystemTime::now()));
            }
            Happening::Pulse => self.pulse(),
            Happening::Looked(look) => self.looked(look),
            Happening::Told(Told::Event(event)) => self.said(event),
            Happening::Told(Told::Failed(execution, duration_ms)) => {
                self.complete(&execution, "The session has failed inside the agent: its log says more", duration_ms);
            }
            Happening::Told(Told::Ended(execution)) => self.session_ended(&execution),
            Happening::Link(Change::Due) => self.link.connect(&self.options),
            Happening::Link(Change::Tried(Ok(opened))) => self.connected(opened),
            Happening::Link(Change::Tried(Err(error))) => self.not_connected(&error),
            Happening::Link(Change::Incoming(incoming)) => self.incoming(incoming),
            Happening::Link(Change::Ready) => {}
        }
    }

    /// Moves on once nothing runs; true once there is nothing left to wait for.
    fn is_over(&mut self) -> bool {
        if matches!(self.ending, Ending::Draining(_) | Ending::Cancelling(_)) && self.slots.running() == 0 {
            let patient = Instant::now() + LAST_WORDS;
            self.ending = Ending::Flushing(self.end_by.map_or(patient, |end_by| patient.min(end_by)));
        }
        match self.ending {
            Ending::Flushing(_) => self.outbox.is_empty(),
            Ending::Over => true,
            Ending::No | Ending::Draining(_) | Ending::Cancelling(_) => false,
        }
    }

    fn late(&mut self) {
        match self.ending {
            Ending::No | Ending::Over => {}
            Ending::Draining(_) => {
                tracing::warn!(running = self.slots.running(), "draining takes too long: cancelling what runs");
                self.ending = Ending::Cancelling(Instant::now() + ABORT);
                self.slots.cancel_all();
            }
            Ending::Cancelling(_) => {
                let lost: Vec<ExecutionId> = self.slots.live().cloned().collect();
                for execution in lost {
                    tracing::error!(%execution, "the session does not end: it is left behind");
                    self.complete(&execution, "The agent was stopped while this session ran", 0);
                    self.slots.ended(&execution);
                }
            }
            Ending::Flushing(_) => {
                let left = self.outbox.entries().count();
                tracing::warn!(left, "the server does not take the last words: they are kept for the next start");
                self.ending = Ending::Over;
            }
        }
    }

    /// Tells the server now or later. That a session has ended is written together with its verdict.
    pub(super) fn tell_server(&mut self, event: Event) {
        let last = is_last(&event).then(|| (event.session().cloned(), verdict(&event)));
        if last.is_some() {
            self.options.machine.vitals.ends(&event);
        }
        if self.options.protocol.remembers {
            self.state.past.add(&event);
        }
        self.outbox.push(event);
        if let Some((Some(execution), verdict)) = last {
            self.state.ended(&execution);
            self.verdicts.push((execution, verdict));
        }
    }
}
