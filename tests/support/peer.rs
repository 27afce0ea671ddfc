//! A Socket.IO server that does what a test tells it, packet by packet, so that it can also do what a real one does not.

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The engine's handshake, with pings so rare that no test sees one unless it asks.
pub(crate) const OPEN: &str =
    r#"0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;

/// Where a test's server listens.
pub(crate) struct Place {
    listener: TcpListener,
}

impl Place {
    pub(crate) async fn new() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.expect("a free port") }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("an address")
    }

    pub(crate) async fn tcp(&self) -> TcpStream {
        timeout(PATIENCE, self.listener.accept()).await.expect("a connection in time").expect("a connection").0
    }

    /// A client that has done the WebSocket handshake and got `open`.
    pub(crate) async fn engine(&self, open: &str) -> Peer {
        let stream = self.tcp().await;
        let socket = tokio_tungstenite::accept_async(stream).await.expect("a WebSocket handshake");
        let mut peer = Peer { socket, auth: Value::Null };
        peer.send(open).await;
        peer
    }

    /// A client that is in namespace `/`.
    pub(crate) async fn client(&self) -> Peer {
        let mut peer = self.engine(OPEN).await;
        let connect = peer.packet().await;
        peer.auth = serde_json::from_str(connect.strip_prefix("40").expect("a CONNECT")).expect("JSON");
        peer.send(r#"40{"sid":"t"}"#).await;
        peer
    }
}

/// One client as its server sees it.
pub(crate) struct Peer {
    pub(crate) socket: WebSocketStream<TcpStream>,
    /// What came with CONNECT.
    pub(crate) auth: Value,
}

impl Peer {
    pub(crate) async fn send(&mut self, packet: &str) {
        self.socket.send(packet.into()).await.expect("the packet is written");
    }

    /// The next text; WebSocket pings are answered on the way. `None` where the client has gone.
    pub(crate) async fn next(&mut self) -> Option<String> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("a packet or an end") {
                Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    pub(crate) async fn packet(&mut self) -> String {
        self.next().await.expect("the client has gone")
    }
}
