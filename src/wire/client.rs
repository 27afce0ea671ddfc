//! The seam between the agent and whatever carries its events: a task owns the socket, two channels lead to it. An
//! implementation is one `connect` function that returns a [`Connection`].

use serde_json::Value;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Where to connect, and as whom.
#[derive(Debug, Clone)]
pub struct Target {
    /// The server: `http`, `https`, `ws` or `wss`; the path is the engine's, `/` means its default.
    pub url: url::Url,
    /// The Socket.IO namespace.
    pub namespace: String,
    /// The payload of CONNECT, `{"token": …}`.
    pub auth: Value,
    /// From the first byte to the server's yes.
    pub timeout: Duration,
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The server answered and does not want us: trying the same again soon is hammering.
    #[error("the server refused the connection: {0}")]
    Refused(String),
    /// No server, no network, or something that does not speak the protocol.
    #[error("{0}")]
    Unreachable(String),
}

/// What proves that an event has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// It was written to the socket.
    Written,
    /// The pong of a WebSocket ping that was written behind it.
    Pong,
    /// The server's acknowledgement.
    Ack,
}

/// For the task that owns the socket.
#[derive(Debug)]
pub enum Outgoing {
    /// Send an event.
    Emit {
        /// Its name.
        name: String,
        /// What it carries.
        arguments: Vec<Value>,
        /// What [`Incoming::Proved`] is to wait for.
        proof: Proof,
        /// Comes back in [`Incoming::Proved`] or [`Incoming::TooLarge`].
        token: u64,
    },
    /// Answer an event that asked for it.
    Acknowledge {
        /// The event's number.
        id: u64,
        /// The answer.
        arguments: Vec<Value>,
    },
}

/// From the task that owns the socket.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming {
    /// An event of the server.
    Event(Received),
    /// What was emitted under this token has arrived as far as was asked.
    Proved(u64),
    /// What was emitted under this token is longer than the server takes; nothing was sent.
    TooLarge {
        /// The emit's token.
        token: u64,
        /// Its length, bytes.
        bytes: usize,
    },
    /// The last word: the socket is gone.
    Closed(CloseReason),
}

/// One event of a server.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// Its name.
    pub name: String,
    /// What it carries; `{"_placeholder": true, "num": n}` stands for attachment `n`.
    pub arguments: Vec<Value>,
    /// Bytes that came along.
    pub attachments: Vec<Vec<u8>>,
    /// To be used in [`Outgoing::Acknowledge`], where the server waits for it.
    pub ack: Option<u64>,
}

/// Why a connection ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloseReason {
    /// We wanted it.
    #[error("closed by us")]
    Local,
    /// The server put us out of the namespace.
    #[error("the server disconnected us")]
    ServerDisconnect,
    /// The server closed the transport.
    #[error("the server closed the connection{0}")]
    ServerClose(String),
    /// No ping came in time.
    #[error("no ping for {0:?}")]
    PingTimeout(Duration),
    /// The server has stopped reading.
    #[error("a write took more than {0:?}")]
    WriteTimeout(Duration),
    /// The network.
    #[error("the connection broke: {0}")]
    Transport(String),
}

/// A connection that the server has accepted. Dropping it ends the connection at once; [`Connection::close`] in order.
#[derive(Debug)]
pub struct Connection {
    /// The longest event the server takes, bytes of the whole packet.
    pub max_payload: usize,
    /// To the socket; a full channel means that the server reads slowly.
    pub outgoing: mpsc::Sender<Outgoing>,
    /// From the socket; whoever does not read it holds up the socket.
    pub incoming: mpsc::Receiver<Incoming>,
    /// Asks the task to write what it was given, and end.
    pub(super) closing: CancellationToken,
}

impl Connection {
    /// Writes what was given so far, takes leave, and ends; gives up when the server does not read.
    pub async fn close(mut self) {
        self.closing.cancel();
        while self.incoming.recv().await.is_some() {}
    }
}
