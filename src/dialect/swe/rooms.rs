//! The rooms of protocol 003, and which events are told in which.

use super::events::Event;
use crate::dialect::reading::quoted;
use crate::dialect::values::Id;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A room: who is in it hears what is told there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Room {
    /// `project:<id>`: what happens in a project.
    Project(Id),
    /// `user:<id>`: what is for one user, who is in it from the start.
    User(Id),
    /// `agent:<id>`: how an agent stands; only the agent and the server speak there.
    Agent(Id),
    /// `global`: everybody is in it from the start.
    Global,
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Project(id) => write!(f, "project:{id}"),
            Self::User(id) => write!(f, "user:{id}"),
            Self::Agent(id) => write!(f, "agent:{id}"),
            Self::Global => f.write_str("global"),
        }
    }
}

impl From<Room> for String {
    fn from(room: Room) -> Self {
        room.to_string()
    }
}

impl TryFrom<String> for Room {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        if name == "global" {
            return Ok(Self::Global);
        }
        let (make, id): (fn(Id) -> Self, _) = match name.split_once(':') {
            Some(("project", id)) => (Self::Project, id),
            Some(("user", id)) => (Self::User, id),
            Some(("agent", id)) => (Self::Agent, id),
            _ => {
                let words = "must be `project:<id>`, `user:<id>`, `agent:<id>` or `global`";
                return Err(format!("{words}, got `{}`", quoted(&name)));
            }
        };
        Id::try_from(id.to_owned()).map(make).map_err(|words| format!("names an id that {words}"))
    }
}

/// Where an event is told; each peer in any of them hears it once.
#[must_use]
pub fn told_in(event: &Event) -> Vec<Room> {
    let project = |id: &Id| Room::Project(id.clone());
    let project_or_all = |id: &Option<Id>| vec![id.as_ref().map_or(Room::Global, project)];
    match event {
        Event::ProjectUpdated(data) => vec![project(&data.project_id), Room::User(data.updated_by.clone())],
        Event::ProjectDeleted(data) => vec![project(&data.project_id), Room::User(data.deleted_by.clone())],
        Event::AgentStatusChanged(data) => vec![Room::Agent(data.agent_id.clone()), Room::Global],
        Event::AgentConnected(data) | Event::AgentDisconnected(data) => {
            vec![Room::Agent(data.agent_id.clone()), Room::Global]
        }
        Event::WorkflowStarted(data)
        | Event::WorkflowProgress(data)
        | Event::WorkflowCompleted(data)
        | Event::WorkflowFailed(data) => project_or_all(&data.project_id),
        Event::PrCreated(data) => vec![project(&data.project_id)],
        Event::PrUpdated(data) | Event::PrClosed(data) => vec![project(&data.project_id)],
        Event::IssueCreated(data) | Event::IssueUpdated(data) | Event::IssueClosed(data) => {
            let assigned = data.assigned_to.iter().cloned().map(Room::User);
            [project(&data.project_id)].into_iter().chain(assigned).collect()
        }
        Event::AiSuggestion(data) => project_or_all(&data.project_id),
        Event::AiAnalysisComplete(data) => project_or_all(&data.project_id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::swe::messages::posted;
    use serde_json::{Value, json};

    /// Every event of the fixtures, as services post it, and where it is told.
    #[test]
    fn events_are_told_where_the_document_says() {
        const PROJECT: &str = "project:550e8400-e29b-41d4-a716-446655440000";
        const USER: &str = "user:660e8400-e29b-41d4-a716-446655440001";
        const AGENT: &str = "agent:770e8400-e29b-41d4-a716-446655440002";
        let cases: Vec<Value> = serde_json::from_str(include_str!("../../../fixtures/wire/swe/printed.json")).unwrap();
        let mut told = Vec::new();
        for case in &cases {
            let (Some(name), Ok(envelope)) = (case["event"].as_str(), posted(&case["payload"])) else { continue };
            let rooms: Vec<String> = told_in(&envelope.event).into_iter().map(String::from).collect();
            told.push((name, rooms));
        }
        told.sort();
        told.dedup();
        let expected: Vec<(&str, &[&str])> = vec![
            ("agent.connected", &[AGENT, "global"]),
            ("agent.disconnected", &[AGENT, "global"]),
            ("agent.status_changed", &[AGENT, "global"]),
            ("ai.analysis_complete", &["global"]),
            ("ai.suggestion", &["global"]),
            ("issue.closed", &[PROJECT, USER]),
            ("issue.created", &[PROJECT]),
            ("issue.updated", &[PROJECT, USER]),
            ("pr.closed", &[PROJECT]),
            ("pr.created", &[PROJECT]),
            ("pr.updated", &[PROJECT]),
            ("project.deleted", &[PROJECT, USER]),
            ("project.updated", &[PROJECT, USER]),
            ("workflow.completed", &["global"]),
            ("workflow.failed", &["global"]),
            ("workflow.progress", &["global"]),
            ("workflow.started", &[PROJECT]),
        ];
        let told: Vec<(&str, Vec<&str>)> =
            told.iter().map(|(name, rooms)| (*name, rooms.iter().map(String::as_str).collect())).collect();
        let expected: Vec<_> = expected.into_iter().map(|(name, rooms)| (name, rooms.to_vec())).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn rooms_are_written_as_they_were_asked_for() {
        for name in ["project:1", "user:a:b", "agent: ", "global"] {
            assert_eq!(json!(Room::try_from(name.to_owned()).unwrap()), json!(name));
        }
    }
}
