//! Agents that others wrote by what the documents of 001, 002, 003 and 004 say, and that know nothing of ours, on `ws`, `socket.io-client`
//! and `python-socketio`: frontends of other protocols start sessions on them and see them right.

use crate::process::{Hub, Peer, token};
use serde_json::{Value, json};

const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/// Such an agent.
struct Plain {
    protocol: &'static str,
    peer: Peer,
}

impl Plain {
    /// Connects, and says what its document has it say.
    fn connect(hub: &Hub, protocol: &'static str) -> Self {
        let token = token("agent", "machine");
        let peer = match protocol {
            "001" => Peer::raw(&format!("{}/ws", hub.url)),
            "002" => Peer::client(&hub.url, &token),
            "003" => Peer::python_in(&hub.url, &token, "/ws"),
            _ => Peer::raw(&format!("{}/ws?token={token}", hub.url)),
        };
        let mut agent = Self { protocol, peer };
        agent.peer.until("a connection", |line| line.get("connected").cloned());
        match protocol {
            "001" => {
                agent.sends(json!({"type": "authenticate", "token": token}));
                agent.hears("authentication");
            }
            "002" => agent.peer.emit("heartbeat_response", &[json!({})]),
            "003" => {
                let here = json!({"agent_id": "agent-3", "agent_name": "theirs"});
                agent.tells("agent.connected", here);
            }
            _ => {
                agent.sends(json!({"type": "user_presence", "data": "online"}));
                agent.sends(json!({"type": "agent_status", "data": {"agentName": "theirs", "state": "idle"}}));
            }
        }
        agent
    }

    /// Over a raw WebSocket.
    fn sends(&mut self, message: Value) {
        self.peer.does(&json!({"send": message}));
    }

    fn hears(&mut self, kind: &str) -> Value {
        self.peer.until(kind, |line| (line["message"]["type"] == kind).then(|| line["message"].clone()))
    }

    /// In an envelope of 003.
    fn tells(&mut self, kind: &str, data: Value) {
        let envelope = json!({"type": kind, "timestamp": "2024-11-08T10:30:00Z", "source": "theirs", "data": data});
        self.peer.emit(kind, &[envelope]);
    }

    /// In an envelope of 002.
    fn event(&mut self, id: &str, kind: &str, data: Value) {
        let event = json!({"type": kind, "execution_id": id, "data": data, "timestamp": "2024-11-08T10:30:00Z"});
        self.peer.emit("execution_event", &[event]);
    }

    fn workflow(&mut self, kind: &str, id: &str, status: &str, logs: Value, error: Option<&str>) {
        let mut data = json!({"workflow_id": id, "status": status, "progress": 50, "total_steps": 2,
            "estimated_time_remaining": 1, "logs": logs, "errors": []});
        if let Some(error) = error {
            data["error"] = json!(error);
        }
        self.tells(kind, data);
    }

    /// Waits for work.
    fn takes(&mut self, id: &str) {
        let (its, code) = match self.protocol {
            "001" => {
                let start = self.hears("start_agent");
                (start["runId"].clone(), start["code"].clone())
            }
            "002" => {
                let start = self.peer.event("execution_start", |_| true);
                (start["execution_id"].clone(), start["code"].clone())
            }
            "003" => {
                let start = self.peer.event("workflow.start", |_| true);
                assert_eq!(start["type"], "workflow.start", "in an envelope");
                (start["data"]["workflow_id"].clone(), start["data"]["code"].clone())
            }
            _ => {
                let task = self.hears("task");
                (task["data"]["taskId"].clone(), task["data"]["code"].clone())
            }
        };
        assert_eq!((its, code), (json!(id), json!("the code")), "{}", self.protocol);
    }

