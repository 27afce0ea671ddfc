//! What every hub of those that act as one knows: the relay, and how far each hub's entries of the log have come.

use super::bus::PeerId;
use super::clock::Instant;
use super::journal::HubId;
use super::relay::Relay;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A hub that has just come may be missed for so long.
const GRACE: Duration = Duration::from_secs(10);

/// See the module.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Replica {
    pub(super) relay: Relay,
    hubs: BTreeMap<HubId, Hub>,
    now: Instant,
}

#[derive(Debug, Serialize, Deserialize)]
struct Hub {
    /// The number of its newest entry.
    seen: u64,
    since: Instant,
}

/// How an entry stands to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// It is the next of its hub.
    Next,
    /// It was there before, or its hub is none of these.
    Passed,
    /// Some before it are missing.
    Gap,
}

impl Replica {
    pub(super) fn new(relay: Relay) -> Self {
        Self { relay, hubs: BTreeMap::new(), now: Instant::default() }
    }

    /// The time of an entry; it never goes back.
    pub(super) fn at(&mut self, time: Instant) -> Instant {
        self.now = self.now.max(time);
        self.now
    }

    /// One more entry of a hub.
    pub(super) fn take(&mut self, from: HubId, number: u64) -> Order {
        match self.hubs.get_mut(&from) {
            Some(hub) if number == hub.seen + 1 => {
                hub.seen = number;
                Order::Next
            }
            Some(hub) if number > hub.seen => Order::Gap,
            _ => Order::Passed,
        }
    }

    /// A hub has come. Whether `own` is the one to tell it what is known.
    pub(super) fn joins(&mut self, hub: HubId, own: HubId, now: Instant) -> bool {
        self.hubs.insert(hub, Hub { seen: 0, since: now });
        self.hubs.keys().find(|its| **its != hub) == Some(&own)
    }

    /// Only this hub is left: the peers of the others.
    pub(super) fn alone(&mut self, own: HubId) -> Vec<PeerId> {
        let now = self.now;
        self.hubs.retain(|hub, _| *hub == own);
        self.hubs.entry(own).or_insert(Hub { seen: 0, since: now });
        self.relay.peers().into_iter().filter(|peer| HubId::of(*peer) != own).collect()
    }

    /// A hub is gone: its peers.
    pub(super) fn leaves(&mut self, hub: HubId) -> Vec<PeerId> {
        match self.hubs.remove(&hub) {
            Some(_) => self.relay.peers().into_iter().filter(|peer| HubId::of(*peer) == hub).collect(),
            None => Vec::new(),
        }
    }

    /// Those of the hubs that are not there.
    pub(super) fn missing(&self, there: &BTreeSet<HubId>, now: Instant) -> Vec<HubId> {
        let is_missing = |(id, hub): &(&HubId, &Hub)| !there.contains(id) && now >= hub.since + GRACE;
        self.hubs.iter().filter(is_missing).map(|(id, _)| *id).collect()
    }

    /// Whether this hub is the one to say what concerns no hub.
    pub(super) fn leads(&self, own: HubId) -> bool {
        self.hubs.keys().next() == Some(&own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_taken_once_in_order_and_of_those_who_have_joined() {
        let mut replica = Replica::new(Relay::new(Duration::from_secs(60)));
        let (a, b) = (HubId(1), HubId(2));
        assert!(replica.alone(a).is_empty());
        assert_eq!([1, 2, 2, 1, 4, 3].map(|number| replica.take(a, number)), {
            use Order::*;
            [Next, Next, Passed, Passed, Gap, Next]
        });
        assert_eq!(replica.take(b, 1), Order::Passed);
        assert!(replica.joins(b, a, Instant::at(5)) && replica.leads(a) && !replica.leads(b));
        assert!(!replica.joins(b, b, Instant::at(5)), "who asks does not answer");
        assert_eq!(replica.take(b, 1), Order::Next);
        let late = Instant::at(5) + GRACE;
        assert_eq!(replica.missing(&BTreeSet::from([a]), Instant::at(6)), []);
        assert_eq!(replica.missing(&BTreeSet::from([a]), late), [b]);
        replica.leaves(b);
        assert_eq!(replica.take(b, 2), Order::Passed);
        assert_eq!((replica.at(Instant::at(7)), replica.at(Instant::at(3))), (Instant::at(7), Instant::at(7)));
    }
}
