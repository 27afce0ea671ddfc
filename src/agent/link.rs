//! The way to the server: down, being built, or up; and what goes over it when it is up.

use super::AgentOptions;
use super::backoff::Backoff;
use super::chance::chance;
use super::fit;
use super::login::{self, Opened};
use super::outbox::{Outbox, is_last};
use super::trim::trim;
use super::upload::{Place, Uploader, Uploads};
use crate::dialect::agent::{AgentEnd, Outbound, Transport, Way};
use crate::model::Event;
use crate::wire::client::{ConnectError, Connection, Incoming, Outgoing, Proof};
use serde_json::json;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc::error::TrySendError;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, sleep_until};

/// A hub of ours answers a registration at once; what waits is held back for so long to know whether it will acknowledge.
const INTRODUCTION: Duration = Duration::from_millis(300);
/// As long where it has been one before: told without ids, what comes twice would count twice.
const INTRODUCTION_OF_A_HUB: Duration = Duration::from_secs(10);
/// A server that acknowledges says something all the time; one that has not for so long takes nothing, perhaps.
const LIVELY: Duration = Duration::from_secs(3);
/// Answers to a server that does not read, beyond which there are none.
const LATE_MAX: usize = 1000;
/// The number of emits whose arrival nobody waits for; the outbox counts from 1.
const NOBODY_WAITS: u64 = 0;

/// See the module.
#[derive(Debug)]
pub(super) enum Link {
    /// Until then nothing is tried.
    Down(Instant),
    /// An attempt is under way.
    Connecting(JoinHandle<Result<Opened, ConnectError>>),
    /// The server has accepted us.
    Up(Box<Up>),
}

/// A connection and what is known of its server.
#[derive(Debug)]
pub(super) struct Up {
    connection: Connection,
    /// When the server said something last.
    heard: Instant,
    /// What went out and the channel had no room for.
    late: VecDeque<Outgoing>,
    /// What proves to a hub of ours that an event has arrived.
    receipt: Proof,
    /// The server is a hub of ours: it takes an event that comes twice once.
    introduced: bool,
    /// Nothing is told before.
    hold: Option<Instant>,
    /// The next event of the outbox, being made smaller.
    shrinking: Option<(String, JoinHandle<Vec<Event>>)>,
    /// The next event of the outbox, as small as it gets.
    small: Option<String>,
    uploads: Uploads,
    /// A picture that is, by its number.
    resizing: Option<(u64, JoinHandle<Vec<Event>>)>,
    /// One that was.
    resized: Option<(u64, Event)>,
}

/// Something has come to pass.
#[derive(Debug)]
pub(super) enum Change {
    /// Time for an attempt.
    Due,
    /// An attempt has ended.
    Tried(Result<Opened, ConnectError>),
    /// From the server.
    Incoming(Incoming),
    /// There may be more to send now.
    Ready,
}

impl Link {
    /// A way to a server that was never tried.
    pub(super) fn new() -> Self {
        Self::Down(Instant::now())
    }

    /// Waits for the next change. Cancel-safe.
    pub(super) async fn next(&mut self, outbox: &mut Outbox) -> Change {
        match self {
            Self::Down(until) => {
                sleep_until(*until).await;
                Change::Due
            }
            Self::Connecting(attempt) => Change::Tried(attempt.await.unwrap_or_else(|error| {
                Err(ConnectError::Unreachable(format!("the attempt itself has failed: {error}")))
            })),
            Self::Up(up) => up.next(outbox).await,
        }
    }

    /// What the server has said besides by now.
    pub(super) fn more(&mut self) -> Option<Incoming> {
        match self {
            Self::Up(up) => up.connection.incoming.try_recv().ok().inspect(|_| up.heard = Instant::now()),
            _ => None,
        }
    }

    /// Whether the server takes what it is told: it is there, and has said something lately.
    pub(super) fn is_lively(&self) -> bool {
        matches!(self, Self::Up(up) if up.heard.elapsed() < LIVELY)
    }

    /// Begins an attempt.
    pub(super) fn connect(&mut self, options: &AgentOptions) {
        *self = Self::Connecting(tokio::spawn(login::attempt(options.clone())));
    }

    /// An attempt has failed, or a connection has ended: it is tried again, but not at once.
    pub(super) fn lost(&mut self, backoff: &mut Backoff, error: Option<&ConnectError>) -> Duration {
        let now = Instant::now();
        let wait = match error {
            Some(ConnectError::Refused(_)) => backoff.refused(chance()),
            Some(ConnectError::Untrusted(_) | ConnectError::Unready(_) | ConnectError::Unreachable(_)) | None => {
                backoff.failed(now, chance())
            }
        };
        *self = Self::Down(now + wait);
        wait
    }

