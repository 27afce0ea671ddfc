//! Somebody who wants a test run, as any Socket.IO client would.

use crate::cli::CouldNotRun;
use crate::wire::client::{Connection, Incoming, Outgoing, Proof, Target};
use crate::wire::dial::Dialer;
use crate::wire::socketio;
use serde_json::{Value, json};
use std::time::Duration;

/// The hub is in this process.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct Client {
    connection: Connection,
}

impl Client {
    pub(super) async fn connect(hub: &str, token: &str) -> Result<Self, CouldNotRun> {
        let target = Target {
            url: hub.parse()?,
            namespace: "/".to_owned(),
            auth: json!({"token": token}),
            timeout: CONNECT_TIMEOUT,
        };
        Ok(Self { connection: socketio::connector(Dialer::default()).connect(target).await? })
    }

    pub(super) async fn emit(&self, name: &str, payload: Value) -> Result<(), CouldNotRun> {
        let event = Outgoing::Emit { name: name.to_owned(), arguments: vec![payload], proof: Proof::Written, token: 0 };
        Ok(self.connection.outgoing.send(event).await?)
    }

    /// The next event: its name and its payload. Cancel safe.
    pub(super) async fn next(&mut self) -> Result<(String, Value), CouldNotRun> {
        loop {
            match self.connection.incoming.recv().await {
                Some(Incoming::Event(event)) => {
                    return Ok((event.name, event.arguments.into_iter().next().unwrap_or_default()));
                }
                Some(Incoming::Closed(why)) => return Err(CouldNotRun(format!("the hub is gone: {why}"))),
                Some(_) => {}
                None => return Err(CouldNotRun("the hub is gone".to_owned())),
            }
        }
    }
}
