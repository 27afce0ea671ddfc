//! What a server may ask of an agent, whatever the protocol.

use super::live::LiveControl;
use super::recording::RecordingControl;
use super::{ExecutionId, TestFlowId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One request of a server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// Run Playwright Test source.
    StartExecution(StartExecution),
    /// End a running or waiting execution now.
    CancelExecution {
        /// The execution to end.
        execution: ExecutionId,
    },
    /// Record what a person does.
    StartRecording(StartRecording),
    /// Something for a recording that runs.
    ControlRecording {
        /// The recording.
        execution: ExecutionId,
        /// What.
        control: RecordingControl,
    },
    /// End a recording now.
    CancelRecording {
        /// The flow of the recording.
        flow: TestFlowId,
        /// The recording to end.
        execution: ExecutionId,
    },
    /// Something for a browser that is driven from afar; to end it, cancel it as an execution.
    Live {
        /// The browser.
        execution: ExecutionId,
        /// What.
        control: LiveControl,
    },
}

impl Command {
    /// The session it is about.
    #[must_use]
    pub fn session(&self) -> &ExecutionId {
        match self {
            Self::StartExecution(StartExecution { execution, .. })
            | Self::StartRecording(StartRecording { execution, .. })
            | Self::CancelExecution { execution }
            | Self::ControlRecording { execution, .. }
            | Self::CancelRecording { execution, .. }
            | Self::Live { execution, .. } => execution,
        }
    }

    /// Whether it asks for the end of its session, sooner or later; asked twice it is the same.
    #[must_use]
    pub fn ends(&self) -> bool {
        match self {
            Self::CancelExecution { .. } | Self::CancelRecording { .. } => true,
            Self::ControlRecording { control, .. } => *control == RecordingControl::Stop,
            Self::StartExecution(_) | Self::StartRecording(_) | Self::Live { .. } => false,
        }
    }
}

/// Source to execute and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StartExecution {
    /// The session's id.
    pub execution: ExecutionId,
    /// Where the server thinks the code runs (`local`, `docker`, `github-actions`): the agent runs it whatever this says.
    pub target: Option<String>,
    /// Playwright Test source, TypeScript or JavaScript.
    pub code: String,
    /// Options of this execution.
    pub config: ExecutionConfig,
}

/// Options a server may send with an execution; absent means the agent's own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ExecutionConfig {
    /// Size of the page, CSS pixels.
    pub viewport: Option<Viewport>,
    /// Prefix of relative URLs.
    #[serde(alias = "baseURL")]
    pub base_url: Option<String>,
    /// Per-test timeout, milliseconds.
    pub timeout: Option<u64>,
    /// How often a failing test is tried again.
    pub retries: Option<u32>,
    /// Whether each step is shown; absent means as the agent was started.
    pub screenshots: Option<bool>,
    /// Variables that this execution reads in `process.env`, beside those that the agent lends. Their values are not told.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
}

/// A page to record and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StartRecording {
    /// The flow the recording belongs to.
    pub flow: TestFlowId,
    /// The session's id.
    pub execution: ExecutionId,
    /// The first page.
    pub url: String,
    /// The language of the generated code.
    pub language: String,
    /// Options of this recording.
    pub config: RecordingConfig,
}

/// Options of a recording.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RecordingConfig {
    /// Size of the page, CSS pixels; beats the device's.
    pub viewport: Option<Viewport>,
    /// A Playwright device descriptor by name.
    pub device: Option<String>,
    /// Whether pictures of the page are wanted in place of a window on the agent's screen; absent means wherever it has no screen.
    pub preview: Option<bool>,
}

/// A size in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewport {
    /// CSS pixels.
    pub width: u32,
    /// CSS pixels.
    pub height: u32,
}
