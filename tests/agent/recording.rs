//! Recordings are sessions: they have slots, hear the person at the other end, and are completed once whatever happens.

use crate::support::{Agent, Recording, Said, Server};
use serde_json::{Value, json};
use understudy::model::Event;
use understudy::model::action::Point;
use understudy::model::recording::{Press, RecordingControl, RecordingInput};

impl Server {
    async fn record(&mut self, id: &str) {
        let start = json!({"testFlowId": "f", "executionId": id, "url": "shop.test", "language": "typescript"});
        self.say("recording:start", start).await;
    }

    async fn completed(&mut self, id: &str) -> Value {
        let mut payload = self.expect("recording:complete").await;
        assert_eq!((&payload["testFlowId"], &payload["executionId"]), (&json!("f"), &json!(id)));
        payload.as_object_mut().unwrap().retain(|field, _| ["success", "code", "message"].contains(&field.as_str()));
        payload
    }
}

fn ready() -> Event {
    Event::RecordingReady { flow: "f".into(), execution: "r".into() }
}

fn action(index: usize, code: &str) -> Event {
    let action = serde_json::from_value(json!({
        "pageAlias": "page", "framePath": [], "startTime": 1.0, "name": "navigate", "url": "http://shop.test/", "signals": [],
    }));
    Event::RecordingAction { execution: "r".into(), index, action: action.unwrap(), code: code.to_owned() }
}

fn frame(width: u32) -> Event {
    let (page, url) = ("page".to_owned(), "http://shop.test/".to_owned());
    Event::RecordingFrame { execution: "r".into(), frame: vec![0xff, 0xd8], width, height: 1, page, url }
}

async fn recording(agent: &mut Agent, server: &mut Server) -> Recording {
    server.record("r").await;
    agent.recording().await
}

