//! Socket.IO peers of the hub: who may connect, what they say to the relay, what the relay has for them.

mod pictures;
mod voices;

use super::actor::{Receipt, Request, Unheard};
use super::bus::{Inbox, Message, queue};
use super::caller::Caller;
use super::desk::{Desk, Pass};
use super::farewell::Farewell;
use super::relay::Input;
use super::token::TokenError;
use crate::dialect::hub::{Frame, Heard, Said};
use crate::dialect::{Protocol, swe, testbro, testflow};
use pictures::Pictures;
use serde_json::{Value, json};
use socketioxide::extract::{AckSender, Event, SocketRef, TryData};
use socketioxide::handler::ConnectHandler;
use socketioxide::layer::SocketIoLayer;
use socketioxide::{SendError, SocketError, SocketIo};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::time::{MissedTickBehavior, interval_at};
use voices::Voices;

/// The largest message, bytes: the default of the official server, which peers expect.
const MAX_PAYLOAD: usize = 1_000_000;

/// Messages of one peer inside the library. Full means waiting here, not loss: the rest stays in the peer's queue, where
/// its bytes are counted.
const LIBRARY_BUFFER: usize = 1_024;

/// How long to wait for room in the library's buffer; it has no way to tell when there is some.
const BUFFER_FULL_PAUSE: Duration = Duration::from_millis(2);

/// The event by which a connected peer shows a newer token: protocol 001's word for it.
const AUTHENTICATE: &str = "authenticate";

/// Why a peer may not connect, in the words that clients of protocol 000 look for.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("Authentication error")]
    NoToken,
    #[error("Invalid token")]
    BadToken,
}

/// Where a peer's queue waits until the socket is open.
type Waiting = Arc<Mutex<Option<Inbox>>>;

#[derive(Clone)]
struct Opened(Waiting);

/// The first word to a peer.
#[derive(Clone)]
struct Greeting(Frame);

/// The layer that answers at `/socket.io`, and the handle that closes its connections.
pub(super) fn layer(desk: Desk) -> (SocketIoLayer, SocketIo) {
    let (layer, io) = SocketIo::builder()
        .max_payload(MAX_PAYLOAD as u64)
        .ws_max_message_size(MAX_PAYLOAD)
        .max_buffer_size(LIBRARY_BUFFER)
        .ack_timeout(pictures::LOST)
        .build_layer();
    // Handlers are set in the middleware: those set on connect come too late for a peer's first events.
    let its = desk.clone();
    let enter = move |socket: SocketRef, TryData(auth): TryData<Value>| {
        let (auth, caller) = (auth.ok(), caller(&socket));
        let token = token(auth.as_ref()).or(caller.asked.as_deref());
        let entered = its.admit(Protocol::Testflow, &caller, token).map_err(refusal).map(|pass| {
            let greeting = testbro::hub::connected(&pass.identity.user.0, SystemTime::now());
            socket.extensions.insert(Greeting(greeting));
            listen(&socket, its.clone(), Protocol::Testflow, pass);
        });
        std::future::ready(entered)
    };
    io.ns("/", greet.with(enter));
    // Protocol 003 tells a bad token in words of its own, and those come after the connection is there.
    let enter = move |socket: SocketRef, TryData(auth): TryData<Value>| {
        let (auth, caller) = (auth.ok(), caller(&socket));
        let now = SystemTime::now();
        let greeting = match desk.admit(Protocol::Swe, &caller, token(auth.as_ref()).or(caller.asked.as_deref())) {
            Ok(pass) => {
                let user = pass.identity.user.0.clone();
                listen(&socket, desk.clone(), Protocol::Swe, pass);
                swe::hub::established(&socket.id.to_string(), &user, now)
            }
            Err(error) => swe::hub::refused(matches!(error, TokenError::Missing), now),
        };
        socket.extensions.insert(Greeting(greeting));
        std::future::ready(Ok::<_, Refusal>(()))
    };
    io.ns("/ws", greet.with(enter));
    (layer, io)
}

fn token(auth: Option<&Value>) -> Option<&str> {
    auth.and_then(|auth| auth.get("token")).and_then(Value::as_str)
}

fn caller(socket: &SocketRef) -> Caller {
    Caller::of(socket.req_parts())
}

fn refusal(error: TokenError) -> Refusal {
    match error {
        TokenError::Missing => Refusal::NoToken,
        TokenError::Invalid(_) | TokenError::NoUser | TokenError::NotTheSame => Refusal::BadToken,
    }
}

