//! The way to the server: down, being built, or up; and what goes over it when it is up.

use super::AgentOptions;
use super::backoff::Backoff;
use super::fit;
use super::outbox::{Outbox, is_last};
use crate::dialect::testflow::agent::{Outbound, encode, heartbeat};
use crate::model::Event;
use crate::wire::client::{ConnectError, Connection, Incoming, Outgoing, Proof, Target};
use serde_json::{Value, json};
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

/// From the first byte to the server's yes, as official clients have it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// A hub of ours answers a registration at once; what waits is held back for so long to know whether it will acknowledge.
const INTRODUCTION: Duration = Duration::from_millis(300);
/// The number of emits whose arrival nobody waits for; the outbox counts from 1.
const NOBODY_WAITS: u64 = 0;

/// See the module.
#[derive(Debug)]
pub(super) enum Link {
    /// Until then nothing is tried.
    Down(Instant),
    /// An attempt is under way.
    Connecting(JoinHandle<Result<Connection, ConnectError>>),
    /// The server has accepted us.
    Up(Up),
}

/// A connection and what is known of its server.
#[derive(Debug)]
pub(super) struct Up {
    connection: Connection,
    /// The server is a hub of ours.
    acknowledges: bool,
    /// Nothing is told before.
    hold: Option<Instant>,
    /// The next event of the outbox, being made smaller.
    shrinking: Option<(String, JoinHandle<Vec<Event>>)>,
    /// A picture that is, by its number.
    resizing: Option<(u64, JoinHandle<Vec<Event>>)>,
}

/// Something has come to pass.
#[derive(Debug)]
pub(super) enum Change {
    /// Time for an attempt.
    Due,
    /// An attempt has ended.
    Tried(Result<Connection, ConnectError>),
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

    /// Begins an attempt.
    pub(super) fn connect(&mut self, options: &AgentOptions) {
        *self = Self::Connecting(tokio::spawn(attempt(options.clone())));
    }

    /// An attempt has failed, or a connection has ended: it is tried again, but not at once.
    pub(super) fn lost(&mut self, backoff: &mut Backoff, error: Option<&ConnectError>) -> Duration {
        let now = Instant::now();
        let wait = match error {
            Some(ConnectError::Refused(_)) => backoff.refused(chance()),
            Some(ConnectError::Untrusted(_) | ConnectError::Unreachable(_)) | None => backoff.failed(now, chance()),
        };
        *self = Self::Down(now + wait);
        wait
    }

    /// Takes what the server accepted, and registers.
    pub(super) fn established(&mut self, connection: Connection, registration: Outbound) {
        let hold = Some(Instant::now() + INTRODUCTION);
        let up = Up { connection, acknowledges: false, hold, shrinking: None, resizing: None };
        up.emit(registration, Proof::Written, NOBODY_WAITS);
        *self = Self::Up(up);
    }

    /// The server acknowledges events.
    pub(super) fn introduced(&mut self) {
        if let Self::Up(up) = self {
            (up.acknowledges, up.hold) = (true, None);
        }
    }

    pub(super) fn heartbeat(&self) {
        if let Self::Up(up) = self {
            up.emit(heartbeat(), Proof::Written, NOBODY_WAITS);
        }
    }

    /// Answers an event that asked for it.
    pub(super) fn acknowledge(&self, id: u64, refused: Option<&str>) {
        let Self::Up(up) = self else { return };
        let answer = match refused {
            None => json!({"ok": true}),
            Some(why) => json!({"ok": false, "error": why}),
        };
        if up.connection.outgoing.try_send(Outgoing::Acknowledge { id, arguments: vec![answer] }).is_err() {
            tracing::debug!(id, "an acknowledgement is left out: the server does not read");
        }
    }

    /// Sends what the outbox has and the line takes.
    pub(super) fn flush(&mut self, outbox: &mut Outbox) {
        if let Self::Up(up) = self {
            up.flush(outbox);
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
            incoming = self.connection.incoming.recv() => {
                let gone = || Incoming::Closed(crate::wire::client::CloseReason::Local);
                Change::Incoming(incoming.unwrap_or_else(gone))
            }
            () = held => {
                self.hold = None;
                Change::Ready
            }
            (of, events) = smaller => {
                self.shrinking = None;
                outbox.replace(&of, events);
                Change::Ready
            }
            (token, frame) = resized => {
                self.resizing = None;
                match frame {
                    Some(frame) => self.show(&frame, token),
                    // It cannot be shown at all: the next one may.
                    None => return Change::Incoming(Incoming::Proved(token)),
                }
                Change::Ready
            }
        }
    }

    fn flush(&mut self, outbox: &mut Outbox) {
        if self.hold.is_some() {
            return;
        }
        let limit = self.connection.max_payload;
        while let Some(entry) = outbox.next().filter(|_| self.shrinking.is_none()) {
            if !fit::fits(&entry.event, limit) {
                let (id, event) = (entry.event_id.clone(), entry.event.clone());
                self.shrinking = Some((id, tokio::task::spawn_blocking(move || fit::shrink(event, limit))));
                break;
            }
            let proof = match (self.acknowledges, is_last(&entry.event)) {
                (true, _) => Proof::Ack,
                (false, true) => Proof::Pong,
                (false, false) => Proof::Written,
            };
            // Only a server that acknowledges gets an event twice.
            let event_id = self.acknowledges.then_some(entry.event_id.as_str());
            let outbound = encode(&entry.event, event_id);
            let token = outbox.sent(proof);
            self.emit(outbound, proof, token);
        }
        while self.resizing.is_none()
            && let Some((token, frame)) = outbox.send_frame()
        {
            if fit::fits(&frame, limit) {
                self.show(&frame, token);
            } else {
                self.resizing = Some((token, tokio::task::spawn_blocking(move || fit::shrink(frame, limit))));
            }
        }
    }

    /// A picture is not told twice, so it needs no id; the next one is wanted when this one has arrived.
    fn show(&self, frame: &Event, token: u64) {
        let proof = if self.acknowledges { Proof::Ack } else { Proof::Written };
        self.emit(encode(frame, None), proof, token);
    }

    /// The channel has room: the outbox keeps fewer events under way than it is deep. A server that does not read costs
    /// heartbeats.
    fn emit(&self, outbound: Outbound, proof: Proof, token: u64) {
        let Outbound { name, arguments } = outbound;
        let outgoing = Outgoing::Emit { name: name.to_owned(), arguments, proof, token };
        if self.connection.outgoing.try_send(outgoing).is_err() {
            tracing::debug!(name, "an event is left out: the server does not read, or is gone");
        }
    }
}

async fn attempt(options: AgentOptions) -> Result<Connection, ConnectError> {
    let token = options.token.read().await.map_err(|error| ConnectError::Unreachable(error.to_string()))?;
    let auth = match token {
        Some(token) => json!({"token": token}),
        None => Value::Object(serde_json::Map::new()),
    };
    let target = Target { url: options.server, namespace: "/".to_owned(), auth, timeout: CONNECT_TIMEOUT };
    options.connector.connect(target).await
}

/// Even in 0..1. Not for secrets: it spreads agents that lost the same server.
fn chance() -> f64 {
    let random = RandomState::new().hash_one(std::thread::current().id());
    (random >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_spread() {
        let draws: Vec<f64> = (0..1000).map(|_| chance()).collect();
        assert!(draws.iter().all(|draw| (0.0..1.0).contains(draw)));
        let mean = draws.iter().sum::<f64>() / 1000.0;
        assert!((0.4..0.6).contains(&mean), "{mean}");
    }
}
