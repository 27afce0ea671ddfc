//! Raw WebSocket peers of the hub, at `/ws`: protocol 004 where a token is in the address, else the first message decides between
//! 001 and 004 without a token.

use super::actor::{Request, Unheard};
use super::bus::{Inbox, queue};
use super::caller::Caller;
use super::desk::{Desk, Pass};
use super::farewell::Farewell;
use super::limit::Allowance;
use super::relay::Input;
use crate::dialect::hub::{Frame, Heard, Said};
use crate::dialect::{Protocol, ai_run, cloud};
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use std::future::pending;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite;

/// The largest message, bytes: as of Socket.IO peers.
const MESSAGE_MAX: usize = 1_000_000;

/// A larger one is not even read to its end, bytes: whoever sends it is told and disconnected.
const READ_MAX: usize = 4 * MESSAGE_MAX;

/// What is read at once, bytes. The library clears all of it for each read: its own 128 kB would be most of what a client costs.
const READ_BYTES: usize = 4 << 10;

/// A peer that says nothing for so long and showed no token is one of protocol 004 without a token, until it says otherwise.
const FIRST_WORD: Duration = Duration::from_secs(2);

/// A peer that takes nothing for so long is gone.
const WRITE_MAX: Duration = Duration::from_secs(30);

/// `GET /ws`.
pub(super) async fn enter(State(desk): State<Desk>, caller: Caller, upgrade: WebSocketUpgrade) -> Response {
    let upgrade = upgrade.max_message_size(READ_MAX).max_frame_size(READ_MAX).read_buffer_size(READ_BYTES);
    upgrade.on_upgrade(move |socket| serve(desk, socket, caller))
}

