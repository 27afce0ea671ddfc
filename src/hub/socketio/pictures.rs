//! Live pictures on their way to a peer. One that acknowledges them has one under way at a time, so that it never looks at old
//! ones however slow its line is; to any other go as many as its connection takes.

use super::BUFFER_FULL_PAUSE;
use crate::hub::bus::Message;
use serde_json::Value;
use socketioxide::ack::AckStream;
use socketioxide::extract::SocketRef;
use socketioxide::{AckError, SendError, SocketError};
use std::future::pending;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::Instant;

/// A peer that has not acknowledged its first picture for so long is taken to acknowledge none, until it does.
const PATIENCE: Duration = Duration::from_secs(1);

/// An acknowledgement that has not come for so long will not.
pub(super) const LOST: Duration = Duration::from_secs(30);

/// What is known of a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Manners {
    /// It gets its first picture.
    #[default]
    Unknown,
    Acknowledges,
    /// It seems not to.
    Silent,
}

/// See the module.
#[derive(Default)]
pub(super) struct Pictures {
    manners: Manners,
    under_way: Option<(Pin<Box<AckStream<Value>>>, Instant)>,
}

impl Pictures {
    /// Whether the next may go.
    pub(super) fn has_room(&self) -> bool {
        self.under_way.is_none() || self.manners == Manners::Silent
    }

    /// Sends one; whether the peer is still there.
    pub(super) async fn send(&mut self, socket: &SocketRef, picture: &Message) -> bool {
        if self.manners == Manners::Silent {
            // The library keeps the newest only.
            return !matches!(
                socket.volatile().emit(&picture.name, &*picture.payload),
                Err(SendError::Socket(SocketError::Closed))
            );
        }
        loop {
            match socket.emit_with_ack(&picture.name, &*picture.payload) {
                Ok(receipt) => {
                    self.under_way = Some((Box::pin(receipt), Instant::now()));
                    return true;
                }
                Err(SendError::Socket(SocketError::InternalChannelFull)) => {
                    tokio::time::sleep(BUFFER_FULL_PAUSE).await;
                }
                Err(SendError::Socket(SocketError::Closed)) => return false,
                Err(error) => {
                    tracing::warn!(%error, "dropping a picture that cannot be encoded");
                    return true;
                }
            }
        }
    }

    /// Something changes: the one under way has arrived, or is not waited for any longer. Never, where none is. Cancel safe.
    pub(super) async fn arrived(&mut self) {
        let Some((receipt, since)) = &mut self.under_way else { return pending().await };
        let patience = async {
            match self.manners {
                Manners::Unknown => tokio::time::sleep_until(*since + PATIENCE).await,
                Manners::Acknowledges | Manners::Silent => pending().await,
            }
        };
        tokio::select! {
            receipt = receipt => {
                self.under_way = None;
                // Whatever it says with it.
                if matches!(receipt, Ok(_) | Err(AckError::Decode(_))) {
                    self.manners = Manners::Acknowledges;
                }
            }
            () = patience => self.manners = Manners::Silent,
        }
    }
}