    /// Says two things, as its document has it, and does not say more than it has to.
    fn works(&mut self, id: &str) {
        for (n, words) in [(1, "one"), (2, "two")] {
            match self.protocol {
                "001" => self.sends(json!({"type": "step_update", "stepNumber": n, "screenshot": PIXEL,
                    "action": {"type": "click", "selector": "#a"}, "explanation": words})),
                "002" => self.event(id, "log", json!({"level": "info", "message": words})),
                "003" => {
                    let all = if n == 1 { json!(["one"]) } else { json!(["one", "two"]) };
                    self.workflow("workflow.progress", id, "running", all, None);
                }
                _ => self.sends(
                    json!({"type": "chat_message", "data": {"conversationId": id, "messageId": format!("m-{n}"),
                    "content": words, "sender": "theirs", "timestamp": "2024-11-08T10:30:00Z"}}),
                ),
            }
        }
    }

    /// Ends it.
    fn ends(&mut self, id: &str, error: Option<&str>) {
        let status = if error.is_none() { "completed" } else { "failed" };
        match self.protocol {
            "001" if error.is_some() => self.sends(json!({"type": "completion", "status": "failed", "error": error})),
            "001" => self.sends(json!({"type": "completion", "status": "success", "commands": []})),
            "002" => {
                if let Some(error) = error {
                    self.event(id, "log", json!({"level": "error", "message": error}));
                }
                let metrics = json!({"total_steps": 0, "passed_steps": 0, "failed_steps": 0,
                    "average_step_duration": 0, "total_duration": 7});
                self.event(id, "execution_complete", json!({"status": status, "results": [], "metrics": metrics}));
            }
            "003" => self.workflow(&format!("workflow.{status}"), id, status, json!(["one", "two"]), error),
            _ => {
                let level = if error.is_none() { "success" } else { "error" };
                let message = error.unwrap_or("It went well");
                self.sends(json!({"type": "notification", "data": {"level": level, "message": message, "taskId": id}}));
            }
        }
    }
}

/// What a client of 000 heard of a session: lines and steps that went well, in order, and the exit code.
fn story(client: &Peer, id: &str) -> Vec<String> {
    let words = |line: &Value| {
        let told = &line["args"][0];
        let is = |name: &str| line["event"] == name && told["executionId"] == id;
        if is("execution:log") {
            told["message"].as_str().map(str::to_owned)
        } else if is("execution:step") && told["status"] == "passed" {
            told["explanation"].as_str().map(str::to_owned)
        } else if is("execution:complete") {
            Some(told["exitCode"].to_string())
        } else {
            None
        }
    };
    client.heard.iter().filter_map(words).collect()
}

/// An agent and two who look on, one of 000 and one of 003.
fn line(hub: &Hub, protocol: &'static str) -> (Plain, Peer, Peer) {
    let ada = token("client", "ada");
    let mut client = Peer::client(&hub.url, &ada);
    client.until("a connection", |line| line.get("connected").cloned());
    let mut other = Peer::client(&format!("{}/ws", hub.url), &ada);
    other.event("connection_established", |_| true);
    let agent = Plain::connect(hub, protocol);
    client.event("agent:status", |told| told["status"] == "online");
    (agent, client, other)
}

