//! A person records through the hub, looking at pictures: the program itself and Chromium.

use crate::process::Stage;
use serde_json::{Value, json};

const PAGE: &str =
    "data:text/html,<title>Shop</title><label>Name <input></label><label>Password <input type=password></label>";

impl Stage {
    async fn record(&mut self, url: &str) {
        let start = json!({"testFlowId": "f", "executionId": "r", "url": url, "language": "typescript"});
        self.user.emit("recording:start", start).await;
    }

    async fn input(&mut self, mut input: Value) {
        input["executionId"] = json!("r");
        self.user.emit("recording:input", input).await;
    }

    async fn say(&mut self, name: &str) {
        self.user.emit(name, json!({"testFlowId": "f", "executionId": "r"})).await;
    }

    async fn recorded(&mut self, words: &str) {
        let has = |payload: &Value| payload["code"].as_str().is_some_and(|code| code.contains(words));
        self.user.expect_where("recording:action", has).await;
    }

    async fn completed(&mut self) -> (Value, String) {
        let complete = self.user.expect("recording:complete").await;
        assert_eq!((&complete["testFlowId"], &complete["executionId"]), (&json!("f"), &json!("r")));
        (complete["success"].clone(), complete["code"].as_str().unwrap_or_default().to_owned())
    }
}

#[tokio::test]
async fn a_client_records_through_the_preview() {
    let mut stage = Stage::new().await;
    stage.record(PAGE).await;
    stage.user.expect("recording:ready").await;
    let frame = stage.user.expect("recording:frame").await;
    assert_eq!((&frame["width"], &frame["height"]), (&json!(1280), &json!(720)));
    stage.input(json!({"type": "press", "key": "Tab"})).await;
    stage.input(json!({"type": "text", "text": "Ada"})).await;
    stage.recorded("fill('Ada')").await;
    // What it looks like now, seen once what was shown before has arrived.
    stage.user.expect("recording:frame").await;
    stage.input(json!({"type": "dance"})).await;
    let error = stage.user.expect("error").await;
    assert!(error["message"].as_str().unwrap().contains("unknown variant `dance`"), "{error}");
    stage.input(json!({"type": "press", "key": "Tab"})).await;
    stage.input(json!({"type": "text", "text": "s3cret"})).await;
    stage.recorded("process.env.PASSWORD!").await;
    stage.say("recording:stop").await;
    let (success, code) = stage.completed().await;
    assert_eq!(success, true);
    for line in ["goto('data:text/html", "getByRole('textbox', { name: 'Name' }).fill('Ada')", "process.env.PASSWORD!"]
    {
        assert!(code.contains(line), "{line}: {code}");
    }
    assert!(!code.contains("s3cret"), "{code}");
    stage.end().await;
}

#[tokio::test]
async fn a_cancelled_recording_tells_what_there_is() {
    let mut stage = Stage::new().await;
    stage.record(PAGE).await;
    stage.user.expect("recording:ready").await;
    stage.say("recording:cancel").await;
    let (success, code) = stage.completed().await;
    assert_eq!(success, false);
    assert!(code.contains("goto('data:text/html"), "{code}");
    stage.end().await;
}

#[tokio::test]
async fn an_agent_killed_while_it_records_completes_it_when_it_is_back() {
    let mut stage = Stage::new().await;
    stage.record(PAGE).await;
    stage.recorded("goto").await;
    stage.user.expect("recording:frame").await;
    stage.kill_and_start().await;
    assert_eq!(stage.completed().await.0, false);
    // What comes next is of the next recording.
    let again = json!({"testFlowId": "f", "executionId": "again", "url": "about:blank", "language": "cobol"});
    stage.user.emit("recording:start", again).await;
    let complete = stage.user.expect("recording:complete").await;
    assert_eq!(complete["executionId"], "again");
    assert!(complete["message"].as_str().unwrap().contains("known are typescript"), "{complete}");
    stage.end().await;
}
