//! What the messages of several protocols have in common.

use super::fields::ID_MAX_BYTES;
use crate::model::{AgentId, Command, Event, ExecutionId, Labels};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::fmt;

/// An id as a peer spelled it: not empty and not endless.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Id(String);

impl Id {
    /// As it was spelled.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Id {
    type Error = String;

    fn try_from(id: String) -> Result<Self, String> {
        match id.len() {
            0 => Err("must not be empty".to_owned()),
            n if n > ID_MAX_BYTES => Err(format!("has {n} bytes, at most {ID_MAX_BYTES} are allowed")),
            _ => Ok(Self(id)),
        }
    }
}

/// Of our own making, or read before: not looked at again.
impl<T: AsRef<str> + ?Sized> From<&T> for Id {
    fn from(id: &T) -> Self {
        Self(id.as_ref().to_owned())
    }
}

impl From<Id> for ExecutionId {
    fn from(id: Id) -> Self {
        Self(id.0)
    }
}

impl From<Id> for AgentId {
    fn from(id: Id) -> Self {
        Self(id.0)
    }
}

/// A number within bounds, written without a fraction where it has none.
macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $bounds:expr, $words:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd, Deserialize)]
        #[serde(try_from = "f64")]
        pub struct $name(f64);

        impl $name {
            /// The number, or the bound it is beyond.
            #[must_use]
            pub fn new(number: f64) -> Self {
                Self(if number.is_nan() { *$bounds.start() } else { number.clamp(*$bounds.start(), *$bounds.end()) })
            }

            /// It.
            #[must_use]
            pub fn get(self) -> f64 {
                self.0
            }
        }

        impl TryFrom<f64> for $name {
            type Error = String;

            fn try_from(number: f64) -> Result<Self, String> {
                match $bounds.contains(&number) {
                    true => Ok(Self(number)),
                    false => Err(format!(concat!("must be ", $words, ", got {:?}"), number)),
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self.0 {
                    whole if whole.fract() == 0.0 && whole.abs() < 1e15 => serializer.serialize_i64(whole as i64),
                    number => serializer.serialize_f64(number),
                }
            }
        }
    };
}

number!(
    /// 0 to 100.
    Percent,
    (0.0..=100.0),
    "a number from 0 to 100"
);
number!(
    /// 0 to 1.
    Share,
    (0.0..=1.0),
    "a number from 0 to 1"
);
number!(
    /// Milliseconds, seconds, percents of a machine: whatever is not below 0.
    Amount,
    (0.0..=f64::MAX),
    "a number of 0 or more"
);
number!(
    /// A place on a page, CSS pixels; above and left of it is below 0.
    Pixels,
    (f64::MIN..=f64::MAX),
    "a number"
);

/// A point of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// From the left.
    pub x: Pixels,
    /// From the top.
    pub y: Pixels,
}

/// What a message without content carries: whatever it carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Nothing {}

impl<'de> Deserialize<'de> for Nothing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self {})
    }
}

/// `understudy:command`, between a hub and an agent of ours that both announced it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OurCommand {
    /// The command, in words of no protocol.
    pub command: Command,
    /// Of what starts something: which agents may have it.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

impl From<Command> for OurCommand {
    /// For whoever has it to do.
    fn from(command: Command) -> Self {
        Self { command, labels: Labels::default() }
    }
}

/// `understudy:event`, the way back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OurEvent {
    /// The event, in words of no protocol.
    pub event: Event,
    /// Names it over redeliveries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<Id>,
}

/// `understudy:register`, of an agent of ours to a hub of ours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OurRegistration {
    /// Kept over restarts.
    pub agent_id: Id,
    /// For people.
    pub name: String,
    /// About the machine.
    #[serde(default)]
    pub system_info: Map<String, Value>,
    /// What sessions may ask for.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// Sessions at the same time.
    pub max_sessions: u32,
    /// The sessions it still answers for.
    #[serde(default)]
    pub sessions: Vec<Id>,
    /// It takes no new work and goes when what runs has ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub draining: bool,
}

/// Declares the messages of a protocol: an enum with a variant each, what they are called on the wire, how they are read by that
/// name and what they carry.
macro_rules! messages {
    ($(#[$about:meta])* $all:ident { $($(#[$doc:meta])* $name:literal => $message:ident($payload:ty),)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $all {
            $($(#[$doc])* $message($payload),)+
        }

        impl $all {
            /// What they are called.
            pub const NAMES: &[&'static str] = &[$($name),+];

            /// What it is called.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$message(_) => $name,)+
                }
            }

            /// What it carries.
            #[must_use]
            pub fn payload(&self) -> serde_json::Value {
                match self {
                    $(Self::$message(payload) => serde_json::json!(payload),)+
                }
            }

            /// The message of that name; none where nothing is called so.
            pub(super) fn read(name: &str, payload: &serde_json::Value) -> Result<Option<Self>, $crate::dialect::reading::Refusal> {
                match name {
                    $($name => $crate::dialect::reading::read(payload).map(Self::$message).map(Some),)+
                    _ => Ok(None),
                }
            }
        }
    };
}
pub(super) use messages;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::reading::read;
    use serde_json::json;

    #[test]
    fn ids_are_echoed_exactly_and_have_an_end() {
        let id = json!("ü".repeat(256));
        assert_eq!(json!(read::<Id>(&id).unwrap()), id);
        for (value, words) in [
            (json!(""), "the payload must not be empty"),
            (json!("x".repeat(513)), "the payload has 513 bytes, at most 512 are allowed"),
            (json!(7), "the payload must be a string, got a number"),
        ] {
            assert_eq!(read::<Id>(&value).unwrap_err().to_string(), words);
        }
    }

    #[test]
    fn numbers_keep_within_their_bounds_and_their_spelling() {
        for value in [json!(0), json!(45), json!(45.2), json!(100)] {
            assert_eq!(json!(read::<Percent>(&value).unwrap()), value);
        }
        assert_eq!(json!(read::<Percent>(&json!(100.0)).unwrap()), json!(100));
        for (value, words) in [
            (json!(-1), "the payload must be a number from 0 to 100, got -1.0"),
            (json!(100.5), "the payload must be a number from 0 to 100, got 100.5"),
            (json!("1"), "the payload must be a number, got a string"),
        ] {
            assert_eq!(read::<Percent>(&value).unwrap_err().to_string(), words);
        }
        assert_eq!(
            (Percent::new(f64::NAN).get(), Percent::new(120.0).get(), Share::new(-1.0).get()),
            (0.0, 100.0, 0.0)
        );
    }
}
