//! The connections to Redis: made again when they break.

use super::commands::{self, Keys, Standing};
use super::{ATTENDANCE, Away, Entry, HubId, News, Order};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Pipeline, RedisError};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

/// For a connection, and for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Between two tries.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(100), Duration::from_millis(250), Duration::from_millis(500), Duration::from_secs(1)];

/// How long the others may take to say what they know, seconds; then they are asked again.
const ANSWER: u64 = 3;

/// Entries that are sent at once.
const BATCH: usize = 256;

/// Why a conversation with Redis has ended.
enum End {
    Broken(RedisError),
    /// The others do not count on this hub any more, or entries are missing.
    Lost,
    /// The hub has stopped.
    Stopped,
}

impl From<RedisError> for End {
    fn from(error: RedisError) -> Self {
        Self::Broken(error)
    }
}

/// See the module.
pub(super) struct Link {
    client: Client,
    hub: HubId,
    /// In which life of Redis this hub was one of the others, and how far it has read there.
    read: Option<(String, String)>,
    /// Whether it is.
    is_member: bool,
    orders: UnboundedReceiver<Order>,
    news: UnboundedSender<News>,
    away: Away,
    outbox: Mutex<Outbox>,
}

/// What is to be sent.
#[derive(Default)]
struct Outbox {
    /// Entries that have not come back, by their numbers; up to this one they were sent over this connection.
    entries: VecDeque<(u64, String)>,
    sent: u64,
    others: Vec<redis::Cmd>,
    about: String,
    /// About Redis's time, milliseconds.
    now: u64,
}

impl Link {
    pub(super) fn new(
        client: Client,
        hub: HubId,
        orders: UnboundedReceiver<Order>,
        news: UnboundedSender<News>,
        away: Away,
    ) -> Self {
        let outbox = Mutex::default();
        Self { client, hub, read: None, is_member: false, orders, news, away, outbox }
    }

    /// For as long as the hub is there.
    pub(super) async fn keep(mut self) {
        let mut pauses = PAUSES.into_iter();
        let mut told = false;
        loop {
            let end = self.converse(&mut pauses).await;
            // One that was never there is told of, too.
            told &= self.away.begins();
            match end {
                End::Stopped => return,
                End::Lost => {
                    tracing::warn!(
                        "this hub has lost track of the others: its peers are disconnected, and it begins anew"
                    );
                    self.is_member = false;
                }
                End::Broken(error) if !told => {
                    tracing::error!(%error, "Redis cannot be reached: trying again; what is said meanwhile waits");
                    (told, pauses) = (true, PAUSES.into_iter());
                }
                End::Broken(error) => tracing::debug!(%error, "Redis is still away"),
            }
            tokio::time::sleep(pauses.next().unwrap_or(PAUSES[PAUSES.len() - 1])).await;
        }
    }

    async fn converse(&mut self, pauses: &mut std::array::IntoIter<Duration, 4>) -> End {
        match self.connect().await {
            Ok((mut writes, reads, keys)) => {
                *pauses = PAUSES.into_iter();
                self.away.ends();
                tracing::info!("the hub is connected with Redis, and one of those that share it");
                self.outbox().sent = 0;
                let Some((_, from)) = self.read.clone() else { return End::Lost };
                let mut attends = writes.clone();
                let mut orders = std::mem::replace(&mut self.orders, tokio::sync::mpsc::unbounded_channel().1);
                let reached = Mutex::new(from);
                let end = tokio::select! {
                    end = self.write(&mut orders, &mut writes, &keys) => end,
                    end = self.read(reads, &keys, &reached) => end,
                    end = self.attend(&mut attends, &keys) => end,
                };
                self.orders = orders;
                if let Some((_, from)) = &mut self.read {
                    *from = reached.into_inner().unwrap_or_else(PoisonError::into_inner);
                }
                end
            }
            Err(end) => end,
        }
    }

    /// Two connections, one for questions that wait; this hub is one of the others then.
    async fn connect(&mut self) -> Result<(MultiplexedConnection, MultiplexedConnection, Keys), End> {
        let config = AsyncConnectionConfig::new();
        let config = config.set_connection_timeout(Some(PATIENCE)).set_response_timeout(Some(PATIENCE));
        let mut writes = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        let mut reads = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        let run = commands::run(&mut writes).await?;
        let keys = Keys::of(&run);
        let read = self.read.clone().filter(|(its, _)| *its == run).map(|(_, from)| from);
        if self.is_member && read.is_some() {
            return Ok((writes, reads, keys));
        }
        loop {
            let about = self.outbox().about.clone();
            let from = match commands::attend(&mut writes, &keys, self.hub, &about, true).await? {
                Standing::Founded => {
                    let from = match &read {
                        Some(from) => from.clone(),
                        None => commands::newest(&mut writes, &keys).await?,
                    };
                    self.tell(News::Founded);
                    Some(from)
                }
                _ => self.join(&mut writes, &mut reads, &keys).await?,
            };
            if let Some(from) = from {
                (self.read, self.is_member) = (Some((run, from)), true);
                return Ok((writes, reads, keys));
            }
        }
    }

