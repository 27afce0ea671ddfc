//! One connection as the world sees it: what the agent wrote and has not arrived, what was written to the agent and has not.

use super::super::checker::What;
use super::super::tongue;
use super::agent::TOKEN;
use serde_json::{Value, json};
use std::collections::VecDeque;
use understudy::wire::client::{CloseReason, Connection, Incoming, Outgoing, Proof, Received, Socket};

/// What the agent wrote; of a raw WebSocket the name is the message's type.
#[derive(Debug, Clone)]
pub(super) enum Written {
    Event { name: String, payload: Value, proof: Proof, token: u64 },
    Answer { id: u64, payload: Value },
}

impl Written {
    /// What it says of a session: which, what, and under which id.
    pub(super) fn told(&self) -> Option<(String, Vec<What>, Option<String>)> {
        match self {
            Self::Event { name, payload, .. } => tongue::told(name, payload),
            Self::Answer { .. } => None,
        }
    }

    /// Whether a server knows it when it comes twice.
    pub(super) fn is_named(&self) -> bool {
        matches!(self, Self::Event { payload, .. }
            if payload["eventId"].is_string() || payload["data"]["eventId"].is_string())
    }

    /// Whether it has the token where none belongs.
    pub(super) fn leaks(&self) -> bool {
        match self {
            Self::Event { name, .. } if name == "authenticate" => false,
            Self::Event { payload, .. } | Self::Answer { payload, .. } => payload.to_string().contains(TOKEN),
        }
    }
}

/// See the module.
pub(super) struct Wire {
    socket: Socket,
    pub(super) number: usize,
    /// On its way to the server.
    pub(super) there: VecDeque<Written>,
    /// On its way to the agent.
    pub(super) back: VecDeque<Incoming>,
    /// What is written goes nowhere, and the agent does not know yet.
    pub(super) half_open: bool,
    /// The server has let the agent in.
    pub(super) greeted: bool,
}

impl Wire {
    pub(super) fn new(number: usize, max_payload: usize) -> (Connection, Self) {
        let (connection, socket) = Connection::pair(max_payload, Vec::new());
        let wire =
            Self { socket, number, there: VecDeque::new(), back: VecDeque::new(), half_open: false, greeted: false };
        (connection, wire)
    }

    /// Takes what the agent has to say; what counts as written is proved. Returns what went into nothing.
    pub(super) fn take(&mut self) -> Vec<Written> {
        let mut nowhere = Vec::new();
        while let Ok(outgoing) = self.socket.outgoing.try_recv() {
            let written = match outgoing {
                Outgoing::Emit { name, mut arguments, proof, token } => {
                    if proof == Proof::Written {
                        let _ = self.socket.incoming.try_send(Incoming::Proved(token));
                    }
                    let payload = arguments.pop().unwrap_or_default();
                    let kind = payload["type"].as_str().filter(|_| name.is_empty());
                    let name = kind.map_or(name.clone(), str::to_owned);
                    Written::Event { name, payload, proof, token }
                }
                Outgoing::Acknowledge { id, mut arguments } => {
                    Written::Answer { id, payload: arguments.pop().unwrap_or_default() }
                }
            };
            if self.half_open { nowhere.push(written) } else { self.there.push_back(written) }
        }
        nowhere
    }

    /// The server says something.
    pub(super) fn say(&mut self, name: &str, payload: Value, ack: Option<u64>) {
        let received = Received { name: name.to_owned(), arguments: vec![payload], attachments: Vec::new(), ack };
        self.back.push_back(Incoming::Event(received));
    }

    /// The server says that it has this.
    pub(super) fn prove(&mut self, proof: Proof, token: u64) {
        match proof {
            Proof::Written => {}
            Proof::Pong => self.back.push_back(Incoming::Proved(token)),
            Proof::Ack => {
                self.back.push_back(Incoming::Acknowledged { token, arguments: vec![json!({"ok": true})] });
            }
        }
    }

    /// As a server that never got it, and says so.
    pub(super) fn lie(&mut self, written: &Written) {
        if let Written::Event { token, .. } = written {
            let _ = self.socket.incoming.try_send(Incoming::Proved(*token));
        }
    }

    /// The next of what is on its way to the agent arrives.
    pub(super) fn arrive(&mut self) -> Option<Incoming> {
        let incoming = self.back.pop_front()?;
        let _ = self.socket.incoming.try_send(incoming.clone());
        Some(incoming)
    }

    /// Whether the agent has given it up, or has taken leave.
    pub(super) fn is_gone(&self) -> bool {
        self.socket.incoming.is_closed() || self.socket.closing.is_cancelled()
    }

    /// The agent learns that it is broken. Returns what had not arrived yet.
    pub(super) fn cut(self) -> VecDeque<Written> {
        let _ = self.socket.incoming.try_send(Incoming::Closed(CloseReason::Transport("cut".to_owned())));
        self.there
    }
}
