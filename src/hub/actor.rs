//! The task that owns the relay and its bus, alone or as one of several hubs.

mod load;
mod shared;

pub(super) use load::{Load, Unheard};

use super::bus::{Bus, Outlet, PeerId};
use super::clock::{Clock, Instant};
use super::journal::{Entry, Journal, News, Promise};
use super::relay::{AgentView, Effect, Input, Relay, RunView};
use super::replica::Replica;
use super::runs::NotMade;
use super::service::Posted;
use super::token::{Identity, UserId};
use crate::dialect::Protocol;
use crate::dialect::ai_run::messages::StartAgent;
use shared::Others;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

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
    Run { id: String, identity: Identity, answer: oneshot::Sender<Option<RunView>> },
    /// A service tells something; what was posted can be read.
    Service(Posted),
    /// How many peers there are, and in which rooms.
    Stats { answer: oneshot::Sender<(usize, BTreeMap<String, usize>)> },
    /// All agents.
    Agents { answer: oneshot::Sender<Vec<AgentView>> },
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

/// The actor: its handle, and the future to spawn that ends when `stop` is cancelled. `peers` is the number of the next peer: it begins
/// anew where this hub, one of several, does.
pub(super) fn actor(
    timeout: Duration,
    journal: Option<Journal>,
    peers: Arc<AtomicU64>,
    stop: CancellationToken,
) -> (RelayHandle, impl Future<Output = ()>) {
    let (requests, mut incoming) = mpsc::unbounded_channel();
    let work = async move {
        let mut state = Actor {
            replica: Replica::new(Relay::new(timeout)),
            bus: Bus::default(),
            clock: Clock::local(),
            journal,
            promises: BTreeMap::new(),
            ticks: false,
            lost: false,
            others: Others::default(),
            peers,
        };
        loop {
            let due = state.due();
            tokio::select! {
                () = stop.cancelled() => break,
                () = sleep_until(due) => state.tick(),
                news = news(&mut state.journal) => state.hear(news),
                request = incoming.recv() => match request {
                    Some(request) => state.handle(request),
                    None => break,
                },
            }
        }
    };
    (RelayHandle { requests }, work)
}

async fn sleep_until(due: Option<std::time::Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

async fn news(journal: &mut Option<Journal>) -> News {
    match journal {
        Some(journal) => journal.news().await,
        None => std::future::pending().await,
    }
}

struct Actor {
    replica: Replica,
    bus: Bus,
    clock: Clock,
    /// None where this hub is the only one.
    journal: Option<Journal>,
    /// By the number of the entry that they wait for.
    promises: BTreeMap<u64, Promise>,
    /// Whether a tick is on its way through the log.
    ticks: bool,
    /// Whether entries are missing, until what the others know is here.
    lost: bool,
    others: Others,
    peers: Arc<AtomicU64>,
}

impl Actor {
    fn handle(&mut self, request: Request) {
        match request {
            Request::Attach { peer, protocol, outlet, connected } => {
                if self.is_own(peer) {
                    if self.bus.is_new(protocol) {
                        self.bus.learn(protocol, self.replica.relay.told().map(|word| &**word));
                    }
                    self.bus.attach(peer, protocol, outlet);
                    self.enter(Entry::Input(connected), None);
                }
            }
            Request::Received { input, receipt, load } => self.received(input, receipt, load),
            Request::Detach { peer } => {
                if self.is_own(peer) {
                    self.bus.detach(peer);
                    self.enter(Entry::Input(Input::Disconnected { peer }), None);
                }
            }
            Request::MakeRun { owner, asked, answer } => {
                self.enter(Entry::MakeRun(owner, asked), Some(Promise::Run(answer)));
            }
            Request::Run { id, identity, answer } => {
                let _nobody_waits = answer.send(self.replica.relay.run(&id, &identity));
            }
            Request::Service(posted) => self.enter(Entry::Service(posted), None),
            Request::Stats { answer } => {
                let _nobody_waits = answer.send(self.others.with(self.bus.stats()));
            }
            Request::Agents { answer } => {
                let _nobody_waits = answer.send(self.replica.relay.agents(self.clock.now()));
            }
        }
    }

    /// Does what all hubs do: at once where this is the only one, else when it comes out of the log.
    fn enter(&mut self, entry: Entry, promise: Option<Promise>) {
        match &mut self.journal {
            Some(journal) => {
                let number = journal.append(&entry);
                self.promises.extend(promise.map(|promise| (number, promise)));
            }
            None => self.apply(entry, promise, self.clock.now()),
        }
    }

    fn apply(&mut self, entry: Entry, promise: Option<Promise>, now: Instant) {
        match (entry, promise) {
            (Entry::Input(input), promise) => {
                let answer = self.step(input, now);
                if let Some(Promise::Receipt { receipt, load }) = promise {
                    drop(load);
                    if let Some(receipt) = receipt {
                        receipt(answer);
                    }
                }
            }
            (Entry::MakeRun(owner, asked), promise) => {
                let made = self.replica.relay.runs().make(&owner, *asked);
                if let Some(Promise::Run(answer)) = promise {
                    let _nobody_waits = answer.send(made);
                }
            }
            (Entry::Service(posted), _) => match posted.read() {
                Ok(service) => {
                    let effects = self.replica.relay.service(service);
                    self.carry_out(effects);
                }
                Err(error) => tracing::warn!(%error, "dropping what a service tells"),
            },
            (Entry::Gone(hub), _) => {
                let peers = self.replica.leaves(hub);
                self.disconnect(peers, now);
            }
            (Entry::Join(_), _) => {}
        }
    }

    /// Whether what was said is granted, where that was a question.
    fn step(&mut self, input: Input, now: Instant) -> Option<bool> {
        let effects = self.replica.relay.step(input, now);
        self.carry_out(effects)
    }

    fn disconnect(&mut self, peers: Vec<PeerId>, now: Instant) {
        for peer in peers {
            self.step(Input::Disconnected { peer }, now);
        }
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
