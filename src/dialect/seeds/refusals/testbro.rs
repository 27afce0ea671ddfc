//! Of 002.

use super::{deep, refused};
use serde_json::{Value, json};

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