#[tokio::test(start_paused = true)]
async fn what_the_person_does_reaches_the_recording_in_order() {
    let mut agent = Agent::start();
    let mut server = agent.plain_server().await;
    let mut session = recording(&mut agent, &mut server).await;
    assert_eq!((session.start.url.as_str(), session.start.language.as_str()), ("shop.test", "typescript"));
    session.tell(ready()).await;
    assert_eq!(server.expect("recording:ready").await, json!({"testFlowId": "f", "executionId": "r"}));
    for (name, more) in [
        ("recording:input", json!({"type": "click", "x": 1, "y": 2.5})),
        ("recording:pause", json!({})),
        ("recording:resume", json!({"testFlowId": "f"})),
        ("recording:input", json!({"type": "keydown", "key": "a", "testFlowId": "f", "unknown": 1})),
        ("recording:stop", json!({})),
    ] {
        let mut payload = more;
        payload["executionId"] = json!("r");
        server.say(name, payload).await;
    }
    let at = Point { x: 1.0, y: 2.5 };
    let click = RecordingInput::Click(Press { at, button: Default::default(), click_count: 1, modifiers: 0 });
    for expected in [
        RecordingControl::Input(click),
        RecordingControl::Pause,
        RecordingControl::Resume,
        RecordingControl::Input(RecordingInput::KeyDown { key: "a".to_owned() }),
        RecordingControl::Stop,
    ] {
        assert_eq!(session.control().await, expected);
    }
    session.tell(action(0, "goto")).await;
    let told = server.expect("recording:action").await;
    assert_eq!(
        (&told["index"], &told["code"], &told["action"]["name"]),
        (&json!(0), &json!("goto"), &json!("navigate"))
    );
    session.complete(true, "all of it").await;
    assert_eq!(server.completed("r").await, json!({"success": true, "code": "all of it"}));
    server.prove().await;
    // A word that was under way, and a redelivery.
    for name in ["recording:stop", "recording:cancel", "recording:pause"] {
        server.say(name, json!({"testFlowId": "f", "executionId": "r"})).await;
    }
    server.record("r").await;
    server.expect_silence().await;
    assert!(agent.started_nothing());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_understood_is_answered_and_changes_nothing() {
    let mut agent = Agent::start();
    let mut server = agent.plain_server().await;
    let mut session = recording(&mut agent, &mut server).await;
    for (name, payload, words, execution) in [
        ("recording:input", json!(7), "the payload must be an object", None),
        ("recording:input", json!({"type": "back"}), "`executionId` must be a string", None),
        ("recording:input", json!({"executionId": "r"}), "missing field `type`", Some("r")),
        ("recording:input", json!({"executionId": "r", "type": "dance"}), "unknown variant `dance`", Some("r")),
        ("recording:input", json!({"executionId": "r", "type": 1}), "recording:input: ", Some("r")),
        ("recording:input", json!({"executionId": "r", "type": "click", "x": 1}), "missing field `y`", Some("r")),
        ("recording:input", json!({"executionId": "r", "type": "click", "x": "1", "y": 1}), "invalid type", Some("r")),
        ("recording:input", json!({"executionId": "r", "type": "press"}), "missing field `key`", Some("r")),
        ("recording:input", json!({"executionId": "r", "type": "mode", "mode": "x"}), "unknown variant `x`", Some("r")),
        ("recording:stop", json!([]), "the payload must be an object", None),
        ("recording:pause", json!({"executionId": ""}), "`executionId` must not be empty", None),
        ("recording:resume", json!({"executionId": 7}), "`executionId` must be a string", None),
        ("recording:stop", json!({"executionId": "x"}), "No recording x runs or waits here", Some("x")),
        ("recording:cancel", json!({"testFlowId": "f", "executionId": "x"}), "No session x runs or waits", Some("x")),
    ] {
        server.say(name, payload.clone()).await;
        let answer = server.expect("error").await;
        assert!(answer["message"].as_str().unwrap().contains(words), "{payload}: {answer}");
        assert_eq!(answer.get("executionId"), execution.map(|id| json!(id)).as_ref(), "{payload}");
    }
    server.start("e").await;
    assert_eq!(server.logs(1).await, ["The agent is busy: this session is next"]);
    server.say("recording:pause", json!({"executionId": "e"})).await;
    let words = "This recording waits for a slot and has not begun";
    assert_eq!(server.expect("error").await, json!({"executionId": "e", "message": words}));
    server.say("recording:stop", json!({"executionId": "r"})).await;
    assert_eq!(session.control().await, RecordingControl::Stop, "nothing came before");
    session.complete(true, "code").await;
    assert_eq!(server.completed("r").await["success"], true);
    let execution = agent.session().await;
    server.say("recording:stop", json!({"executionId": "e"})).await;
    let words = "This is an execution and no recording";
    assert_eq!(server.expect("error").await, json!({"executionId": "e", "message": words}));
    execution.complete(0).await;
    assert_eq!(server.complete("e").await, 0);
}

#[tokio::test(start_paused = true)]
async fn it_waits_for_a_slot_and_is_completed_wherever_it_is() {
    let mut agent = Agent::start();
    let (mut server, execution) = agent.running("e").await;
    for id in ["r", "stopped", "cancelled"] {
        server.record(id).await;
    }
    let cancelled = json!({"success": false, "message": "Recording cancelled"});
    server.say("recording:stop", json!({"executionId": "stopped"})).await;
    assert_eq!(server.completed("stopped").await, cancelled);
    server.say("recording:cancel", json!({"testFlowId": "f", "executionId": "cancelled"})).await;
    assert_eq!(server.completed("cancelled").await, cancelled);
    execution.complete(0).await;
    assert_eq!(server.complete("e").await, 0);
    let session = agent.recording().await;
    server.say("recording:cancel", json!({"testFlowId": "f", "executionId": "r"})).await;
    session.controls.cancel.cancelled().await;
    session.tell(action(0, "so far")).await;
    // It breaks on its way out.
    drop(session);
    server.expect("recording:action").await;
    let message = "The session has failed inside the agent: its log says more";
    assert_eq!(server.completed("r").await, json!({"success": false, "code": "so far", "message": message}));
    server.record("last").await;
    let last = agent.recording().await;
    server.record("late").await;
    server.expect_silence().await;
    agent.shutdown.drain.cancel();
    let message = "The agent is shutting down: this recording was not started";
    assert_eq!(server.completed("late").await, json!({"success": false, "message": message}));
    last.complete(true, "done").await;
    assert_eq!(server.completed("last").await, json!({"success": true, "code": "done"}));
    server.prove().await;
    server.expect_leave().await;
    agent.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_picture_is_wanted_when_the_one_before_has_arrived() {
    for by_hub in [false, true] {
        let mut agent = Agent::start();
        let mut server = if by_hub { agent.hub().await } else { agent.plain_server().await };
        let session = recording(&mut agent, &mut server).await;
        let shown = session.controls.shown.clone().unwrap();
        session.tell(frame(1)).await;
        let told = server.expect("recording:frame").await;
        assert_eq!(
            told,
            json!({"executionId": "r", "frame": "/9g=", "width": 1, "height": 1, "page": "page", "url": "http://shop.test/"})
        );
        server.expect_silence().await;
        if by_hub {
            assert_eq!(shown.available_permits(), 0, "written is not arrived");
            // Nothing waits for a picture, and of pictures only the newest waits.
            session.tell(frame(2)).await;
            session.tell(frame(3)).await;
            session.tell(ready()).await;
            server.expect("recording:ready").await;
            server.expect_silence().await;
            server.prove().await;
            assert_eq!(server.expect("recording:frame").await["width"], 3);
        }
        shown.acquire().await.unwrap().forget();
        session.complete(true, "").await;
        assert_eq!(server.completed("r").await["success"], true);
    }
}

#[tokio::test(start_paused = true)]
async fn a_recording_goes_on_while_the_server_is_away() {
    let mut agent = Agent::start();
    let mut server = agent.plain_server().await;
    let session = recording(&mut agent, &mut server).await;
    server.go_away().await;
    let down = agent.attempt().await;
    session.tell(ready()).await;
    session.tell(action(0, "0")).await;
    for n in 0..10 {
        session.tell(frame(n)).await;
        session.tell(action(1, &format!("1, {n}"))).await;
    }
    down.unreachable();
    let mut server = agent.plain_server().await;
    assert_eq!(server.registration["sessions"], json!(["r"]));
    server.expect("recording:ready").await;
    assert_eq!(server.expect("recording:action").await["code"], "0");
    assert_eq!(server.expect("recording:action").await["code"], "1, 9", "only as it is now");
    assert_eq!(server.expect("recording:frame").await["width"], 9, "only the newest");
    server.go_away().await;
    let down = agent.attempt().await;
    session.tell(frame(10)).await;
    session.complete(true, "all").await;
    down.unreachable();
    let mut server = agent.plain_server().await;
    assert_eq!(server.completed("r").await, json!({"success": true, "code": "all"}));
    server.prove().await;
    server.expect_silence().await;
}

#[tokio::test(start_paused = true)]
async fn recordings_cut_off_by_a_kill_are_completed_once_with_what_was_not_told() {
    for ended in [false, true] {
        let mut agent = Agent::start();
        let mut server = agent.plain_server().await;
        let session = recording(&mut agent, &mut server).await;
        server.record("waits").await;
        server.expect_silence().await;
        server.go_away().await;
        let down = agent.attempt().await;
        session.tell(action(0, "so far")).await;
        session.tell(frame(1)).await;
        let session = if ended {
            session.complete(true, "all").await;
            None
        } else {
            Some(session)
        };
        down.unreachable();
        // One more attempt: what was said before it is on disk.
        let _down = agent.attempt().await;
        let agent = agent.killed_and_started().await;
        drop(session);
        let mut agent = agent.killed_and_started().await;
        let mut server = agent.plain_server().await;
        let cut = |code: Value| {
            let message = "The agent was killed before this session had ended";
            let mut payload = json!({"success": false, "message": message});
            if !code.is_null() {
                payload["code"] = code;
            }
            payload
        };
        assert_eq!(server.expect("recording:action").await["code"], "so far");
        if ended {
            assert_eq!(server.completed("r").await, json!({"success": true, "code": "all"}));
        } else {
            assert_eq!(server.completed("r").await, cut(json!("so far")));
        }
        assert_eq!(server.completed("waits").await, cut(Value::Null));
        server.prove().await;
        server.record("r").await;
        server.record("waits").await;
        server.expect_silence().await;
        assert!(agent.started_nothing());
        server.go_away().await;
        let mut server = agent.plain_server().await;
        assert!(matches!(server.next_of_all().await, Some(Said::Event(name, _)) if name == "agent:heartbeat"));
    }
}
