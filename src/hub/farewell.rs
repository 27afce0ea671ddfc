//! What a peer is told before the hub disconnects it, in its protocol's own words.

use super::limit::RateLimit;
use crate::dialect::hub::{Frame, Word};
use crate::dialect::{Protocol, ai_run, cloud, swe};
use axum::extract::ws::close_code;
use std::fmt;
use std::time::SystemTime;

/// Why the hub disconnects a peer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Farewell {
    /// Its token is good no more.
    Expired,
    /// It says more than this.
    TooMuch(RateLimit),
    /// A message is larger than this, bytes.
    TooLarge(usize),
    /// A text is none.
    NoText,
}

impl fmt::Display for Farewell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired => f.write_str("The token has expired: connect again with a new one"),
            Self::TooMuch(limit) => write!(f, "Too many messages: {limit} are allowed"),
            Self::TooLarge(most) => write!(f, "The message is too large: {most} bytes are allowed"),
            Self::NoText => f.write_str("The message is a text that is not UTF-8"),
        }
    }
}

impl Farewell {
    /// For a raw WebSocket's close frame.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Expired => "the token has expired",
            Self::TooMuch(_) => "too many messages",
            Self::TooLarge(_) => "a message is too large",
            Self::NoText => "a text is not UTF-8",
        }
    }

    /// The same as a number.
    pub(super) fn code(self) -> u16 {
        match self {
            Self::Expired | Self::TooMuch(_) => close_code::POLICY,
            Self::TooLarge(_) => close_code::SIZE,
            Self::NoText => close_code::INVALID,
        }
    }

    /// The last words.
    pub(super) fn frames(self, protocol: Protocol, now: SystemTime) -> Vec<Frame> {
        match (self, protocol) {
            (Self::Expired, Protocol::AiRun) => vec![ai_run::hub::authentication(Some(&self.to_string()))],
            (Self::Expired, Protocol::Swe) => vec![swe::hub::refused(false, now)],
            // Its word for whatever cannot be read.
            (Self::TooLarge(_) | Self::NoText, Protocol::Cloud) => vec![cloud::hub::unreadable(now)],
            (Self::Expired, Protocol::Cloud) => cloud::hub::welcome(Err(&self.to_string()), now),
            _ => protocol.translator().tell(&Word::Refused { message: self.to_string(), session: None }, now),
        }
    }
}
