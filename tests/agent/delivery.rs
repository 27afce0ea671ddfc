//! Nothing that a session said is lost, and its order is kept, whatever happens to the connection and to the agent.

use crate::support::{Agent, Said};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The messages and exit codes of what comes, and its event ids, up to a completion.
async fn story(server: &mut crate::support::Server) -> (Vec<String>, Vec<Value>) {
    let (mut told, mut ids) = (Vec::new(), Vec::new());
    loop {
        let Some(Said::Event(name, payload)) = server.next().await else { panic!("an event") };
        ids.push(payload["eventId"].clone());
        if name == "execution:complete" {
            told.push(payload["exitCode"].to_string());
            return (told, ids);
        }
        told.push(payload["message"].as_str().unwrap().to_owned());
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_goes_on_while_the_server_is_away() {
    let mut agent = Agent::start();
    let mut server = agent.plain_server().await;
    assert_eq!(server.registration["sessions"], serde_json::json!([]));
    server.start("e").await;
    let session = agent.session().await;
    session.log("1").await;
    session.log("2").await;
    assert_eq!(server.logs(2).await, ["1", "2"]);
    server.expect_silence().await;
    server.go_away().await;
    session.log("3").await;
    agent.attempt().await.unreachable();
    session.log("4").await;
    let mut server = agent.plain_server().await;
    assert_eq!(server.registration["sessions"], serde_json::json!(["e"]));
    session.log("5").await;
    session.complete(1).await;
    assert_eq!(story(&mut server).await.0, ["3", "4", "5", "1"]);
    server.prove().await;
    server.expect_silence().await;
    server.go_away().await;
    let mut server = agent.plain_server().await;
    assert_eq!(server.registration["sessions"], serde_json::json!([]));
    server.expect_silence().await;
}

#[tokio::test(start_paused = true)]
async fn a_verdict_without_a_receipt_is_told_again() {
    let mut agent = Agent::start();
    let (mut server, session) = agent.running("e").await;
    session.log("1").await;
    session.complete(0).await;
    assert_eq!(story(&mut server).await.0, ["1", "0"]);
    server.expect_silence().await;
    server.go_away().await;
    let mut server = agent.plain_server().await;
    assert_eq!(story(&mut server).await.0, ["0"], "what was written is not written again");
    server.prove().await;
    server.expect_silence().await;
}

#[tokio::test(start_paused = true)]
async fn a_hub_gets_everything_unacknowledged_again_under_the_same_id() {
    let mut agent = Agent::start();
    let mut hub = agent.hub().await;
    hub.start("e").await;
    let session = agent.session().await;
    session.log("1").await;
    assert_eq!(hub.logs(1).await, ["1"]);
    hub.prove().await;
    hub.expect_silence().await;
    session.log("2").await;
    session.log("3").await;
    let first = [hub.expect("execution:log").await, hub.expect("execution:log").await];
    hub.go_away().await;
    session.complete(0).await;
    let mut hub = agent.hub().await;
    let (told, ids) = story(&mut hub).await;
    assert_eq!(told, ["2", "3", "0"]);
    assert_eq!(ids[..2], [first[0]["eventId"].clone(), first[1]["eventId"].clone()]);
    assert!(ids.iter().all(Value::is_string) && ids[1] != ids[2], "{ids:?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_said_before_a_kill_is_told_after_it() {
    for by_hub in [false, true] {
        let mut agent = Agent::start();
        let (server, session) = agent.running("e").await;
        server.go_away().await;
        let down = agent.attempt().await;
        session.log("1").await;
        session.log("2").await;
        session.complete(1).await;
        down.unreachable();
        // One more attempt: what was said before it is on disk.
        let _down = agent.attempt().await;
        let mut agent = agent.killed_and_started().await;
        let mut server = if by_hub { agent.hub().await } else { agent.plain_server().await };
        assert_eq!(server.registration["sessions"], serde_json::json!(["e"]));
        assert_eq!(story(&mut server).await.0, ["1", "2", "1"]);
        server.prove().await;
        server.expect_silence().await;
        let mut agent = agent.killed_and_started().await;
        let mut server = agent.plain_server().await;
        server.expect_silence().await;
        assert_eq!(server.registration["sessions"], serde_json::json!([]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_kill_with_a_server_there_loses_nothing_either() {
    let mut agent = Agent::start();
    let mut hub = agent.hub().await;
    hub.start("e").await;
    let session = agent.session().await;
    session.log("1").await;
    session.complete(0).await;
    let before = story(&mut hub).await;
    let mut agent = agent.killed_and_started().await;
    let mut hub = agent.hub().await;
    assert_eq!(story(&mut hub).await, before, "the same ids");
    hub.prove().await;
    hub.expect_silence().await;
}

#[tokio::test(start_paused = true)]
async fn sessions_cut_off_by_a_kill_are_completed_once() {
    let mut agent = Agent::start();
    let (mut server, session) = agent.running("ran").await;
    server.start("waited").await;
    assert_eq!(server.logs(1).await, ["The agent is busy: this session is next"]);
    session.log("1").await;
    assert_eq!(server.logs(1).await, ["1"]);
    server.expect_silence().await;
    let agent = agent.killed_and_started().await;
    let mut agent = agent.killed_and_started().await;
    let mut server = agent.plain_server().await;
    for id in ["ran", "waited"] {
        assert_eq!(server.logs(1).await, ["The agent was killed before this session had ended"]);
        assert_eq!(server.complete(id).await, 2);
    }
    server.prove().await;
    server.expect_silence().await;
    let mut agent = agent.killed_and_started().await;
    let mut server = agent.plain_server().await;
    server.start("ran").await;
    server.start("waited").await;
    server.expect_silence().await;
    assert!(agent.started_nothing());
}

/// So that those that wait for a server that is there weigh more than what may wait for one that is away.
const LINES: usize = 1_400;
const LINE: usize = 50_000;

/// Lines on their way to the outbox, and those that fit there.
const AHEAD: usize = 2 * 256 + (16 << 20) / LINE;

#[tokio::test(start_paused = true)]
async fn a_session_waits_for_a_server_that_reads_slowly_and_nothing_is_left_out() {
    let mut agent = Agent::start();
    let (mut server, session) = agent.running("e").await;
    let told = Arc::new(AtomicUsize::new(0));
    let says = tokio::spawn({
        let told = told.clone();
        async move {
            for n in 0..LINES {
                session.log(&format!("{n} {}", "x".repeat(LINE))).await;
                told.fetch_add(1, Ordering::Relaxed);
            }
            session.complete(0).await;
        }
    });
    let mut farthest = 0;
    for n in 0..LINES {
        let line = server.logs(1).await.remove(0);
        assert!(line.starts_with(&format!("{n} x")), "{}", &line[..100.min(line.len())]);
        farthest = farthest.max(told.load(Ordering::Relaxed) - n);
    }
    assert_eq!(server.complete("e").await, 0);
    says.await.unwrap();
    assert!(farthest > (16 << 20) / LINE, "it was held up: {farthest}");
    assert!(farthest < AHEAD + 100, "{farthest} lines ahead");
}
