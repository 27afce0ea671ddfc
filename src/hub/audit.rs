//! Who came, from where, speaking what, and who was turned away and why: lines of their own in the log, under the target
//! `understudy::audit`. Connections that end soon and come again are noticed here, too.

use super::bus::PeerId;
use super::token::{Identity, UserId};
use crate::dialect::Protocol;
use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The target of what is logged here.
const TARGET: &str = "understudy::audit";

/// A connection that lasted no longer than this was a short one.
const SHORT: Duration = Duration::from_secs(10);

/// As many short connections of one user from one address, within this time, are worth a word.
const NOTICEABLE: usize = 5;
const WHILE: Duration = Duration::from_secs(60);

/// How many users and addresses are watched; who is beyond is not.
const WATCHED_MAX: usize = 10_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Audit {
    short: Mutex<HashMap<Place, VecDeque<Instant>>>,
}

/// A user at an address.
type Place = (UserId, Option<IpAddr>);

/// What is known of a connection while it is there.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) peer: PeerId,
    pub(super) protocol: Protocol,
    pub(super) from: Option<SocketAddr>,
    pub(super) since: Instant,
}

impl Audit {
    pub(super) fn comes(&self, entry: &Entry, identity: &Identity) {
        let Entry { peer, protocol, from, .. } = entry;
        let (user, role, from) = (&identity.user, identity.role, address(*from));
        tracing::info!(target: TARGET, peer = peer.0, %protocol, %user, %role, from, "a peer connects");
    }

    /// `why`: where it was not the peer itself that left.
    pub(super) fn leaves(&self, entry: &Entry, user: &UserId, why: Option<&str>, now: Instant) {
        let Entry { peer, protocol, from, since } = entry;
        let lasted = now.saturating_duration_since(*since);
        let (seconds, why) = (lasted.as_secs(), why.unwrap_or("it left"));
        tracing::info!(target: TARGET, peer = peer.0, %protocol, %user, from = address(*from), seconds, why, "a peer is gone");
        let of = from.map(|from| from.ip());
        if lasted <= SHORT && self.is_restless(user, of, now) {
            let (from, seconds) = (of.map(|of| of.to_string()), WHILE.as_secs());
            tracing::warn!(
                target: TARGET, %user, from, %protocol,
                "rapid reconnects: {NOTICEABLE} connections of this user have come and gone within {seconds} s"
            );
        }
    }

    pub(super) fn refuses(protocol: Protocol, from: Option<SocketAddr>, why: &impl ToString) {
        let why = why.to_string();
        tracing::warn!(target: TARGET, %protocol, from = address(from), why, "a peer is refused");
    }

    pub(super) fn renews(entry: &Entry, user: &UserId) {
        let Entry { peer, protocol, .. } = entry;
        tracing::info!(target: TARGET, peer = peer.0, %protocol, %user, "a peer has renewed its token");
    }

    /// One more short connection: whether these are too many. Then counting begins anew.
    fn is_restless(&self, user: &UserId, from: Option<IpAddr>, now: Instant) -> bool {
        let mut all = self.short.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (user.clone(), from);
        if !all.contains_key(&key) && all.len() >= WATCHED_MAX {
            all.retain(|_, ends| ends.back().is_some_and(|end| now.saturating_duration_since(*end) < WHILE));
            if all.len() >= WATCHED_MAX {
                return false;
            }
        }
        let ends = all.entry(key.clone()).or_default();
        ends.push_back(now);
        while ends.front().is_some_and(|end| now.saturating_duration_since(*end) > WHILE) {
            ends.pop_front();
        }
        let restless = ends.len() >= NOTICEABLE;
        if restless {
            all.remove(&key);
        }
        restless
    }
}

fn address(from: Option<SocketAddr>) -> Option<String> {
    from.map(|from| from.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_short_connections_of_one_user_from_one_place_are_noticed_once() {
        let (audit, begin) = (Audit::default(), Instant::now());
        let here = Some(IpAddr::from([127, 0, 0, 1]));
        let restless =
            |user: &str, from, seconds| audit.is_restless(&user.into(), from, begin + Duration::from_secs(seconds));
        assert!((0..4).all(|n| !restless("ada", here, n)));
        assert!(!restless("eve", here, 4) && !restless("ada", None, 4));
        assert!(restless("ada", here, 5));
        assert!((6..10).all(|n| !restless("ada", here, n)), "counting begins anew");
        assert!((0..20).all(|n| !restless("bob", here, n * 20)), "slowly is not rapidly");
    }

    #[test]
    fn it_watches_so_many_and_no_more() {
        let (audit, now) = (Audit::default(), Instant::now());
        for n in 0..=WATCHED_MAX {
            audit.is_restless(&UserId(n.to_string()), None, now);
        }
        assert_eq!(audit.short.lock().unwrap().len(), WATCHED_MAX);
        audit.is_restless(&"late".into(), None, now + WHILE);
        assert_eq!(audit.short.lock().unwrap().len(), 1);
    }
}