#[test]
fn work_of_other_protocols_is_done_and_told_once_in_order() {
    for protocol in ["001", "002", "003", "004"] {
        let hub = Hub::start();
        let (mut agent, mut client, mut other) = line(&hub, protocol);
        client.start_execution("well", "the code");
        client.start_execution("badly", "the code");
        agent.takes("well");
        agent.works("well");
        agent.ends("well", None);
        assert_eq!(client.complete("well"), 0, "{protocol}");
        agent.takes("badly");
        agent.ends("badly", Some("no luck"));
        assert_eq!(client.complete("badly"), 1, "{protocol}");
        let told = story(&client, "well");
        assert_eq!(&told[..2], ["one", "two"], "{protocol}: {told:?}");
        assert_eq!(told.iter().filter(|words| *words == "0").count(), 1, "{protocol}: {told:?}");
        assert!(told.len() <= 4, "{protocol}: {told:?}");
        let told = story(&client, "badly");
        assert!(
            told.contains(&"no luck".to_owned()) && told.last().is_some_and(|last| last == "1"),
            "{protocol}: {told:?}"
        );
        let completed = other.event("workflow.completed", |_| true);
        assert_eq!(completed["data"]["workflow_id"], "well", "{protocol}");
        let failed = other.event("workflow.failed", |_| true);
        assert_eq!((&failed["data"]["workflow_id"], &failed["data"]["error"]), (&json!("badly"), &json!("no luck")));

        // What its protocol has no words for is not asked of it.
        client.emit(
            "recording:start",
            &[json!({"testFlowId": "f", "executionId": "r", "url": "http://x/", "language": "python"})],
        );
        let error = client.event("error", |told| told["executionId"] == "r");
        assert!(error["message"].as_str().unwrap().starts_with("No agent that is connected can do this"), "{error}");
    }
}

#[test]
fn a_cancel_ends_what_such_an_agent_does_whether_it_can_hear_of_it_or_not() {
    for protocol in ["001", "002", "003", "004"] {
        let hub = Hub::start();
        let (mut agent, mut client, mut other) = line(&hub, protocol);
        client.start_execution("long", "the code");
        agent.takes("long");
        agent.works("long");
        client.emit("execution:cancel", &[json!({"executionId": "long"})]);
        match protocol {
            "002" => {
                assert_eq!(agent.peer.event("execution_cancel", |_| true), json!({"execution_id": "long"}));
                let metrics = json!({"total_steps": 0, "passed_steps": 0, "failed_steps": 0,
                    "average_step_duration": 0, "total_duration": 7});
                agent.event(
                    "long",
                    "execution_complete",
                    json!({"status": "cancelled", "results": [], "metrics": metrics}),
                );
            }
            "003" => {
                assert_eq!(agent.peer.event("workflow.cancel", |_| true)["data"], json!({"workflow_id": "long"}));
                agent.workflow("workflow.failed", "long", "cancelled", json!([]), None);
            }
            _ => {}
        }
        assert_eq!(client.complete("long"), 130, "{protocol}");
        // What it does not know of it goes on with; only then it takes the next one, and nobody is told twice.
        client.start_execution("next", "the code");
        if matches!(protocol, "001" | "004") {
            agent.ends("long", None);
        }
        agent.takes("next");
        agent.ends("next", None);
        assert_eq!(client.complete("next"), 0, "{protocol}");
        other.event("workflow.completed", |told| told["data"]["workflow_id"] == "next");
        for id in ["long", "next"] {
            let ends = client.told("execution:complete", id).len();
            assert_eq!(ends, 1, "{protocol}: {id}");
        }
    }
}

#[test]
fn a_cut_line_is_a_failure_with_a_reason() {
    for protocol in ["001", "002", "003", "004"] {
        let hub = Hub::start_with(&["--agent-timeout", "2s"]);
        let (mut agent, mut client, mut other) = line(&hub, protocol);
        client.start_execution("cut", "the code");
        agent.takes("cut");
        agent.works("cut");
        let is_last =
            |told: &Value| told["message"] == "two" || told["explanation"] == "two" && told["status"] == "passed";
        client.until("its words", |line| is_last(&line["args"][0]).then_some(()));
        drop(agent);
        assert_eq!(client.complete("cut"), 1, "{protocol}");
        let told = story(&client, "cut");
        let why = "The agent theirs has not been heard for 2 s: the outcome of this session is unknown";
        let why = if matches!(protocol, "001" | "002") { why.replace("theirs", "machine") } else { why.to_owned() };
        assert_eq!(&told[2..], [why.as_str(), "1"], "{protocol}: {told:?}");
        let failed = other.event("workflow.failed", |_| true);
        assert_eq!(failed["data"]["error"], why, "{protocol}");
    }
}
