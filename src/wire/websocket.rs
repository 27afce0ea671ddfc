//! A client of raw WebSockets: messages are JSON texts; a text that is no JSON, such as `ping`, is a string. One task owns the
//! socket, as in [`super::socketio`]. A server says nothing for long; so it is asked by a WebSocket ping, and one that does not
//! answer in time is gone.

use super::client::{
    self, CloseReason, ConnectError, Connection, Connector, Incoming, Outgoing, Proof, Received, Target,
};
use super::dial::Dialer;
use super::socket::{Heard, LEAVE_TIMEOUT, Read, hear, keep, ping, tell, write};
use super::upgrade::upgrade;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, Stream, StreamExt};
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_util::sync::CancellationToken;

/// What a server takes, bytes: none says it, and this is what most take.
const MAX_PAYLOAD: usize = 1_000_000;
/// Between questions whether the server is still there.
const ASK: Duration = Duration::from_secs(30);
/// No frame for so long means that it is not.
const SILENCE: Duration = Duration::from_secs(60);

/// This client, on the way that the dialer knows.
#[must_use]
pub fn connector(dialer: Dialer) -> Connector {
    Connector::new(move |target| connect(target, dialer.clone()))
}

/// Connects and leaves a task behind that serves the connection. Refused is what 401 and 403 say.
async fn connect(target: Target, dialer: Dialer) -> Result<Connection, ConnectError> {
    let limit = target.timeout;
    let socket = timeout(limit, upgrade(target.url, &dialer)).await.unwrap_or_else(|_| {
        Err(ConnectError::Unreachable(format!("the server has not completed the handshake within {limit:?}")))
    })?;
    let (connection, ours) = Connection::pair(MAX_PAYLOAD, Vec::new());
    tokio::spawn(serve(socket, ours));
    Ok(connection)
}

/// Serves the connection whose other end is `ours`.
async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send>(socket: WebSocketStream<S>, ours: client::Socket) {
    let client::Socket { outgoing: to_write, incoming: told, closing } = ours;
    let (sink, stream) = socket.split();
    let reader = Reader { stream, told: told.clone() };
    let mut writer = Writer { sink, told: told.clone(), to_write, closing: closing.clone() };
    keep(reader, writer.run(), closing, told).await;
}

