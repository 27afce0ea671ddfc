//! Coming to a server, and coming back to it.

use crate::support::{Agent, Said, Server, options};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;
use understudy::agent::{self, SessionStarter, Shutdown, StateError, TokenSource};

#[tokio::test(start_paused = true)]
async fn an_agent_says_who_it_is_and_stays_it() {
    let mut agent = Agent::with(|options| options.max_sessions = 3);
    let server = agent.plain_server().await;
    let said = &server.registration;
    assert_eq!(
        (&said["name"], &said["maxSessions"], &said["extensions"]),
        (&json!("tester"), &json!(3), &json!(["understudy/1"]))
    );
    let info = &said["systemInfo"];
    assert_eq!((&info["nodeVersion"], &info["playwrightVersion"]), (&json!("none"), &json!("1.2.3")));
    for key in ["platform", "arch", "agentVersion", "hostname", "os"] {
        assert!(info[key].as_str().is_some_and(|text| !text.is_empty()), "{key}: {info}");
    }
    let id = said["agentId"].clone();
    let mut agent = agent.killed_and_started().await;
    assert_eq!(agent.plain_server().await.registration["agentId"], id);
}

#[tokio::test(start_paused = true)]
async fn heartbeats_come_every_thirty_seconds() {
    let mut agent = Agent::start();
    let mut server = agent.plain_server().await;
    let mut last = Instant::now();
    for n in 0..4 {
        assert_eq!(server.next_of_all().await, Some(Said::Event("agent:heartbeat".to_owned(), Value::Null)));
        let since = last.elapsed();
        assert!(n == 0 || (since >= Duration::from_secs(30) && since < Duration::from_millis(30_100)), "{since:?}");
        last = Instant::now();
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_is_tried_ever_more_rarely() {
    let mut agent = Agent::start();
    let mut waits = Vec::new();
    for _ in 0..60 {
        let attempt = agent.attempt().await;
        let failed = Instant::now();
        attempt.unreachable();
        let next = agent.attempt().await;
        waits.push(failed.elapsed());
        next.unreachable();
    }
    assert!(waits.iter().all(|wait| *wait >= Duration::from_millis(50)), "{waits:?}");
    assert!(waits.iter().all(|wait| *wait <= Duration::from_millis(30_010)), "{waits:?}");
    assert!(waits[0] <= Duration::from_millis(510), "{waits:?}");
    // Full jitter: 55 even draws below 30 s lie on both sides of 10 s and of 20 s, but for one in 10^9.
    let late = &waits[5..];
    assert!(late.iter().any(|wait| wait.as_secs() < 10) && late.iter().any(|wait| wait.as_secs() > 20), "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_and_drops_is_not_hammered() {
    let mut agent = Agent::start();
    let begun = Instant::now();
    for _ in 0..40 {
        agent.attempt().await.accept().go_away().await;
    }
    assert!(begun.elapsed() > Duration::from_secs(60), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_shown_again_only_after_a_while_and_read_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "old\n").unwrap();
    let mut agent = Agent::with(|options| options.token = TokenSource::File(path.clone()));
    let mut last = None;
    for n in 0..8 {
        let attempt = agent.attempt().await;
        assert_eq!(attempt.target.auth, json!({"token": "old"}));
        if let Some(last) = last.replace(Instant::now()) {
            let wait = last.elapsed().as_millis();
            assert!((2500..60_100).contains(&wait) && (n < 5 || wait >= 29_000), "{n}: {wait}");
        }
        attempt.refuse();
    }
    std::fs::write(&path, "new\n").unwrap();
    let attempt = agent.attempt().await;
    assert_eq!(attempt.target.auth, json!({"token": "new"}));
    let mut server = attempt.accept();
    server.expect("agent:register").await;
}

#[tokio::test(start_paused = true)]
async fn without_a_token_the_server_decides() {
    let mut agent = Agent::with(|options| options.token = TokenSource::None);
    assert_eq!(agent.attempt().await.target.auth, json!({}));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_cannot_be_read_is_no_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let mut agent = Agent::with(|options| options.token = TokenSource::File(path.clone()));
    let writes = async {
        // Time itself is under test, on a clock that jumps: attempts that fail for longer than the longest pause end nothing.
        tokio::time::sleep(Duration::from_secs(100)).await;
        std::fs::write(&path, "late").unwrap();
    };
    let (attempt, ()) = tokio::join!(agent.attempt(), writes);
    assert_eq!(attempt.target.auth, json!({"token": "late"}));
}

#[tokio::test(start_paused = true)]
async fn a_folder_has_one_agent() {
    let mut agent = Agent::start();
    let _server = agent.plain_server().await;
    let starter = SessionStarter {
        execute: std::sync::Arc::new(|_, _, _| Box::pin(async {})),
        record: std::sync::Arc::new(|_, _, _| Box::pin(async {})),
        drive: std::sync::Arc::new(|_, _, _| Box::pin(async {})),
    };
    let second = agent::run(options(&agent.state_dir()), starter, Shutdown::default()).await;
    assert!(matches!(second, Err(StateError::InUse(_))), "{second:?}");
}

/// A moment's loss, and an outage that most of them have tried to end.
#[tokio::test(start_paused = true)]
async fn two_hundred_agents_that_lose_their_server_at_once_come_back_one_after_the_other() {
    let mut agents: Vec<Agent> = (0..200).map(|_| Agent::start()).collect();
    for outage in [0, 20].map(Duration::from_secs) {
        let mut servers = Vec::new();
        for agent in &mut agents {
            servers.push(agent.plain_server().await);
        }
        // A good connection. Time itself is under test, on a clock that jumps.
        tokio::time::sleep(Duration::from_secs(30)).await;
        let lost = Instant::now();
        join_all(servers.into_iter().map(Server::go_away)).await;
        let coming = agents.iter_mut().map(|agent| async move {
            loop {
                let attempt = agent.attempt().await;
                let after = lost.elapsed().checked_sub(outage);
                attempt.unreachable();
                if let Some(after) = after {
                    return after.as_secs();
                }
            }
        });
        let mut seconds = BTreeMap::<u64, usize>::new();
        for second in join_all(coming).await {
            *seconds.entry(second).or_default() += 1;
        }
        let (most, last) = (seconds.values().max().unwrap(), seconds.keys().last().unwrap());
        assert!(*most <= 100, "{most} of 200 come back in one second after {outage:?}: {seconds:?}");
        assert!(*last <= 30, "{outage:?}: {seconds:?}");
    }
}
