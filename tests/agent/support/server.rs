//! A server in memory, as the agent's connections see it.

use super::patiently;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use understudy::wire::client::{
    CloseReason, ConnectError, Connection, Incoming, Outgoing, Proof, Received, Socket, Target,
};

/// What a deployed server announces.
const MAX_PAYLOAD: usize = 1_000_000;

/// The agent wants to connect.
pub(crate) struct Attempt {
    pub(crate) target: Target,
    pub(super) answer: oneshot::Sender<Result<Connection, ConnectError>>,
}

impl Attempt {
    pub(crate) fn accept(self) -> Server {
        self.accept_with(MAX_PAYLOAD)
    }

    pub(crate) fn accept_with(self, max_payload: usize) -> Server {
        let (connection, socket) = Connection::pair(max_payload, Vec::new());
        self.answer.send(Ok(connection)).unwrap();
        Server { socket, registration: Value::Null, unproved: Vec::new() }
    }

    pub(crate) fn fail(self, error: ConnectError) {
        let _ = self.answer.send(Err(error));
    }

    pub(crate) fn refuse(self) {
        self.fail(ConnectError::Refused("Invalid token".to_owned()));
    }

    pub(crate) fn unreachable(self) {
        self.fail(ConnectError::Unreachable("connection refused".to_owned()));
    }
}

/// One event of the agent, or its answer to one of the server.
#[derive(Debug, PartialEq)]
pub(crate) enum Said {
    Event(String, Value),
    Answer(u64, Value),
}

/// A server as one connection of the agent sees it.
pub(crate) struct Server {
    socket: Socket,
    pub(crate) registration: Value,
    /// Tokens of emits whose proof is not what writing proves.
    unproved: Vec<u64>,
}

impl Server {
    /// What the agent says next, heartbeats left out; `None` when it has gone.
    pub(crate) async fn next(&mut self) -> Option<Said> {
        loop {
            let said = self.next_of_all().await?;
            if !matches!(&said, Said::Event(name, _) if name == "agent:heartbeat") {
                return Some(said);
            }
        }
    }

    /// What the agent says next.
    pub(crate) async fn next_of_all(&mut self) -> Option<Said> {
        Some(match patiently("the agent to speak", self.outgoing()).await? {
            Outgoing::Emit { name, mut arguments, proof, token } => {
                match proof {
                    Proof::Written => {
                        let _ = self.socket.incoming.try_send(Incoming::Proved(token));
                    }
                    Proof::Pong | Proof::Ack => self.unproved.push(token),
                }
                Said::Event(name, arguments.pop().unwrap_or(Value::Null))
            }
            Outgoing::Acknowledge { id, mut arguments } => Said::Answer(id, arguments.pop().unwrap_or_default()),
        })
    }

    async fn outgoing(&mut self) -> Option<Outgoing> {
        tokio::select! {
            biased;
            outgoing = self.socket.outgoing.recv() => outgoing,
            () = self.socket.closing.cancelled() => None,
        }
    }

    /// The agent takes leave and has nothing more to say.
    pub(crate) async fn expect_leave(mut self) {
        assert_eq!(self.next().await, None);
    }

    /// The payload of the agent's next words, which are to be this event.
    pub(crate) async fn expect(&mut self, name: &str) -> Value {
        match self.next().await {
            Some(Said::Event(its, payload)) if its == name => payload,
            other => panic!("{name} was expected, not {other:?}"),
        }
    }

    /// The messages of so many logs that come next.
    pub(crate) async fn logs(&mut self, many: usize) -> Vec<String> {
        let mut messages = Vec::new();
        for _ in 0..many {
            messages.push(self.expect("execution:log").await["message"].as_str().unwrap().to_owned());
        }
        messages
    }

    /// The exit code of the completion that comes next.
    pub(crate) async fn complete(&mut self, id: &str) -> i64 {
        let payload = self.expect("execution:complete").await;
        assert_eq!(payload["executionId"], id);
        payload["exitCode"].as_i64().unwrap()
    }

    /// Proves the arrival of everything so far: pongs or acknowledgements.
    pub(crate) async fn prove(&mut self) {
        for token in std::mem::take(&mut self.unproved) {
            self.socket.incoming.send(Incoming::Proved(token)).await.unwrap();
        }
    }

    /// Acknowledges what waits for it in these words.
    pub(crate) async fn acknowledge(&mut self, answer: Value) {
        for token in std::mem::take(&mut self.unproved) {
            let arguments = vec![answer.clone()];
            self.socket.incoming.send(Incoming::Acknowledged { token, arguments }).await.unwrap();
        }
    }

    pub(crate) async fn say(&mut self, name: &str, payload: Value) {
        self.event(name, vec![payload], None).await;
    }

    pub(crate) async fn event(&mut self, name: &str, arguments: Vec<Value>, ack: Option<u64>) {
        let received = Received { name: name.to_owned(), arguments, attachments: Vec::new(), ack };
        self.socket.incoming.send(Incoming::Event(received)).await.unwrap();
    }

    pub(crate) async fn start(&mut self, id: &str) {
        self.say("execution:start", json!({"executionId": id, "target": "local", "code": "…"})).await;
    }

    pub(crate) async fn cancel(&mut self, id: &str) {
        self.say("execution:cancel", json!({"executionId": id})).await;
    }

    /// Nothing that the agent has said before this is missing: its answer to a question comes after it.
    pub(crate) async fn expect_silence(&mut self) {
        self.event("anything?", vec![], Some(0)).await;
        assert_eq!(
            self.next().await,
            Some(Said::Answer(0, json!({"ok": false, "error": "`anything?` is not known here"})))
        );
    }

    /// The connection breaks.
    pub(crate) async fn go_away(self) {
        let _ = self.socket.incoming.send(Incoming::Closed(CloseReason::Transport("cut".to_owned()))).await;
    }
}
