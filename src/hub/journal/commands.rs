//! What is said to Redis, and how its answers read.

use super::{EXPIRY, Entry, HubId, News};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, ErrorKind, RedisError, RedisResult, Value, cmd};
use std::collections::BTreeMap;

/// What is older than this is taken out of the log: longer than a hub may be silent, milliseconds.
const KEPT: u64 = 30_000;

/// Entries that are read at once.
const BATCH: usize = 512;

/// How long one question for more waits in Redis, milliseconds.
const BLOCK: usize = 1_000;

/// Notes that a hub is there, where it is one of them; forgets those that are not heard of.
/// Keys: when each was heard, what each said. Arguments: whose, what it says, milliseconds to expiry, whether it is new.
/// The answer: `lost` where it should be one of them and is none, `founded` where a new one is the only one, `join` where others
/// are there, else what each says.
const ATTEND: &str = r"
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
for _, hub in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[3])) do
  redis.call('ZREM', KEYS[1], hub)
  redis.call('HDEL', KEYS[2], hub)
end
if ARGV[4] == '1' then
  if redis.call('ZCARD', KEYS[1]) > 0 then return 'join' end
elseif not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  return 'lost'
end
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3] * 10)
redis.call('PEXPIRE', KEYS[2], ARGV[3] * 10)
if ARGV[4] == '1' then return 'founded' end
return redis.call('HGETALL', KEYS[2])
";

/// How a hub stands to the others.
pub(super) enum Standing {
    Lost,
    Founded,
    Others,
    There(BTreeMap<HubId, serde_json::Value>),
}

/// Names of what is kept in one life of a Redis: after a restart everything is another.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    hubs: String,
    about: String,
    pub(super) log: String,
}

impl Keys {
    pub(super) fn of(run: &str) -> Self {
        let key = |name: &str| format!("understudy:{run}:{name}");
        Self { hubs: key("hubs"), about: key("about"), log: key("log") }
    }

    fn state(&self, to: &str) -> String {
        format!("{}:{to}", self.log)
    }
}

/// Which life of Redis this is.
pub(super) async fn run(connection: &mut MultiplexedConnection) -> RedisResult<String> {
    let info: String = cmd("INFO").arg("server").query_async(connection).await?;
    let run = info.lines().find_map(|line| line.strip_prefix("run_id:"));
    run.map(|run| run.trim().to_owned()).ok_or_else(|| odd("INFO names no run_id"))
}

pub(super) async fn attend(
    connection: &mut MultiplexedConnection,
    keys: &Keys,
    hub: HubId,
    about: &str,
    is_new: bool,
) -> RedisResult<Standing> {
    let mut script = cmd("EVAL");
    script.arg(ATTEND).arg(2).arg(&keys.hubs).arg(&keys.about);
    script.arg(hub.0).arg(about).arg(milliseconds()).arg(u8::from(is_new));
    Ok(match script.query_async(connection).await? {
        Value::BulkString(word) if word == b"lost" => Standing::Lost,
        Value::BulkString(word) if word == b"founded" => Standing::Founded,
        Value::BulkString(word) if word == b"join" => Standing::Others,
        other => {
            let all: BTreeMap<u32, String> = redis::from_redis_value(other)?;
            let read = |(hub, about): (u32, String)| (HubId(hub), serde_json::from_str(&about).unwrap_or_default());
            Standing::There(all.into_iter().map(read).collect())
        }
    })
}

/// Makes a hub that has what the others know one of them.
pub(super) fn enrol(keys: &Keys, hub: HubId, now: u64) -> Cmd {
    let mut enrol = cmd("ZADD");
    enrol.arg(&keys.hubs).arg(now).arg(hub.0);
    enrol
}

/// Adds to the log, and takes out what is old.
pub(super) fn append(keys: &Keys, hub: HubId, number: u64, entry: &str, now: u64) -> Cmd {
    let mut append = cmd("XADD");
    append.arg(&keys.log).arg("MINID").arg("~").arg(now.saturating_sub(KEPT)).arg("*");
    append.arg("h").arg(hub.0).arg("n").arg(number).arg("e").arg(entry);
    append
}

/// The id of the newest entry; what follows it is new.
pub(super) async fn newest(connection: &mut MultiplexedConnection, keys: &Keys) -> RedisResult<String> {
    let newest = cmd("XREVRANGE").arg(&keys.log).arg("+").arg("-").arg("COUNT").arg(1).query_async(connection).await?;
    Ok(items(newest)?.into_iter().next().map(|item| item.0).unwrap_or_else(|| "0-0".to_owned()))
}

