//! The actor as one of several hubs: what comes out of the log that they share.

use super::{Actor, Load, Receipt};
use crate::dialect::hub::{Said, Word};
use crate::hub::bus::{Bus, PeerId, Room};
use crate::hub::clock::Instant;
use crate::hub::journal::{Entry, HubId, News, Promise};
use crate::hub::relay::Input;
use crate::hub::replica::{Order, Replica};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// While Redis is away for longer than this, whoever wants to start something is told.
const PATIENCE: Duration = Duration::from_secs(3);

/// What the other hubs say of themselves.
#[derive(Debug, Default)]
pub(super) struct Others(BTreeMap<HubId, About>);

/// What a hub says of itself.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct About {
    peers: usize,
    rooms: BTreeMap<String, usize>,
}

impl Others {
    /// Their peers and rooms with those of this hub.
    pub(super) fn with(
        &self,
        (mut peers, mut rooms): (usize, BTreeMap<String, usize>),
    ) -> (usize, BTreeMap<String, usize>) {
        for about in self.0.values() {
            peers += about.peers;
            for (room, members) in &about.rooms {
                *rooms.entry(room.clone()).or_default() += members;
            }
        }
        (peers, rooms)
    }
}

impl Actor {
    /// Whether it is a peer of this hub as it is now, not of what it was before it began anew.
    pub(super) fn is_own(&self, peer: PeerId) -> bool {
        self.journal.as_ref().is_none_or(|journal| HubId::of(peer) == journal.hub())
    }

    /// When the relay is to be told the time.
    pub(super) fn due(&self) -> Option<std::time::Instant> {
        let due = self.replica.relay.next_deadline().filter(|_| !self.ticks)?;
        Some(self.clock.here(due))
    }

    pub(super) fn tick(&mut self) {
        self.ticks = self.journal.is_some();
        self.enter(Entry::Input(Input::Tick), None);
    }

    pub(super) fn received(&mut self, input: Input, receipt: Option<Receipt>, load: Load) {
        let Input::Received { peer, said, .. } = &input else { return };
        let peer = *peer;
        if !self.is_own(peer) {
            return;
        }
        let away = self.journal.as_ref().and_then(|journal| journal.away().for_how_long());
        if away.is_some_and(|away| away > PATIENCE)
            && let Some(session) = starts(said)
        {
            let message = "The hub cannot reach its Redis: try again later".to_owned();
            self.bus.publish(&[Room::Peer(peer)], &Word::Refused { message, session: Some(session) });
            if let Some(receipt) = receipt {
                receipt(None);
            }
            return;
        }
        self.enter(Entry::Input(input), Some(Promise::Receipt { receipt, load }));
    }

    pub(super) fn hear(&mut self, news: News) {
        let Some(own) = self.journal.as_ref().map(|journal| journal.hub()) else { return };
        match news {
            News::Founded => {
                self.lost = false;
                let peers = self.replica.alone(own);
                let now = self.clock.now();
                self.disconnect(peers, now);
            }
            News::Joined { hub, state } => self.joined(hub, &state),
            News::Entry { .. } if self.lost => {}
            News::Entry { from, number, at, entry } => {
                let now = self.replica.at(Instant::at(at));
                self.clock.set(now);
                self.take(own, from, number, entry, now);
            }
            News::Attendance(all) => self.attendance(own, all),
        }
    }

    /// Goes on with what the others know.
    fn joined(&mut self, hub: HubId, state: &[u8]) {
        let Some(journal) = &mut self.journal else { return };
        match serde_json::from_slice::<Replica>(state) {
            Ok(replica) => self.replica = replica,
            Err(error) => {
                tracing::error!(%error, "what the other hubs know cannot be read: are they of another version?");
                journal.rejoin();
                self.lost = true;
                return;
            }
        }
        (self.lost, self.ticks) = (false, false);
        if journal.hub() != hub {
            // The others have taken leave of its peers: these are disconnected, and come back as new ones.
            journal.restart(hub);
            self.peers.store(hub.first_peer(), Ordering::Relaxed);
            self.bus = Bus::default();
            self.promises.clear();
        }
    }

    fn take(&mut self, own: HubId, from: HubId, number: u64, entry: Entry, now: Instant) {
        let Some(journal) = &self.journal else { return };
        if let Entry::Join(to) = entry {
            if self.replica.joins(from, own, now) {
                journal.answer(to, serde_json::to_vec(&self.replica).unwrap_or_default());
            }
            return;
        }
        match self.replica.take(from, number) {
            Order::Next => {}
            Order::Passed => return,
            Order::Gap => {
                tracing::warn!(hub = from.0, number, "entries of the log are missing");
                journal.rejoin();
                self.lost = true;
                return;
            }
        }
        let promise = if from == own { self.promises.remove(&number) } else { None };
        self.ticks &= !(from == own && matches!(entry, Entry::Input(Input::Tick)));
        self.apply(entry, promise, now);
    }

    /// Says which hubs are gone, and what is here.
    fn attendance(&mut self, own: HubId, all: BTreeMap<HubId, Value>) {
        let now = self.clock.now();
        let there: BTreeSet<_> = all.keys().copied().chain([own]).collect();
        for hub in self.replica.missing(&there, now) {
            tracing::warn!(hub = hub.0, "a hub is gone");
            self.enter(Entry::Gone(hub), None);
        }
        let read = |(hub, about): (HubId, Value)| (hub, serde_json::from_value(about).unwrap_or_default());
        self.others = Others(all.into_iter().filter(|(hub, _)| *hub != own).map(read).collect());
        let (peers, rooms) = self.bus.stats();
        let keys = self.replica.relay.listed(|peer| HubId::of(peer) == own, self.replica.leads(own), now);
        if let Some(journal) = &self.journal {
            journal.register(keys, json!(About { peers, rooms }).to_string());
        }
    }
}

/// The session that is to be started by it.
fn starts(said: &Result<Said, crate::dialect::Malformed>) -> Option<crate::model::ExecutionId> {
    match said {
        Ok(Said::Start { order, .. }) => Some(order.command.session().clone()),
        Ok(Said::StartRun(run)) => Some(crate::model::ExecutionId(run.clone())),
        _ => None,
    }
}