    /// Asks the others what they know: up to where in the log that goes; none where nobody has answered.
    async fn join(
        &mut self,
        writes: &mut MultiplexedConnection,
        reads: &mut MultiplexedConnection,
        keys: &Keys,
    ) -> Result<Option<String>, End> {
        let has_been = self.read.is_some();
        let hub = if has_been { HubId::random() } else { self.hub };
        let to = uuid::Uuid::new_v4().to_string();
        let join = serde_json::to_string(&Entry::Join(to.clone())).unwrap_or_default();
        let id: String = commands::append(keys, hub, 0, &join, 0).query_async(writes).await?;
        let Some(state) = commands::asked(reads, keys, &to, ANSWER).await? else { return Ok(None) };
        () = commands::enrol(keys, hub, commands::time(&id) + ANSWER * 1_000).query_async(writes).await?;
        if has_been {
            *self.outbox() = Outbox::default();
        }
        self.hub = hub;
        self.tell(News::Joined { hub, state });
        Ok(Some(id))
    }

    async fn write(
        &self,
        orders: &mut UnboundedReceiver<Order>,
        connection: &mut MultiplexedConnection,
        keys: &Keys,
    ) -> End {
        loop {
            let mut next = None;
            if self.outbox().is_empty() {
                next = orders.recv().await;
                if next.is_none() {
                    return End::Stopped;
                }
            }
            while let Some(order) = next.take().or_else(|| orders.try_recv().ok()) {
                match order {
                    Order::Rejoin(hub) if hub == self.hub => return End::Lost,
                    // Of what it was before it began anew.
                    Order::Append { hub, .. } | Order::Rejoin(hub) if hub != self.hub => {}
                    order => self.outbox().take(order, keys),
                }
                if !self.outbox().has_room() {
                    break;
                }
            }
            let pipeline = self.outbox().next(self.hub, keys);
            if let Err(error) = pipeline.exec_async(connection).await {
                return error.into();
            }
        }
    }

    async fn read(&self, mut connection: MultiplexedConnection, keys: &Keys, from: &Mutex<String>) -> End {
        loop {
            let last = from.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let entries = match commands::after(&mut connection, keys, &last).await {
                Ok(entries) => entries,
                Err(error) => return error.into(),
            };
            for (id, news) in entries {
                if let News::Entry { from, number, at, .. } = &news {
                    self.outbox().is_back(*from == self.hub, *number, *at);
                }
                self.tell(news);
                *from.lock().unwrap_or_else(PoisonError::into_inner) = id;
            }
        }
    }

    async fn attend(&self, connection: &mut MultiplexedConnection, keys: &Keys) -> End {
        loop {
            let about = self.outbox().about.clone();
            match commands::attend(connection, keys, self.hub, &about, false).await {
                Ok(Standing::There(all)) => self.tell(News::Attendance(all)),
                Ok(_) => return End::Lost,
                Err(error) => return error.into(),
            }
            tokio::time::sleep(ATTENDANCE).await;
        }
    }

    fn tell(&self, news: News) {
        // Only after the hub has stopped is nobody there.
        let _stopped = self.news.send(news);
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outbox {
    fn unsent(&self) -> impl Iterator<Item = &(u64, String)> {
        let sent = self.entries.partition_point(|(number, _)| *number <= self.sent);
        self.entries.range(sent..)
    }

    fn is_empty(&self) -> bool {
        self.unsent().next().is_none() && self.others.is_empty()
    }

    fn has_room(&self) -> bool {
        self.unsent().take(BATCH).count() < BATCH
    }

    fn take(&mut self, order: Order, keys: &Keys) {
        match order {
            Order::Append { number, entry, .. } => self.entries.push_back((number, entry)),
            Order::Answer { to, state } => self.others.extend(commands::answer(keys, &to, &state)),
            Order::Register { keys, about } => {
                self.others.extend(keys.iter().map(|(key, value)| commands::register(key, value)));
                self.about = about;
            }
            Order::Rejoin(_) => {}
        }
    }

    /// What is sent now.
    fn next(&mut self, hub: HubId, keys: &Keys) -> Pipeline {
        let mut pipeline = redis::pipe();
        let mut sent = self.sent;
        for (number, entry) in self.unsent().take(BATCH) {
            pipeline.add_command(commands::append(keys, hub, *number, entry, self.now)).ignore();
            sent = *number;
        }
        self.sent = sent;
        for other in self.others.drain(..) {
            pipeline.add_command(other).ignore();
        }
        pipeline
    }

    /// An entry was read; one of this hub need not be sent again.
    fn is_back(&mut self, is_own: bool, number: u64, at: u64) {
        self.now = at;
        while is_own && self.entries.front().is_some_and(|(first, _)| *first <= number) {
            self.entries.pop_front();
        }
    }
}
