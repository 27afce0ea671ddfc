//! The seam on the crate `rust_socketio`, for when a release of it can carry a daemon. It connects, registers, sends heartbeats and
//! carries executions; what it cannot do, and why the agent's own client is the one in service, is shown by
//! `tests/interop/rust_socketio_limits.rs`. Reconnecting is left to the agent.
//!
//! - A server that asks for an acknowledgement gets none: the crate hides the question.
//! - A connection that breaks is noticed by the next emit, at the latest by the next heartbeat.
//! - The crate has no WebSocket pings: where a pong should be the proof, having written is.
//! - TLS is the crate's own; `--ca-file` is not known to it.

use super::client::{
    CloseReason, ConnectError, Connection, Connector, Incoming, Outgoing, Proof, Received, Socket, Target,
};
use ::rust_socketio::asynchronous::{Client, ClientBuilder};
use ::rust_socketio::{Error, Event, Payload, TransportType};
use futures_util::FutureExt;
use serde_json::Value;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// The crate keeps the server's limit to itself; this is what servers have unless they say otherwise, bytes.
const MAX_PAYLOAD: usize = 1_000_000;
/// An acknowledgement that takes longer is not passed on any more; the event is told again after the next connect.
const ACK_TIMEOUT: Duration = Duration::from_secs(60);
/// The crate blocks where the peer does not read.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);
/// How the crate begins what it says of a refusal.
const REFUSAL: &str = "Received an ConnectError frame: ";

/// The crate's client.
#[must_use]
pub fn connector() -> Connector {
    Connector::new(connect)
}

/// What the crate's callbacks say.
enum Heard {
    Joined,
    Event(Received),
    Failed(String),
    Left,
}

async fn connect(target: Target) -> Result<Connection, ConnectError> {
    let limit = target.timeout;
    timeout(limit, open(target)).await.unwrap_or_else(|_| {
        Err(ConnectError::Unreachable(format!("the server has not completed the handshake within {limit:?}")))
    })
}

async fn open(target: Target) -> Result<Connection, ConnectError> {
    let (tell, mut heard) = mpsc::unbounded_channel();
    let client = builder(&target, &tell).connect().await.map_err(|error| ConnectError::Unreachable(words(&error)))?;
    let mut early = Vec::new();
    loop {
        match heard.recv().await {
            Some(Heard::Joined) => break,
            Some(Heard::Event(event)) => early.push(event),
            Some(Heard::Failed(why)) => {
                let _ = client.disconnect().await;
                return Err(match why.strip_prefix(REFUSAL) {
                    Some(refusal) => ConnectError::Refused(refused(refusal)),
                    None => ConnectError::Unreachable(why),
                });
            }
            Some(Heard::Left) | None => {
                return Err(ConnectError::Unreachable("the server disconnected us during the handshake".to_owned()));
            }
        }
    }
    let (connection, socket) = Connection::pair(MAX_PAYLOAD, early);
    tokio::spawn(serve(client, socket, heard));
    Ok(connection)
}

fn builder(target: &Target, tell: &mpsc::UnboundedSender<Heard>) -> ClientBuilder {
    let says = |heard: fn(Payload) -> Heard| {
        let tell = tell.clone();
        move |payload, _: Client| {
            let _ = tell.send(heard(payload));
            async {}.boxed()
        }
    };
    let tell = tell.clone();
    // The crate knows a server by these schemes only.
    let url = target.url.as_str().replacen("ws", "http", usize::from(target.url.scheme().starts_with("ws")));
    ClientBuilder::new(url)
        .namespace(target.namespace.as_str())
        .auth(target.auth.clone())
        .transport_type(TransportType::Websocket)
        .reconnect(false)
        .on(Event::Connect, says(|_| Heard::Joined))
        .on(Event::Close, says(|_| Heard::Left))
        .on(
            Event::Error,
            says(|payload| match arguments(payload).0.first() {
                Some(Value::String(text)) => Heard::Failed(text.clone()),
                // An event of the server that has the same name.
                other => Heard::Event(event("error", other.cloned().into_iter().collect())),
            }),
        )
        .on_any(move |its, payload, _| {
            let (mut values, attachments) = arguments(payload);
            let name = match its {
                // An event without arguments goes by this name, and its own is the argument.
                Event::Message if values.len() == 1 && values[0].is_string() => {
                    values.remove(0).as_str().unwrap_or_default().to_owned()
                }
                other => other.as_str().to_owned(),
            };
            let _ = tell.send(Heard::Event(Received { attachments, ..event(&name, values) }));
            async {}.boxed()
        })
}

