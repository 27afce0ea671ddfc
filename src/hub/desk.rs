//! Where peers of every kind come in: who may, and under which number.

use super::actor::{RelayHandle, Request};
use super::bus::{Outlet, PeerId};
use super::relay::Input;
use super::token::{self, Identity, TokenError};
use crate::dialect::Protocol;
use crate::model::AgentId;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// See the module; cheap to clone.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) relay: RelayHandle,
    secret: Arc<[u8]>,
    peers: Arc<AtomicU64>,
    /// Peers that showed no good token and stay.
    pub(super) strangers: Arc<AtomicUsize>,
    /// How often a raw WebSocket is asked whether it is still there; silent for twice as long, it is not.
    pub(super) keepalive: Duration,
}

impl Desk {
    pub(super) fn new(relay: RelayHandle, secret: Arc<[u8]>, keepalive: Duration) -> Self {
        Self { relay, secret, peers: Arc::new(AtomicU64::new(1)), strangers: Arc::default(), keepalive }
    }

    /// Who a token is for.
    pub(super) fn verify(&self, token: Option<&str>) -> Result<Identity, TokenError> {
        token::verify(&self.secret, token)
    }

    /// The number of one more peer.
    pub(super) fn number(&self) -> PeerId {
        PeerId(self.peers.fetch_add(1, Ordering::Relaxed))
    }

    /// Introduces a peer to the relay; what it is told goes to the outlet.
    pub(super) fn introduce(&self, peer: PeerId, protocol: Protocol, outlet: Outlet, identity: Identity) {
        let spare = AgentId(uuid::Uuid::new_v4().to_string());
        let connected = Input::Connected { peer, protocol, identity, spare };
        self.relay.send(Request::Attach { peer, protocol, outlet, connected });
    }
}