    /// Gives up what there is, for no fault of the server: the next attempt comes soon.
    pub(super) fn afresh(&mut self, backoff: &mut Backoff) {
        if let Self::Connecting(attempt) = self {
            attempt.abort();
        }
        *self = Self::Down(Instant::now() + backoff.afresh(chance()));
    }

    /// The server has accepted us.
    pub(super) fn is_up(&self) -> bool {
        matches!(self, Self::Up(_))
    }

    /// Takes what the server accepted. `hub`: it was a hub of ours before.
    pub(super) fn established(
        &mut self,
        connection: Connection,
        way: &Way,
        hub: bool,
        uploader: Option<Arc<Uploader>>,
    ) {
        let patience = if hub { INTRODUCTION_OF_A_HUB } else { INTRODUCTION };
        *self = Self::Up(Box::new(Up {
            connection,
            heard: Instant::now(),
            late: VecDeque::new(),
            receipt: match way.transport {
                Transport::SocketIo(_) => Proof::Ack,
                Transport::WebSocket(_) => Proof::Pong,
            },
            introduced: false,
            hold: way.introduces_late.then(|| Instant::now() + patience),
            shrinking: None,
            small: None,
            uploads: Uploads::new(uploader),
            resizing: None,
            resized: None,
        }));
    }

    /// The server knows events by their ids.
    pub(super) fn introduced(&mut self) {
        if let Self::Up(up) = self {
            (up.introduced, up.hold) = (true, None);
        }
    }

    /// Says what is of no use later.
    pub(super) fn say(&mut self, outbounds: Vec<Outbound>) {
        if let Self::Up(up) = self
            && up.late.len() < LATE_MAX
        {
            up.say(outbounds, Proof::Written, NOBODY_WAITS);
        }
    }

    /// As [`Link::say`], for what the server acknowledges under this number.
    pub(super) fn ask(&mut self, outbound: Outbound, token: u64) {
        if let Self::Up(up) = self {
            up.say(vec![Outbound { asks: true, ..outbound }], Proof::Ack, token);
        }
    }

    /// Whether the server is known to be a hub of ours.
    pub(super) fn is_introduced(&self) -> bool {
        matches!(self, Self::Up(up) if up.introduced)
    }

    /// As [`Link::say`]; a server that does not read costs heartbeats.
    pub(super) fn heartbeat(&mut self, outbounds: Vec<Outbound>) {
        match self {
            Self::Up(up) if up.late.is_empty() => up.say(outbounds, Proof::Written, NOBODY_WAITS),
            _ => tracing::debug!("a heartbeat is left out"),
        }
    }

    /// Answers an event that asked for it.
    pub(super) fn acknowledge(&mut self, id: u64, refused: Option<&str>) {
        let Self::Up(up) = self else { return };
        if up.late.len() >= LATE_MAX {
            return tracing::debug!(id, "an acknowledgement is left out: the server does not read");
        }
        let answer = match refused {
            None => json!({"ok": true}),
            Some(why) => json!({"ok": false, "error": why}),
        };
        up.send(Outgoing::Acknowledge { id, arguments: vec![answer] });
    }

    /// Sends what the outbox has and the line takes.
    pub(super) fn flush(&mut self, outbox: &mut Outbox, end: &mut dyn AgentEnd) {
        if let Self::Up(up) = self {
            up.flush(outbox, end);
        }
    }

    /// Takes leave.
    pub(super) async fn close(self) {
        match self {
            Self::Up(up) => up.connection.close().await,
            Self::Connecting(attempt) => attempt.abort(),
            Self::Down(_) => {}
        }
    }
}

