//! Engine.IO over HTTP requests, for where no WebSocket gets through: a GET that waits for what the server has to say, one at a
//! time, and POSTs for what we have to, one after the other. To the rest of the client it is what a WebSocket is, a stream and a
//! sink of messages; a ping is answered by a pong when all that was written before it has been taken by the server.

mod payload;
mod site;

use crate::wire::client::ConnectError;
use crate::wire::dial::Dialer;
use crate::wire::frame::{self, Engine, Handshake};
use futures_util::{Sink, SinkExt, Stream};
use payload::{Batch, packets};
use site::Site;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::sync::PollSender;
use tokio_util::task::AbortOnDropHandle;
use url::Url;

/// A POST that takes longer has a server that does not read; as a write to a WebSocket.
const POST_TIMEOUT: Duration = Duration::from_secs(20);
/// What taking leave may take.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(2);
/// Messages between the requests and the rest of the client, each way.
const QUEUE: usize = 64;

/// A session that the server has opened, before anything was said in it.
#[derive(Debug)]
pub(super) struct Session {
    site: Site,
    /// The server's first word.
    pub(super) server: Handshake,
    early: Vec<Message>,
}

impl Session {
    /// Asks the server at `url` for a session. Refused is what 401 and 403 say.
    pub(super) async fn open(url: &Url, dialer: &Dialer) -> Result<Self, ConnectError> {
        let mut site = Site::new(url, dialer);
        let body = site.get().await.map_err(ConnectError::from)?;
        let unreachable = |why: String| ConnectError::Unreachable(why);
        let mut early = packets(&body).map_err(|error| unreachable(error.to_string()))?;
        let server = match early.remove(0) {
            Message::Text(text) => match frame::engine(&text) {
                Ok(Engine::Open(handshake)) => handshake,
                Ok(other) => {
                    return Err(unreachable(format!("the server began with {other:?} instead of its handshake")));
                }
                Err(error) => return Err(unreachable(error.to_string())),
            },
            _ => return Err(unreachable("the server began with bytes instead of its handshake".to_owned())),
        };
        site.joined(&server.sid);
        Ok(Self { site, server, early })
    }

    /// Where a WebSocket goes that takes the session over, and the cookies it brings.
    pub(super) fn upgrade(&self) -> (Url, Option<String>) {
        self.site.upgrade()
    }

    /// Begins to ask and to tell.
    pub(super) fn begin(self) -> Polling {
        let (heard, incoming) = mpsc::channel(QUEUE + self.early.len());
        for message in self.early {
            // The channel has room for all of them.
            let _ = heard.try_send(Ok(message));
        }
        let (outgoing, queue) = mpsc::channel(QUEUE);
        let listening = tokio::spawn(listen(self.site.another(), heard.clone()));
        tokio::spawn(tell(self.site, queue, self.server.max_payload, heard));
        Polling { outgoing: PollSender::new(outgoing), incoming, _listening: AbortOnDropHandle::new(listening) }
    }
}

/// Asks until there is nobody to tell, or nothing more to hear.
async fn listen(mut site: Site, heard: mpsc::Sender<Result<Message, Error>>) {
    loop {
        let answer = match site.get().await {
            Ok(body) => packets(&body).map_err(|error| broken(error.to_string())),
            Err(error) => Err(broken(error.to_string())),
        };
        match answer {
            Ok(messages) => {
                for message in messages {
                    if heard.send(Ok(message)).await.is_err() {
                        return;
                    }
                }
            }
            Err(error) => {
                let _ = heard.send(Err(error)).await;
                return;
            }
        }
    }
}

/// Posts what is there to be written, as much at once as the server takes, and takes leave at the end.
async fn tell(
    mut site: Site,
    mut queue: mpsc::Receiver<Message>,
    max_payload: usize,
    heard: mpsc::Sender<Result<Message, Error>>,
) {
    let mut left = None;
    loop {
        let mut next = match left.take() {
            Some(message) => Some(message),
            None => queue.recv().await,
        };
        let ended = next.is_none();
        let mut batch = Batch::default();
        while let Some(message) = next {
            match batch.add(message, max_payload) {
                Ok(()) => next = queue.try_recv().ok(),
                Err(message) => (left, next) = (Some(message), None),
            }
        }
        if ended {
            let _ = timeout(LEAVE_TIMEOUT, site.post("1".to_owned())).await;
            return;
        }
        let taken = match batch.is_empty() {
            true => Ok(()),
            false => match timeout(POST_TIMEOUT, site.post(batch.take())).await {
                Ok(answer) => answer.map_err(|error| broken(error.to_string())),
                Err(_) => Err(broken(format!("the server has not taken a request within {POST_TIMEOUT:?}"))),
            },
        };
        let failed = taken.is_err();
        let receipts = batch.receipts.into_iter().map(|receipt| Ok(Message::Pong(receipt)));
        for told in taken.err().map(Err).into_iter().chain(receipts.filter(|_| !failed)) {
            if heard.send(told).await.is_err() {
                return;
            }
        }
        if failed {
            return;
        }
    }
}

fn broken(why: String) -> Error {
    Error::Io(io::Error::other(why))
}

/// A session under way. Dropping it stops the asking, and tells the server.
#[derive(Debug)]
pub(super) struct Polling {
    outgoing: PollSender<Message>,
    incoming: mpsc::Receiver<Result<Message, Error>>,
    _listening: AbortOnDropHandle<()>,
}

impl Stream for Polling {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.incoming.poll_recv(cx)
    }
}

impl Sink<Message> for Polling {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.outgoing.poll_ready_unpin(cx).map_err(|_| Error::ConnectionClosed)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        self.outgoing.start_send_unpin(message).map_err(|_| Error::ConnectionClosed)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.outgoing.poll_flush_unpin(cx).map_err(|_| Error::ConnectionClosed)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.outgoing.poll_close_unpin(cx).map_err(|_| Error::ConnectionClosed)
    }
}
