//! Raw WebSocket peers of the hub, at `/ws`: protocol 004 where a token is in the address, else the first message decides between
//! 001 and 004 without a token.

use super::actor::{Request, Unheard};
use super::bus::{Inbox, PeerId, queue};
use super::desk::Desk;
use super::relay::Input;
use super::token::Identity;
use crate::dialect::hub::{Frame, Heard};
use crate::dialect::{Protocol, ai_run, cloud};
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Query, State};
use axum::response::Response;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::Value;
use std::future::pending;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// The largest message, bytes: as of Socket.IO peers.
const MESSAGE_MAX: usize = 1_000_000;

/// A peer that says nothing for so long and showed no token is one of protocol 004 without a token.
const FIRST_WORD: Duration = Duration::from_secs(2);

/// A peer that takes nothing for so long is gone.
const WRITE_MAX: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
pub(super) struct Asked {
    token: Option<String>,
}

/// `GET /ws`.
pub(super) async fn enter(State(desk): State<Desk>, Query(asked): Query<Asked>, upgrade: WebSocketUpgrade) -> Response {
    let upgrade = upgrade.max_message_size(MESSAGE_MAX).max_frame_size(MESSAGE_MAX);
    upgrade.on_upgrade(move |socket| serve(desk, socket, asked.token))
}

