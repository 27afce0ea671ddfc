//! What makes several hubs one. Whatever is said to any of them goes into one log in Redis, and every hub takes from that log what
//! it does, in the same order: so all know the same, each serves its own peers, and none is the first among them.
//!
//! A hub that comes asks for what the others know, and begins there. One that is not heard of for [`EXPIRY`] is gone, and so are
//! its peers. Where Redis is away the hubs wait: what is said to them is kept and goes on when it is back. A Redis that has lost
//! the log (it was restarted) gets a new one; one hub goes on with what it knows, and the others ask it.

mod commands;
mod link;
mod trust;

use super::relay::Input;
use super::runs::NotMade;
use super::service::Posted;
use super::token::UserId;
use crate::dialect::ai_run::messages::StartAgent;
use redis::{Client, TlsCertificates};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// A hub that was not heard of for this long is gone. What it registered in Redis expires then, too.
pub(super) const EXPIRY: Duration = Duration::from_secs(6);

/// How often a hub says that it is there.
const ATTENDANCE: Duration = Duration::from_secs(2);

/// A hub as the others know it; a new one each time it has lost track and begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct HubId(pub(super) u32);

impl HubId {
    /// One that nobody has.
    pub(super) fn random() -> Self {
        let (_, low) = uuid::Uuid::new_v4().as_u64_pair();
        Self(low as u32)
    }

    /// The number of its first peer; the others follow.
    pub(super) fn first_peer(self) -> u64 {
        u64::from(self.0) << 32 | 1
    }

    /// Whose peer this is.
    pub(super) fn of(peer: super::bus::PeerId) -> Self {
        Self((peer.0 >> 32) as u32)
    }
}

/// One thing that all hubs are to do.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Entry {
    /// Something happened to a peer, or time has passed.
    Input(Input),
    /// A run was made.
    MakeRun(UserId, Box<StartAgent>),
    /// A service tells something.
    Service(Posted),
    /// A hub has come, and asks for what the others know, under this name.
    Join(String),
    /// A hub is gone.
    Gone(HubId),
}

/// Since when Redis cannot be reached, or this hub has not joined the others yet.
#[derive(Debug, Clone)]
pub(super) struct Away(Arc<Mutex<Option<Instant>>>);

impl Away {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Some(Instant::now()))))
    }

    /// For how long.
    pub(super) fn for_how_long(&self) -> Option<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).map(|since| since.elapsed())
    }

    fn ends(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether it was so already.
    fn begins(&self) -> bool {
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let was_away = since.is_some();
        since.get_or_insert_with(Instant::now);
        was_away
    }
}

/// What comes from Redis.
#[derive(Debug)]
pub(super) enum News {
    /// No other hub is there: go on with what is known here.
    Founded,
    /// What the others know, and who this hub is to them.
    Joined { hub: HubId, state: Vec<u8> },
    /// The next of the log: whose, its number there, when (milliseconds), what.
    Entry { from: HubId, number: u64, at: u64, entry: Entry },
    /// These hubs are there, each with what it told of itself.
    Attendance(BTreeMap<HubId, Value>),
}

/// What goes to Redis.
#[derive(Debug)]
enum Order {
    /// Into the log.
    Append { hub: HubId, number: u64, entry: String },
    /// To a hub that has asked: what this one knows.
    Answer { to: String, state: Vec<u8> },
    /// Keys that expire unless they are set again, and what the others are to know of this hub.
    Register { keys: Vec<(String, String)>, about: String },
    /// Entries are missing: begin anew.
    Rejoin(HubId),
}

/// The hub's end of it.
#[derive(Debug)]
pub(super) struct Journal {
    orders: mpsc::UnboundedSender<Order>,
    news: mpsc::UnboundedReceiver<News>,
    away: Away,
    hub: HubId,
    appended: u64,
}

/// Why there is no journal.
#[derive(Debug, thiserror::Error)]
#[error("understand the address of Redis: {0}")]
pub struct JournalError(#[from] redis::RedisError);

impl Journal {
    /// The journal, and the future to spawn that ends when `stop` is cancelled. Redis need not be there yet.
    /// A Redis that speaks TLS (`rediss`) is trusted by the system's roots and by those in `authorities` (PEM).
    pub(super) fn new(
        url: &str,
        authorities: Option<Vec<u8>>,
        hub: HubId,
        stop: CancellationToken,
    ) -> Result<(Self, impl Future<Output = ()> + use<>), JournalError> {
        let client = match authorities {
            Some(further) => {
                let root_cert = Some(trust::with_the_systems(further));
                Client::build_with_tls(url, TlsCertificates { client_tls: None, root_cert })?
            }
            None => Client::open(url)?,
        };
        let (orders, ordered) = mpsc::unbounded_channel();
        let (teller, news) = mpsc::unbounded_channel();
        let away = Away::new();
        let link = link::Link::new(client, hub, ordered, teller, away.clone());
        let work = async move {
            stop.run_until_cancelled(link.keep()).await;
        };
        Ok((Self { orders, news, away, hub, appended: 0 }, work))
    }

    /// Since when it cannot be reached.
    pub(super) fn away(&self) -> &Away {
        &self.away
    }

    /// Cancel safe; for ever where there is no more.
    pub(super) async fn news(&mut self) -> News {
        match self.news.recv().await {
            Some(news) => news,
            None => std::future::pending().await,
        }
    }

    /// Puts it into the log; its number there.
    pub(super) fn append(&mut self, entry: &Entry) -> u64 {
        self.appended += 1;
        let entry = serde_json::to_string(entry).unwrap_or_default();
        self.order(Order::Append { hub: self.hub, number: self.appended, entry });
        self.appended
    }

    /// Tells a hub that has asked.
    pub(super) fn answer(&self, to: String, state: Vec<u8>) {
        self.order(Order::Answer { to, state });
    }

    /// Says what is here, to whoever looks into Redis and to the other hubs.
    pub(super) fn register(&self, keys: Vec<(String, String)>, about: String) {
        self.order(Order::Register { keys, about });
    }

    /// Begins anew with what the others know.
    pub(super) fn rejoin(&self) {
        self.order(Order::Rejoin(self.hub));
    }

    /// Which hub this is.
    pub(super) fn hub(&self) -> HubId {
        self.hub
    }

    /// It has begun anew.
    pub(super) fn restart(&mut self, hub: HubId) {
        if hub != self.hub {
            (self.hub, self.appended) = (hub, 0);
        }
    }

    fn order(&self, order: Order) {
        // Only after the hub has stopped is nobody there.
        let _stopped = self.orders.send(order);
    }
}

/// What somebody waits for until an entry has come back.
pub(super) enum Promise {
    /// A message was heard.
    Receipt { receipt: Option<super::actor::Receipt>, load: super::actor::Load },
    /// A run was made.
    Run(oneshot::Sender<Result<(), NotMade>>),
}
