//! The seam between the agent and whatever carries its events: a task owns the socket, two channels lead to it. An
//! implementation is a [`Connector`]: it serves the [`Socket`] of a [`Connection::pair`] and hands out the connection.

use futures_util::future::BoxFuture;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
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
    /// The server's certificate.
    #[error("the server's certificate is not trusted: {0}")]
    Untrusted(String),
    /// What is to be shown cannot be read: nothing was tried.
    #[error("{0}")]
    Unready(String),
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
        /// What [`Incoming::Proved`] or [`Incoming::Acknowledged`] is to wait for.
        proof: Proof,
        /// Comes back with it, or in [`Incoming::TooLarge`].
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
    /// The server acknowledged what was emitted under this token.
    Acknowledged {
        /// The emit's token.
        token: u64,
        /// The server's words.
        arguments: Vec<Value>,
    },
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

/// How to get a [`Connection`]; cheap to clone.
#[derive(Clone)]
pub struct Connector(Arc<Connect>);

type Connect = dyn Fn(Target) -> BoxFuture<'static, Result<Connection, ConnectError>> + Send + Sync;

impl Connector {
    /// `connect` ends within the target's timeout; dropping its future drops the socket.
    pub fn new<F>(connect: impl Fn(Target) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Connection, ConnectError>> + Send + 'static,
    {
        Self(Arc::new(move |target| Box::pin(connect(target))))
    }

    /// One attempt.
    ///
    /// # Errors
    /// Refused when the server said no, unreachable for everything else, timeouts included.
    pub async fn connect(&self, target: Target) -> Result<Connection, ConnectError> {
        (self.0)(target).await
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector(…)")
    }
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
    closing: CancellationToken,
}

/// The end of a [`Connection`] that the task with the socket has. When the connection is dropped, `outgoing` ends; when
/// `closing` fires as well, what is in it is still to be written.
#[derive(Debug)]
pub struct Socket {
    /// What to send.
    pub outgoing: mpsc::Receiver<Outgoing>,
    /// What has come; [`Incoming::Closed`] last.
    pub incoming: mpsc::Sender<Incoming>,
    /// Write what was given, take leave, and end.
    pub closing: CancellationToken,
}

/// Depth of the channels: deep enough for a burst, shallow enough to push back.
const CHANNEL_DEPTH: usize = 256;

impl Connection {
    /// Both ends of a connection to a server that takes packets of `max_payload` bytes. `early` have come already.
    #[must_use]
    pub fn pair(max_payload: usize, early: Vec<Received>) -> (Self, Socket) {
        let (outgoing, to_write) = mpsc::channel(CHANNEL_DEPTH);
        let (told, incoming) = mpsc::channel(CHANNEL_DEPTH + early.len());
        for event in early {
            // The channel has room for all of them.
            let _ = told.try_send(Incoming::Event(event));
        }
        let closing = CancellationToken::new();
        let socket = Socket { outgoing: to_write, incoming: told, closing: closing.clone() };
        (Self { max_payload, outgoing, incoming, closing }, socket)
    }

    /// Writes what was given so far, takes leave, and ends; gives up when the server does not read.
    pub async fn close(mut self) {
        self.closing.cancel();
        while self.incoming.recv().await.is_some() {}
    }
}
