//! A payload, read field by field so that a refusal can name the field. Both ends refuse in the same words.

use super::reading::kind;
use crate::model::{ExecutionId, TestFlowId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Ids are opaque, but not a place to store things, bytes.
pub(super) const ID_MAX_BYTES: usize = 512;

/// A message that cannot be understood, with what is needed to answer it by `error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Malformed {
    /// What was wrong and what is expected.
    pub message: String,
    /// The session, where one could be read.
    pub session: Option<ExecutionId>,
}

/// See the module.
pub(super) struct Fields<'a> {
    name: &'a str,
    pub(super) map: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The payload of the message `name`.
    pub(super) fn of(name: &'a str, payload: Option<&'a Value>) -> Result<Self, Malformed> {
        match payload {
            Some(Value::Object(map)) => Ok(Self { name, map }),
            other => Err(Malformed {
                message: format!("{name}: the payload must be an object, got {}", kind(other)),
                session: None,
            }),
        }
    }

    pub(super) fn execution(&self) -> Result<ExecutionId, Malformed> {
        self.id("executionId").map(ExecutionId)
    }

    pub(super) fn flow(&self) -> Result<TestFlowId, Malformed> {
        self.id("testFlowId").map(TestFlowId)
    }

    pub(super) fn id(&self, field: &str) -> Result<String, Malformed> {
        let text = self.string(field)?;
        match text.len() {
            0 => Err(self.malformed(&format!("`{field}` must not be empty"))),
            n if n > ID_MAX_BYTES => {
                Err(self.malformed(&format!("`{field}` has {n} bytes, at most {ID_MAX_BYTES} are allowed")))
            }
            _ => Ok(text.to_owned()),
        }
    }

    pub(super) fn string(&self, field: &str) -> Result<&'a str, Malformed> {
        match self.map.get(field) {
            Some(Value::String(text)) => Ok(text),
            other => Err(self.malformed(&format!("`{field}` must be a string, got {}", kind(other)))),
        }
    }

    pub(super) fn maybe_string(&self, field: &str) -> Result<Option<String>, Malformed> {
        match self.map.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => self.string(field).map(|text| Some(text.to_owned())),
        }
    }

    /// The options under `config`, where there are any.
    pub(super) fn config<T: DeserializeOwned + Default>(&self) -> Result<T, Malformed> {
        match self.map.get("config") {
            None | Some(Value::Null) => Ok(T::default()),
            Some(config @ Value::Object(_)) => {
                T::deserialize(config).map_err(|error| self.malformed(&format!("`config`: {error}")))
            }
            other => Err(self.malformed(&format!("`config` must be an object, got {}", kind(other)))),
        }
    }

    /// All of them as one thing.
    pub(super) fn whole<T: DeserializeOwned>(&self) -> Result<T, Malformed> {
        T::deserialize(self.map).map_err(|error| self.malformed(&error.to_string()))
    }

    pub(super) fn malformed(&self, what: &str) -> Malformed {
        let readable = self.map.get("executionId").and_then(Value::as_str);
        let readable = readable.filter(|id| (1..=ID_MAX_BYTES).contains(&id.len()));
        Malformed { message: format!("{}: {what}", self.name), session: readable.map(ExecutionId::from) }
    }
}
