//! Bad input, and the words that it is refused with.

use super::check::fate;
use serde_json::{Value, json};

/// Every payload is refused with these words and for that session.
fn refused(protocol: &str, cases: &[(&str, Value, &str, Option<&str>)]) {
    for (name, payload, words, session) in cases {
        let error = fate(protocol, name, Some(payload)).expect_err(words);
        let told = (error.message.as_str(), error.session.as_ref().map(|id| id.as_str()));
        assert_eq!(told, (*words, *session), "{protocol} {name} {payload}");
    }
}

/// As deep as JSON is read at all.
fn deep() -> Value {
    (0..120).fold(json!(1), |inner, _| json!([inner]))
}

#[test]
fn of_ai_run() {
    let long = "r".repeat(513);
    let raw = |value, words, session| ("", value, words, session);
    refused(
        "ai_run",
        &[
            raw(json!(null), "message: the payload must be a JSON object, got null", None),
            raw(json!("{\"type\":"), "message: the payload must be a JSON object, got a string", None),
            raw(json!(["ping"]), "message: the payload must be a JSON object, got an array", None),
            raw(deep(), "message: the payload must be a JSON object, got an array", None),
            raw(json!({}), "message: `type` must be a string, got nothing", None),
            raw(json!({"type": 1, "runId": "r"}), "message: `type` must be a string, got a number", Some("r")),
            raw(json!({"type": "authenticate"}), "authenticate: `token` is missing", None),
            raw(
                json!({"type": "authenticate", "token": {}}),
                "authenticate: `token` must be a string, got an object",
                None,
            ),
            raw(
                json!({"type": "authenticate", "token": "", "extensions": "understudy/1"}),
                "authenticate: `extensions` must be an array, got a string",
                None,
            ),
            raw(
                json!({"type": "authentication", "status": "ok"}),
                "authentication: `status` must be one of `success`, `failed`, got `ok`",
                None,
            ),
            raw(json!({"type": "start_agent"}), "start_agent: `runId` is missing", None),
            raw(
                json!({"type": "start_agent", "runId": 7}),
                "start_agent: `runId` must be a string, got a number",
                None,
            ),
            raw(json!({"type": "start_agent", "runId": ""}), "start_agent: `runId` must not be empty", None),
            raw(
                json!({"type": "start_agent", "runId": long}),
                "start_agent: `runId` has 513 bytes, at most 512 are allowed",
                None,
            ),
            raw(
                json!({"type": "start_agent", "runId": "r", "actions": "click"}),
                "start_agent: `actions` must be an array, got a string",
                Some("r"),
            ),
            raw(
                json!({"type": "step_update", "stepNumber": 1, "screenshot": "", "explanation": "", "action": {}}),
                "step_update: `action.type` is missing",
                None,
            ),
            raw(
                json!({"type": "step_update", "stepNumber": -1, "runId": "r"}),
                "step_update: `stepNumber` must be a whole number of 0 or more, got -1",
                Some("r"),
            ),
            raw(json!({"type": "completion", "status": null}), "completion: `status` must be a string, got null", None),
            raw(json!({"type": "error"}), "error: `error` is missing", None),
            raw(json!({"type": "understudy:command"}), "understudy:command: `command` is missing", None),
        ],
    );
}