/// For the half that writes.
enum Out {
    /// Say this.
    Say(Frame),
    /// Say what comes from there, too.
    Attach(Inbox),
    /// Take leave.
    Close(u16, &'static str),
}

async fn serve(desk: Desk, socket: WebSocket, token: Option<String>) {
    let (sink, mut stream) = socket.split();
    let mut first = None;
    let protocol = match &token {
        Some(_) => Protocol::Cloud,
        None => match timeout(FIRST_WORD, stream.next()).await {
            Ok(Some(Ok(message))) => {
                let speaks_ai_run = text(&message).is_some_and(|text| ai_run::hub::is_first_word(&value(text)));
                first = Some(message);
                if speaks_ai_run { Protocol::AiRun } else { Protocol::Cloud }
            }
            Ok(Some(Err(_)) | None) => return,
            Err(_) => Protocol::Cloud,
        },
    };
    let (out, outs) = mpsc::unbounded_channel();
    let mut peer = Peer { desk: desk.clone(), protocol, number: None, unheard: Unheard::default(), out };
    let strangers = desk.strangers.clone();
    strangers.fetch_add(1, Ordering::Relaxed);
    if protocol == Protocol::Cloud {
        peer.enter(token.as_deref());
    }
    tokio::select! {
        () = peer.listen(first, stream) => {}
        () = write(sink, outs, protocol, desk.keepalive) => {}
    }
    if !peer.leave() {
        strangers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connection's half that listens.
struct Peer {
    desk: Desk,
    protocol: Protocol,
    /// None as long as it showed no good token.
    number: Option<PeerId>,
    unheard: Unheard,
    out: mpsc::UnboundedSender<Out>,
}

impl Peer {
    /// Until the peer is gone, silent for too long, or says more than can be relayed.
    async fn listen(&mut self, first: Option<Message>, mut stream: SplitStream<WebSocket>) {
        let silence = self.desk.keepalive * 2;
        let mut next = first;
        loop {
            let message = match next.take() {
                Some(message) => message,
                None => match timeout(silence, stream.next()).await {
                    Ok(Some(Ok(message))) => message,
                    Ok(Some(Err(error))) => {
                        tracing::debug!(%error, "a raw WebSocket breaks");
                        return;
                    }
                    Ok(None) => return,
                    Err(_) => {
                        self.say(Out::Close(close_code::AWAY, "no word for too long"));
                        return pending().await;
                    }
                },
            };
            match &message {
                Message::Close(_) => return,
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Binary(_) => self.heard(&Value::Null),
                Message::Text(said) => self.heard(&value(said)),
            }
        }
    }

    fn heard(&mut self, value: &Value) {
        let now = SystemTime::now();
        let heard = match self.protocol {
            Protocol::AiRun => ai_run::hub::hear(value, self.number.is_some()),
            _ => cloud::hub::hear(value, now),
        };
        match (heard, self.number) {
            (Heard::Nothing | Heard::Acknowledge(_), _) => {}
            (Heard::Answer(frame), _) => self.say(Out::Say(frame)),
            (Heard::Token(token), None) => self.enter(Some(&token)),
            // It is in already.
            (Heard::Token(_), Some(_)) => self.say(Out::Say(ai_run::hub::authentication(None))),
            (Heard::Said { name, said }, Some(peer)) => match self.unheard.add(Some(value)) {
                Some(load) => {
                    let input = Input::Received { peer, name, said };
                    self.desk.relay.send(Request::Received { input, receipt: None, load });
                }
                None => {
                    tracing::warn!(peer = peer.0, "disconnecting a peer that says more than can be relayed");
                    self.say(Out::Close(close_code::POLICY, "more than can be relayed"));
                }
            },
            (Heard::Said { .. }, None) => self.say(Out::Say(cloud::hub::stranger(now))),
        }
    }

    /// Lets the peer in, or says why not.
    fn enter(&mut self, token: Option<&str>) {
        let verified = self.desk.verify(token);
        if let Err(error) = &verified {
            tracing::info!(%error, "refusing a peer");
        }
        let refused = verified.as_ref().err().map(ToString::to_string);
        match (self.protocol, &verified) {
            (Protocol::AiRun, _) => self.say(Out::Say(ai_run::hub::authentication(refused.as_deref()))),
            (_, verified) => {
                let user = verified.as_ref().map(|identity| identity.user.0.as_str()).map_err(|_| "Auth failed");
                for frame in cloud::hub::welcome(user, SystemTime::now()) {
                    self.say(Out::Say(frame));
                }
            }
        }
        if let Ok(identity) = verified {
            self.attach(identity);
        }
    }

    fn attach(&mut self, identity: Identity) {
        let (outlet, inbox) = queue();
        let number = self.desk.number();
        tracing::debug!(peer = number.0, user = %identity.user, role = %identity.role, "a peer connects");
        self.say(Out::Attach(inbox));
        self.desk.introduce(number, self.protocol, outlet, identity);
        self.number = Some(number);
        self.desk.strangers.fetch_sub(1, Ordering::Relaxed);
    }

    fn say(&self, out: Out) {
        // The other half may have ended: then this one does, too.
        let _ = self.out.send(out);
    }

    /// Whether it had come in.
    fn leave(self) -> bool {
        if let Some(peer) = self.number {
            self.desk.relay.send(Request::Detach { peer });
        }
        self.number.is_some()
    }
}

/// Writes what there is, and asks from time to time whether the peer is still there. Ends when the peer is to be disconnected or does
/// not read.
async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut outs: mpsc::UnboundedReceiver<Out>,
    protocol: Protocol,
    keepalive: Duration,
) {
    let mut asks = interval(keepalive);
    asks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    asks.tick().await;
    let mut inbox: Option<Inbox> = None;
    loop {
        let next = async {
            match &mut inbox {
                Some(inbox) => inbox.next(true).await,
                None => pending().await,
            }
        };
        let messages = tokio::select! {
            biased;
            out = outs.recv() => match out {
                Some(Out::Say(frame)) => vec![Message::text(frame.payload.get())],
                Some(Out::Attach(its)) => {
                    inbox = Some(its);
                    continue;
                }
                Some(Out::Close(code, reason)) => {
                    let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
                    let _gone_already = timeout(WRITE_MAX, sink.send(close)).await;
                    return;
                }
                None => return,
            },
            message = next => match message {
                Some(message) => vec![Message::text(message.payload.get())],
                None => return,
            },
            _ = asks.tick() => match protocol {
                Protocol::Cloud => {
                    let ping = cloud::hub::ping(SystemTime::now());
                    vec![Message::text(ping.payload.get()), Message::Ping(Default::default())]
                }
                _ => vec![Message::Ping(Default::default())],
            },
        };
        for message in messages {
            if !matches!(timeout(WRITE_MAX, sink.send(message)).await, Ok(Ok(()))) {
                return;
            }
        }
    }
}

fn text(message: &Message) -> Option<&str> {
    match message {
        Message::Text(text) => Some(text),
        _ => None,
    }
}

/// The value of a JSON text; a text that is no JSON is a string.
fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}
