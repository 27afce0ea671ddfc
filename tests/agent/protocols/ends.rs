//! How sessions and agents end, how far they are, and where runs come from, in the words of each.

use super::{ALL, Kind, named, one_step, until};
use crate::support::{Agent, Said};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use understudy::dialect::ai_run;
use understudy::model::Event;

#[tokio::test(start_paused = true)]
async fn an_agent_that_was_killed_ends_what_it_had() {
    for kind in ALL {
        let mut agent = kind.agent();
        let (_server, session) = kind.running(&mut agent, "e").await;
        one_step(&session, 1).await;
        let mut agent = agent.killed_and_started().await;
        let mut server = kind.welcome(&mut agent).await;
        assert_eq!(until(&mut server, "the end", |said| kind.end(said)).await, ("e".to_owned(), false), "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_leaves_says_so() {
    for (kind, name, field, word) in [
        (Kind::Swe, "agent.disconnected", "reason", "The agent was stopped"),
        (Kind::Cloud, "agent_status", "state", "stopped"),
    ] {
        let mut agent = kind.agent();
        let mut server = kind.welcome(&mut agent).await;
        named(&mut server, if kind == Kind::Swe { "agent.connected" } else { "agent_status" }).await;
        agent.shutdown.drain.cancel();
        until(&mut server, name, |said| match said {
            Said::Event(its, payload) if its == name || payload["type"] == name => {
                (payload["data"][field] == word).then_some(())
            }
            _ => None,
        })
        .await;
        drop(server);
        agent.end().await.unwrap();
    }
}

/// A server of runs: what it answers to each request, and the requests.
async fn runs(answers: Vec<(u16, String)>) -> (String, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let mut asked = Vec::new();
        for (status, body) in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            asked.push(String::from_utf8(request).unwrap());
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        }
        asked
    });
    (address, served)
}

#[tokio::test]
async fn a_run_is_fetched_by_its_id() {
    let run = json!({"runId": "a b", "code": "…"}).to_string();
    let goal = json!({"runId": "goal", "goal": "Buy a hat"}).to_string();
    let answers = vec![(503, String::new()), (200, run), (404, String::new()), (200, goal), (200, "[".to_owned())];
    let (address, served) = runs(answers).await;
    let mut agent = Agent::with(|options| {
        options.protocol = ai_run::agent::SPOKEN;
        options.server = address.parse().unwrap();
    });
    let mut server = Kind::AiRun.welcome(&mut agent).await;
    server.say("", json!({"type": "start_agent", "runId": "a b"})).await;
    let session = agent.session().await;
    assert_eq!((session.start.execution.as_str(), session.start.code.as_str()), ("a b", "…"));
    assert_eq!(session.start.config.screenshots, Some(true));
    session.complete(0).await;
    assert_eq!(named(&mut server, "completion").await["status"], "success");
    for (id, why) in [
        ("none", "The server has no run none (HTTP 404)"),
        ("goal", "Runs by `goal` are not there yet: give `code` or `actions`"),
        ("torn", "The run torn cannot be read: EOF while parsing a list at line 1 column 1"),
    ] {
        server.say("", json!({"type": "start_agent", "runId": id})).await;
        let completion = named(&mut server, "completion").await;
        assert_eq!((&completion["runId"], &completion["error"]), (&json!(id), &json!(why)));
    }
    let asked = served.await.unwrap();
    assert!(asked[0].starts_with("GET /api/runs/a%20b HTTP/1.1\r\n"), "{}", asked[0]);
    assert!(asked[0].contains("authorization: Bearer t\r\n"), "{}", asked[0]);
}

