//! The smaller pieces of client code that the protocols' documents print, as they stand there, against the hub.

use crate::process::{Agent, Hub, Peer, post, request, token};
use crate::seeds::printed;
use serde_json::{Value, json};

/// What a piece of code prints under these words.
fn says<'a>(words: &'a str, is: impl Fn(&Value) -> bool + 'a) -> impl FnMut(&Value) -> Option<Value> + 'a {
    move |line| (line["log"][0] == words && is(&line["log"][1])).then(|| line["log"][1].clone())
}

/// Emits what the document prints, of this id in place of the word that stands there.
fn does(client: &mut Peer, event: &str, id: &str) {
    client.call("does", &[json!(event), json!({"uuid": id})]);
}

#[test]
fn each_emit_and_listener_of_000_does_what_it_says() {
    let hub = Hub::start();
    let mut client = Peer::seed("000", &hub.url, &token("client", "ada"));
    client.until("a connection", |line| (line["log"] == json!(["Connected to server"])).then_some(()));
    // What no agent is there for.
    does(&mut client, "execution:start", "nobody");
    let error = client.until("an error", |line| line.get("error").cloned());
    assert_eq!(error[0], "Server error:");

    // An agent registers with the document's own words, as its second half; it keeps its connection by a heartbeat.
    let mut agent = Peer::seed("000", &hub.url, &token("agent", "machine"));
    agent.until("a connection", |line| (line["log"] == json!(["Connected to server"])).then_some(()));
    agent.call("does", &[json!("agent:register")]);
    client.until("an agent", says("Agent status:", |its| its["status"] == "online"));
    agent.call("does", &[json!("agent:heartbeat")]);
    drop(agent);
    client.until("no agent", says("Agent status:", |its| its["status"] == "offline"));

    let _agent = Agent::start(&hub.url, &token("agent", "machine"), &[]);
    client.until("an agent of ours", says("Agent status:", |its| its["status"] == "online"));
    // Its code ends in three dots: it is told so, and where.
    does(&mut client, "execution:start", "e-1");
    let log = client.until("a log", says("Execution log:", |its| its["executionId"] == "e-1"));
    assert!(log["message"].is_string() && log["level"].is_string(), "{log}");
    let end = client.until("an end", says("Execution complete:", |its| its["executionId"] == "e-1"));
    assert_eq!((&end["exitCode"], end["duration"].is_u64()), (&json!(2), true));
    // What has ended already is not ended again.
    does(&mut client, "execution:cancel", "e-1");
    let page = "data:text/html,<h1>example</h1>";
    client.call("does", &[json!("recording:start"), json!({"uuid": "r-1", "https://example.com": page})]);
    let ready = client.until("a recording", says("Recording ready:", |_| true));
    assert_eq!((&ready["testFlowId"], &ready["executionId"]), (&json!("r-1"), &json!("r-1")));
    does(&mut client, "recording:cancel", "r-1");
    let complete = client.until("its end", says("Recording complete:", |_| true));
    assert_eq!((&complete["success"], &complete["message"]), (&json!(false), &json!("Recording cancelled")));
    assert!(complete["code"].as_str().unwrap().contains("<h1>example</h1>"), "{complete}");
    let ends = client.heard.iter().filter(|line| line["log"][0] == "Execution complete:").count();
    assert_eq!(ends, 1);

    let mut stranger = Peer::seed("000", &hub.url, "hello");
    let refused = stranger.until("a refusal", |line| line.get("error").cloned());
    assert_eq!(refused, json!(["Connection error:", "Invalid token"]));
    drop(hub);
    client.until("the end of the hub", |line| (line["log"] == json!(["Disconnected from server"])).then_some(()));
}

#[test]
fn both_messages_that_001_prints_of_a_client_are_understood() {
    let hub = Hub::start();
    let mut client = Peer::seed("001-messages", &hub.url, &token("client", "ada"));
    let of =
        |kind: &'static str| move |line: &Value| (line["message"]["type"] == kind).then(|| line["message"].clone());
    assert_eq!(client.until("a yes", of("authentication"))["status"], "success");
    client.call("start", &[json!("nowhere")]);
    let end = client.until("an end", of("completion"));
    assert_eq!((&end["status"], &end["runId"]), (&json!("failed"), &json!("nowhere")));
}

#[test]
fn both_ways_to_connect_to_003_and_each_request() {
    let hub = Hub::start();
    let ada = token("client", "ada");
    let mut other = Peer::seed("003-auth", &hub.url, &ada);
    other.until("a connection", |line| (line["log"] == json!(["Connected"])).then_some(()));
    let mut client = Peer::seed("003-query", &hub.url, &ada);
    let answer = |answer: Value| move |line: &Value| (line["log"][0] == answer).then_some(());
    for (request, answered) in [
        ("ping", json!({"status": "pong"})),
        ("subscribe", json!({"status": "success", "room": "project:550e8400-e29b-41d4-a716-446655440000"})),
        ("unsubscribe", json!({"status": "success", "room": "project:550e8400-e29b-41d4-a716-446655440000"})),
    ] {
        client.call("does", &[json!(request)]);
        client.until(request, answer(answered));
    }
    // As it says instead of asking every five seconds.
    let mut updated = printed("project.updated");
    let service = token("service", "api");
    assert_eq!(post(&hub.url, "/api/v1/events", &service, &updated).0, 202, "nobody is in that room any more");
    updated["data"]["project_id"] = json!("123");
    assert_eq!(post(&hub.url, "/api/v1/events", &service, &updated).0, 202);
    assert_eq!(client.until("a project", |line| line.get("project").cloned()), updated["data"]);
    // As it prints the request.
    let (status, stats) = request(&hub.url, "GET /api/v1/websocket/stats", &ada, &Value::Null);
    assert_eq!((status, &stats["connections"]), (200, &json!(2)), "{stats}");
    assert_eq!(stats["rooms"], json!({"global": 2, "user:ada": 2, "project:123": 1}));
    drop(hub);
    other.until("an end", |line| (line["log"][0] == "Disconnected:").then_some(()));
    other.until("a vain attempt", |line| (line["log"][0] == "Error:").then_some(()));
}

#[test]
fn the_line_that_connects_to_004_and_what_is_typed_into_wscat() {
    let of =
        |kind: &'static str| move |line: &Value| (line["message"]["type"] == kind).then(|| line["message"].clone());
    let hub = Hub::start_with(&["--dev-tokens"]);
    let mut line = Peer::seed("004-line", &hub.url, &token("client", "ada"));
    assert_eq!(line.until("a yes", of("auth"))["data"]["userId"], "ada");
    let mut typed = Peer::seed("004-wscat", &hub.url, "");
    assert_eq!(typed.until("a yes", of("auth"))["data"]["userId"], "user_test-123");
    assert!(typed.until("a pong", of("pong"))["timestamp"].is_string());
    let online = json!({"userId": "user_test-123", "status": "online"});
    assert_eq!(typed.until("presence", of("user_presence"))["data"], online);
    assert_eq!(line.until("presence", of("user_presence"))["data"], online);
}
