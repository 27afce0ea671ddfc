//! What the services of protocol 003 tell: every event by which fields it has and what may stand in them. A field that the document
//! prints must be there, but where its absence has a meaning (nobody is assigned, nothing was described).
//! Public for the two ends of the protocol and for whoever tests them.

use crate::dialect::values::{Amount, Id, Percent, Share, messages};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

messages! {
    /// The events, by name.
    Event {
        /// A project is another one.
        "project.updated" => ProjectUpdated(ProjectUpdated),
        /// A project is gone.
        "project.deleted" => ProjectDeleted(ProjectDeleted),
        /// An agent stands otherwise.
        "agent.status_changed" => AgentStatusChanged(AgentStatus),
        /// An agent is there.
        "agent.connected" => AgentConnected(AgentPresence),
        /// An agent is gone.
        "agent.disconnected" => AgentDisconnected(AgentPresence),
        /// A workflow began.
        "workflow.started" => WorkflowStarted(Workflow),
        /// A workflow goes on.
        "workflow.progress" => WorkflowProgress(Workflow),
        /// A workflow ended well.
        "workflow.completed" => WorkflowCompleted(Workflow),
        /// A workflow ended otherwise.
        "workflow.failed" => WorkflowFailed(Workflow),
        /// A pull request is new.
        "pr.created" => PrCreated(PrCreated),
        /// A pull request is another one.
        "pr.updated" => PrUpdated(PrUpdated),
        /// A pull request is closed.
        "pr.closed" => PrClosed(PrUpdated),
        /// An issue is new.
        "issue.created" => IssueCreated(Issue),
        /// An issue is another one.
        "issue.updated" => IssueUpdated(Issue),
        /// An issue is closed.
        "issue.closed" => IssueClosed(Issue),
        /// A machine suggests something.
        "ai.suggestion" => AiSuggestion(Suggestion),
        /// A machine has looked at something.
        "ai.analysis_complete" => AiAnalysisComplete(Analysis),
    }
}

/// `project.updated`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProjectUpdated {
    /// Which.
    pub project_id: Id,
    /// Its name.
    pub project_name: String,
    /// Where its source is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository_url: Option<String>,
    /// How it stands; the document lists no words.
    pub status: String,
    /// The user who did it.
    pub updated_by: Id,
    /// What is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Map<String, Value>>,
}

/// `project.deleted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectDeleted {
    /// Which.
    pub project_id: Id,
    /// The user who did it.
    pub deleted_by: Id,
}

/// How an agent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    /// Connected.
    Online,
    /// Not connected.
    Offline,
    /// It has as much work as it takes.
    Busy,
    /// It has no work.
    Idle,
    /// It cannot work.
    Error,
}

/// `agent.status_changed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentStatus {
    /// Which.
    pub agent_id: Id,
    /// For people.
    pub agent_name: String,
    /// How it stands.
    pub status: AgentState,
    /// How much of it is free.
    pub availability: Percent,
    /// What it says of its machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<AgentMetadata>,
}

/// What an agent says of its machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentMetadata {
    /// The agent's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// When it was looked at, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_update: Option<String>,
    /// Of all processors, percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_usage: Option<Amount>,
    /// Of all memory, percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_usage: Option<Amount>,
}

/// `agent.connected` and `agent.disconnected`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentPresence {
    /// Which.
    pub agent_id: Id,
    /// For people.
    pub agent_name: String,
    /// Why it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// An extension: what it understands besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<String>,
}

/// How a workflow stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkflowState {
    /// It waits.
    Pending,
    /// It goes on.
    Running,
    /// It ended well.
    Completed,
    /// It ended badly.
    Failed,
    /// It was ended.
    Cancelled,
}

/// `workflow.progress` and the others of a workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workflow {
    /// Which.
    pub workflow_id: Id,
    /// How it stands.
    pub status: WorkflowState,
    /// How much is done.
    pub progress: Percent,
    /// What it does, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_step: Option<String>,
    /// How many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_steps: Option<u32>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_time_remaining: Option<Amount>,
    /// What it said, line by line.
    #[serde(default)]
    pub logs: Vec<String>,
    /// What went wrong, line by line.
    #[serde(default)]
    pub errors: Vec<String>,
    /// Whose it is, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<Id>,
    /// An extension: how long it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<Amount>,
    /// An extension: why it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// `pr.created`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrCreated {
    /// Which.
    pub pr_id: Id,
    /// Of which project.
    pub project_id: Id,
    /// In a line.
    pub title: String,
    /// In many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// By whom.
    pub author: String,
    /// Where its source is.
    pub branch: String,
    /// Where it is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub github_url: Option<String>,
    /// How it stands; the document lists no words.
    pub status: String,
    /// When, RFC 3339.
    pub created_at: String,
}

/// `pr.updated` and `pr.closed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrUpdated {
    /// Which.
    pub pr_id: Id,
    /// Of which project.
    pub project_id: Id,
    /// In a line.
    pub title: String,
    /// How it stands; the document lists no words.
    pub status: String,
}

/// How an issue stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssueState {
    /// Nobody works at it.
    Open,
    /// Somebody does.
    InProgress,
    /// Nobody will any more.
    Closed,
    /// Nobody can.
    Blocked,
}

/// How much an issue matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Little.
    Low,
    /// As most do.
    Medium,
    /// More than most.
    High,
    /// More than all else.
    Critical,
}

/// `issue.updated`, `issue.created` and `issue.closed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// Which.
    pub issue_id: Id,
    /// Of which project.
    pub project_id: Id,
    /// In a line.
    pub title: String,
    /// In many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How it stands.
    pub status: IssueState,
    /// How much it matters.
    pub priority: Priority,
    /// The user who works at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_to: Option<Id>,
    /// When, RFC 3339.
    pub updated_at: String,
}

/// What a machine has looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetType {
    /// An issue.
    Issue,
    /// A pull request.
    Pr,
    /// Source.
    Code,
}

/// What a suggestion is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Less work.
    Optimization,
    /// Better form.
    Refactor,
    /// What is wrong.
    BugFix,
    /// What is open to others.
    Security,
    /// Less time.
    Performance,
    /// What is hard to change.
    Maintainability,
}

/// How serious a suggestion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// To know.
    Info,
    /// To look at.
    Warning,
    /// To mend.
    Critical,
}

/// `ai.suggestion`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suggestion {
    /// Which.
    pub suggestion_id: Id,
    /// What was looked at.
    pub target_type: TargetType,
    /// Which of them.
    pub target_id: Id,
    /// What it is for.
    pub category: Category,
    /// In a line.
    pub title: String,
    /// In many.
    pub description: String,
    /// How serious.
    pub severity: Severity,
    /// How sure the machine is.
    pub confidence: Share,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggested_action: Option<String>,
    /// Whatever else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
    /// Of which project, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<Id>,
}

/// `ai.analysis_complete`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// What was looked at.
    pub target_type: TargetType,
    /// Which of them.
    pub target_id: Id,
    /// What came of it: suggestions, or their ids.
    pub suggestions: Vec<Value>,
    /// In words.
    pub summary: String,
    /// Of which project, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<Id>,
}
