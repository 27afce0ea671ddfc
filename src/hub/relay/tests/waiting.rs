//! Sessions that wait: why, in the words of each protocol, and how that ends.

use super::*;
use crate::dialect::hub::Heard;
use crate::dialect::{ai_run, cloud, swe, testbro};
use std::time::SystemTime;

const ALL: [Protocol; 5] = [Protocol::Testflow, Protocol::AiRun, Protocol::Testbro, Protocol::Swe, Protocol::Cloud];

/// Starts an execution that wants an agent with this label.
fn wants_gpu(w: &mut World, peer: PeerId, protocol: Protocol, id: &str) {
    let labels = json!({"gpu": "yes"});
    let heard = match protocol {
        Protocol::Testflow => {
            return w.says(peer, "execution:start", json!({"executionId": id, "code": "…", "labels": labels}));
        }
        Protocol::AiRun => {
            ai_run::hub::hear(&json!({"type": "start_agent", "runId": id, "code": "…", "labels": labels}), true)
        }
        Protocol::Testbro => {
            let start = json!({"execution_id": id, "code": "…", "labels": labels});
            testbro::hub::hear("execution_start", Some(&start))
        }
        Protocol::Swe => {
            let start = json!({"workflow_id": id, "code": "…", "labels": labels});
            swe::hub::hear("workflow.start", Some(&start))
        }
        Protocol::Cloud => {
            let data = json!({"taskId": id, "code": "…", "labels": labels});
            cloud::hub::hear(&json!({"type": "task", "data": data}), SystemTime::UNIX_EPOCH)
        }
    };
    let Heard::Said { name, said } = heard else { panic!("{protocol:?}: {heard:?}") };
    w.step(Input::Received { peer, name, said });
}

/// What a client was told of one session's waiting and of its end: the word for it, and why.
fn told(w: &mut World, peer: PeerId, protocol: Protocol, id: &str) -> Vec<(String, String)> {
    let inbox = w.inboxes.get_mut(&peer).unwrap();
    let messages = std::iter::from_fn(|| inbox.next(true).now_or_never().flatten());
    let word = |message: Message| {
        let payload: Value = serde_json::from_str(message.payload.get()).unwrap();
        let data = &payload["data"];
        let (of, word, why) = match protocol {
            Protocol::Testflow => (&payload["executionId"], json!(message.name), &payload["message"]),
            Protocol::AiRun => (&payload["runId"], payload["status"].clone(), &payload["error"]),
            Protocol::Testbro => {
                let why = if payload["type"] == "log" { &data["message"] } else { &data["error_message"] };
                (&payload["execution_id"], payload["type"].clone(), why)
            }
            Protocol::Swe if data["status"] == "pending" => {
                (&data["workflow_id"], data["status"].clone(), &data["logs"][0])
            }
            Protocol::Swe => (&data["workflow_id"], data["status"].clone(), &data["error"]),
            Protocol::Cloud => (&data["taskId"], data["level"].clone(), &data["message"]),
        };
        (of == id).then(|| (word.as_str().unwrap().to_owned(), why.as_str().unwrap().to_owned()))
    };
    messages.filter_map(word).collect()
}

/// An agent that has the label, or comes back.
fn strong(w: &mut World, sessions: &[&str]) -> PeerId {
    let peer = w.connect_as("bot", Role::Agent);
    let registration = json!({
        "name": "S", "agentId": "S", "maxSessions": 1, "labels": {"gpu": "yes"}, "sessions": sessions,
    });
    w.says(peer, "agent:register", registration);
    peer
}