impl Up {
    async fn next(&mut self, outbox: &mut Outbox) -> Change {
        let held = async {
            match self.hold {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        let smaller = async {
            match &mut self.shrinking {
                Some((of, work)) => (of.clone(), work.await.unwrap_or_default()),
                None => std::future::pending().await,
            }
        };
        let resized = async {
            match &mut self.resizing {
                Some((token, work)) => (*token, work.await.unwrap_or_default().pop()),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            room = self.connection.outgoing.reserve(), if !self.late.is_empty() => {
                // One that is closed says so on the other side.
                match (room, self.late.pop_front()) {
                    (Ok(room), Some(outgoing)) => room.send(outgoing),
                    (Err(_), _) => self.late.clear(),
                    (Ok(_), None) => {}
                }
                Change::Ready
            }
            () = held => {
                self.hold = None;
                Change::Ready
            }
            (of, events) = smaller => {
                self.shrinking = None;
                match outbox.next() {
                    Some(next) if next.event_id == of && events == [next.event.clone()] => self.small = Some(of),
                    _ => outbox.replace(&of, events),
                }
                Change::Ready
            }
            () = self.uploads.next() => Change::Ready,
            (token, frame) = resized => {
                self.resizing = None;
                match frame {
                    Some(frame) => self.resized = Some((token, frame)),
                    // It cannot be shown at all: the next one may.
                    None => return Change::Incoming(Incoming::Proved(token)),
                }
                Change::Ready
            }
            incoming = self.connection.incoming.recv() => {
                self.heard = Instant::now();
                let gone = || Incoming::Closed(crate::wire::client::CloseReason::Local);
                Change::Incoming(incoming.unwrap_or_else(gone))
            }
        }
    }

    fn flush(&mut self, outbox: &mut Outbox, end: &mut dyn AgentEnd) {
        if self.hold.is_some() {
            return;
        }
        let limit = self.connection.max_payload;
        while let Some(entry) = outbox.next().filter(|_| self.shrinking.is_none() && self.late.is_empty()) {
            let address = match self.uploads.place(entry, self.introduced) {
                Place::Message => None,
                Place::At(address) => Some(address),
                Place::Open => break,
            };
            if address.is_none() && self.small.as_ref() != Some(&entry.event_id) && !fit::fits(end, &entry.event, limit)
            {
                let (id, event, end) = (entry.event_id.clone(), entry.event.clone(), end.boxed());
                self.shrinking = Some((id, spawn_blocking(move || fit::shrink(&*end, event, limit))));
                break;
            }
            let last = is_last(&entry.event);
            let name = entry.event_id.clone();
            let mut words = outbox.words(self.introduced, |event, id| match &address {
                Some(address) => end.tell_shown(event, address, id, SystemTime::now()),
                None => end.tell(event, id, SystemTime::now()),
            });
            trim(&mut words, limit);
            self.small = self.small.take().filter(|small| *small != name);
            let proof = match (self.introduced, last) {
                // The protocol has nothing to say about it.
                _ if words.is_empty() => Proof::Written,
                (true, _) => self.receipt,
                (false, true) => Proof::Pong,
                (false, false) => Proof::Written,
            };
            let token = outbox.sent(proof);
            if words.is_empty() {
                outbox.proved(token);
            }
            self.say(words, proof, token);
        }
        if let Some((token, frame)) = self.resized.take() {
            self.show(&frame, token, end);
        }
        while self.resizing.is_none()
            && self.late.is_empty()
            && let Some((token, frame)) = outbox.send_frame()
        {
            if fit::fits(end, &frame, limit) {
                self.show(&frame, token, end);
            } else {
                let end = end.boxed();
                self.resizing = Some((token, spawn_blocking(move || fit::shrink(&*end, frame, limit))));
            }
        }
    }

    /// A picture is not told twice, so it needs no id; the next one is wanted when this one has arrived.
    fn show(&mut self, frame: &Event, token: u64, end: &mut dyn AgentEnd) {
        let proof = if self.introduced { self.receipt } else { Proof::Written };
        self.say(end.tell(frame, None, SystemTime::now()), proof, token);
    }

    /// What has arrived when the last of it has.
    fn say(&mut self, outbounds: Vec<Outbound>, proof: Proof, token: u64) {
        let last = outbounds.len().saturating_sub(1);
        for (n, Outbound { name, arguments, asks }) in outbounds.into_iter().enumerate() {
            let (proof, token) = match n == last {
                true if asks => (Proof::Ack, token),
                true => (proof, token),
                false if asks => (Proof::Ack, NOBODY_WAITS),
                false => (Proof::Written, NOBODY_WAITS),
            };
            self.send(Outgoing::Emit { name: name.to_owned(), arguments, proof, token });
        }
    }

    /// In order. A full channel means that the server reads slowly, a closed one that it is gone, which is told elsewhere.
    fn send(&mut self, outgoing: Outgoing) {
        if !self.late.is_empty() {
            return self.late.push_back(outgoing);
        }
        if let Err(TrySendError::Full(outgoing)) = self.connection.outgoing.try_send(outgoing) {
            self.late.push_back(outgoing);
        }
    }
}