#[test]
fn of_testbro() {
    let event = |kind: &str, data: Value| json!({"type": kind, "execution_id": "e", "data": data, "timestamp": "now"});
    refused(
        "testbro",
        &[
            ("subscribe_execution", json!(null), "subscribe_execution: the payload must be a string, got null", None),
            (
                "subscribe_recording",
                json!({"session_id": "s"}),
                "subscribe_recording: the payload must be a string, got an object",
                Some("s"),
            ),
            ("unsubscribe_playback", json!(""), "unsubscribe_playback: the payload must not be empty", None),
            (
                "browser_command",
                json!("navigate"),
                "browser_command: the payload must be an object, got a string",
                None,
            ),
            ("browser_command", json!({"session_id": "s"}), "browser_command: `command` is missing", Some("s")),
            (
                "browser_command",
                json!({"session_id": "s", "command": "dance"}),
                "browser_command: `command` must be one of `navigate`, `click`, `type`, `scroll`, `reload`, `back`, `forward`, \
             `pause`, `resume`, `close`, got `dance`",
                Some("s"),
            ),
            (
                "browser_command",
                json!({"session_id": "s", "command": "navigate", "parameters": "https://example.com"}),
                "browser_command: `parameters` must be an object, got a string",
                Some("s"),
            ),
            (
                "browser_command_received",
                json!({"command": "reload"}),
                "browser_command_received: `session_id` is missing",
                None,
            ),
            (
                "recording_control",
                json!({"session_id": "s", "action": "step"}),
                "recording_control: `action` must be one of `start`, `pause`, `resume`, `stop`, got `step`",
                Some("s"),
            ),
            (
                "playback_control",
                json!({"session_id": "s", "action": deep()}),
                "playback_control: `action` must be a string, got an array",
                Some("s"),
            ),
            (
                "replay_control",
                json!({"execution_id": "e", "action": "seek", "timestamp": -5}),
                "replay_control: `timestamp` must be a number of 0 or more, got -5.0",
                Some("e"),
            ),
            ("execution_start", json!([]), "execution_start: the payload must be an object, got an array", None),
            ("execution_start", json!({"code": ""}), "execution_start: `execution_id` is missing", None),
            (
                "execution_start",
                json!({"execution_id": "e", "code": 1}),
                "execution_start: `code` must be a string, got a number",
                Some("e"),
            ),
            (
                "execution_start",
                json!({"execution_id": "e", "steps": {}}),
                "execution_start: `steps` must be an array, got an object",
                Some("e"),
            ),
            ("execution_cancel", json!({}), "execution_cancel: `execution_id` is missing", None),
            ("heartbeat", json!({"timestamp": 1}), "heartbeat: `timestamp` must be a string, got a number", None),
            ("execution_event", json!([]), "execution_event: the payload must be an object, got an array", None),
            ("execution_event", json!({"execution_id": "e"}), "execution_event: `type` is missing", Some("e")),
            (
                "execution_event",
                json!({"type": "log", "data": {"level": "info", "message": ""}}),
                "execution_event: `timestamp` is missing",
                None,
            ),
            (
                "execution_event",
                event("log", json!(null)),
                "execution_event: `data` must be an object, got null",
                Some("e"),
            ),
            (
                "execution_event",
                event("log", json!({"level": "debug", "message": ""})),
                "execution_event: `data.level` must be one of `info`, `warn`, `error`, got `debug`",
                Some("e"),
            ),
            (
                "execution_event",
                event("execution_progress", json!({"progress": 101})),
                "execution_event: `data.progress` must be a number from 0 to 100, got 101.0",
                Some("e"),
            ),
            (
                "execution_event",
                event("step_complete", json!({"step_id": "s", "step_order": 1, "status": "skipped"})),
                "execution_event: `data.status` must be one of `running`, `passed`, `failed`, got `skipped`",
                Some("e"),
            ),
            (
                "execution_event",
                event("execution_complete", json!({"status": "completed", "results": [{"step_id": "s"}]})),
                "execution_event: `data.results[0].status` is missing",
                Some("e"),
            ),
            (
                "recording",
                json!({"type": "recording", "session_id": "s", "timestamp": "now", "data": {
                    "action": "action_recorded", "recorded_action": {"id": "a", "order": 1, "action_type": "sing"},
                }}),
                "recording: `data.recorded_action.action_type` must be one of `navigate`, `click`, `type`, `scroll`, `hover`, \
             `keypress`, `select`, `drag`, `drop`, `upload`, `assert`, got `sing`",
                Some("s"),
            ),
            (
                "live_preview",
                json!({"type": "live_preview", "session_id": "s", "timestamp": "now", "data": {"url": "", "mouse_position": [1, 2]}}),
                "live_preview: `data.mouse_position` must be an object, got an array",
                Some("s"),
            ),
        ],
    );
}

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

#[test]
fn of_cloud() {
    let raw = |value, words, session| ("", value, words, session);
    refused(
        "cloud",
        &[
            raw(json!(7), "message: the payload must be a JSON object, got a number", None),
            raw(json!("not JSON"), "message: the payload must be a JSON object, got a string", None),
            raw(json!({"data": {"taskId": "t"}}), "message: `type` must be a string, got nothing", Some("t")),
            raw(json!({"type": "ping", "timestamp": 1}), "ping: `timestamp` must be a string, got a number", None),
            raw(json!({"type": "auth"}), "auth: `data` must be an object, got null", None),
            raw(
                json!({"type": "auth", "data": {"success": "yes"}}),
                "auth: `data.success` must be a boolean, got a string",
                None,
            ),
            raw(
                json!({"type": "user_presence", "data": "here"}),
                "user_presence: `data` must be one of `online`, `away`, `busy`, `offline`, got `here`",
                None,
            ),
            raw(
                json!({"type": "user_presence"}),
                "user_presence: `data` must be a string or an object, got null",
                None,
            ),
            raw(
                json!({"type": "user_presence", "data": {"status": "away"}}),
                "user_presence: `data.userId` is missing",
                None,
            ),
            raw(
                json!({"type": "user_presence", "data": {"userId": "u", "status": 1}}),
                "user_presence: `data.status` must be a string, got a number",
                None,
            ),
            raw(
                json!({"type": "agent_status", "data": {"agentName": "a", "state": "running"}}),
                "agent_status: `data.state` must be one of `idle`, `working`, `stopped`, got `running`",
                None,
            ),
            raw(
                json!({"type": "agent_status", "data": {"agentName": "a", "state": "idle", "progress": -0.5}}),
                "agent_status: `data.progress` must be a number from 0 to 100, got -0.5",
                None,
            ),
            raw(
                json!({"type": "notification", "data": {"level": "warn", "message": "", "taskId": "t"}}),
                "notification: `data.level` must be one of `info`, `success`, `warning`, `error`, got `warn`",
                Some("t"),
            ),
            raw(
                json!({"type": "chat_message", "data": {"conversationId": ""}}),
                "chat_message: `data.conversationId` must not be empty",
                None,
            ),
            raw(
                json!({"type": "task", "data": {"taskId": "t", "steps": deep(), "code": 1}}),
                "task: `data.code` must be a string, got a number",
                Some("t"),
            ),
            raw(json!({"type": "task", "data": {"code": ""}}), "task: `data.taskId` is missing", None),
            raw(
                json!({"type": "error", "data": {"error": null}}),
                "error: `data.error` must be a string, got null",
                None,
            ),
        ],
    );
}
