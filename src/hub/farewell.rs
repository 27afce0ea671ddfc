//! What a peer is told before the hub disconnects it, in its protocol's own words.

use super::limit::RateLimit;
use crate::dialect::hub::{Frame, Word};
use crate::dialect::{Protocol, ai_run, cloud, swe};
use std::fmt;
use std::time::SystemTime;

/// Why the hub disconnects a peer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Farewell {
    /// Its token is good no more.
    Expired,
    /// It says more than this.
    TooMuch(RateLimit),
}

impl fmt::Display for Farewell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired => f.write_str("The token has expired: connect again with a new one"),
            Self::TooMuch(limit) => write!(f, "Too many messages: {limit} are allowed"),
        }
    }
}

impl Farewell {
    /// For a raw WebSocket's close frame.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Expired => "the token has expired",
            Self::TooMuch(_) => "too many messages",
        }
    }

    /// The last words.
    pub(super) fn frames(self, protocol: Protocol, now: SystemTime) -> Vec<Frame> {
        match (self, protocol) {
            (Self::Expired, Protocol::AiRun) => vec![ai_run::hub::authentication(Some(&self.to_string()))],
            (Self::Expired, Protocol::Swe) => vec![swe::hub::refused(false, now)],
            (Self::Expired, Protocol::Cloud) => cloud::hub::welcome(Err(&self.to_string()), now),
            _ => protocol.translator().tell(&Word::Refused { message: self.to_string(), session: None }, now),
        }
    }
}
