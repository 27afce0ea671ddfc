//! Nothing is out of reach of a protocol: recordings by those that have no words for them.

use super::nonsense::Line;
use super::{agent, hub};
use serde_json::{Value, json};

/// The next event in words of no protocol.
async fn news(line: &mut Line) -> Value {
    let mut told = line.word("understudy:event").await;
    // A raw WebSocket has it in its `data`, or beside its `type`.
    let told = if told["data"].is_object() { told["data"].take() } else { told };
    assert!(told["event"].is_object(), "{told}");
    told["event"].clone()
}

#[tokio::test]
async fn recordings_are_made_from_protocols_that_have_no_words_for_them() {
    for protocol in ["001", "003", "004"] {
        let hub = hub().await;
        let mut ada = Line::open(&hub, protocol, "ada").await;
        let mut other = Line::open(&hub, protocol, "eve").await;
        let mut agent = agent(&hub, "A").await;
        let start = json!({"type": "start_recording", "flow": "f", "execution": "r", "url": "http://x/",
            "language": "python", "config": {}});
        ada.commands(start).await;
        let asked = agent.expect("recording:start").await;
        assert_eq!(
            (&asked["executionId"], &asked["testFlowId"], &asked["language"]),
            (&json!("r"), &json!("f"), &json!("python"))
        );
        let ids = json!({"testFlowId": "f", "executionId": "r"});
        agent.emit("recording:ready", ids.clone()).await;
        assert_eq!(news(&mut ada).await["type"], "recording_ready", "{protocol}");
        let mut frame = json!({"frame": "AP8H", "width": 8, "height": 6, "page": "page", "url": "http://x/"});
        frame["executionId"] = json!("r");
        agent.emit("recording:frame", frame).await;
        let action = json!({"name": "click", "selector": "#a", "pageGuid": "page"});
        agent.emit("recording:action", json!({"executionId": "r", "index": 0, "action": action, "code": "one"})).await;
        let told = news(&mut ada).await;
        assert_eq!((&told["type"], &told["code"]), (&json!("recording_action"), &json!("one")), "{protocol}: {told}");
        ada.commands(json!({"type": "control_recording", "execution": "r", "control": {"control": "stop"}})).await;
        agent.expect("recording:stop").await;
        let complete = json!({"testFlowId": "f", "executionId": "r", "success": true, "code": "all of it"});
        agent.emit("recording:complete", complete).await;
        let told = news(&mut ada).await;
        assert_eq!((&told["type"], &told["code"]), (&json!("recording_complete"), &json!("all of it")), "{protocol}");
        // Nobody else has heard of it.
        assert_eq!(other.overheard().await, Vec::<String>::new(), "{protocol}");
        hub.shutdown().await;
    }
}