/// What follows an entry, with the id of each; waits a little for the first.
pub(super) async fn after(
    connection: &mut MultiplexedConnection,
    keys: &Keys,
    id: &str,
) -> RedisResult<Vec<(String, News)>> {
    let mut read = cmd("XREAD");
    read.arg("COUNT").arg(BATCH).arg("BLOCK").arg(BLOCK).arg("STREAMS").arg(&keys.log).arg(id);
    let entries = match read.query_async(connection).await? {
        Value::Nil => Vec::new(),
        Value::Array(streams) => match streams.into_iter().next() {
            Some(Value::Array(stream)) => stream.into_iter().nth(1).map_or_else(|| Ok(Vec::new()), items)?,
            _ => return Err(odd("XREAD answers otherwise")),
        },
        Value::Map(streams) => streams.into_iter().next().map_or_else(|| Ok(Vec::new()), |(_, its)| items(its))?,
        _ => return Err(odd("XREAD answers otherwise")),
    };
    entries.into_iter().map(|(id, fields)| Ok((id.clone(), news(&id, fields)?))).collect()
}

/// For a hub that has asked what the others know.
pub(super) fn answer(keys: &Keys, to: &str, state: &[u8]) -> [Cmd; 2] {
    let mut push = cmd("RPUSH");
    push.arg(keys.state(to)).arg(state);
    let mut expire = cmd("PEXPIRE");
    expire.arg(keys.state(to)).arg(milliseconds());
    [push, expire]
}

/// Waits for what the others know, seconds.
pub(super) async fn asked(
    connection: &mut MultiplexedConnection,
    keys: &Keys,
    to: &str,
    seconds: u64,
) -> RedisResult<Option<Vec<u8>>> {
    let popped: Option<(String, Vec<u8>)> =
        cmd("BLPOP").arg(keys.state(to)).arg(seconds).query_async(connection).await?;
    Ok(popped.map(|(_, state)| state))
}

/// A key for whoever looks, which expires unless it is set again.
pub(super) fn register(key: &str, value: &str) -> Cmd {
    let mut set = cmd("SET");
    set.arg(key).arg(value).arg("PX").arg(milliseconds());
    set
}

/// When an entry was added, milliseconds.
pub(super) fn time(id: &str) -> u64 {
    id.split('-').next().and_then(|time| time.parse().ok()).unwrap_or_default()
}

fn milliseconds() -> u64 {
    EXPIRY.as_millis() as u64
}

/// Ids and fields of entries.
fn items(entries: Value) -> RedisResult<Vec<(String, Vec<Vec<u8>>)>> {
    let Value::Array(entries) = entries else { return Err(odd("a list of entries is expected")) };
    let item = |entry| match entry {
        Value::Array(parts) => {
            let mut parts = parts.into_iter();
            match (parts.next(), parts.next()) {
                (Some(id), Some(fields)) => Ok((redis::from_redis_value(id)?, redis::from_redis_value(fields)?)),
                _ => Err(odd("an entry has an id and fields")),
            }
        }
        _ => Err(odd("an entry has an id and fields")),
    };
    entries.into_iter().map(item).collect()
}

fn news(id: &str, fields: Vec<Vec<u8>>) -> RedisResult<News> {
    let [_, hub, _, number, _, entry] = fields.as_slice() else { return Err(odd("an entry has three fields")) };
    let number_of = |text: &[u8]| std::str::from_utf8(text).ok().and_then(|text| text.parse::<u64>().ok());
    let from = number_of(hub).and_then(|hub| u32::try_from(hub).ok()).map(HubId);
    let entry = serde_json::from_slice::<Entry>(entry);
    match (from, number_of(number), entry) {
        (Some(from), Some(number), Ok(entry)) => Ok(News::Entry { from, number, at: time(id), entry }),
        (_, _, Err(error)) => {
            Err(odd(&format!("an entry cannot be read: is another version of the hub there? {error}")))
        }
        _ => Err(odd("an entry is numbered")),
    }
}

fn odd(what: &str) -> RedisError {
    RedisError::from((ErrorKind::UnexpectedReturnType, "Redis says what was not expected", what.to_owned()))
}
