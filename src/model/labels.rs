//! What an agent is known by besides its name, `os=debian` or `gpu=yes`, and what a session may ask for.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// So many may there be.
const MAX: usize = 32;
/// The longest key or value, bytes.
const WORD_MAX: usize = 128;

/// Values by their keys, in the order of the keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>")]
pub struct Labels(BTreeMap<String, String>);

/// Why something is no label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// No `=`, or nothing before it.
    #[error("a label such as os=debian is expected")]
    Form,
    /// Too long.
    #[error("a key or a value has more than {WORD_MAX} bytes")]
    Long,
    /// One of two would not be seen.
    #[error("the label {0} is there twice")]
    Twice(String),
    /// Too many.
    #[error("there are more than {MAX} labels")]
    Many,
}

impl Labels {
    /// No label at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all of `wanted` are among them, with the same values.
    #[must_use]
    pub fn cover(&self, wanted: &Self) -> bool {
        wanted.0.iter().all(|(key, value)| self.0.get(key) == Some(value))
    }

    /// Each written as `KEY=VALUE`.
    ///
    /// # Errors
    /// When one is none, or is there twice, or when they are too many.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, LabelError> {
        let mut all = BTreeMap::new();
        for text in texts {
            let (key, value) = text.split_once('=').ok_or(LabelError::Form)?;
            if all.insert(key.trim().to_owned(), value.trim().to_owned()).is_some() {
                return Err(LabelError::Twice(key.trim().to_owned()));
            }
        }
        Self::try_from(all)
    }
}

impl TryFrom<BTreeMap<String, String>> for Labels {
    type Error = LabelError;

    fn try_from(all: BTreeMap<String, String>) -> Result<Self, LabelError> {
        let long = |(key, value): (&String, &String)| key.len().max(value.len()) > WORD_MAX;
        match () {
            () if all.len() > MAX => Err(LabelError::Many),
            () if all.keys().any(String::is_empty) => Err(LabelError::Form),
            () if all.iter().any(long) => Err(LabelError::Long),
            () => Ok(Self(all)),
        }
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (key, value)) in self.0.iter().enumerate() {
            write!(f, "{}{key}={value}", if n == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json};

    #[test]
    fn an_agent_has_what_is_asked_for() {
        let of = |texts: &[&str]| Labels::parse(texts.iter().copied()).unwrap();
        let agent = of(&["os=debian", "gpu=yes", "note=a=b"]);
        for (wanted, has) in [
            (&[][..], true),
            (&["gpu=yes"], true),
            (&["note = a=b", "os=debian"], true),
            (&["gpu=no"], false),
            (&["gpu=yes", "arm="], false),
        ] {
            assert_eq!(agent.cover(&of(wanted)), has, "{wanted:?}");
        }
        assert_eq!(agent.to_string(), "gpu=yes, note=a=b, os=debian");
        assert_eq!(json!(agent), json!({"gpu": "yes", "note": "a=b", "os": "debian"}));
    }

    #[test]
    fn what_is_no_label_is_told() {
        for (texts, error) in [
            (vec!["os"], LabelError::Form),
            (vec!["=x"], LabelError::Form),
            (vec!["a=1", "a=2"], LabelError::Twice("a".to_owned())),
        ] {
            assert_eq!(Labels::parse(texts), Err(error));
        }
        let long = "x".repeat(WORD_MAX + 1);
        let many: BTreeMap<_, _> = (0..=MAX).map(|n| (n.to_string(), String::new())).collect();
        for wrong in [json!({ "a": long }), json!({ "": "a" }), json!(many), json!({"a": 1}), json!(["a=b"])] {
            assert!(from_value::<Labels>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
