//! The vocabulary every room shares: ids, commands, events, what a run is. No tokio, no I/O.

pub mod action;
pub mod action_file;
mod command;
pub mod device;
mod event;
mod ids;
mod labels;
mod length;
pub mod live;
pub mod locator;
pub mod mask;
pub mod recording;
pub mod run;

pub use command::{Command, ExecutionConfig, RecordingConfig, StartExecution, StartRecording, Viewport};
pub use event::{Event, Level, SessionStep, StepState};
pub use ids::{AgentId, ExecutionId, TestFlowId};
pub use labels::{LabelError, Labels};
pub use length::json_length;

/// JavaScript that turns values into plain JSON and back, the same text at both ends of `evaluate`
/// (in the page and in the worker). See the head of the file for the format.
pub const SERIALIZE_JS: &str = include_str!("serialize.js");
