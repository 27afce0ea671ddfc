//! Live pictures and what comes with them, over real sockets.

use super::client::{Client, Got};
use super::{agent, hub, user};
use serde_json::{Value, json};
use understudy::codegen::Target;

const FRAMES: u64 = 300;

fn frame(number: u64) -> Value {
    // More than the buffers of a connection take.
    json!({"executionId": "r", "frame": "/9j/".repeat(50_000), "width": number, "height": 1})
}

async fn start(ada: &mut Client, agent: &mut Client) {
    ada.emit("recording:start", json!({"testFlowId": "f", "executionId": "r", "url": "https://example.com"})).await;
    agent.expect("recording:start").await;
}

#[test]
fn the_dashboard_offers_every_language_there_is() {
    let offered = include_str!("../../src/hub/dashboard/recordings.js");
    for target in Target::ALL {
        assert!(offered.contains(&format!("['{target}', ")), "{target}");
    }
}

/// All frames, and an action after each; told when the hub has taken them.
async fn play(agent: &mut Client) {
    for number in 0..FRAMES {
        agent.emit("recording:frame", frame(number)).await;
        agent.emit("recording:action", json!({"executionId": "r", "index": number})).await;
    }
    agent.emit_with_ack(1, "recording:ready", json!({"executionId": "r"})).await;
    while agent.next().await != Got::Ack(1, json!([{}])) {}
}

/// What comes until the frame with this number: how many frames, and the actions.
async fn watch_until(ada: &mut Client, last: u64) -> (usize, Vec<u64>) {
    let (mut frames, mut actions) = (0, Vec::new());
    loop {
        match ada.next().await {
            Got::Event(name, payload) if name == "recording:frame" => {
                frames += 1;
                if payload["width"] == last {
                    return (frames, actions);
                }
            }
            Got::Event(name, payload) if name == "recording:action" => actions.push(payload["index"].as_u64().unwrap()),
            Got::Event(..) | Got::Ack(..) => {}
            Got::Closed => panic!("closed after {frames} frames and {} actions", actions.len()),
        }
    }
}

#[tokio::test]
async fn who_acknowledges_pictures_has_one_under_way_and_then_the_newest() {
    let hub = hub().await;
    let (mut ada, mut agent) = (user(&hub, "ada").await, agent(&hub, "A").await);
    start(&mut ada, &mut agent).await;
    agent.emit("recording:frame", frame(0)).await;
    ada.expect("recording:frame").await;
    ada.acknowledge().await;
    // It is known now. The next one it is slow with.
    agent.emit("recording:frame", frame(1)).await;
    assert_eq!(ada.expect("recording:frame").await["width"], 1);
    play(&mut agent).await;
    let mut actions = 0;
    loop {
        match ada.next().await {
            Got::Event(name, _) if name == "recording:frame" => panic!("before the one under way has arrived"),
            Got::Event(name, payload) if name == "recording:action" => {
                assert_eq!(payload["index"], actions);
                actions += 1;
            }
            Got::Event(name, _) if name == "recording:ready" => break,
            _ => {}
        }
    }
    assert_eq!(actions, FRAMES, "every action");
    ada.acknowledge().await;
    assert_eq!(ada.expect("recording:frame").await["width"], FRAMES - 1, "the newest, and none between");
    hub.shutdown().await;
}

#[tokio::test]
async fn who_reads_slowly_gets_every_action_and_the_newest_picture() {
    let hub = hub().await;
    let (mut ada, mut agent) = (user(&hub, "ada").await, agent(&hub, "A").await);
    start(&mut ada, &mut agent).await;
    // It never acknowledges one: the second comes once the hub knows.
    agent.emit("recording:frame", frame(0)).await;
    agent.emit("recording:frame", frame(FRAMES)).await;
    watch_until(&mut ada, FRAMES).await;
    // Nothing is read while these come.
    play(&mut agent).await;
    let (frames, actions) = watch_until(&mut ada, FRAMES - 1).await;
    assert!(frames < FRAMES as usize / 2, "{frames} old pictures");
    assert!(actions.into_iter().eq(0..FRAMES));
    hub.shutdown().await;
}
