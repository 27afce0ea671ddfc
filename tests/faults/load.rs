//! Much at once: an execution that says a lot, many sessions on one agent, a hub that comes back to agents of all protocols while they
//! work. `UNDERSTUDY_LOAD=1 cargo test --release --test faults load -- --nocapture` takes what is promised and says what it takes.

#![expect(clippy::print_stderr, reason = "figures, for whoever asks with --nocapture")]

use crate::checker::{Story, What, Word};
use crate::hub_client::{Client, Got};
use crate::real::{Program, Proxy, User, token};
use crate::tongue::{Packet, Tongue, told};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::time::timeout;
use understudy::hub::token::Role;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(1800);

/// As many where somebody asks for it, so few otherwise.
fn many(promised: u64, usual: u64) -> u64 {
    if std::env::var_os("UNDERSTUDY_LOAD").is_some() { promised } else { usual }
}

/// The most that was ever resident of a process, megabytes.
fn peak(process: Option<u32>) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.unwrap_or_default())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok()).unwrap_or_default() / 1024
}

fn start(id: &str, code: &str) -> Value {
    json!({"executionId": id, "target": "local", "code": code})
}

fn code(body: &str) -> String {
    format!("import {{ test }} from '@playwright/test';\ntest('t', async ({{ page }}) => {{ {body} }});\n")
}

/// A hub, an agent, and who listens.
async fn place(slots: u64) -> (TempDir, Program, Program, Client) {
    let place = tempfile::tempdir().unwrap();
    std::fs::create_dir(place.path().join("tmp")).unwrap();
    let (hub, address) = Program::hub(place.path()).await;
    let auth = json!({"token": token("ada", Role::Client)});
    let mut client = Client::connect(&format!("http://{address}"), auth).await.unwrap();
    let bot = token("bot", Role::Agent);
    let agent = Program::agent_of(address, &bot, place.path(), Tongue::Testflow, slots);
    client.expect_where("agent:status", |told| told["status"] == "online").await;
    (place, hub, agent, client)
}