fn listen(socket: &SocketRef, desk: Desk, protocol: Protocol, pass: Pass) {
    let (outlet, inbox) = queue();
    let allowance = Arc::new(Mutex::new(desk.allowance(Some(&pass))));
    let voices = Arc::new(Voices::new(desk, protocol, outlet, pass));
    socket.extensions.insert(voices.clone());
    socket.extensions.insert(Opened(Arc::new(Mutex::new(Some(inbox)))));
    let heard = voices.clone();
    let unheard = Unheard::default();
    // Not `async`: the library would run handlers out of order.
    socket.on_fallback(move |socket: SocketRef, Event(name), TryData(payload): TryData<Value>, receipt: AckSender| {
        let payload = payload.ok();
        let mut allowance = allowance.lock().unwrap_or_else(PoisonError::into_inner);
        if !allowance.take(Instant::now()) {
            heard.end(&socket, Farewell::TooMuch(heard.desk.rules.rate_limit));
            return std::future::ready(());
        }
        let Some((peer, protocol)) = heard.speaks(&name) else { return std::future::ready(()) };
        let (name, said) = match hear(protocol, &name, payload.as_ref()) {
            Heard::Said { name, said } => (name, said),
            Heard::Acknowledge(answer) => {
                acknowledge(receipt, &answer);
                return std::future::ready(());
            }
            Heard::Token(token) => {
                let renewed = heard.desk.renew(&heard.pass, &token);
                acknowledge(receipt, &swe::hub::renewal(renewed.is_ok()));
                return std::future::ready(());
            }
            Heard::Answer(_) | Heard::Nothing => return std::future::ready(()),
        };
        if matches!(*said, Ok(Said::Register(_))) {
            allowance.lift();
        }
        match unheard.add(payload.as_ref()) {
            Some(load) => {
                let input = Input::Received { peer, name, said };
                let receipt: Receipt = Box::new(move |answer| match answer {
                    None => acknowledge(receipt, &json!({})),
                    Some(done) => acknowledge(receipt, &swe::hub::acknowledgement(done, payload.as_ref())),
                });
                heard.desk.relay.send(Request::Received { input, receipt: Some(receipt), load });
            }
            None => {
                tracing::warn!(peer = peer.0, "disconnecting a peer that says more than can be relayed");
                let _gone_already = socket.disconnect();
            }
        }
        std::future::ready(())
    });
    socket.on_disconnect(move || {
        voices.close();
        std::future::ready(())
    });
}

fn hear(protocol: Protocol, name: &str, payload: Option<&Value>) -> Heard {
    match protocol {
        _ if name == AUTHENTICATE => Heard::Token(token(payload).unwrap_or_default().to_owned()),
        Protocol::Swe => swe::hub::hear(name, payload),
        Protocol::Testbro => testbro::hub::hear(name, payload),
        _ => Heard::Said { name: name.to_owned(), said: Box::new(testflow::hub::decode(name, payload)) },
    }
}

fn acknowledge(receipt: AckSender, answer: &Value) {
    if let Err(error) = receipt.send(answer) {
        tracing::debug!(%error, "a receipt could not be sent");
    }
}

/// As [`open`], after the first word; a peer that may not come in hears nothing else.
async fn greet(socket: SocketRef) {
    if let Some(Greeting(frame)) = socket.extensions.get::<Greeting>()
        && let Err(error) = socket.emit(&frame.name, &*frame.payload)
    {
        tracing::debug!(%error, "a first word could not be sent");
    }
    match socket.extensions.get::<Opened>() {
        Some(_) => open(socket).await,
        None => drop(socket.disconnect()),
    }
}

/// The peer has been told that it is connected: from here on it can be written to.
async fn open(socket: SocketRef) {
    let Some(voices) = socket.extensions.get::<Arc<Voices>>() else { return };
    voices.open();
    let Some(Opened(waiting)) = socket.extensions.get::<Opened>() else { return };
    let inbox = waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(inbox) = inbox {
        tokio::select! {
            () = voices.pass.expired() => voices.end(&socket, Farewell::Expired),
            () = write(&socket, inbox, &voices) => {}
        }
    }
}

async fn write(socket: &SocketRef, mut inbox: Inbox, voices: &Voices) {
    let mut pictures = Pictures::default();
    let mut heartbeat = interval_at(tokio::time::Instant::now() + voices.keepalive(), voices.keepalive());
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let sent = tokio::select! {
            biased;
            message = inbox.next(pictures.has_room()) => match message {
                Some(message) if message.is_picture() => pictures.send(socket, &message).await,
                Some(message) => send(socket, &message).await,
                None => break,
            },
            () = pictures.arrived() => true,
            _ = heartbeat.tick(), if voices.has_second() => {
                let Frame { name, payload } = testbro::hub::heartbeat(SystemTime::now());
                !matches!(socket.emit(&name, &*payload), Err(SendError::Socket(SocketError::Closed)))
            }
        };
        if !sent {
            return;
        }
    }
    let _gone_already = socket.clone().disconnect();
}

/// Whether the peer is still there.
async fn send(socket: &SocketRef, message: &Message) -> bool {
    loop {
        match socket.emit(&message.name, &*message.payload) {
            Ok(()) => return true,
            Err(SendError::Socket(SocketError::InternalChannelFull)) => tokio::time::sleep(BUFFER_FULL_PAUSE).await,
            Err(SendError::Socket(SocketError::Closed)) => return false,
            Err(error) => {
                tracing::warn!(%error, event = %message.name, "dropping an event that cannot be encoded");
                return true;
            }
        }
    }
}
