//! Of 003.

use super::{deep, refused};
use serde_json::{Value, json};

#[test]
fn of_swe() {
    let told = |kind: &str, data: Value| json!({"type": kind, "timestamp": "now", "source": "s", "data": data});
    let long = format!("project:{}", "p".repeat(513));
    refused(
        "swe",
        &[
            ("subscribe", json!(null), "subscribe: the payload must be an object, got null", None),
            ("subscribe", json!("global"), "subscribe: the payload must be an object, got a string", None),
            ("subscribe", json!({}), "subscribe: `room` is missing", None),
            ("subscribe", json!({"room": ["global"]}), "subscribe: `room` must be a string, got an array", None),
            (
                "subscribe",
                json!({"room": "kitchen:1"}),
                "subscribe: `room` must be `project:<id>`, `user:<id>`, `agent:<id>` or `global`, got `kitchen:1`",
                None,
            ),
            (
                "subscribe",
                json!({"room": "Global"}),
                "subscribe: `room` must be `project:<id>`, `user:<id>`, `agent:<id>` or `global`, got `Global`",
                None,
            ),
            ("unsubscribe", json!({"room": "user:"}), "unsubscribe: `room` names an id that must not be empty", None),
            (
                "unsubscribe",
                json!({"room": long}),
                "unsubscribe: `room` names an id that has 513 bytes, at most 512 are allowed",
                None,
            ),
            ("workflow.start", json!([]), "workflow.start: the payload must be an object, got an array", None),
            ("workflow.start", json!({"code": ""}), "workflow.start: `workflow_id` is missing", None),
            ("workflow.start", told("workflow.start", json!({})), "workflow.start: `workflow_id` is missing", None),
            (
                "workflow.start",
                told("workflow.start", json!({"workflow_id": "w", "steps": 1})),
                "workflow.start: `steps` must be an array, got a number",
                Some("w"),
            ),
            (
                "workflow.cancel",
                json!({"workflow_id": 1}),
                "workflow.cancel: `workflow_id` must be a string, got a number",
                None,
            ),
            (
                "connection_error",
                json!({"type": "connection_error"}),
                "connection_error: `type` must be `connection.error`, got `connection_error`",
                None,
            ),
            ("pr.created", json!("x"), "pr.created: the payload must be an object, got a string", None),
            (
                "pr.created",
                json!({"type": "pr.updated"}),
                "pr.created: `type` must be `pr.created`, got `pr.updated`",
                None,
            ),
            ("pr.created", json!({"type": "pr.created"}), "pr.created: `data` must be an object, got null", None),
            ("pr.updated", told("pr.updated", json!({"pr_id": "p"})), "pr.updated: `data.project_id` is missing", None),
            (
                "project.deleted",
                json!({"type": "project.deleted", "timestamp": "now", "data": {"project_id": "p", "deleted_by": "u"}}),
                "project.deleted: `source` is missing",
                None,
            ),
            (
                "agent.status_changed",
                told("agent.status_changed", json!({"agent_id": "a", "agent_name": "", "status": "away"})),
                "agent.status_changed: `data.status` must be one of `online`, `offline`, `busy`, `idle`, `error`, got `away`",
                None,
            ),
            (
                "agent.status_changed",
                told(
                    "agent.status_changed",
                    json!({"agent_id": "a", "agent_name": "", "status": "busy", "availability": 120}),
                ),
                "agent.status_changed: `data.availability` must be a number from 0 to 100, got 120.0",
                None,
            ),
            (
                "workflow.progress",
                told("workflow.progress", json!({"workflow_id": "w", "status": "running", "progress": "45%"})),
                "workflow.progress: `data.progress` must be a number, got a string",
                Some("w"),
            ),
            (
                "workflow.progress",
                told(
                    "workflow.progress",
                    json!({"workflow_id": "w", "status": "running", "progress": 1, "logs": ["", deep()]}),
                ),
                "workflow.progress: `data.logs[1]` must be a string, got an array",
                Some("w"),
            ),
            (
                "issue.updated",
                told(
                    "issue.updated",
                    json!({"issue_id": "i", "project_id": "p", "title": "", "status": "open", "priority": "urgent"}),
                ),
                "issue.updated: `data.priority` must be one of `low`, `medium`, `high`, `critical`, got `urgent`",
                None,
            ),
            (
                "ai.suggestion",
                told(
                    "ai.suggestion",
                    json!({"suggestion_id": "s", "target_type": "pr", "target_id": "t", "category": "style"}),
                ),
                "ai.suggestion: `data.category` must be one of `optimization`, `refactor`, `bug_fix`, `security`, `performance`, \
             `maintainability`, got `style`",
                None,
            ),
            (
                "ai.suggestion",
                told("ai.suggestion", json!({"confidence": 1.1})),
                "ai.suggestion: `data.confidence` must be a number from 0 to 1, got 1.1",
                None,
            ),
        ],
    );
}

#[test]
fn what_services_post_to_003() {
    use crate::dialect::swe::messages::posted;
    for (payload, words) in [
        (json!([]), "event: `type` must be a string, got nothing"),
        (json!({"type": 1}), "event: `type` must be a string, got a number"),
        (
            json!({"type": "project.created", "timestamp": "now", "source": "s", "data": {}}),
            "project.created: `type` is no event of this protocol",
        ),
        (
            json!({"type": "workflow.start", "timestamp": "now", "source": "s", "data": {"workflow_id": "w"}}),
            "workflow.start: `type` is no event of this protocol",
        ),
        (json!({"type": "pr.closed", "timestamp": "now", "data": {}}), "pr.closed: `data.pr_id` is missing"),
    ] {
        assert_eq!(posted(&payload).unwrap_err().message, words, "{payload}");
    }
}
