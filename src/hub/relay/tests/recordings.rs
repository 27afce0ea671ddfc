//! Recordings: pictures, hands, and whose they are.

use super::*;

fn start(w: &mut World, peer: PeerId, id: &str) {
    w.says(peer, "recording:start", json!({"testFlowId": "f", "executionId": id, "url": "https://example.com"}));
}

#[test]
fn the_recording_flow_of_the_seed_and_its_extensions() {
    let mut w = World::new();
    let (ada, agent) = (w.connect("ada"), w.agent("A", 1));
    let ids = json!({"testFlowId": "f", "executionId": "r"});
    let with = |more: Value| {
        let mut all = ids.clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    w.says(ada, "recording:start", with(json!({"url": "https://example.com", "language": "typescript"})));
    w.says(agent, "recording:ready", ids.clone());
    for name in ["recording:pause", "recording:resume", "recording:input", "recording:stop"] {
        w.says(ada, name, with(json!({"type": "press", "key": "Tab"})));
    }
    w.says(agent, "recording:action", with(json!({"action": {"type": "click"}, "code": "…"})));
    w.says(agent, "recording:frame", with(json!({"frame": "AA", "width": 1, "height": 1})));
    let before_its_end = w.got(ada);
    w.says(agent, "recording:frame", with(json!({"frame": "BB", "width": 1, "height": 1})));
    w.says(agent, "recording:complete", with(json!({"success": true, "code": "…"})));
    assert_eq!(
        w.got(agent),
        ["recording:start r", "recording:pause r", "recording:resume r", "recording:input r", "recording:stop r"]
    );
    assert_eq!(
        before_its_end,
        [
            "agent:status A online",
            "agent:status A busy",
            "recording:ready r",
            "recording:action r",
            "recording:frame r"
        ]
    );
    assert_eq!(w.got(ada), ["recording:complete r true", "agent:status A online"]);
}

#[test]
fn an_end_that_was_wanted_is_told_again_to_an_agent_that_comes_back() {
    let register = |w: &mut World, sessions: &[&str]| {
        let agent = w.connect_as("bot", Role::Agent);
        let who = json!({"name": "A", "agentId": "A", "maxSessions": 2, "sessions": sessions});
        w.says(agent, "agent:register", who);
        agent
    };
    for (name, of) in [("recording:stop", "r"), ("recording:cancel", "r"), ("execution:cancel", "e")] {
        let mut w = World::new();
        let (ada, agent) = (w.connect("ada"), register(&mut w, &[]));
        start(&mut w, ada, "r");
        w.start(ada, "e");
        w.says(agent, "recording:ready", json!({"testFlowId": "f", "executionId": "r"}));
        w.says(agent, "execution:log", json!({"executionId": "e", "message": "m", "level": "info"}));
        w.says(ada, name, json!({"executionId": of, "testFlowId": "f"}));
        // It went into a line that was dead already: the hub has not noticed when the agent comes back over another.
        let end = format!("{name} {of}");
        assert!(w.got(agent).contains(&end));
        let back = register(&mut w, &["e", "r"]);
        assert_eq!(w.got(back), [end.as_str()], "{name}");
        // While it is away, and noticed to be.
        w.gone(back);
        w.says(ada, name, json!({"executionId": of, "testFlowId": "f"}));
        let back = register(&mut w, &["e", "r"]);
        assert_eq!(w.got(back), [end.as_str()], "{name}: once");
        let gone = register(&mut w, &if of == "e" { ["r"] } else { ["e"] });
        assert_eq!(w.got(gone), NOTHING, "{name}: not of what it has no more");
    }
}

#[test]
fn only_its_owner_lays_hands_on_a_recording_and_only_its_agent_feels_them() {
    let mut w = World::new();
    let (ada, eve) = (w.connect("ada"), w.connect("eve"));
    let (a, b) = (w.agent("A", 1), w.agent("B", 1));
    start(&mut w, ada, "r");
    let [first, second] = [a, b].map(|agent| w.got(agent));
    let (its, other) = if first.is_empty() { (b, a) } else { (a, b) };
    assert_eq!([first, second].concat(), ["recording:start r"]);
    w.got(eve);
    let input = json!({"executionId": "r", "testFlowId": "f", "type": "click", "x": 1, "y": 1});
    for name in ["recording:input", "recording:pause", "recording:resume", "recording:stop", "recording:cancel"] {
        w.says(eve, name, input.clone());
        assert_eq!(w.got(eve), [format!("error r {name}: no session of yours has this id")]);
        w.says(other, name, input.clone());
        assert!(w.got(other)[0].starts_with(&format!("error r {name}: an agent takes sessions")));
    }
    assert_eq!(w.got(its), NOTHING);
    // Any connection of hers will do.
    let phone = w.connect("ada");
    w.says(phone, "recording:input", input);
    assert_eq!((w.got(its), w.got(other)), (vec!["recording:input r".to_owned()], vec![]));
}

#[test]
fn hands_do_not_wait_for_an_agent_that_is_away_and_words_do() {
    let mut w = World::new();
    let (ada, agent) = (w.connect("ada"), w.agent("A", 1));
    start(&mut w, ada, "r");
    w.says(agent, "recording:ready", json!({"executionId": "r", "testFlowId": "f"}));
    w.gone(agent);
    for name in ["recording:input", "recording:pause", "recording:input", "recording:stop"] {
        w.says(ada, name, json!({"executionId": "r", "type": "back"}));
    }
    let agent = w.connect_as("bot", Role::Agent);
    w.says(agent, "agent:register", json!({"name": "A", "agentId": "A", "sessions": ["r"]}));
    assert_eq!(w.got(agent), ["recording:pause r", "recording:stop r"]);
}

#[test]
fn who_comes_later_sees_how_it_stands() {
    let mut w = World::new();
    let (ada, agent) = (w.connect("ada"), w.agent("A", 1));
    start(&mut w, ada, "r");
    for n in 0..3 {
        w.says(agent, "recording:frame", json!({"executionId": "r", "message": n}));
        w.says(agent, "recording:action", json!({"executionId": "r", "index": 0, "message": n}));
    }
    let late = w.connect("ada");
    w.says(late, "hub:replay", json!({}));
    assert_eq!(
        w.got(late),
        [
            "agent:status A busy",
            "hub:session r A running",
            "recording:action r 2",
            "hub:replayed",
            "recording:frame r 2"
        ]
    );
}
