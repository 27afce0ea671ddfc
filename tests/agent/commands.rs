//! What the agent does with what a server says.

use crate::noise;
use crate::support::{Agent, Said};
use serde_json::{Value, json};
use understudy::model::{Event, Level};

#[tokio::test(start_paused = true)]
async fn an_execution_from_start_to_end() {
    let mut agent = Agent::start();
    let mut server = agent.plain_server().await;
    server
        .say("execution:start", json!({"executionId": "e", "target": "docker", "code": "…", "config": {"timeout": 5}}))
        .await;
    let session = agent.session().await;
    assert_eq!((session.start.code.as_str(), session.start.config.timeout), ("…", Some(5)));
    session.log("hello").await;
    session.complete(0).await;
    assert_eq!(
        server.next().await,
        Some(Said::Event("execution:log".into(), json!({"executionId": "e", "message": "hello", "level": "info"})))
    );
    assert_eq!(
        server.next().await,
        Some(Said::Event("execution:complete".into(), json!({"executionId": "e", "exitCode": 0, "duration": 7})))
    );
}

#[tokio::test(start_paused = true)]
async fn malformed_commands_are_answered_and_change_nothing() {
    let mut agent = Agent::start();
    let mut server = agent.plain_server().await;
    let long = "e".repeat(513);
    let deep = (0..100).fold(json!("e"), |inner, _| json!([inner]));
    for (case, name, arguments, words, execution) in [
        ("no payload", "execution:start", vec![], "the payload must be an object, got nothing", None),
        ("null", "execution:start", vec![Value::Null], "the payload must be an object, got null", None),
        ("text", "execution:start", vec![json!("{}")], "the payload must be an object, got a string", None),
        ("a list", "execution:start", vec![json!([{}])], "the payload must be an object, got an array", None),
        ("nothing in it", "execution:start", vec![json!({})], "`executionId` must be a string, got nothing", None),
        (
            "second argument",
            "execution:start",
            vec![json!(1), json!({"executionId": "e", "code": ""})],
            "the payload must be an object, got a number",
            None,
        ),
        (
            "id: number",
            "execution:start",
            vec![json!({"executionId": 1, "code": ""})],
            "`executionId` must be a string, got a number",
            None,
        ),
        (
            "id: nested",
            "execution:start",
            vec![json!({"executionId": deep, "code": ""})],
            "`executionId` must be a string, got an array",
            None,
        ),
        (
            "id: empty",
            "execution:start",
            vec![json!({"executionId": "", "code": ""})],
            "`executionId` must not be empty",
            None,
        ),
        (
            "id: long",
            "execution:start",
            vec![json!({"executionId": long, "code": ""})],
            "`executionId` has 513 bytes, at most 512 are allowed",
            None,
        ),
        (
            "no code",
            "execution:start",
            vec![json!({"executionId": "e"})],
            "`code` must be a string, got nothing",
            Some("e"),
        ),
        (
            "code: null",
            "execution:start",
            vec![json!({"executionId": "e", "code": null})],
            "`code` must be a string, got null",
            Some("e"),
        ),
        (
            "code: binary",
            "execution:start",
            vec![json!({"executionId": "e", "code": {"_placeholder": true, "num": 0}})],
            "`code` must be a string, got an object",
            Some("e"),
        ),
        (
            "target: list",
            "execution:start",
            vec![json!({"executionId": "e", "code": "", "target": []})],
            "`target` must be a string, got an array",
            Some("e"),
        ),
        (
            "config: text",
            "execution:start",
            vec![json!({"executionId": "e", "code": "", "config": "x"})],
            "`config` must be an object, got a string",
            Some("e"),
        ),
        (
            "config: viewport",
            "execution:start",
            vec![json!({"executionId": "e", "code": "", "config": {"viewport": {"width": 1}}})],
            "`config`: missing field `height`",
            Some("e"),
        ),
        ("cancel: bare id", "execution:cancel", vec![json!("e")], "the payload must be an object, got a string", None),
        (
            "cancel: no id",
            "execution:cancel",
            vec![json!({"id": "e"})],
            "`executionId` must be a string, got nothing",
            None,
        ),
        (
            "recording: no flow",
            "recording:start",
            vec![json!({"executionId": "e", "url": "about:blank"})],
            "`testFlowId` must be a string, got nothing",
            Some("e"),
        ),
        (
            "recording: no url",
            "recording:start",
            vec![json!({"executionId": "e", "testFlowId": "f"})],
            "`url` must be a string, got nothing",
            Some("e"),
        ),
        (
            "recording: language",
            "recording:start",
            vec![json!({"executionId": "e", "testFlowId": "f", "url": "x", "language": 7})],
            "`language` must be a string, got a number",
            Some("e"),
        ),
        (
            "recording cancel: no flow",
            "recording:cancel",
            vec![json!({"executionId": "e"})],
            "`testFlowId` must be a string, got nothing",
            Some("e"),
        ),
    ] {
        server.event(name, arguments, Some(7)).await;
        let mut expected = json!({"message": format!("{name}: {words}")});
        if let Some(execution) = execution {
            expected["executionId"] = json!(execution);
        }
        let answer = json!({"ok": false, "error": expected["message"]});
        assert_eq!(server.next().await, Some(Said::Answer(7, answer)), "{case}");
        assert_eq!(server.next().await, Some(Said::Event("error".into(), expected)), "{case}");
        assert!(agent.started_nothing(), "{case}");
    }
    server.event("execution:start", vec![json!({"executionId": "e", "code": "fine"})], Some(8)).await;
    assert_eq!(server.next().await, Some(Said::Answer(8, json!({"ok": true}))));
    agent.session().await.complete(0).await;
    assert_eq!(server.complete("e").await, 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_command_is_passed_over() {
    let mut agent = Agent::start();
    let mut server = agent.plain_server().await;
    for (name, arguments) in [
        ("", vec![]),
        ("execution:start ", vec![json!({"executionId": "e", "code": ""})]),
        ("EXECUTION:START", vec![json!({"executionId": "e", "code": ""})]),
        ("agent:status", vec![json!({"agentId": "a", "status": "online"})]),
        ("agent:registered", vec![json!(7)]),
        ("execution:complete", vec![json!({"executionId": "e"})]),
        ("error", vec![]),
        ("error", vec![json!({"message": "no such agent", "executionId": "e"})]),
        ("message", vec![json!("hello"), json!(null)]),
    ] {
        server.event(name, arguments, None).await;
    }
    server.expect_silence().await;
    assert!(agent.started_nothing());
}

#[tokio::test(start_paused = true)]
async fn more_starts_than_slots_wait_in_order_and_can_be_cancelled() {
    let mut agent = Agent::start();
    let mut server = agent.plain_server().await;
    for id in ["a", "b", "c"] {
        server.start(id).await;
    }
    let first = agent.session().await;
    let next = ["The agent is busy: this session is next", "The agent is busy: 1 session is before this one"];
    assert_eq!(server.logs(2).await, next);
    server.cancel("b").await;
    assert_eq!(server.logs(1).await, ["Cancelled before it was started"]);
    assert_eq!(server.complete("b").await, 130);
    assert!(agent.started_nothing());
    first.complete(0).await;
    assert_eq!(server.complete("a").await, 0);
    let third = agent.session().await;
    assert_eq!(third.start.execution.as_str(), "c");
    server.cancel("c").await;
    third.cancelled().await;
    third.complete(130).await;
    assert_eq!(server.complete("c").await, 130);
    for (id, answered) in [("c", false), ("b", false), ("never", true)] {
        server.cancel(id).await;
        if answered {
            let message = format!("No session {id} runs or waits here");
            assert_eq!(server.expect("error").await, json!({"executionId": id, "message": message}));
        } else {
            server.expect_silence().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_delivered_again_is_not_run_again() {
    let mut agent = Agent::start();
    let (mut server, session) = agent.running("a").await;
    server.start("a").await;
    server.start("b").await;
    server.start("b").await;
    assert_eq!(server.logs(1).await, ["The agent is busy: this session is next"]);
    session.complete(0).await;
    assert_eq!(server.complete("a").await, 0);
    agent.session().await.complete(1).await;
    assert_eq!(server.complete("b").await, 1);
    for id in ["a", "b"] {
        server.start(id).await;
    }
    server.expect_silence().await;
    assert!(agent.started_nothing());
    server.prove().await;
    server.expect_silence().await;

    let mut agent = agent.killed_and_started().await;
    let mut server = agent.plain_server().await;
    server.start("a").await;
    server.expect_silence().await;
    assert!(agent.started_nothing());
}

#[tokio::test(start_paused = true)]
async fn every_session_has_one_completion_whatever_it_does() {
    let failed = "The session has failed inside the agent: its log says more";
    let mut agent = Agent::with(|options| options.max_sessions = 3);
    let mut server = agent.plain_server().await;
    server.start("vanishes").await;
    agent.session().await.vanish();
    assert_eq!(server.logs(1).await, [failed]);
    assert_eq!(server.complete("vanishes").await, 2);
    server.start("panics").await;
    let session = agent.session().await;
    session.log("so far so good").await;
    session.panic();
    assert_eq!(server.logs(2).await, ["so far so good", failed]);
    assert_eq!(server.complete("panics").await, 2);
    server.start("goes on").await;
    let session = agent.session().await;
    let id = session.start.execution.clone();
    session.tell(Event::ExecutionComplete { execution: id.clone(), exit_code: 1, duration_ms: 1 }).await;
    session.log("too late").await;
    session.tell(Event::ExecutionComplete { execution: id, exit_code: 0, duration_ms: 1 }).await;
    session.vanish();
    assert_eq!(server.complete("goes on").await, 1);
    server.expect_silence().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_larger_than_the_server_takes() {
    const LIMIT: usize = 10_000;
    let mut agent = Agent::start();
    let mut server = agent.attempt().await.accept_with(LIMIT);
    server.expect("agent:register").await;
    server.start("e").await;
    let session = agent.session().await;
    let id = session.start.execution.clone();
    let log = |message| Event::ExecutionLog { execution: id.clone(), level: Level::Info, message };
    session.tell(log("line\n".repeat(10_000))).await;
    session
        .tell(Event::ExecutionScreenshot { execution: id.clone(), step_number: 1, image: noise::png(400, 300) })
        .await;
    session.complete(0).await;
    let (mut lines, mut pictures) = (0, 0);
    loop {
        let Some(Said::Event(name, payload)) = server.next().await else { panic!("an event") };
        assert!(payload.to_string().len() + name.len() + 32 <= LIMIT, "{name}: {}", payload.to_string().len());
        match name.as_str() {
            "execution:log" => lines += payload["message"].as_str().unwrap().lines().count(),
            "execution:screenshot" => pictures += 1,
            "execution:complete" => break,
            other => panic!("{other}"),
        }
    }
    assert_eq!((lines, pictures), (10_000, 1));
}