/// Numbers that each session says, in order, until so many have ended with 0; how many each has said.
async fn listen(client: &mut Client, sessions: usize) -> BTreeMap<String, u64> {
    let (mut said, mut ended) = (BTreeMap::<String, u64>::new(), 0);
    while ended < sessions {
        let Got::Event(name, payload) = client.next().await else { panic!("the hub has gone") };
        let Some((session, words, _)) = told(&name, &payload) else { continue };
        for what in words {
            match what {
                What::Said(number) => {
                    let next = said.entry(session.clone()).or_default();
                    assert_eq!(number, *next, "{session}");
                    *next += 1;
                }
                What::End(code) => {
                    assert_eq!(code, 0, "{session}");
                    ended += 1;
                }
                What::Remark(words) => assert!(!words.contains("Left out"), "{words}"),
                _ => {}
            }
        }
    }
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_of_an_execution_that_says_a_lot_comes_in_order() {
    let lines = many(1_000_000, 20_000);
    let (_place, hub, agent, mut client) = place(1).await;
    let source = code(&format!("for (let n = 0; n < {lines}; n++) console.log(String(n));")).replace("{ page }", "{}");
    client.emit("execution:start", start("e", &source.replace("test('t'", "test.setTimeout(0); test('t'"))).await;
    let begun = Instant::now();
    let said = timeout(PATIENCE, listen(&mut client, 1)).await.expect("an end");
    assert_eq!(said["e"], lines);
    let (took, agent, hub) = (begun.elapsed(), peak(agent.id()), peak(hub.id()));
    eprintln!("{lines} lines in {took:.1?}; at most {agent} MB in the agent, {hub} MB in the hub");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_sessions_at_once_end_each_with_its_own_verdict() {
    let sessions = many(50, 6);
    let (_place, hub, agent, mut client) = place(sessions).await;
    let source = code(
        "for (let n = 0; n < 20; n++) { console.log(String(n)); await page.setContent(`<input><p>${n}`); \
         await page.locator('input').fill(String(n)); }",
    );
    let source = source.replace("test('t'", "test.setTimeout(0); test('t'");
    for n in 0..sessions {
        client.emit("execution:start", start(&format!("e{n}"), &source)).await;
    }
    let begun = Instant::now();
    let ended = usize::try_from(sessions).unwrap();
    let said = timeout(PATIENCE, listen(&mut client, ended)).await.expect("all ends");
    assert!(said.len() == ended && said.values().all(|said| *said == 20), "{said:?}");
    let (took, agent, hub) = (begun.elapsed(), peak(agent.id()), peak(hub.id()));
    eprintln!("{sessions} sessions in {took:.1?}; at most {agent} MB in the agent, {hub} MB in the hub");
}

/// What one agent has said by now.
struct Ear {
    proxy: Proxy,
    tongue: Tongue,
    read: usize,
}

impl Ear {
    fn listen(&mut self, story: &mut Story) {
        let texts = self.proxy.texts(self.read);
        self.read += texts.len();
        for text in texts.into_iter().filter(|text| text.of_agent) {
            let Some(Packet::Event { name, payload, .. }) = self.tongue.packet(&text.text) else { continue };
            let Some((session, words, id)) = told(&name, &payload) else { continue };
            for (n, what) in words.into_iter().enumerate().filter(|(_, what)| !matches!(what, What::Stepped(_))) {
                let id = id.as_ref().map(|id| format!("{id}/{n}"));
                story.account(&session).accepted = Some(true);
                story.heard.push((session.clone(), Word { id, connection: text.connection, what }));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_comes_back_to_agents_of_all_protocols_while_they_work() {
    let lines = many(20_000, 600);
    let place = tempfile::tempdir().unwrap();
    let (mut hub, address) = Program::hub(place.path()).await;
    let (mut ears, mut agents) = (Vec::new(), Vec::new());
    for tongue in Tongue::ALL {
        let folder = place.path().join(tongue.name());
        std::fs::create_dir_all(folder.join("tmp")).unwrap();
        let proxy = Proxy::new().await;
        proxy.lead_to(Some(address));
        agents.push(Program::agent_of(proxy.address, &token("bot", Role::Agent), &folder, tongue, 2));
        ears.push(Ear { proxy, tongue, read: 0 });
    }
    let source = code(&format!(
        "for (let n = 0; n < {lines}; n++) {{ console.log(String(n)); if (n % 100 == 0) await new Promise(done => setTimeout(done, 50)); }}"
    ));
    let source = source.replace("{ page }", "{}").replace("test('t'", "test.setTimeout(0); test('t'");
    let user = User::connect(&format!("http://{address}")).await;
    let ids: Vec<String> = (0..2 * agents.len()).map(|n| format!("e{n}")).collect();
    let mut story = Story::default();
    for id in &ids {
        let account = story.account(id);
        (account.said, account.certain, account.ended) = (lines, lines, Some(0));
        account.verdicts.insert(0);
    }
    let begun = Instant::now();
    let mut killed = false;
    let plays = async {
        loop {
            ears.iter_mut().for_each(|ear| ear.listen(&mut story));
            let ended =
                |id: &String| story.heard.iter().any(|(of, word)| of == id && matches!(word.what, What::End(_)));
            let accepted = ids.iter().filter(|id| story.accounts[*id].accepted.is_some()).count();
            if killed && ids.iter().all(ended) {
                return;
            }
            if !killed {
                // Who asks before there are agents asks again.
                ids.iter().for_each(|id| user.says("execution:start", start(id, &source)));
            }
            if !killed && accepted == ids.len() {
                hub.kill().await;
                ears.iter().for_each(|ear| ear.proxy.lead_to(None));
                let (again, address) = Program::hub(place.path()).await;
                hub = again;
                ears.iter().for_each(|ear| ear.proxy.lead_to(Some(address)));
                killed = true;
            }
            // What is looked at grows; once in a while is enough.
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    timeout(PATIENCE, plays).await.expect("all ends");
    assert_eq!(story.faults(), [] as [&str; 0]);
    let (took, all) = (begun.elapsed(), ids.len());
    eprintln!(
        "{all} executions of {lines} lines over {} protocols and a hub that was killed: {took:.1?}",
        agents.len()
    );
}
