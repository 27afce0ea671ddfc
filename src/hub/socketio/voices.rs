//! Two protocols share a namespace, and what a peer says first shows which it speaks. Until then it is told what protocol 000 has for it:
//! its clients may only listen. One that speaks both is two peers of the hub, over one connection.

use crate::dialect::{Protocol, testbro, testflow};
use crate::hub::actor::Request;
use crate::hub::bus::{Outlet, PeerId, WeakOutlet};
use crate::hub::desk::{Desk, Pass};
use crate::hub::farewell::Farewell;
use socketioxide::extract::SocketRef;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

/// See the module. The relay gets to know a peer with its first word or when it is connected, whichever the library tells first.
pub(super) struct Voices {
    pub(super) desk: Desk,
    pub(super) pass: Pass,
    spoken: Mutex<Spoken>,
    /// Why the hub disconnects the peer.
    farewell: OnceLock<Farewell>,
}

struct Spoken {
    /// What the namespace is for, and who speaks it.
    first: (Protocol, Option<PeerId>),
    /// Where nobody has been introduced, the outlet waits here.
    unused: Option<Outlet>,
    /// The hub closes a connection by dropping what reaches it: nothing here may keep it open.
    outlet: WeakOutlet,
    /// Whether anything was said in the first.
    has_said: bool,
    /// Who speaks protocol 002.
    second: Option<PeerId>,
}

impl Voices {
    pub(super) fn new(desk: Desk, protocol: Protocol, outlet: Outlet, pass: Pass) -> Self {
        let weak = outlet.downgrade();
        let spoken =
            Spoken { first: (protocol, None), unused: Some(outlet), outlet: weak, has_said: false, second: None };
        Self { desk, pass, spoken: Mutex::new(spoken), farewell: OnceLock::new() }
    }

    /// The peer is connected, and may listen only.
    pub(super) fn open(&self) {
        let mut spoken = self.spoken();
        if spoken.first.1.is_none() && spoken.second.is_none() {
            self.introduce_first(&mut spoken);
        }
    }

    /// Who says a message of this name, and in which protocol; none where the connection is about to be closed.
    pub(super) fn speaks(&self, name: &str) -> Option<(PeerId, Protocol)> {
        let mut spoken = self.spoken();
        let (protocol, _) = spoken.first;
        let is_first = testflow::hub::is_ours(name);
        let is_second = protocol == Protocol::Testflow
            && (testbro::hub::is_ours(name) || !is_first && spoken.second.is_some() && !spoken.has_said);
        if is_second {
            if spoken.second.is_none() {
                spoken.second = self.introduce(&mut spoken, Protocol::Testbro);
            }
            if !spoken.has_said
                && let Some(peer) = spoken.first.1.take()
            {
                self.desk.relay.send(Request::Detach { peer });
            }
            return spoken.second.map(|peer| (peer, Protocol::Testbro));
        }
        spoken.has_said |= is_first;
        if spoken.first.1.is_none() {
            self.introduce_first(&mut spoken);
        }
        spoken.first.1.map(|peer| (peer, protocol))
    }

    /// Whether the peer has spoken protocol 002.
    pub(super) fn has_second(&self) -> bool {
        self.spoken().second.is_some()
    }

    /// How often one that has is asked whether it is still there.
    pub(super) fn keepalive(&self) -> Duration {
        self.desk.rules.keepalive
    }

    /// The connection has ended.
    pub(super) fn close(&self) {
        let mut spoken = self.spoken();
        let peers = [spoken.first.1.take(), spoken.second.take()];
        for peer in peers.into_iter().flatten() {
            self.desk.relay.send(Request::Detach { peer });
        }
        let why = self.farewell.get().map(ToString::to_string);
        self.desk.dismiss(&self.pass, why.as_deref());
    }

    /// Tells the peer why, and disconnects it.
    pub(super) fn end(&self, socket: &SocketRef, farewell: Farewell) {
        if self.farewell.set(farewell).is_err() {
            return;
        }
        for frame in farewell.frames(self.protocol(), SystemTime::now()) {
            if let Err(error) = socket.emit(&frame.name, &*frame.payload) {
                tracing::debug!(%error, "a last word could not be sent");
            }
        }
        let _gone_already = socket.clone().disconnect();
    }

    /// What it speaks, if it has to be one.
    fn protocol(&self) -> Protocol {
        let spoken = self.spoken();
        match spoken.second {
            Some(_) if !spoken.has_said => Protocol::Testbro,
            _ => spoken.first.0,
        }
    }

    fn introduce_first(&self, spoken: &mut Spoken) {
        let (protocol, _) = spoken.first;
        spoken.first.1 = self.introduce(spoken, protocol);
    }

    fn introduce(&self, spoken: &mut Spoken, protocol: Protocol) -> Option<PeerId> {
        let outlet = spoken.unused.take().or_else(|| spoken.outlet.upgrade())?;
        let peer = self.desk.introduce_as(&self.pass, protocol, outlet);
        Some(peer)
    }

    fn spoken(&self) -> MutexGuard<'_, Spoken> {
        self.spoken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
