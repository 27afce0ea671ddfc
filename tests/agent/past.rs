//! What was told before an agent was killed counts at the end of its sessions (001, 002, 003).

use crate::support::{Agent, Said, Server, Session};
use serde_json::{Value, json};
use understudy::dialect::agent::Spoken;
use understudy::dialect::{ai_run, swe, testbro};
use understudy::model::{Event, SessionStep, StepState};

async fn welcome(agent: &mut Agent, (name, payload): &(&str, Value)) -> Server {
    let server = agent.attempt().await.accept();
    let mut server = server;
    server.say(name, payload.clone()).await;
    server
}

async fn step(session: &Session, number: u32, state: StepState) {
    let step = SessionStep {
        number,
        state,
        action: json!({"type": "fill", "selector": "#a", "value": number.to_string()}),
        explanation: format!("Step {number}"),
        location: None,
        duration_ms: Some(5),
        error: None,
    };
    session.tell(Event::ExecutionStep { execution: session.start.execution.clone(), step }).await;
}

/// Three steps; of the third one the picture does not come any more. Then the agent is killed. What it is told that makes no `sense`
/// it answers; so it has heard by then that all of it has arrived.
async fn killed(
    mut agent: Agent,
    mut server: Server,
    start: (&str, Value),
    sense: (&str, Value),
    heard: impl Fn(&Value) -> bool,
) -> Agent {
    server.say(start.0, start.1).await;
    let session = agent.session().await;
    let execution = session.start.execution.clone();
    session.tell(Event::ExecutionPlanned { execution: execution.clone(), steps: 4 }).await;
    for number in 1..=3 {
        step(&session, number, StepState::Running).await;
        step(&session, number, StepState::Passed).await;
        if number < 3 {
            let image = vec![0, 255, 7];
            session.tell(Event::ExecutionScreenshot { execution: execution.clone(), step_number: number, image }).await;
        }
    }
    // A word that comes after all of it.
    session.tell(Event::Error { message: "over to you".to_owned(), execution: Some(execution) }).await;
    while !matches!(server.next_of_all().await.unwrap(), Said::Event(_, told) if heard(&told)) {}
    server.say(sense.0, sense.1).await;
    server.next_of_all().await.unwrap();
    agent.killed_and_started().await
}

/// What the agent says up to its last word on the session.
async fn rest(server: &mut Server, is_last: impl Fn(&str, &Value) -> bool) -> Vec<Value> {
    let mut told = Vec::new();
    loop {
        let Said::Event(name, payload) = server.next_of_all().await.unwrap() else { continue };
        let last = is_last(&name, &payload);
        told.push(payload);
        if last {
            return told;
        }
    }
}

fn agent(protocol: Spoken) -> Agent {
    Agent::with(|options| options.protocol = protocol)
}

#[tokio::test(start_paused = true)]
async fn commands_of_001() {
    let verdict = ("", json!({"type": "authentication", "status": "success"}));
    let mut agent = agent(ai_run::agent::SPOKEN);
    let server = welcome(&mut agent, &verdict).await;
    let start = ("", json!({"type": "start_agent", "runId": "r", "code": "…"}));
    let mut agent = killed(agent, server, start, ("", json!({"type": 7})), |told| told["type"] == "error").await;
    let mut server = welcome(&mut agent, &verdict).await;
    let told = rest(&mut server, |_, told| told["type"] == "completion").await;
    let updates: Vec<_> = told.iter().filter(|told| told["type"] == "step_update").collect();
    assert_eq!(updates.len(), 1, "the step whose picture was not told: {told:#?}");
    assert_eq!((&updates[0]["stepNumber"], &updates[0]["action"]["value"]), (&json!(3), &json!("3")));
    let end = told.last().unwrap();
    assert_eq!(end["status"], "failed");
    let texts: Vec<_> = end["commands"].as_array().unwrap().iter().map(|command| command["text"].clone()).collect();
    assert_eq!(texts, ["1", "2", "3"], "{end}");
}

#[tokio::test(start_paused = true)]
async fn results_of_002() {
    let verdict = ("connected", json!({"message": "", "user_id": "u", "timestamp": ""}));
    let mut agent = agent(testbro::agent::SPOKEN);
    let server = welcome(&mut agent, &verdict).await;
    let start = ("execution_start", json!({"execution_id": "e", "code": "…"}));
    let mut agent =
        killed(agent, server, start, ("recording_control", json!({})), |told| told["type"] == "error").await;
    let mut server = welcome(&mut agent, &verdict).await;
    let mut told = rest(&mut server, |_, told| told["type"] == "execution_complete").await;
    // The answer to what makes no sense may not have arrived.
    told.retain(|told| told["type"] != "error");
    let kinds: Vec<_> = told.iter().map(|told| told["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["log", "step_complete", "execution_progress", "execution_complete"]);
    assert_eq!((&told[1]["step_id"], &told[2]["data"]["progress"]), (&json!("step-3"), &json!(75)));
    let end = &told[3]["data"];
    assert_eq!((&end["status"], &end["metrics"]["passed_steps"]), (&json!("failed"), &json!(3)));
    assert_eq!(end["results"].as_array().map(Vec::len), Some(3));
}

#[tokio::test(start_paused = true)]
async fn progress_of_003() {
    let verdict = (
        "connection_established",
        json!({"type": "connection.established", "timestamp": "2024-11-08T10:30:00Z",
            "data": {"connection_id": "c", "user_id": "u", "protocol_version": "1.0"}}),
    );
    let mut agent = agent(swe::agent::SPOKEN);
    let server = welcome(&mut agent, &verdict).await;
    let start = ("workflow.start", json!({"workflow_id": "w", "code": "…"}));
    let mut agent =
        killed(agent, server, start, ("workflow.start", json!(7)), |told| told["data"]["errors"][0] == "over to you")
            .await;
    let mut server = welcome(&mut agent, &verdict).await;
    let told = rest(&mut server, |name, _| name == "workflow.failed").await;
    let end = told.last().unwrap();
    assert_eq!((&end["data"]["progress"], &end["data"]["total_steps"]), (&json!(75), &json!(4)), "{end}");
    assert!(!told.iter().any(|told| told["type"] == "workflow.started"), "that is told: {told:#?}");
}
