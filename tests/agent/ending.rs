//! Stopping is not cancelling.

use crate::support::Agent;
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn a_stop_lets_what_runs_finish_and_takes_no_new_work() {
    let mut agent = Agent::start();
    let (mut server, session) = agent.running("runs").await;
    server.start("waits").await;
    assert_eq!(server.logs(1).await, ["The agent is busy: this session is next"]);
    server.expect_silence().await;
    agent.shutdown.drain.cancel();
    assert_eq!(server.logs(1).await, ["The agent is shutting down: this execution was not started"]);
    assert_eq!(server.complete("waits").await, 130);
    server.start("late").await;
    assert_eq!(server.expect("error").await, json!({"executionId": "late", "message": "The agent is shutting down"}));
    assert!(!session.cancel.is_cancelled());
    session.log("done").await;
    session.complete(0).await;
    assert_eq!(server.logs(1).await, ["done"]);
    assert_eq!(server.complete("runs").await, 0);
    server.prove().await;
    server.expect_leave().await;
    agent.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_hub_of_ours_is_told_at_once_that_an_agent_will_go() {
    let mut agent = Agent::start();
    let mut server = agent.hub().await;
    server.start("runs").await;
    let session = agent.session().await;
    assert_eq!(server.registration.get("draining"), None);
    agent.shutdown.drain.cancel();
    let told = server.expect("agent:register").await;
    assert_eq!((&told["draining"], &told["sessions"]), (&json!(true), &json!(["runs"])));
    session.complete(0).await;
    assert_eq!(server.complete("runs").await, 0);
    server.prove().await;
    server.expect_leave().await;
    agent.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_long_after_a_stop_is_cancelled() {
    let mut agent = Agent::with(|options| options.drain_timeout = Duration::from_secs(10));
    let (mut server, session) = agent.running("slow").await;
    let begun = Instant::now();
    agent.shutdown.drain.cancel();
    session.cancelled().await;
    assert_eq!(begun.elapsed().as_secs(), 10);
    session.complete(130).await;
    assert_eq!(server.complete("slow").await, 130);
    server.prove().await;
    server.expect_leave().await;
    agent.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_second_stop_cancels_and_ends_within_five_seconds() {
    for deaf in [false, true] {
        let mut agent = Agent::start();
        let (mut server, session) = agent.running("e").await;
        agent.shutdown.drain.cancel();
        server.expect_silence().await;
        let begun = Instant::now();
        agent.shutdown.abort.cancel();
        session.cancelled().await;
        if deaf {
            // The session does not end: it is completed without it.
            assert_eq!(server.logs(1).await, ["The agent was stopped while this session ran"]);
            assert_eq!(server.complete("e").await, 2);
        } else {
            session.complete(130).await;
            assert_eq!(server.complete("e").await, 130);
        }
        server.prove().await;
        server.expect_leave().await;
        agent.end().await.unwrap();
        assert!(begun.elapsed() <= Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_stop_does_not_wait_for_a_server_that_hangs() {
    let mut agent = Agent::start();
    let mut server = agent.plain_server().await;
    server.start("e").await;
    agent.session().await.complete(0).await;
    assert_eq!(server.complete("e").await, 0);
    agent.shutdown.drain.cancel();
    agent.shutdown.abort.cancel();
    let begun = Instant::now();
    agent.end().await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    drop(server);
}

#[tokio::test(start_paused = true)]
async fn an_end_without_a_server_keeps_the_last_words() {
    let mut agent = Agent::start();
    let (server, session) = agent.running("e").await;
    server.go_away().await;
    let down = agent.attempt().await;
    session.complete(1).await;
    agent.shutdown.drain.cancel();
    let begun = Instant::now();
    down.unreachable();
    while let Ok(attempt) = tokio::time::timeout(Duration::from_secs(6), agent.attempt()).await {
        attempt.unreachable();
    }
    assert!(begun.elapsed() < Duration::from_secs(20));
    let mut agent = agent.killed_and_started().await;
    let mut server = agent.plain_server().await;
    assert_eq!(server.complete("e").await, 1);
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_never_reached_its_server_ends_too() {
    let agent = Agent::start();
    agent.shutdown.drain.cancel();
    agent.end().await.unwrap();
}
