//! Browsers that are driven from afar are sessions: they have slots, hear what is asked in order, and are closed once whatever happens.

use crate::support::{Agent, Server};
use serde_json::{Value, json};
use understudy::model::live::{Deed, LiveControl, LiveNews, RecordingOrder};

fn reload() -> Value {
    json!({"of": "browser", "ask": {"do": "reload"}})
}

impl Server {
    async fn drive(&mut self, id: &str, control: Value) {
        self.say("understudy:command", json!({"command": {"type": "live", "execution": id, "control": control}})).await;
    }

    /// What is new in a browser.
    async fn news(&mut self, id: &str) -> Value {
        let mut told = self.expect("understudy:event").await;
        assert_eq!((&told["event"]["type"], &told["event"]["execution"]), (&json!("live"), &json!(id)));
        told["event"]["news"].take()
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_reaches_the_browser_in_order_and_opens_it() {
    let mut agent = Agent::start();
    let mut server = agent.plain_server().await;
    server.drive("b", json!({"of": "browser", "ask": {"do": "navigate", "url": "http://x/"}})).await;
    server.drive("b", json!({"of": "recording", "ask": {"do": "start"}})).await;
    server.drive("b", reload()).await;
    let mut browser = agent.browser().await;
    assert_eq!(browser.execution.as_str(), "b");
    assert_eq!(browser.wish().await, LiveControl::Browser(Deed::Navigate { url: "http://x/".to_owned() }));
    let start = RecordingOrder::Start { url: None, viewport: None, language: None };
    assert_eq!(browser.wish().await, LiveControl::Recording(start));
    assert_eq!(browser.wish().await, LiveControl::Browser(Deed::Reload));
    browser.tell(LiveNews::Opened).await;
    assert_eq!(server.news("b").await, json!({"of": "opened"}));
    browser.tell(LiveNews::Did(Deed::Reload)).await;
    assert_eq!(server.news("b").await, json!({"of": "did", "is": {"do": "reload"}}));
    browser.closed(None).await;
    assert_eq!(server.news("b").await, json!({"of": "closed", "is": null}));
    server.prove().await;
    // The id names it, not one life of it.
    server.drive("b", reload()).await;
    agent.browser().await.closed(None).await;
    server.news("b").await;
}

#[tokio::test(start_paused = true)]
async fn it_waits_for_a_slot_with_what_is_asked_meanwhile() {
    let mut agent = Agent::start();
    let (mut server, execution) = agent.running("e").await;
    server.drive("b", reload()).await;
    server.drive("b", json!({"of": "browser", "ask": {"do": "back"}})).await;
    server.drive("c", reload()).await;
    server.cancel("c").await;
    assert_eq!(server.news("c").await["of"], "closed");
    execution.complete(0).await;
    server.complete("e").await;
    let mut browser = agent.browser().await;
    assert_eq!(browser.wish().await, LiveControl::Browser(Deed::Reload));
    assert_eq!(browser.wish().await, LiveControl::Browser(Deed::Back));
    server.cancel("b").await;
    browser.controls.cancel.cancelled().await;
    browser.closed(Some("it was cancelled")).await;
    assert_eq!(server.news("b").await, json!({"of": "closed", "is": "it was cancelled"}));
    assert!(agent.started_nothing());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_is_answered() {
    let mut agent = Agent::start();
    let (mut server, execution) = agent.running("e").await;
    for (id, control, words) in [
        ("e", reload(), "This is no browser to be driven"),
        ("b", json!({"of": "recording", "ask": {"do": "stop"}}), "No browser b is open here"),
        ("b", json!({"of": "playback", "ask": {"do": "start"}}), "No browser b is open here"),
    ] {
        server.drive(id, control).await;
        let answer = server.expect("error").await;
        assert_eq!((&answer["message"], &answer["executionId"]), (&json!(words), &json!(id)));
    }
    server.drive("b", json!({"of": "browser", "ask": {"do": "dance"}})).await;
    let answer = server.expect("error").await;
    assert!(answer["message"].as_str().unwrap().starts_with("understudy:command: `command"), "{answer}");
    execution.complete(0).await;
    assert!(agent.started_nothing());
}

#[tokio::test(start_paused = true)]
async fn one_that_was_lost_with_its_agent_is_told_to_be_closed() {
    let mut agent = Agent::start();
    let mut server = agent.plain_server().await;
    server.drive("b", reload()).await;
    let browser = agent.browser().await;
    browser.tell(LiveNews::Opened).await;
    server.news("b").await;
    server.prove().await;
    let mut agent = agent.killed_and_started().await;
    let mut server = agent.plain_server().await;
    let mut news = server.news("b").await;
    // What a server without receipts may not have got.
    if news["of"] == "opened" {
        news = server.news("b").await;
    }
    assert_eq!(news, json!({"of": "closed", "is": "The agent was killed before this session had ended"}));
}
