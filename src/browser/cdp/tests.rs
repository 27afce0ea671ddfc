use super::{Connection, Event, Listener, Session};
use crate::browser::error::BrowserError;
use futures_util::FutureExt;
use serde_json::json;
use std::sync::Arc;

struct Nobody;

impl Listener for Nobody {
    fn event(&self, _: &Session, _: &Event<'_>) {}
    fn gone(&self) {}
}

fn outcome(session: &Session) -> Option<String> {
    let answer = session.request("Page.enable", &json!({})).unlimited().raw().now_or_never()?;
    Some(answer.map_or_else(|error| error.to_string(), |answer| answer.to_string()))
}

#[test]
fn nothing_waits_in_a_session_that_has_ended() {
    let (connection, mut outgoing) = Connection::new();
    let session = connection.session("one");
    connection.attach(&session, Arc::new(Nobody));
    let other = connection.session("two");
    let before = session.request("Page.enable", &json!({})).unlimited().raw();
    assert_eq!(outcome(&session), None);
    session.end(&BrowserError::crashed());
    assert_eq!(before.now_or_never().unwrap().unwrap_err().to_string(), "Target crashed");
    assert_eq!(outcome(&session).unwrap(), "Target crashed");
    // The reason stays what it was first, for all who have the session.
    connection.end_session("one");
    assert_eq!(outcome(&session.clone()).unwrap(), "Target crashed");
    assert_eq!(outcome(&other), None);
    let mut sent = 0;
    while outgoing.try_recv().is_ok() {
        sent += 1;
    }
    assert_eq!(sent, 3);
    assert_eq!(connection.held().1, 1);
}

#[test]
fn who_holds_a_session_that_is_closed_is_told() {
    let (connection, _outgoing) = Connection::new();
    let session = connection.session("one");
    connection.attach(&session, Arc::new(Nobody));
    connection.receive(br#"{"method":"Target.detachedFromTarget","params":{"sessionId":"one"}}"#);
    assert_eq!(outcome(&session).unwrap(), BrowserError::closed().to_string());
    connection.close();
    assert_eq!(outcome(&connection.root()).unwrap(), BrowserError::closed().to_string());
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_does_not_answer_is_gone_for_all() {
    let (connection, _outgoing) = Connection::new();
    let page = connection.session("one");
    connection.attach(&page, Arc::new(Nobody));
    let hangs = |method: &str| format!("Chromium did not answer {method} within 60s");
    let error = page.request("Page.enable", &json!({})).raw().await.unwrap_err();
    assert_eq!(error.to_string(), hangs("Page.enable"));
    assert!(!connection.is_closed());
    let waits = page.request("Runtime.evaluate", &json!({})).unlimited().raw();
    let error = connection.root().request("Target.getTargets", &json!({})).raw().await.unwrap_err();
    assert_eq!(error.to_string(), hangs("Target.getTargets"));
    assert!(connection.is_closed());
    assert_eq!(waits.now_or_never().unwrap().unwrap_err().to_string(), BrowserError::closed().to_string());
}
