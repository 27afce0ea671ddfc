//! One pure folder per protocol: frames to commands and events and back, both ends.

pub mod agent;
pub mod ai_run;
mod bounds;
pub mod cloud;
mod fields;
pub mod hub;
mod ours;
mod progress;
pub mod reading;
#[cfg(test)]
mod seeds;
mod source;
pub mod swe;
pub mod testbro;
pub mod testflow;
pub mod values;

pub use self::fields::Malformed;
use self::hub::{Raw, Translator};
use crate::model::Event;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which of the protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// 000: Socket.IO events between clients, a server and agents.
    Testflow,
    /// 001: runs and their steps over a raw WebSocket.
    AiRun,
    /// 002: Socket.IO events about executions and browsers.
    Testbro,
    /// 003: rooms and events in envelopes over Socket.IO.
    Swe,
    /// 004: presence, tasks and notifications over a raw WebSocket.
    Cloud,
}

impl Protocol {
    /// As `--protocol` calls it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Testflow => "testflow",
            Self::AiRun => "ai-run",
            Self::Testbro => "testbro",
            Self::Swe => "swe",
            Self::Cloud => "cloud",
        }
    }

    /// What its hub end tells with.
    #[must_use]
    pub fn translator(self) -> Box<dyn Translator> {
        match self {
            Self::Testflow => Box::new(testflow::hub::Teller),
            Self::AiRun => Box::new(ai_run::hub::Teller::default()),
            Self::Testbro => Box::new(testbro::hub::Teller::default()),
            Self::Swe => Box::new(swe::hub::Teller::default()),
            Self::Cloud => Box::new(cloud::hub::Teller::default()),
        }
    }

    /// What an agent's message says happened.
    fn event(raw: &Raw) -> Option<Event> {
        match raw.protocol {
            Self::Testflow => testflow::events::decode(&raw.name, raw.payload.get()),
            // Their reports are in words of no protocol from the beginning.
            Self::AiRun | Self::Testbro | Self::Swe | Self::Cloud => None,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
