//! What one agent says, many clients hear: through a hub, and through the official Socket.IO server.

use crate::crowd::{Crowd, connect, frame, resident};
use crate::line::{self, Ended};
use crate::pairs::Spread;
use crate::{node, root};
use futures_util::SinkExt;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;
use tokio_tungstenite::tungstenite::Message;

/// Messages that arrive in one round, of all clients together.
const ARRIVALS: usize = 200_000;

const ROUNDS: usize = 5;

/// What was seen of one server.
struct Seen {
    /// Messages that arrive in a second.
    rates: Vec<f64>,
    /// Resident memory for each client, kilobytes: connected, and after all was said.
    quiet: f64,
    busy: f64,
}

/// The figures.
pub(crate) fn fanout() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    for clients in [1_000, 10_000] {
        let ours = runtime.block_on(measure(clients, true));
        let official = runtime.block_on(measure(clients, false));
        let median = |rates: &[f64]| {
            let mut rates = rates.to_vec();
            rates.sort_by(f64::total_cmp);
            rates[rates.len() / 2]
        };
        println!(
            "fanout: {clients} clients: messages/s: understudy {}, official {}, ratio {:.2}; kB for each client: understudy {:.1}, \
             after traffic {:.1}, official {:.1}, {:.1}, ratio {:.2}, {:.2}",
            Spread(&ours.rates, 0),
            Spread(&official.rates, 0),
            median(&ours.rates) / median(&official.rates),
            ours.quiet,
            ours.busy,
            official.quiet,
            official.busy,
            ours.quiet / official.quiet,
            ours.busy / official.busy,
        );
    }
}

async fn measure(clients: usize, is_ours: bool) -> Seen {
    let (server, url) = if is_ours { line::hub() } else { official() };
    let (ada, bot) = if is_ours { (line::token("client"), line::token("agent")) } else { ("t".into(), "t".into()) };
    let memory = || resident(server.id()).map_or(f64::NAN, |bytes| bytes as f64 / 1_000.0);
    let (before, lines) = (memory(), ARRIVALS / clients);
    let mut crowd = Crowd::connect(&url, &ada, clients, lines).await;
    let quiet = (memory() - before) / clients as f64;
    let mut agent = connect(url.clone(), bot).await;
    let mut client = connect(url.clone(), ada).await;
    let say = |name: &str, payload: Value| Message::text(format!("42{}", json!([name, payload])));
    if is_ours {
        let registration = json!({"name": "A", "agentId": "A", "systemInfo": {}, "maxSessions": 1, "sessions": []});
        agent.send(say("agent:register", registration)).await.expect("a hub");
        while !frame(&mut client, '4').await.starts_with(r#"42["agent:status""#) {}
        client.send(say("execution:start", json!({"executionId": "e1", "code": "…"}))).await.expect("a hub");
        while !frame(&mut agent, '4').await.starts_with(r#"42["execution:start""#) {}
    }
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let says = async {
            for line in 0..lines {
                let message =
                    format!("line {line} of what the agent says, about as long as lines of a log are on the average");
                let payload = json!({"executionId": "e1", "message": message, "level": "info"});
                agent.feed(say("execution:log", payload)).await.expect("a hub");
            }
            agent.flush().await.expect("a hub");
        };
        tokio::join!(says, crowd.hears());
        rates.push((lines * clients) as f64 / begun.elapsed().as_secs_f64());
    }
    Seen { rates, quiet, busy: (memory() - before) / clients as f64 }
}

/// The official server, and its address.
fn official() -> (Ended, String) {
    // Next to the packages it imports.
    let script = root().join("tests/interop/.run/fanout.mjs");
    std::fs::create_dir_all(script.parent().expect("a folder")).expect("a folder");
    std::fs::copy(root().join("benches/figures/fanout.mjs"), &script).expect("a file");
    let mut server = Command::new(node()).arg(script).stdout(Stdio::piped()).spawn().map(Ended).expect("Node.js");
    let mut port = String::new();
    BufReader::new(server.0.stdout.take().expect("a pipe")).read_line(&mut port).expect("a line");
    (server, format!("http://127.0.0.1:{}", port.trim()))
}
