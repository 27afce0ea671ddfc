//! JavaScript in a page: the worlds of a frame, objects in them, calls.

mod context;
mod object;
mod raw;

pub use context::ExecutionContext;
pub use object::RemoteObject;
pub(super) use raw::{Exception, RawObject, StackTrace};

use serde_json::Value;

/// An argument of a call.
#[derive(Debug, Clone)]
pub enum CallArg {
    /// Plain JSON.
    Value(Value),
    /// An object of the same context.
    Handle(RemoteObject),
}

impl From<Value> for CallArg {
    fn from(value: Value) -> Self {
        Self::Value(value)
    }
}

impl From<RemoteObject> for CallArg {
    fn from(object: RemoteObject) -> Self {
        Self::Handle(object)
    }
}

/// What a test asked to be evaluated; see `src/model/serialize.js` for `arg`.
#[derive(Debug, Clone, Default)]
pub struct Evaluation {
    /// Text of a function or an expression.
    pub expression: String,
    /// Whether it is a function; if unknown it is called when it turns out to be one.
    pub is_function: Option<bool>,
    /// Serialized value.
    pub arg: Value,
    /// What `{h: n}` in `arg` stands for.
    pub handles: Vec<RemoteObject>,
}
