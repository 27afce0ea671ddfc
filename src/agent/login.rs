//! One attempt to get to the server: connect, show the token, wait for its word where the protocol has one.

use super::AgentOptions;
use super::renewal::{Token, expiry};
use crate::dialect::agent::{Outbound, TokenPlace, Transport, Verdict, Way};
use crate::wire::client::{ConnectError, Connection, Incoming, Outgoing, Proof, Received, Target};
use serde_json::{Map, Value, json};
use std::time::{Duration, SystemTime};
use tokio::time::timeout;
use url::Url;

/// From the first byte to the server's yes, as official clients have it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// A server that has agreed.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) connection: Connection,
    /// What it said up to then.
    pub(super) early: Vec<Received>,
    /// What it was shown.
    pub(super) token: Option<Token>,
}

/// One attempt, with the token of this moment.
pub(super) async fn attempt(options: AgentOptions) -> Result<Opened, ConnectError> {
    let token = options.token.read().await.map_err(|error| ConnectError::Unready(error.to_string()))?;
    let opened = open(&options, token.clone()).await;
    opened.map_err(|error| refused(error, token.as_deref(), options.machine.clock.read().wall))
}

async fn open(options: &AgentOptions, token: Option<String>) -> Result<Opened, ConnectError> {
    let way = options.protocol.way;
    let connection = options.connector.connect(target(&options.server, &way, token.as_deref())).await?;
    let first = match way.token {
        TokenPlace::Message(write) => Some(write(token.as_deref().unwrap_or_default())),
        TokenPlace::Handshake | TokenPlace::Query => None,
    };
    let agreed = timeout(CONNECT_TIMEOUT, agreed(connection, first, way.verdict));
    let (connection, early) = agreed.await.unwrap_or_else(|_| {
        Err(ConnectError::Unreachable(format!("the server has not said within {CONNECT_TIMEOUT:?} whether it agrees")))
    })?;
    Ok(Opened { connection, early, token: token.map(Token) })
}

/// A refusal, with what the token itself says about it.
fn refused(error: ConnectError, token: Option<&str>, now: SystemTime) -> ConnectError {
    match (error, token, token.and_then(expiry)) {
        (ConnectError::Refused(why), None, _) => ConnectError::Refused(format!("{why} (no token was shown)")),
        (ConnectError::Refused(why), _, Some(expires)) if expires <= now => {
            let when = humantime::format_rfc3339_seconds(expires);
            ConnectError::Refused(format!("{why} (the token has expired, at {when})"))
        }
        (error, ..) => error,
    }
}

fn target(server: &Url, way: &Way, token: Option<&str>) -> Target {
    let mut url = server.clone();
    let namespace = match way.transport {
        Transport::SocketIo("/") => "/".to_owned(),
        Transport::SocketIo(usual) => match url.path().trim_end_matches('/').to_owned() {
            path if path.is_empty() => usual.to_owned(),
            // The engine's.
            path if path.contains("socket.io") => usual.to_owned(),
            namespace => {
                url.set_path("/");
                namespace
            }
        },
        Transport::WebSocket(path) => {
            if url.path() == "/" {
                url.set_path(path);
            }
            String::new()
        }
    };
    let mut auth = Map::new();
    match (way.token, token) {
        (TokenPlace::Handshake, Some(token)) => drop(auth.insert("token".to_owned(), json!(token))),
        (TokenPlace::Query, Some(token)) => drop(url.query_pairs_mut().append_pair("token", token)),
        (TokenPlace::Message(_), _) | (_, None) => {}
    }
    Target { url, namespace, auth: Value::Object(auth), timeout: CONNECT_TIMEOUT }
}

async fn agreed(
    mut connection: Connection,
    first: Option<Outbound>,
    verdict: Option<fn(&str, &[Value]) -> Verdict>,
) -> Result<(Connection, Vec<Received>), ConnectError> {
    if let Some(Outbound { name, arguments, .. }) = first {
        let emit = Outgoing::Emit { name: name.to_owned(), arguments, proof: Proof::Written, token: 0 };
        // One that is closed says why below.
        let _ = connection.outgoing.send(emit).await;
    }
    let mut early = Vec::new();
    let Some(verdict) = verdict else { return Ok((connection, early)) };
    loop {
        match connection.incoming.recv().await {
            Some(Incoming::Event(event)) => {
                let says = verdict(&event.name, &event.arguments);
                early.push(event);
                match says {
                    Verdict::Open => {}
                    Verdict::Welcome => return Ok((connection, early)),
                    Verdict::Refused(why) => return Err(ConnectError::Refused(why)),
                }
            }
            Some(Incoming::Closed(why)) => return Err(ConnectError::Unreachable(why.to_string())),
            Some(Incoming::Proved(_) | Incoming::Acknowledged { .. } | Incoming::TooLarge { .. }) => {}
            None => return Err(ConnectError::Unreachable("the connection is gone".to_owned())),
        }
    }
}
