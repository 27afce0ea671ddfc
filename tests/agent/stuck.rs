//! A connection that stands and leads nowhere, while the agent has more to say than the line takes: noticed in time, whatever is spoken,
//! and how the session has ended is told over the next one. What that may take is held against a clock that jumps, in `wire`.

use crate::support::options;
use futures_util::future::{BoxFuture, join_all};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};
use understudy::agent::{self, SessionStarter, Shutdown};
use understudy::dialect::agent::{Spoken, Transport};
use understudy::dialect::{ai_run, cloud, swe, testbro, testflow};
use understudy::model::{Event, Level, SessionStep, StartExecution, StepState};
use understudy::wire::dial::Dialer;
use understudy::wire::{socketio, websocket};

/// Longer than anything here takes: 22 to 27 s on a machine that has little else to do.
const PATIENCE: Duration = Duration::from_secs(300);
/// The server's system takes so much for it, bytes; the agent's takes 4 MB at most.
const UNREAD: u32 = 16 << 10;
/// Each says about 20 KB.
const STEPS: u32 = 500;

const ALL: [(&str, Spoken); 5] = [
    ("000", testflow::agent::SPOKEN),
    ("001", ai_run::agent::SPOKEN),
    ("002", testbro::agent::SPOKEN),
    ("003", swe::agent::SPOKEN),
    ("004", cloud::agent::SPOKEN),
];

type Peer = WebSocketStream<TcpStream>;

/// What the server says to let an agent in, after what the agent says first; and what starts a session.
fn says(protocol: &str) -> (Vec<String>, String) {
    let open = r#"0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#.to_owned();
    let event = |namespace: &str, name: &str, payload| format!("42{namespace}{}", json!([name, payload]));
    let (time, joined) = ("2024-11-08T10:30:00Z", r#"40{"sid":"t"}"#.to_owned());
    match protocol {
        "000" => (vec![open, joined], event("", "execution:start", json!({"executionId": "e", "code": "…"}))),
        "001" => (
            vec![json!({"type": "authentication", "status": "success"}).to_string()],
            json!({"type": "start_agent", "runId": "e", "code": "…"}).to_string(),
        ),
        "002" => {
            let connected = json!({"message": "hello", "user_id": "u", "timestamp": time});
            let start = json!({"execution_id": "e", "code": "…"});
            (vec![open, joined, event("", "connected", connected)], event("", "execution_start", start))
        }
        "003" => {
            let data = json!({"connection_id": "c", "user_id": "u", "protocol_version": "1.0"});
            let established = json!({"type": "connection.established", "timestamp": time, "data": data});
            let joined = r#"40/ws,{"sid":"t"}"#.to_owned();
            let start = json!({"workflow_id": "e", "code": "…"});
            let established = event("/ws,", "connection_established", established);
            (vec![open, joined, established], event("/ws,", "workflow.start", start))
        }
        _ => (
            vec![json!({"type": "auth", "data": {"success": true, "userId": "u"}}).to_string()],
            json!({"type": "task", "data": {"taskId": "e", "code": "…"}}).to_string(),
        ),
    }
}

/// What is in the message that says how the session has ended.
fn end(protocol: &str) -> &'static str {
    match protocol {
        "000" => "execution:complete",
        "001" => "\"completion\"",
        "002" => "execution_complete",
        "003" => "workflow.completed",
        _ => "\"notification\"",
    }
}

/// The next agent that comes, let in.
async fn welcome(listener: &TcpListener, protocol: &str) -> Peer {
    let (stream, _) = timeout(PATIENCE, listener.accept()).await.expect("an agent").unwrap();
    let mut peer = accept_async(stream).await.unwrap();
    for (n, words) in says(protocol).0.into_iter().enumerate() {
        // Its token, or the namespace it wants to join.
        if (protocol == "001" && n == 0) || (protocol < "004" && n == 1) {
            peer.next().await.unwrap().unwrap();
        }
        peer.send(words.into()).await.unwrap();
    }
    peer
}

/// A session that says all it has to say at once.
async fn talks(start: StartExecution, events: mpsc::Sender<Event>) {
    let execution = || start.execution.clone();
    let line = format!("{}\n", "x".repeat(2000)).repeat(10);
    let step = |number, state| Event::ExecutionStep {
        execution: execution(),
        step: SessionStep {
            number,
            state,
            action: json!({"type": "click", "selector": "#a"}),
            explanation: "x".repeat(4000),
            location: None,
            duration_ms: None,
            error: None,
        },
    };
    let log = Event::ExecutionLog { execution: execution(), level: Level::Info, message: line };
    let steps = (1..=STEPS).flat_map(|number| {
        let shot =
            Event::ExecutionScreenshot { execution: execution(), step_number: number, image: vec![0x89; 12_000] };
        [step(number, StepState::Running), step(number, StepState::Passed), shot]
    });
    let complete = Event::ExecutionComplete { execution: execution(), exit_code: 0, duration_ms: 7 };
    for event in std::iter::once(log).chain(steps).chain([complete]) {
        events.send(event).await.unwrap();
    }
}

/// An agent whose server stands still.
async fn comes_back((protocol, spoken): (&str, Spoken)) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(UNREAD).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(8).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(folder.path());
    options.server = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    options.protocol = spoken;
    options.connector = match spoken.way.transport {
        Transport::SocketIo(_) => socketio::connector(Dialer::default()),
        Transport::WebSocket(_) => websocket::connector(Dialer::default()),
    };
    let execute = Arc::new(|start, events, _| -> BoxFuture<'static, ()> { Box::pin(talks(start, events)) });
    let record = Arc::new(|_, _, _| -> BoxFuture<'static, ()> { Box::pin(async {}) });
    let drive = Arc::new(|_, _, _| -> BoxFuture<'static, ()> { Box::pin(async {}) });
    let shutdown = Shutdown::default();
    let starter = SessionStarter { execute, record, drive };
    let run = tokio::spawn(agent::run(options, starter, shutdown.clone()));

    let mut first = welcome(&listener, protocol).await;
    first.send(says(protocol).1.into()).await.unwrap();
    let mut second = welcome(&listener, protocol).await;
    drop(first);
    let told = async {
        loop {
            match second.next().await.unwrap().unwrap() {
                Message::Text(text) if text.contains(end(protocol)) => return,
                _ => {}
            }
        }
    };
    timeout(PATIENCE, told).await.unwrap_or_else(|_| panic!("{protocol}: the end is not told"));
    shutdown.abort.cancel();
    timeout(PATIENCE, run).await.expect("the agent's end").unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_half_open_connection_is_noticed_while_there_is_much_to_say() {
    join_all(ALL.map(comes_back)).await;
}