struct Reader<S> {
    stream: SplitStream<WebSocketStream<S>>,
    told: mpsc::Sender<Incoming>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Read for Reader<S> {
    fn stream(&mut self) -> &mut (impl Stream<Item = Result<Message, Error>> + Unpin + Send) {
        &mut self.stream
    }

    async fn run(&mut self) -> CloseReason {
        loop {
            let incoming = match hear(&mut self.stream, SILENCE).await {
                Err(why) => return why,
                Ok(Heard::Text(text)) => Incoming::Event(received(&text)),
                Ok(Heard::Binary(bytes)) => Incoming::Event(Received { attachments: vec![bytes], ..nothing() }),
                Ok(Heard::Proved(token)) => Incoming::Proved(token),
                Ok(Heard::Nothing) => continue,
            };
            if let Err(why) = tell(&self.told, incoming).await {
                return why;
            }
        }
    }
}

fn nothing() -> Received {
    Received { name: String::new(), arguments: Vec::new(), attachments: Vec::new(), ack: None }
}

fn received(text: &str) -> Received {
    let value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    Received { arguments: vec![value], ..nothing() }
}

fn written(arguments: &[Value]) -> Utf8Bytes {
    match arguments.first() {
        Some(Value::String(text)) => text.as_str().into(),
        Some(value) => value.to_string().into(),
        None => Utf8Bytes::default(),
    }
}

struct Writer<S> {
    sink: SplitSink<WebSocketStream<S>, Message>,
    told: mpsc::Sender<Incoming>,
    to_write: mpsc::Receiver<Outgoing>,
    closing: CancellationToken,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Writer<S> {
    async fn run(&mut self) -> CloseReason {
        let mut asks = interval(ASK);
        asks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        asks.tick().await;
        loop {
            let done = tokio::select! {
                biased;
                _ = asks.tick() => write(&mut self.sink, [Message::Ping(Default::default())]).await,
                next = self.to_write.recv() => match next {
                    Some(outgoing) => self.send(outgoing).await,
                    None => return CloseReason::Local,
                },
                () = self.closing.cancelled() => return self.leave().await,
            };
            if let Err(why) = done {
                return why;
            }
        }
    }

    /// The channel is empty when this is called: `run` prefers it to leaving.
    async fn leave(&mut self) -> CloseReason {
        let _ = timeout(LEAVE_TIMEOUT, self.sink.close()).await;
        CloseReason::Local
    }

    async fn send(&mut self, outgoing: Outgoing) -> Result<(), CloseReason> {
        // There are no numbers to acknowledge.
        let Outgoing::Emit { arguments, proof, token, .. } = outgoing else { return Ok(()) };
        let text = written(&arguments);
        if text.len() > MAX_PAYLOAD {
            return tell(&self.told, Incoming::TooLarge { token, bytes: text.len() }).await;
        }
        match proof {
            Proof::Written => {
                write(&mut self.sink, [Message::Text(text)]).await?;
                tell(&self.told, Incoming::Proved(token)).await
            }
            Proof::Pong | Proof::Ack => write(&mut self.sink, [Message::Text(text), ping(token)]).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::socket::WRITE_TIMEOUT;
    use super::*;
    use serde_json::json;
    use tokio::io::{DuplexStream, duplex};
    use tokio::time::{Instant, sleep};
    use tokio_tungstenite::tungstenite::protocol::Role;

    /// A connection and its server, on a clock that jumps.
    async fn joined() -> (Connection, WebSocketStream<DuplexStream>) {
        over(1 << 20).await
    }

    /// So many bytes may be on their way.
    async fn over(room: usize) -> (Connection, WebSocketStream<DuplexStream>) {
        let (near, far) = duplex(room);
        let near = WebSocketStream::from_raw_socket(near, Role::Client, None).await;
        let (connection, ours) = Connection::pair(MAX_PAYLOAD, Vec::new());
        tokio::spawn(serve(near, ours));
        (connection, WebSocketStream::from_raw_socket(far, Role::Server, None).await)
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_says_nothing_is_asked_and_given_up() {
        let (mut connection, mut server) = joined().await;
        let begun = Instant::now();
        let last = connection.incoming.recv().await;
        assert_eq!(last, Some(Incoming::Closed(CloseReason::PingTimeout(SILENCE))));
        assert_eq!(begun.elapsed(), SILENCE);
        assert_eq!(server.next().await.unwrap().unwrap(), Message::Ping(Default::default()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_answers_stays() {
        let (mut connection, mut server) = joined().await;
        let begun = Instant::now();
        for n in 1..=5 {
            assert_eq!(server.next().await.unwrap().unwrap(), Message::Ping(Default::default()));
            assert_eq!(begun.elapsed(), ASK * n);
            server.flush().await.unwrap();
        }
        assert!(connection.incoming.try_recv().is_err(), "nothing has happened");
    }

    /// Nothing comes, and what is written goes nowhere: at once, or after a while.
    #[tokio::test(start_paused = true)]
    async fn a_half_open_connection_is_noticed_whatever_is_written() {
        let (stuck, silent) = (CloseReason::WriteTimeout(WRITE_TIMEOUT), CloseReason::PingTimeout(SILENCE));
        for (room, expected) in [(1 << 10, stuck), (1 << 30, silent)] {
            let (mut connection, _server) = over(room).await;
            let (begun, outgoing) = (Instant::now(), connection.outgoing.clone());
            let flood = tokio::spawn(async move {
                for token in 1.. {
                    let (name, arguments) = (String::new(), vec![json!("x".repeat(1000))]);
                    let emit = Outgoing::Emit { name, arguments, proof: Proof::Written, token };
                    if outgoing.send(emit).await.is_err() {
                        return;
                    }
                    // A trickle, so that the clock may jump.
                    sleep(Duration::from_millis(50)).await;
                }
            });
            let why = loop {
                match connection.incoming.recv().await {
                    Some(Incoming::Closed(why)) => break why,
                    Some(Incoming::Proved(_)) => {}
                    other => panic!("{other:?}"),
                }
            };
            assert_eq!(why, expected);
            assert!(begun.elapsed() <= SILENCE, "{:?}", begun.elapsed());
            flood.await.unwrap();
        }
    }
}