#[test]
fn who_waits_for_labels_is_told_in_each_protocol_that_their_agent_is_gone_and_that_none_came() {
    const BUSY: &str = "All agents with the labels gpu=yes are busy: this session waits for one";
    const GONE: &str = "No agent with the labels gpu=yes is connected: this session waits 60 s for one";
    const LATE: &str =
        "No agent with the labels gpu=yes came back within 60 s to take this session: connect one and start it again";
    const NONE: &str = "No agent with the labels gpu=yes is connected: start one with --label, or ask for others";
    for protocol in ALL {
        let (waits, fails) = match protocol {
            Protocol::Testflow => (Some("execution:log"), "error"),
            Protocol::AiRun => (None, "failed"),
            Protocol::Testbro => (Some("log"), "error"),
            Protocol::Swe => (Some("pending"), "failed"),
            Protocol::Cloud => (Some("info"), "error"),
        };
        let waits = |why: &str| waits.map(|word| (word.to_owned(), why.to_owned())).into_iter().collect::<Vec<_>>();
        let fails = |why: &str| vec![(fails.to_owned(), why.to_owned())];
        let mut w = World::new();
        let (plain, agent) = (w.agent("A", 1), strong(&mut w, &[]));
        let (eve, ada) = (w.connect("eve"), w.connect_with("ada", protocol));
        wants_gpu(&mut w, eve, Protocol::Testflow, "first");
        wants_gpu(&mut w, ada, protocol, "s");
        let told = |w: &mut World| told(w, ada, protocol, "s");
        assert_eq!(told(&mut w), waits(BUSY), "{protocol:?}");
        w.pass(50);
        w.says(plain, "agent:heartbeat", Value::Null);
        assert_eq!(told(&mut w), [], "{protocol:?}: one that is busy is waited for");
        w.gone(agent);
        assert_eq!(told(&mut w), waits(GONE), "{protocol:?}");
        w.pass(50);
        w.says(plain, "agent:heartbeat", Value::Null);
        let agent = strong(&mut w, &["first"]);
        assert_eq!(told(&mut w), waits(BUSY), "{protocol:?}: it is back");
        w.gone(agent);
        assert_eq!(told(&mut w), waits(GONE), "{protocol:?}");
        w.pass(59);
        w.says(plain, "agent:heartbeat", Value::Null);
        assert_eq!(told(&mut w), [], "{protocol:?}: there is time yet");
        w.pass(1);
        assert_eq!(told(&mut w), fails(LATE), "{protocol:?}");
        assert_eq!(w.got(plain), NOTHING, "{protocol:?}: nobody else has got it");
        wants_gpu(&mut w, ada, protocol, "s");
        assert_eq!(told(&mut w), fails(NONE), "{protocol:?}: it may be started again");
        assert_eq!(w.relay.next_deadline().filter(|due| *due <= w.now), None, "{protocol:?}");
    }
}

#[test]
fn whatever_is_wanted_and_stays_away_is_waited_for_no_longer_than_any_agent() {
    let live = json!({"type": "live", "execution": "s", "control": {"of": "browser", "ask": {"do": "reload"}}});
    for (name, start, gone, late) in [
        (
            "execution:start",
            json!({"executionId": "s", "code": "…", "agentId": "S"}),
            "The agent S is not connected: this session waits 60 s for it",
            "The agent S did not come back within 60 s to take this session: connect it and start it again",
        ),
        (
            "recording:start",
            json!({"executionId": "s", "testFlowId": "f", "url": "x", "agentId": "S", "labels": {"gpu": "yes"}}),
            "The agent S with the labels gpu=yes is not connected: this session waits 60 s for it",
            "The agent S with the labels gpu=yes did not come back within 60 s to take this session: connect it and start it again",
        ),
        (
            "understudy:command",
            json!({"command": live.clone(), "labels": {"gpu": "yes"}}),
            "No agent with the labels gpu=yes is connected: this session waits 60 s for one",
            "No agent with the labels gpu=yes came back within 60 s to take this session: connect one and start it again",
        ),
        (
            "understudy:command",
            json!({ "command": live.clone() }),
            "No agent that is connected can do this: this session waits 60 s for one",
            "No agent came back within 60 s to take this session: connect one and start it again",
        ),
    ] {
        let mut w = World::new();
        // One that knows nothing but 001.
        let plain = w.enter("node", Role::Agent, Protocol::AiRun);
        w.step(Input::Received { peer: plain, name: String::new(), said: Box::new(Ok(Said::Unannounced)) });
        let (agent, eve, ada) = (strong(&mut w, &[]), w.connect("eve"), w.connect("ada"));
        wants_gpu(&mut w, eve, Protocol::Testflow, "first");
        w.says(ada, name, start.clone());
        w.got(ada);
        w.gone(agent);
        assert_eq!(w.got(ada), ["agent:status S offline", &format!("execution:log s info {gone}")], "{start}");
        w.pass(59);
        w.step(Input::Received { peer: plain, name: String::new(), said: Box::new(Ok(Said::Heartbeat)) });
        w.pass(1);
        assert_eq!(w.got(ada), [format!("error s {late}")], "{start}");
    }
}

