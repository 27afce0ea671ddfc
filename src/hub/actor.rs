//! The task that owns the relay and its bus.

use super::bus::{Bus, Outlet, PeerId};
use super::relay::{AgentView, Effect, Input, Relay};
use super::runs::NotMade;
use super::token::{Identity, UserId};
use crate::dialect::Protocol;
use crate::dialect::ai_run::messages::StartAgent;
use crate::dialect::swe::messages::Envelope;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// A peer that says this much faster than it is relayed is disconnected, bytes.
const UNHEARD_MAX_BYTES: usize = 64 << 20;

/// What a message costs besides its payload, about, bytes.
const MESSAGE_BYTES: usize = 128;

/// Acknowledges a message, with the answer where it was a question.
pub(super) type Receipt = Box<dyn FnOnce(Option<bool>) + Send>;

/// What the actor is asked.
pub(super) enum Request {
    /// Take a peer in; its messages go to the outlet.
    Attach { peer: PeerId, protocol: Protocol, outlet: Outlet, connected: Input },
    /// A message of a peer, with the receipt it wants after it was relayed. What it weighs is given back when it was.
    Received { input: Input, receipt: Option<Receipt>, load: Load },
    /// The peer is gone.
    Detach { peer: PeerId },
    /// Keep a run of protocol 001.
    MakeRun { owner: UserId, asked: Box<StartAgent>, answer: oneshot::Sender<Result<(), NotMade>> },
    /// A run that was made before, where this one may see it.
    Run { id: String, identity: Identity, answer: oneshot::Sender<Option<StartAgent>> },
    /// A service tells something.
    Service { envelope: Box<Envelope> },
    /// How many peers there are, and in which rooms.
    Stats { answer: oneshot::Sender<(usize, BTreeMap<String, usize>)> },
    /// All agents.
    Agents { answer: oneshot::Sender<Vec<AgentView>> },
}

/// What one peer has said and the actor has not heard yet, bytes: its handlers cannot wait, so this is what bounds it.
#[derive(Debug, Clone, Default)]
pub(super) struct Unheard(Arc<AtomicUsize>);

/// A part of [`Unheard`]; dropping it takes it off.
#[derive(Debug)]
pub(super) struct Load {
    unheard: Unheard,
    bytes: usize,
}

impl Unheard {
    /// Puts one more message on, unless it is too much.
    pub(super) fn add(&self, payload: Option<&serde_json::Value>) -> Option<Load> {
        let bytes = payload.map_or(0, weight) + MESSAGE_BYTES;
        let before = self.0.fetch_add(bytes, Ordering::Relaxed);
        let load = Load { unheard: self.clone(), bytes };
        (before < UNHEARD_MAX_BYTES).then_some(load)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.unheard.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// About what a parsed payload takes in memory, bytes.
fn weight(value: &serde_json::Value) -> usize {
    use serde_json::Value;
    let inner = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(map) => map.iter().map(|(key, value)| key.len() + weight(value) + MESSAGE_BYTES).sum(),
        _ => 0,
    };
    inner + size_of::<Value>()
}

/// Reaches the actor. Sending never blocks and keeps the order of each sender.
#[derive(Debug, Clone)]
pub(super) struct RelayHandle {
    requests: mpsc::UnboundedSender<Request>,
}

impl RelayHandle {
    pub(super) fn send(&self, request: Request) {
        // Only after the hub has stopped is nobody there, and then nothing is relayed.
        let _stopped = self.requests.send(request);
    }

    pub(super) async fn agents(&self) -> Vec<AgentView> {
        let (answer, agents) = oneshot::channel();
        self.send(Request::Agents { answer });
        agents.await.unwrap_or_default()
    }
}

/// The actor: its handle, and the future to spawn that ends when `stop` is cancelled.
pub(super) fn actor(timeout: Duration, stop: CancellationToken) -> (RelayHandle, impl Future<Output = ()>) {
    let (requests, mut incoming) = mpsc::unbounded_channel();
    let work = async move {
        let mut state = Actor { relay: Relay::new(timeout), bus: Bus::default() };
        loop {
            let due = state.relay.next_deadline();
            tokio::select! {
                () = stop.cancelled() => break,
                () = sleep_until(due) => drop(state.step(Input::Tick)),
                request = incoming.recv() => match request {
                    Some(request) => state.handle(request),
                    None => break,
                },
            }
        }
    };
    (RelayHandle { requests }, work)
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

struct Actor {
    relay: Relay,
    bus: Bus,
}

impl Actor {
    fn handle(&mut self, request: Request) {
        match request {
            Request::Attach { peer, protocol, outlet, connected } => {
                self.bus.attach(peer, protocol, outlet);
                self.step(connected);
            }
            Request::Received { input, receipt, load } => {
                let answer = self.step(input);
                drop(load);
                if let Some(receipt) = receipt {
                    receipt(answer);
                }
            }
            Request::Detach { peer } => {
                self.bus.detach(peer);
                self.step(Input::Disconnected { peer });
            }
            Request::MakeRun { owner, asked, answer } => {
                let _nobody_waits = answer.send(self.relay.runs().make(&owner, *asked));
            }
            Request::Run { id, identity, answer } => {
                let _nobody_waits = answer.send(self.relay.runs().get(&id, &identity).cloned());
            }
            Request::Service { envelope } => {
                let effects = self.relay.service(envelope);
                self.carry_out(effects);
            }
            Request::Stats { answer } => {
                let _nobody_waits = answer.send(self.bus.stats());
            }
            Request::Agents { answer } => {
                let _nobody_waits = answer.send(self.relay.agents(Instant::now()));
            }
        }
    }

    /// Whether what was said is granted, where that was a question.
    fn step(&mut self, input: Input) -> Option<bool> {
        let effects = self.relay.step(input, Instant::now());
        self.carry_out(effects)
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> Option<bool> {
        let mut answer = None;
        for effect in effects {
            match effect {
                Effect::Join(peer, room) => self.bus.join(peer, room),
                Effect::Leave(peer, room) => self.bus.leave(peer, &room),
                Effect::Publish(rooms, word) => self.bus.publish(&rooms, &word),
                Effect::Replay(peer, words) => self.bus.replay(peer, words.iter().map(|word| &**word)),
                Effect::Close(peer) => self.bus.detach(peer),
                Effect::Answer(yes) => answer = Some(yes),
            }
        }
        answer
    }
}
