//! Of 001.

use super::{deep, refused};
use serde_json::json;

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
