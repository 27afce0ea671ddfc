//! An agent whose token ends shows the hub the next one, whatever it speaks: over the connection that there is, where there is a word for it.

use super::matrix::{AGENTS, Bot};
use super::{SECRET, http, hub, token};
use futures_util::future::join_all;
use std::time::{Duration, Instant, SystemTime};
use tokio::time::{sleep, timeout};
use understudy::agent::{Clock, Reading, TokenSource, Vitals, expiry, serve_vitals};
use understudy::dialect::agent::Spoken;
use understudy::hub::HubHandle;
use understudy::hub::token::{Identity, Role, mint};

const PATIENCE: Duration = Duration::from_secs(60);

/// By this clock the first token has ended already; the hub has another.
fn ahead() -> Clock {
    let start = Instant::now();
    Clock::new(move || {
        let wall = SystemTime::now() + Duration::from_secs(700);
        Reading { since_boot: start.elapsed(), wall }
    })
}

/// How often an agent of this protocol has connected by the time the hub has its next token.
async fn connections(hub: &HubHandle, protocol: &'static str, spoken: Spoken) -> (String, u64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, token("bot", Role::Agent)).unwrap();
    let vitals = Vitals::default();
    let served = serve_vitals(vitals.clone(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let bot = Bot::with(hub, spoken, protocol, |options| {
        options.token = TokenSource::File(path.clone());
        options.machine.vitals = vitals;
        options.machine.clock = ahead();
    });
    let shows = async |words: String| {
        loop {
            let (_, page) = http(served.address, "GET", "/metrics", "").await;
            if page.contains("understudy_connected 1\n") && page.contains(&words) {
                return page;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, shows(String::new())).await.expect("a connection");
    let identity = Identity { user: "bot".into(), role: Role::Agent, projects: None };
    let next = mint(SECRET, &identity, Duration::from_secs(7200), SystemTime::now()).unwrap();
    std::fs::write(&path, &next).unwrap();
    let ends = expiry(&next).unwrap().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let ends = format!("understudy_token_expiry_timestamp_seconds {ends}\n");
    let page = timeout(PATIENCE, shows(ends)).await.expect("the next token");
    let line = page.lines().find_map(|line| line.strip_prefix("understudy_connections_total ")).unwrap();
    bot.end().await;
    (protocol.to_owned(), line.parse().unwrap())
}

#[tokio::test]
async fn the_next_token_is_shown_over_the_connection_that_there_is() {
    let hub = hub().await;
    let seen = join_all(AGENTS.map(|(protocol, spoken)| connections(&hub, protocol, spoken))).await;
    // 004 has a token in its address and nowhere else.
    let expected = [("000", 1), ("001", 1), ("002", 1), ("003", 1), ("004", 2)];
    assert_eq!(seen, expected.map(|(protocol, times)| (protocol.to_owned(), times)));
    hub.shutdown().await;
}
