//! Somebody who wants tests run, and listens.

use super::program::SECRET;
use crate::hub_client::{Client, Got};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc;
use understudy::hub::token::{self, Identity, Role};

/// See the module.
pub(crate) struct User(mpsc::UnboundedSender<(&'static str, Value)>);

impl User {
    pub(crate) async fn connect(hub: &str) -> Self {
        let (wish, mut wished) = mpsc::unbounded_channel();
        let mut client = Client::connect(hub, json!({"token": token("ada", Role::Client)})).await.unwrap();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    wish = wished.recv() => match wish {
                        Some((name, payload)) => client.emit(name, payload).await,
                        None => return,
                    },
                    got = client.next() => {
                        if got == Got::Closed {
                            return;
                        }
                    }
                }
            }
        });
        Self(wish)
    }

    /// One whose hub was killed speaks to nobody.
    pub(crate) fn says(&self, name: &'static str, payload: Value) {
        let _ = self.0.send((name, payload));
    }
}

pub(crate) fn token(user: &str, role: Role) -> String {
    let identity = Identity { user: user.into(), role, projects: None };
    token::mint(SECRET.as_bytes(), &identity, Duration::from_secs(3600), SystemTime::now()).unwrap()
}