#[test]
fn whoever_looks_sees_why_a_session_waits() {
    let mut w = World::new();
    let (agent, ada, eve) = (strong(&mut w, &[]), w.connect("ada"), w.connect("eve"));
    let asked = json!({"runId": "r", "code": "…", "labels": {"gpu": "yes"}});
    w.relay.runs().make(&"ada".into(), serde_json::from_value(asked.clone()).unwrap()).unwrap();
    let run = |w: &mut World, user: &str, role| {
        json!(w.relay.run("r", &Identity { user: user.into(), role, projects: None }))
    };
    let standing = |phase: &str, reason: Option<&str>| {
        let mut view = asked.clone();
        view["phase"] = json!(phase);
        if let Some(reason) = reason {
            view["reason"] = json!(reason);
        }
        view
    };
    assert_eq!(run(&mut w, "ada", Role::Client), asked);
    wants_gpu(&mut w, eve, Protocol::Testflow, "first");
    w.says(ada, "hub:replay", json!({}));
    w.got(ada);
    let starts = w.connect_with("ada", Protocol::AiRun);
    let Heard::Said { name, said } = ai_run::hub::hear(&json!({"type": "start_agent", "runId": "r"}), true) else {
        panic!()
    };
    w.step(Input::Received { peer: starts, name, said });
    let (busy, gone) = ("All agents with the labels gpu=yes are busy", "No agent with the labels gpu=yes is connected");
    assert_eq!(run(&mut w, "ada", Role::Client), standing("waiting", Some(busy)));
    assert_eq!(run(&mut w, "bot", Role::Agent), asked, "an agent has to do it, whatever others know of it");
    assert_eq!(run(&mut w, "eve", Role::Client), Value::Null);
    w.gone(agent);
    assert_eq!(run(&mut w, "ada", Role::Client), standing("waiting", Some(gone)));
    let late = w.connect("ada");
    w.says(late, "hub:replay", json!({}));
    assert_eq!(
        w.got(late)[1..],
        [
            format!("hub:session r waiting {gone}"),
            format!("execution:log r info {gone}: this session waits 60 s for one"),
            "hub:replayed".to_owned(),
        ],
        "the newest of what it waits for"
    );
    let agent = strong(&mut w, &["first"]);
    w.complete(agent, "first");
    assert_eq!(run(&mut w, "ada", Role::Client), standing("running", None));
    w.complete(agent, "r");
    assert_eq!(run(&mut w, "ada", Role::Client), standing("ended", None));
    let views: Vec<_> = w.got(ada).into_iter().filter(|line| line.starts_with("hub:session r")).collect();
    assert_eq!(
        views,
        [
            "hub:session r waiting".to_owned(),
            format!("hub:session r waiting {busy}"),
            format!("hub:session r waiting {gone}"),
            format!("hub:session r waiting {busy}"),
            "hub:session r S running".to_owned(),
            "hub:session r S ended".to_owned(),
        ]
    );
}

#[test]
fn what_waits_is_not_kept_for_who_is_away_but_its_end_is() {
    let mut w = World::new();
    let (agent, ada, eve) = (strong(&mut w, &[]), w.connect("ada"), w.connect("eve"));
    wants_gpu(&mut w, eve, Protocol::Testflow, "first");
    wants_gpu(&mut w, ada, Protocol::Testflow, "s");
    w.gone(ada);
    w.gone(agent);
    w.pass(60);
    let ada = w.connect("ada");
    let late =
        "No agent with the labels gpu=yes came back within 60 s to take this session: connect one and start it again";
    assert_eq!(w.got(ada), [format!("error s {late}"), "agent:status S offline".to_owned()]);
}
