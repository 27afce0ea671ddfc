//! Socket.IO peers of the hub: who may connect, what they say to the relay, what the relay has for them.

mod pictures;

use super::actor::{Request, Unheard};
use super::bus::{Inbox, Message, Outlet, PeerId, queue};
use super::desk::Desk;
use super::relay::Input;
use super::token::{Identity, TokenError};
use crate::dialect::{Protocol, testflow};
use pictures::Pictures;
use serde_json::Value;
use socketioxide::extract::{AckSender, Event, SocketRef, TryData};
use socketioxide::handler::ConnectHandler;
use socketioxide::layer::SocketIoLayer;
use socketioxide::{SendError, SocketError, SocketIo};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The largest message, bytes: the default of the official server, which peers expect.
const MAX_PAYLOAD: usize = 1_000_000;

/// Messages of one peer inside the library. Full means waiting here, not loss: the rest stays in the peer's queue, where
/// its bytes are counted.
const LIBRARY_BUFFER: usize = 1_024;

/// How long to wait for room in the library's buffer; it has no way to tell when there is some.
const BUFFER_FULL_PAUSE: Duration = Duration::from_millis(2);

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

/// A peer the relay gets to know with its first word or when it is connected, whichever the library tells first.
struct Introduction {
    desk: Desk,
    peer: PeerId,
    once: Mutex<Option<(Outlet, Identity)>>,
}

impl Introduction {
    fn make(&self) {
        let pending = self.once.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((outlet, identity)) = pending {
            self.desk.introduce(self.peer, Protocol::Testflow, outlet, identity);
        }
    }

    fn is_made(&self) -> bool {
        self.once.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }
}

/// The layer that answers at `/socket.io`, and the handle that closes its connections.
pub(super) fn layer(desk: Desk) -> (SocketIoLayer, SocketIo) {
    let (layer, io) = SocketIo::builder()
        .max_payload(MAX_PAYLOAD as u64)
        .ws_max_message_size(MAX_PAYLOAD)
        .max_buffer_size(LIBRARY_BUFFER)
        .ack_timeout(pictures::LOST)
        .build_layer();
    // Handlers are set in the middleware: those set on connect come too late for a peer's first events.
    let enter = move |socket: SocketRef, TryData(auth): TryData<Value>| {
        let entered = authenticate(&desk, auth.ok()).map(|identity| {
            let peer = desk.number();
            tracing::debug!(peer = peer.0, user = %identity.user, role = %identity.role, "a peer connects");
            listen(&socket, desk.clone(), peer, identity);
        });
        std::future::ready(entered)
    };
    io.ns("/", open.with(enter));
    (layer, io)
}

fn authenticate(desk: &Desk, auth: Option<Value>) -> Result<Identity, Refusal> {
    let token = auth.as_ref().and_then(|auth| auth.get("token")).and_then(Value::as_str);
    desk.verify(token).map_err(|error| {
        tracing::info!(%error, "refusing a peer");
        match error {
            TokenError::Missing => Refusal::NoToken,
            TokenError::Invalid(_) | TokenError::NoUser => Refusal::BadToken,
        }
    })
}

fn listen(socket: &SocketRef, desk: Desk, peer: PeerId, identity: Identity) {
    let (outlet, inbox) = queue();
    let introduction = Arc::new(Introduction { desk, peer, once: Mutex::new(Some((outlet, identity))) });
    socket.extensions.insert(introduction.clone());
    socket.extensions.insert(Opened(Arc::new(Mutex::new(Some(inbox)))));
    let heard = introduction.clone();
    let unheard = Unheard::default();
    // Not `async`: the library would run handlers out of order.
    socket.on_fallback(move |socket: SocketRef, Event(name), TryData(payload): TryData<Value>, receipt: AckSender| {
        heard.make();
        let payload = payload.ok();
        match unheard.add(payload.as_ref()) {
            Some(load) => {
                let said = testflow::hub::decode(&name, payload.as_ref());
                let input = Input::Received { peer, name, said: Box::new(said) };
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
        if introduction.is_made() {
            introduction.desk.relay.send(Request::Detach { peer });
        }
        std::future::ready(())
    });
}

/// The peer has been told that it is connected: from here on it can be written to.
async fn open(socket: SocketRef) {
    if let Some(introduction) = socket.extensions.get::<Arc<Introduction>>() {
        introduction.make();
    }
    let Some(Opened(waiting)) = socket.extensions.get::<Opened>() else { return };
    let inbox = waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(inbox) = inbox {
        write(socket, inbox).await;
    }
}

async fn write(socket: SocketRef, mut inbox: Inbox) {
    let mut pictures = Pictures::default();
    loop {
        let sent = tokio::select! {
            biased;
            message = inbox.next(pictures.has_room()) => match message {
                Some(message) if message.is_picture() => pictures.send(&socket, &message).await,
                Some(message) => send(&socket, &message).await,
                None => break,
            },
            () = pictures.arrived() => true,
        };
        if !sent {
            return;
        }
    }
    let _gone_already = socket.disconnect();
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
