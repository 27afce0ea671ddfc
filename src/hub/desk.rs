//! Where peers of every kind come in: who may, under which number, and for how long.

use super::actor::{RelayHandle, Request, Unheard};
use super::audit::{Audit, Entry};
use super::bus::{Outlet, PeerId};
use super::caller::Caller;
use super::journal::Away;
use super::limit::{Allowance, RateLimit};
use super::relay::Input;
use super::token::{self, Grant, Identity, Role, TokenError, UserId};
use crate::dialect::Protocol;
use crate::dialect::hub::Said;
use crate::model::AgentId;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::watch;

/// A connection's token is looked at so often, whatever the clock did in between.
const EXPIRY_CHECK: Duration = Duration::from_secs(60);

/// How long an agent has to say who it is.
const UNANNOUNCED: Duration = Duration::from_secs(3);

/// How peers are let in, and how they are kept.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) secret: Arc<[u8]>,
    /// How often a raw WebSocket is asked whether it is still there; silent for twice as long, it is not.
    pub(super) keepalive: Duration,
    pub(super) rate_limit: RateLimit,
    /// Whether programs on this machine may come in by any token in the address.
    pub(super) dev_tokens: bool,
}

/// See the module; cheap to clone.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) relay: RelayHandle,
    pub(super) rules: Rules,
    audit: Arc<Audit>,
    peers: Arc<AtomicU64>,
    /// Peers that showed no good token and stay.
    pub(super) strangers: Arc<AtomicUsize>,
    away: Option<Away>,
}

/// What lets a peer in, until its token expires.
#[derive(Debug)]
pub(super) struct Pass {
    pub(super) identity: Identity,
    entry: Entry,
    expires: watch::Sender<Option<SystemTime>>,
}

impl Pass {
    /// The peer's number.
    pub(super) fn peer(&self) -> PeerId {
        self.entry.peer
    }

    /// Until it is good no more. A token that was renewed is good for longer.
    pub(super) async fn expired(&self) {
        let mut expires = self.expires.subscribe();
        loop {
            let left = match *expires.borrow_and_update() {
                Some(expires) => expires.duration_since(SystemTime::now()).unwrap_or_default(),
                None => Duration::MAX,
            };
            if left.is_zero() {
                return;
            }
            let _looked_at_again = tokio::time::timeout(left.min(EXPIRY_CHECK), expires.changed()).await;
        }
    }
}

impl Desk {
    /// `peers` is the number of the next peer.
    pub(super) fn new(relay: RelayHandle, rules: Rules, peers: Arc<AtomicU64>, away: Option<Away>) -> Self {
        Self { relay, rules, audit: Arc::default(), peers, strangers: Arc::default(), away }
    }

    /// Whether what this hub needs is there.
    pub(super) fn is_ready(&self) -> bool {
        self.away.as_ref().is_none_or(|away| away.for_how_long().is_none())
    }

    /// Who a token is for.
    pub(super) fn verify(&self, token: Option<&str>) -> Result<Grant, TokenError> {
        token::verify(&self.rules.secret, token)
    }

    /// Lets a peer in by its token.
    pub(super) fn admit(&self, protocol: Protocol, caller: &Caller, token: Option<&str>) -> Result<Pass, TokenError> {
        let admitted = self.verify(token).or_else(|error| match &caller.asked {
            Some(asked) if self.rules.dev_tokens && caller.is_here && token == Some(asked) => Ok(developer(asked)),
            _ => Err(error),
        });
        match admitted {
            Ok(Grant { identity, expires }) => {
                let peer = PeerId(self.peers.fetch_add(1, Ordering::Relaxed));
                let entry = Entry { peer, protocol, from: caller.address, since: Instant::now() };
                self.audit.comes(&entry, &identity);
                Ok(Pass { identity, entry, expires: watch::Sender::new(expires) })
            }
            Err(error) => {
                self.refuse(protocol, caller.address, &error);
                Err(error)
            }
        }
    }

    /// A peer shows a newer token of its own.
    pub(super) fn renew(&self, pass: &Pass, token: &str) -> Result<(), TokenError> {
        let renewed = self.verify(Some(token)).and_then(|grant| match &grant.identity {
            its if its.user == pass.identity.user && its.role == pass.identity.role => Ok(grant),
            _ => Err(TokenError::NotTheSame),
        });
        match renewed {
            Ok(grant) => {
                Audit::renews(&pass.entry, &pass.identity.user);
                pass.expires.send_replace(grant.expires);
                Ok(())
            }
            Err(error) => {
                self.refuse(pass.entry.protocol, pass.entry.from, &error);
                Err(error)
            }
        }
    }

    fn refuse(&self, protocol: Protocol, from: Option<SocketAddr>, error: &TokenError) {
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
        Audit::refuses(protocol, from, &format!("{error}{}", cause.unwrap_or_default()));
    }

    /// Introduces a peer to the relay; what it is told goes to the outlet.
    pub(super) fn introduce(&self, pass: &Pass, outlet: Outlet) {
        self.attach(pass.peer(), pass, pass.entry.protocol, outlet);
    }

    /// The same of one that speaks several protocols: in each it has a number of its own.
    pub(super) fn introduce_as(&self, pass: &Pass, protocol: Protocol, outlet: Outlet) -> PeerId {
        let peer = PeerId(self.peers.fetch_add(1, Ordering::Relaxed));
        tracing::debug!(peer = peer.0, connection = pass.peer().0, ?protocol, "a peer speaks");
        self.attach(peer, pass, protocol, outlet);
        peer
    }

    fn attach(&self, peer: PeerId, pass: &Pass, protocol: Protocol, outlet: Outlet) {
        let spare = AgentId(uuid::Uuid::new_v4().to_string());
        let connected = Input::Connected { peer, protocol, identity: pass.identity.clone(), spare };
        self.relay.send(Request::Attach { peer, protocol, outlet, connected });
        if pass.identity.role == Role::Agent && protocol != Protocol::Testflow {
            self.ask_later(peer);
        }
    }

    /// An agent of others has no word for who it is: after a while it is taken for what its token says.
    fn ask_later(&self, peer: PeerId) {
        let relay = self.relay.clone();
        tokio::spawn(async move {
            tokio::time::sleep(UNANNOUNCED).await;
            let (name, said) = (String::new(), Box::new(Ok(Said::Unannounced)));
            let Some(load) = Unheard::default().add(None) else { return };
            relay.send(Request::Received { input: Input::Received { peer, name, said }, receipt: None, load });
        });
    }

    /// A peer is gone; `why` where that was not its own wish.
    pub(super) fn dismiss(&self, pass: &Pass, why: Option<&str>) {
        self.audit.leaves(&pass.entry, &pass.identity.user, why, Instant::now());
    }

    /// What a peer may say.
    pub(super) fn allowance(&self, pass: Option<&Pass>) -> Allowance {
        let limited = pass.is_none_or(|pass| pass.identity.role != Role::Agent);
        Allowance::new(if limited { self.rules.rate_limit } else { RateLimit::OFF }, Instant::now())
    }
}

/// Whom a token of the address stands for that is none.
fn developer(token: &str) -> Grant {
    let identity = Identity { user: UserId(format!("user_{token}")), role: Role::Client, projects: None };
    Grant { identity, expires: None }
}