#[tokio::test(start_paused = true)]
async fn who_takes_no_new_work_says_so_and_ends_what_it_has() {
    for kind in [Kind::Swe, Kind::Cloud] {
        let mut agent = kind.agent();
        let (mut server, session) = kind.running(&mut agent, "e").await;
        agent.shutdown.drain.cancel();
        until(&mut server, "no new work", |said| match (kind, said) {
            (Kind::Swe, Said::Event(name, told)) if name == "agent.status_changed" => {
                (told["data"]["status"] == "busy" && told["data"]["availability"] == 0).then_some(())
            }
            (_, Said::Event(_, told)) => (told["type"] == "user_presence" && told["data"] == "away").then_some(()),
            _ => None,
        })
        .await;
        session.complete(0).await;
        assert_eq!(until(&mut server, "the end", |said| kind.end(said)).await, ("e".to_owned(), true), "{kind:?}");
        server.prove().await;
        until(&mut server, "its leave", |said| match (kind, said) {
            (Kind::Swe, Said::Event(name, told)) if name == "agent.status_changed" => {
                (told["data"]["status"] == "offline").then_some(())
            }
            (_, Said::Event(_, told)) => (told["type"] == "user_presence" && told["data"] == "offline").then_some(()),
            _ => None,
        })
        .await;
        drop(server);
        agent.end().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_workflow_says_how_far_it_is_and_what_the_rest_may_take() {
    let mut agent = Kind::Swe.agent();
    let (mut server, session) = Kind::Swe.running(&mut agent, "w").await;
    let execution = session.start.execution.clone();
    session.tell(Event::ExecutionPlanned { execution, steps: 4 }).await;
    let mut told = Vec::new();
    for number in 1..=4 {
        one_step(&session, number).await;
    }
    while told.len() < 5 {
        let data = named(&mut server, "workflow.progress").await["data"].take();
        assert_eq!((&data["status"], &data["total_steps"]), (&json!("running"), &json!(4)), "{data}");
        assert_eq!(data["estimated_time_remaining"].is_number(), !told.is_empty(), "{data}");
        told.push(data["progress"].clone());
    }
    assert_eq!(told, [json!(0), json!(25), json!(50), json!(75), json!(99)], "100 is the end");
    session.complete(0).await;
    let end = named(&mut server, "workflow.completed").await["data"].take();
    assert_eq!((&end["progress"], &end["estimated_time_remaining"]), (&json!(100), &Value::Null), "{end}");
}

/// How it is said that the agent is busy, and that a session waits.
fn queued(kind: Kind, said: &Said) -> Option<&'static str> {
    let Said::Event(name, told) = said else { return None };
    let waits = "The agent is busy: this session is next";
    match kind {
        Kind::Swe if name == "agent.status_changed" => {
            (told["data"]["status"] == "busy" && told["data"]["availability"] == 0).then_some("busy")
        }
        Kind::Swe if name == "workflow.progress" && told["data"]["workflow_id"] == "waits" => {
            (told["data"]["status"] == "pending" && told["data"]["logs"] == json!([waits])).then_some("waits")
        }
        Kind::Cloud if told["type"] == "user_presence" => (told["data"] == "busy").then_some("presence"),
        Kind::Cloud if told["type"] == "agent_status" => (told["data"]["state"] == "working").then_some("busy"),
        Kind::Cloud if told["type"] == "notification" && told["data"]["taskId"] == "waits" => {
            (told["data"]["level"] == "info" && told["data"]["message"] == waits).then_some("waits")
        }
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_no_slot_left_says_that_it_is_busy_and_what_waits() {
    for (kind, expected) in [(Kind::Swe, &["busy", "waits"][..]), (Kind::Cloud, &["presence", "busy", "waits"])] {
        let mut agent = kind.agent();
        let (mut server, session) = kind.running(&mut agent, "runs").await;
        kind.say(&mut server, kind.start("waits")).await;
        for expected in expected {
            assert_eq!(until(&mut server, expected, |said| queued(kind, said)).await, *expected, "{kind:?}");
        }
        assert!(agent.started_nothing());
        session.complete(0).await;
        assert_eq!(until(&mut server, "the end", |said| kind.end(said)).await, ("runs".to_owned(), true));
        agent.session().await.complete(0).await;
        assert_eq!(until(&mut server, "the end", |said| kind.end(said)).await, ("waits".to_owned(), true));
    }
}