fn event(name: &str, arguments: Vec<Value>) -> Received {
    Received { name: name.to_owned(), arguments, attachments: Vec::new(), ack: None }
}

fn arguments(payload: Payload) -> (Vec<Value>, Vec<Vec<u8>>) {
    match payload {
        Payload::Text(values) => (values, Vec::new()),
        Payload::Binary(bytes) => (Vec::new(), vec![bytes.to_vec()]),
        // The variant that the crate keeps for those who used it before.
        _ => (Vec::new(), Vec::new()),
    }
}

/// `{"message": "Invalid token"}` and what else servers send.
fn refused(json: &str) -> String {
    let value: Value = serde_json::from_str(json).unwrap_or_default();
    let message = value.get("message").unwrap_or(&value).as_str().unwrap_or_default();
    if message.is_empty() { "no reason given".to_owned() } else { message.to_owned() }
}

fn words(error: &Error) -> String {
    match error {
        Error::IncompleteResponseFromEngineIo(inner) => inner.to_string(),
        other => other.to_string(),
    }
}

async fn serve(client: Client, socket: Socket, mut heard: mpsc::UnboundedReceiver<Heard>) {
    let Socket { mut outgoing, incoming, closing } = socket;
    let why = loop {
        let done = tokio::select! {
            biased;
            said = heard.recv() => match said {
                Some(Heard::Event(event)) => incoming.send(Incoming::Event(event)).await.map_err(|_| CloseReason::Local),
                Some(Heard::Joined) => Ok(()),
                Some(Heard::Failed(why)) => Err(CloseReason::Transport(why)),
                Some(Heard::Left) | None => Err(CloseReason::ServerDisconnect),
            },
            next = outgoing.recv() => match next {
                Some(Outgoing::Emit { name, arguments, proof, token }) => {
                    emit(&client, &incoming, name, arguments, proof, token).await
                }
                // There is no event with a question.
                Some(Outgoing::Acknowledge { .. }) => Ok(()),
                None => Err(CloseReason::Local),
            },
            () = closing.cancelled() => Err(CloseReason::Local),
        };
        if let Err(why) = done {
            break why;
        }
    };
    let _ = timeout(WRITE_TIMEOUT, client.disconnect()).await;
    let _ = incoming.send(Incoming::Closed(why)).await;
}

async fn emit(
    client: &Client,
    incoming: &mpsc::Sender<Incoming>,
    name: String,
    arguments: Vec<Value>,
    proof: Proof,
    token: u64,
) -> Result<(), CloseReason> {
    let bytes = name.len() + arguments.iter().map(|argument| argument.to_string().len() + 1).sum::<usize>();
    // 32: types, namespace, number, quotes and brackets.
    if bytes + 32 > MAX_PAYLOAD {
        return incoming.send(Incoming::TooLarge { token, bytes }).await.map_err(|_| CloseReason::Local);
    }
    let proved = incoming.clone();
    let written = async {
        if proof == Proof::Ack {
            let answered = move |_, _| {
                let proved = proved.clone();
                async move { drop(proved.send(Incoming::Proved(token)).await) }.boxed()
            };
            return client.emit_with_ack(name, Payload::Text(arguments), ACK_TIMEOUT, answered).await;
        }
        client.emit(name, Payload::Text(arguments)).await
    };
    match timeout(WRITE_TIMEOUT, written).await {
        Ok(Ok(())) if proof == Proof::Ack => Ok(()),
        Ok(Ok(())) => incoming.send(Incoming::Proved(token)).await.map_err(|_| CloseReason::Local),
        Ok(Err(error)) => Err(CloseReason::Transport(words(&error))),
        Err(_) => Err(CloseReason::WriteTimeout(WRITE_TIMEOUT)),
    }
}