/// For the half that writes.
enum Out {
    /// Say this.
    Say(Frame),
    /// Say what comes from there, too.
    Attach(Inbox),
    /// From now on, ask whether it is there in this protocol's words.
    Speak(Protocol),
    /// Take leave.
    Close(u16, &'static str),
}

async fn serve(desk: Desk, socket: WebSocket, caller: Caller) {
    let (sink, mut stream) = socket.split();
    let mut first = None;
    let protocol = match &caller.asked {
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
    let (keepalive, strangers) = (desk.rules.keepalive, desk.strangers.clone());
    let allowance = desk.allowance(None);
    let (unheard, farewell) = (Unheard::default(), None);
    let mut peer = Peer { desk, protocol, caller, pass: None, allowance, unheard, out, farewell };
    strangers.fetch_add(1, Ordering::Relaxed);
    if protocol == Protocol::Cloud {
        let token = peer.caller.asked.clone();
        peer.enter(token.as_deref());
    }
    tokio::select! {
        () = peer.listen(first, stream) => {}
        () = write(sink, outs, protocol, keepalive) => {}
    }
    if !peer.leave() {
        strangers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What comes next.
enum Next {
    Message(Message),
    Gone,
    /// It has to go, and is told why.
    Bad(Farewell),
    /// The hub ends it.
    End(u16, &'static str),
}

/// A connection's half that listens.
struct Peer {
    desk: Desk,
    protocol: Protocol,
    caller: Caller,
    /// None as long as it showed no good token.
    pass: Option<Pass>,
    allowance: Allowance,
    unheard: Unheard,
    out: mpsc::UnboundedSender<Out>,
    /// Why the hub disconnects it.
    farewell: Option<String>,
}

impl Peer {
    /// Until the peer is gone, silent for too long, or says more than can be relayed.
    async fn listen(&mut self, first: Option<Message>, mut stream: SplitStream<WebSocket>) {
        let silence = self.desk.rules.keepalive * 2;
        let mut next = first;
        loop {
            let message = match next.take() {
                Some(message) => message,
                None => match self.next(silence, &mut stream).await {
                    Next::Message(message) => message,
                    Next::Gone => return,
                    Next::End(code, reason) => {
                        self.end(code, reason);
                        return pending().await;
                    }
                    Next::Bad(farewell) => {
                        self.bid(farewell);
                        return pending().await;
                    }
                },
            };
            if matches!(message, Message::Binary(_) | Message::Text(_)) && !self.allowance.take(Instant::now()) {
                self.bid(Farewell::TooMuch(self.desk.rules.rate_limit));
                return pending().await;
            }
            match &message {
                Message::Close(_) => return,
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Text(said) if said.len() > MESSAGE_MAX => self.tell(Farewell::TooLarge(MESSAGE_MAX)),
                Message::Binary(_) => self.heard(&Value::Null),
                Message::Text(said) => self.heard(&value(said)),
            }
        }
    }

    async fn next(&self, silence: Duration, stream: &mut SplitStream<WebSocket>) -> Next {
        let expired = async {
            match &self.pass {
                Some(pass) => pass.expired().await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            message = timeout(silence, stream.next()) => match message {
                Ok(Some(Ok(message))) => Next::Message(message),
                Ok(Some(Err(error))) => {
                    tracing::debug!(%error, "a raw WebSocket breaks");
                    unreadable(error).map_or(Next::Gone, Next::Bad)
                }
                Ok(None) => Next::Gone,
                Err(_) => Next::End(close_code::AWAY, "no word for too long"),
            },
            () = expired => Next::Bad(Farewell::Expired),
        }
    }

    fn heard(&mut self, value: &Value) {
        let now = SystemTime::now();
        // It took its time to say so.
        if self.pass.is_none() && self.caller.asked.is_none() && ai_run::hub::is_first_word(value) {
            self.protocol = Protocol::AiRun;
            self.say(Out::Speak(Protocol::AiRun));
        }
        let heard = match self.protocol {
            Protocol::AiRun => ai_run::hub::hear(value, self.pass.is_some()),
            _ => cloud::hub::hear(value, now),
        };
        match (heard, self.pass.as_ref()) {
            (Heard::Nothing | Heard::Acknowledge(_), _) => {}
            (Heard::Answer(frame), _) => self.say(Out::Say(frame)),
            (Heard::Token(token), None) => self.enter(Some(&token)),
            (Heard::Token(token), Some(pass)) => {
                let renewed = self.desk.renew(pass, &token);
                let refused = renewed.err().map(|error| error.to_string());
                self.say(Out::Say(ai_run::hub::authentication(refused.as_deref())));
            }
            (Heard::Said { name, said }, Some(pass)) => match self.unheard.add(Some(value)) {
                Some(load) => {
                    if matches!(*said, Ok(Said::Register(_))) {
                        self.allowance.lift();
                    }
                    let peer = pass.peer();
                    let input = Input::Received { peer, name, said };
                    self.desk.relay.send(Request::Received { input, receipt: None, load });
                }
                None => {
                    tracing::warn!(peer = pass.peer().0, "disconnecting a peer that says more than can be relayed");
                    self.end(close_code::POLICY, "more than can be relayed");
                }
            },
            (Heard::Said { .. }, None) => self.say(Out::Say(cloud::hub::stranger(now))),
        }
    }

    /// Lets the peer in, or says why not.
    fn enter(&mut self, token: Option<&str>) {
        let admitted = self.desk.admit(self.protocol, &self.caller, token);
        let refused = admitted.as_ref().err().map(ToString::to_string);
        match (self.protocol, &admitted) {
            (Protocol::AiRun, _) => self.say(Out::Say(ai_run::hub::authentication(refused.as_deref()))),
            (_, admitted) => {
                let user = admitted.as_ref().map(|pass| pass.identity.user.0.as_str()).map_err(|_| "Auth failed");
                for frame in cloud::hub::welcome(user, SystemTime::now()) {
                    self.say(Out::Say(frame));
                }
            }
        }
        if let Ok(pass) = admitted {
            self.attach(pass);
        }
    }

    fn attach(&mut self, pass: Pass) {
        let (outlet, inbox) = queue();
        self.say(Out::Attach(inbox));
        self.desk.introduce(&pass, outlet);
        self.allowance = self.desk.allowance(Some(&pass));
        self.pass = Some(pass);
        self.desk.strangers.fetch_sub(1, Ordering::Relaxed);
    }

    /// Tells the peer why, and disconnects it.
    fn bid(&mut self, farewell: Farewell) {
        self.tell(farewell);
        self.say(Out::Close(farewell.code(), farewell.reason()));
        self.farewell = Some(farewell.to_string());
    }

    fn tell(&self, farewell: Farewell) {
        for frame in farewell.frames(self.protocol, SystemTime::now()) {
            self.say(Out::Say(frame));
        }
    }

    fn end(&mut self, code: u16, reason: &'static str) {
        self.say(Out::Close(code, reason));
        self.farewell = Some(reason.to_owned());
    }

    fn say(&self, out: Out) {
        // The other half may have ended: then this one does, too.
        let _ = self.out.send(out);
    }

    /// Whether it had come in.
    fn leave(self) -> bool {
        if let Some(pass) = &self.pass {
            self.desk.relay.send(Request::Detach { peer: pass.peer() });
            self.desk.dismiss(pass, self.farewell.as_deref());
        }
        self.pass.is_some()
    }
}

/// Writes what there is, and asks from time to time whether the peer is still there. Ends when the peer is to be disconnected or does
/// not read.
async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut outs: mpsc::UnboundedReceiver<Out>,
    mut protocol: Protocol,
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
                Some(Out::Speak(other)) => {
                    protocol = other;
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

/// What cannot be read, where the line itself is whole: the peer can be told.
fn unreadable(error: axum::Error) -> Option<Farewell> {
    match error.into_inner().downcast_ref::<tungstenite::Error>()? {
        tungstenite::Error::Capacity(_) => Some(Farewell::TooLarge(MESSAGE_MAX)),
        tungstenite::Error::Utf8(_) => Some(Farewell::NoText),
        _ => None,
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
