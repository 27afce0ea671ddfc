//! Stands between the agent and the hub: hears everything, and lets through what the weather allows.

use super::frames::Frames;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

/// What becomes of bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Weather {
    Clear,
    /// Each piece takes so long, in order.
    Slow(Duration),
    /// Connections stand, and nothing goes through; what is said is lost.
    Still,
    /// What the agent says is held back, and comes when this is over, at the latest after its connection's end.
    Held,
    /// No connection is let in.
    Closed,
}

/// One text that came through, or that the hub said.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) connection: usize,
    pub(crate) of_agent: bool,
    pub(crate) text: String,
}

/// See the module.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    _end: DropGuard,
}

struct Shared {
    hub: watch::Sender<Option<SocketAddr>>,
    weather: watch::Sender<Weather>,
    /// Cuts: how often, and whether in the middle of a frame.
    cuts: watch::Sender<(u32, bool)>,
    texts: Mutex<Vec<Text>>,
    heard: watch::Sender<usize>,
    /// All that the agent has written, whether it came through or not.
    written: Mutex<Vec<String>>,
    /// Which connections belong together: those of one session have the number of the first.
    sessions: Mutex<BTreeMap<String, usize>>,
}

impl Proxy {
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shared = Arc::new(Shared {
            hub: watch::Sender::new(None),
            weather: watch::Sender::new(Weather::Clear),
            cuts: watch::Sender::new((0, false)),
            texts: Mutex::default(),
            heard: watch::Sender::new(0),
            written: Mutex::default(),
            sessions: Mutex::default(),
        });
        let (address, end) = (listener.local_addr().unwrap(), CancellationToken::new());
        tokio::spawn(end.clone().run_until_cancelled_owned(serve(listener, shared.clone(), end.clone())));
        Self { address, shared, _end: end.drop_guard() }
    }

    /// Where the hub is by now.
    pub(crate) fn lead_to(&self, hub: Option<SocketAddr>) {
        self.shared.hub.send_replace(hub);
    }

    pub(super) fn set(&self, weather: Weather) {
        self.shared.weather.send_replace(weather);
    }

    /// Ends all connections, in the middle of what is said next if that is wanted.
    pub(super) fn cut(&self, in_frame: bool) {
        self.shared.cuts.send_modify(|(times, how)| (*times, *how) = (*times + 1, in_frame));
    }

    /// Everything that came through, in order, from this place on.
    pub(crate) fn texts(&self, from: usize) -> Vec<Text> {
        self.shared.texts.lock().unwrap()[from..].to_vec()
    }

    /// All that the agent has ever written.
    pub(super) fn written(&self) -> Vec<String> {
        self.shared.written.lock().unwrap().clone()
    }

    /// Fires whenever something came through.
    pub(super) fn heard(&self) -> watch::Receiver<usize> {
        self.shared.heard.subscribe()
    }
}

impl Shared {
    fn hear(&self, connection: usize, of_agent: bool, frames: &mut Frames, asked: Option<&str>, bytes: &[u8]) {
        let new = frames.more(bytes);
        let session = frames.sid.as_deref().or(asked);
        let connection = match session {
            Some(sid) => *self.sessions.lock().unwrap().entry(sid.to_owned()).or_insert(connection),
            None => connection,
        };
        if !new.is_empty() {
            let mut texts = self.texts.lock().unwrap();
            texts.extend(new.into_iter().map(|text| Text { connection, of_agent, text }));
            self.heard.send_replace(texts.len());
        }
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>, end: CancellationToken) {
    for connection in 0.. {
        let (agent, _) = listener.accept().await.unwrap();
        let hub = *shared.hub.borrow();
        let (Some(hub), true) = (hub, *shared.weather.borrow() != Weather::Closed) else { continue };
        let Ok(hub) = TcpStream::connect(hub).await else { continue };
        agent.set_nodelay(true).unwrap();
        hub.set_nodelay(true).unwrap();
        tokio::spawn(end.clone().run_until_cancelled_owned(pass(connection, agent, hub, shared.clone())));
    }
}

/// One connection until either end has gone or it is cut.
async fn pass(connection: usize, mut agent: TcpStream, mut hub: TcpStream, shared: Arc<Shared>) {
    let (mut weather, mut cuts) = (shared.weather.subscribe(), shared.cuts.subscribe());
    cuts.mark_unchanged();
    let (mut up, mut down, mut wrote) = (Frames::default(), Frames::default(), Frames::default());
    let (mut said, mut answered) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let (mut held, mut in_frame) = (Vec::new(), false);
    loop {
        let is_held = *weather.borrow() == Weather::Held;
        if !is_held && !held.is_empty() {
            let bytes = std::mem::take(&mut held);
            if hub.write_all(&bytes).await.is_err() {
                return;
            }
            shared.hear(connection, true, &mut up, None, &bytes);
        }
        tokio::select! {
            biased;
            _ = cuts.changed() => match cuts.borrow_and_update().1 {
                true => in_frame = true,
                false => break,
            },
            read = agent.read(&mut said) => {
                let Ok(many @ 1..) = read else { break };
                let bytes = &said[..many];
                let new = wrote.more(bytes);
                let heads = std::mem::take(&mut wrote.heads);
                shared.written.lock().unwrap().extend(heads.into_iter().chain(new));
                let now = *weather.borrow();
                match now {
                    _ if in_frame => {
                        let bytes = &bytes[..many / 2];
                        if hub.write_all(bytes).await.is_ok() {
                            shared.hear(connection, true, &mut up, None, bytes);
                        }
                        break;
                    }
                    Weather::Still => continue,
                    Weather::Held => {
                        held.extend(bytes);
                        continue;
                    }
                    // A slow line: time itself is the harm.
                    Weather::Slow(wait) => tokio::time::sleep(wait).await,
                    Weather::Clear | Weather::Closed => {}
                }
                if hub.write_all(bytes).await.is_err() {
                    break;
                }
                shared.hear(connection, true, &mut up, None, bytes);
            }
            read = hub.read(&mut answered) => {
                let Ok(many @ 1..) = read else { break };
                let now = *weather.borrow();
                match now {
                    Weather::Still => continue,
                    // A slow line: time itself is the harm.
                    Weather::Slow(wait) => tokio::time::sleep(wait).await,
                    _ => {}
                }
                let bytes = &answered[..many];
                if agent.write_all(bytes).await.is_err() {
                    break;
                }
                shared.hear(connection, false, &mut down, wrote.sid.as_deref(), bytes);
            }
            _ = weather.changed() => {}
        }
    }
    drop(agent);
    // What was held comes after the connections that came after this one.
    if !held.is_empty() {
        let over = weather.wait_for(|weather| *weather != Weather::Held).await.is_ok();
        if over && hub.write_all(&held).await.is_ok() {
            shared.hear(connection, true, &mut up, None, &held);
        }
    }
}
