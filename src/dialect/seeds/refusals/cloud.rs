//! Of 004.

use super::{deep, refused};
use serde_json::json;

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
