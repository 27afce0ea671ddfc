//! Many clients of protocol 000 at once, which only listen.

use futures_util::{SinkExt, StreamExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(300);

/// So many shake hands at a time.
const AT_ONCE: usize = 64;

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// See the module.
pub(crate) struct Crowd {
    /// Each ends with a panic where something else comes than should.
    clients: JoinSet<()>,
    /// One for each client that has heard all lines.
    done: Arc<Semaphore>,
}

impl Crowd {
    /// Returns when all are connected. Again and again they hear so many lines of the log, numbered from 0, in order.
    pub(crate) async fn connect(url: &str, token: &str, clients: usize, lines: usize) -> Self {
        files(clients);
        let mut crowd = Self { clients: JoinSet::new(), done: Arc::new(Semaphore::new(0)) };
        let mut shaking = JoinSet::new();
        while crowd.clients.len() < clients {
            while shaking.len() < AT_ONCE && crowd.clients.len() + shaking.len() < clients {
                shaking.spawn(connect(url.to_owned(), token.to_owned()));
            }
            let shaken = tokio::time::timeout(PATIENCE, shaking.join_next()).await.expect("the server answers");
            let socket = shaken.expect("somebody shakes hands").expect("a connection");
            crowd.clients.spawn(hears(socket, lines, crowd.done.clone()));
        }
        crowd
    }

    /// Everybody has heard all lines.
    pub(crate) async fn hears(&mut self) {
        let clients = u32::try_from(self.clients.len()).expect("not so many");
        tokio::select! {
            done = tokio::time::timeout(PATIENCE, self.done.acquire_many(clients)) => {
                done.expect("all lines come").expect("it is not closed").forget();
            }
            ended = self.clients.join_next() => panic!("a client has ended: {ended:?}"),
        }
    }
}

/// One client.
pub(crate) async fn connect(url: String, token: String) -> Socket {
    let config = WebSocketConfig::default().read_buffer_size(4 << 10).write_buffer_size(0);
    let url = format!("{}/socket.io/?EIO=4&transport=websocket", url.replacen("http", "ws", 1));
    let (mut socket, _) = connect_async_with_config(url, Some(config), true).await.expect("a WebSocket");
    frame(&mut socket, '0').await;
    socket.send(Message::text(format!(r#"40{{"token":"{token}"}}"#))).await.expect("a CONNECT");
    let answer = frame(&mut socket, '4').await;
    assert!(answer.starts_with("40"), "{answer}");
    socket
}

async fn hears(mut socket: Socket, lines: usize, done: Arc<Semaphore>) {
    for line in (0..lines).cycle() {
        let frame = loop {
            let frame = frame(&mut socket, '4').await;
            if frame.starts_with(r#"42["execution:log""#) {
                break frame;
            }
        };
        let message = frame.split_once(r#""message":"line "#).expect("a message").1;
        let number = message.split(' ').next().and_then(|number| number.parse::<usize>().ok());
        assert_eq!(number, Some(line), "{frame}");
        if line + 1 == lines {
            done.add_permits(1);
        }
    }
}

/// The next frame of this type.
pub(crate) async fn frame(socket: &mut Socket, kind: char) -> String {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) if text.as_str() == "2" => {
                socket.send(Message::text("3")).await.expect("a PONG");
            }
            Some(Ok(Message::Text(text))) if text.starts_with(kind) => return text.to_string(),
            Some(Ok(_)) => {}
            other => panic!("a frame of type {kind} is expected, got {other:?}"),
        }
    }
}

/// Lets this process have as many sockets.
pub(crate) fn files(clients: usize) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let wanted = clients as u64 + 256;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < wanted) {
        let more = Rlimit { current: Some(limit.maximum.map_or(wanted, |maximum| wanted.min(maximum))), ..limit };
        setrlimit(Resource::Nofile, more).expect("more files");
    }
}

/// What is resident of a process, bytes; none where the system does not tell.
pub(crate) fn resident(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?;
    kilobytes.trim().parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}
