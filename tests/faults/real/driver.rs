//! One schedule: two executions, and up to three harms while they run.

use super::program::{PATIENCE, Program, SECRET, browsers, profiles};
use super::proxy::{Proxy, Text, Weather};
use crate::chance::Chance;
use crate::checker::{Story, What, Word};
use crate::end::{process, wait_for_end};
use crate::hub_client::{Client, Got};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use understudy::hub::token::{self, Identity, Role};

/// Lines of an execution.
const LINES: u64 = 10;
/// How long a harm stays that passes by itself: time itself is the harm, and nothing is waited for by it.
const A_WHILE: Duration = Duration::from_millis(700);

/// What may happen.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Harm {
    KillAgent,
    KillHub,
    KillBrowser,
    Cut,
    CutInFrame,
    HalfOpen,
    Slow,
    Late,
    Closed,
}

const HARMS: [Harm; 9] = [
    Harm::KillAgent,
    Harm::KillHub,
    Harm::KillBrowser,
    Harm::Cut,
    Harm::CutInFrame,
    Harm::HalfOpen,
    Harm::Slow,
    Harm::Late,
    Harm::Closed,
];

struct Stage {
    place: TempDir,
    proxy: Proxy,
    hub: Program,
    agent: Program,
    user: mpsc::UnboundedSender<(&'static str, Value)>,
    token: String,
    password: String,
    story: Story,
    read: usize,
    /// How much had come through when this life of the agent began.
    born: usize,
    /// By connection and number of what asked for an answer: which start it is.
    asked: BTreeMap<(usize, String), String>,
    told: Vec<String>,
}

/// Plays it; says what is wrong.
pub(super) async fn play(seed: u64) -> Vec<String> {
    let mut chance = Chance::of(seed);
    let mut stage = Stage::new(seed).await;
    let harms: Vec<(u64, Harm)> = (0..1 + chance.below(3))
        // In turn, so that a few schedules have all of them.
        .map(|n| {
            (chance.below(LINES as usize + 2) as u64, HARMS[if n == 0 { seed as usize % 9 } else { chance.below(9) }])
        })
        .collect();
    for id in ["a", "b"] {
        stage.story.account(id).said = LINES;
        stage.story.account(id).verdicts.insert(0);
    }
    let ordered: BTreeMap<u64, Vec<Harm>> = harms.iter().fold(BTreeMap::new(), |mut all, (when, harm)| {
        all.entry(*when).or_insert_with(Vec::new).push(*harm);
        all
    });
    let played = timeout(PATIENCE * 2, async {
        for (when, harms) in ordered {
            stage.reach(when).await;
            for harm in harms {
                stage.harm(harm).await;
            }
        }
        stage.reach(u64::MAX).await;
    });
    let mut faults = Vec::new();
    if played.await.is_err() {
        faults.push("it does not come to an end".to_owned());
    }
    stage.finish(&mut faults).await;
    if !faults.is_empty() {
        faults.push(format!("seed {seed}: {harms:?}"));
        faults.append(&mut stage.told);
        faults.push(tail(&stage.place.path().join("agent.log")));
    }
    faults
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains("DEBUG")).collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}

fn code(id: &str) -> String {
    format!(
        "import {{ test }} from '@playwright/test';\n\
         test('{id}', async ({{ page }}) => {{\n\
         for (let n = 0; n < {LINES}; n++) {{ console.log(String(n)); await page.setContent(`<input><p>${{n}}`); }}\n\
         await page.locator('input').fill(process.env.PASSWORD);\n\
         console.log('it is ' + process.env.PASSWORD);\n\
         }});\n"
    )
}

fn token(user: &str, role: Role) -> String {
    let identity = Identity { user: user.into(), role, projects: None };
    token::mint(SECRET.as_bytes(), &identity, Duration::from_secs(3600), SystemTime::now()).unwrap()
}

impl Stage {
    async fn new(seed: u64) -> Self {
        let place = tempfile::tempdir().unwrap();
        std::fs::create_dir(place.path().join("tmp")).unwrap();
        let (proxy, (hub, address)) = (Proxy::new().await, Program::hub(place.path()).await);
        proxy.lead_to(Some(address));
        let (token, password) = (token("bot", Role::Agent), format!("pass-word-{}", seed + 7_331));
        let agent = Program::agent(proxy.address, &token, place.path());
        let user = user(&format!("http://{address}")).await;
        let (story, asked) = (Story::default(), BTreeMap::new());
        Self { place, proxy, hub, agent, user, token, password, story, read: 0, born: 0, asked, told: Vec::new() }
    }

    /// Until so many lines of the executions together have come through; to their ends where it is more than they have.
    async fn reach(&mut self, lines: u64) {
        let mut heard = self.proxy.heard();
        loop {
            self.read();
            let said = self.story.heard.iter().filter(|(_, word)| matches!(word.what, What::Said(_))).count() as u64;
            if said >= lines || ["a", "b"].iter().all(|id| self.has_ended(id)) {
                return;
            }
            let unknown: Vec<&str> =
                ["a", "b"].into_iter().filter(|id| self.story.accounts[*id].accepted.is_none()).collect();
            // Somebody who wants something asks again.
            for id in unknown {
                // One whose hub was killed is deaf.
                let config = json!({"env": {"PASSWORD": self.password}});
                let start = json!({"executionId": id, "target": "local", "code": code(id), "config": config});
                let _ = self.user.send(("execution:start", start));
            }
            let _ = timeout(A_WHILE, heard.changed()).await;
        }
    }

    fn has_ended(&self, id: &str) -> bool {
        self.story.heard.iter().any(|(of, word)| of == id && matches!(word.what, What::End(_)))
    }

    /// What has come through since.
    fn read(&mut self) {
        let texts = self.proxy.texts(self.read);
        self.read += texts.len();
        for Text { connection, of_agent, text } in texts {
            let Some(packet) = text.strip_prefix('4') else { continue };
            let Some((number, body)) = packet.get(1..).map(split) else { continue };
            match (&packet[..1], of_agent) {
                ("2", false) if body[0] == "execution:start" && !number.is_empty() => {
                    let id = body[1]["executionId"].as_str().unwrap().to_owned();
                    self.asked.insert((connection, number), id);
                }
                ("3", true) => {
                    if let Some(id) = self.asked.get(&(connection, number))
                        && body[0]["ok"] == true
                    {
                        let account = self.story.account(id);
                        account.accepted = Some(true);
                    }
                }
                ("2", true) => self.hear(connection, body[0].as_str().unwrap_or_default(), &body[1]),
                _ => {}
            }
        }
    }

    fn hear(&mut self, connection: usize, name: &str, payload: &Value) {
        let Some(execution) = payload["executionId"].as_str() else { return };
        let what = match name {
            "execution:complete" => What::End(payload["exitCode"].as_i64().unwrap()),
            "execution:log" => {
                let message = payload["message"].as_str().unwrap();
                message.parse().map_or_else(|_| What::Remark(message.to_owned()), What::Said)
            }
            "execution:step" if payload["status"] == "running" => What::Step(payload["stepNumber"].as_u64().unwrap()),
            _ => return,
        };
        let id = payload["eventId"].as_str().map(str::to_owned);
        self.told.push(format!("{connection}: {execution} {what:?} {id:?}"));
        self.story.heard.push((execution.to_owned(), Word { id, connection, what }));
    }

    async fn harm(&mut self, harm: Harm) {
        self.told.push(format!("{harm:?}"));
        match harm {
            Harm::KillAgent => self.kill_agent().await,
            Harm::KillHub => {
                self.hub.kill().await;
                self.proxy.lead_to(None);
                let (hub, address) = Program::hub(self.place.path()).await;
                self.hub = hub;
                self.proxy.lead_to(Some(address));
                self.user = user(&format!("http://{address}")).await;
            }
            Harm::KillBrowser => {
                self.may_end_with(1);
                self.may_end_with(2);
                if let Some(browser) = browsers(self.place.path()).first() {
                    // It may have ended just now.
                    let pid = rustix::process::Pid::from_raw(i32::try_from(*browser).unwrap()).unwrap();
                    let _ = rustix::process::kill_process(pid, Signal::KILL);
                }
            }
            Harm::Cut => self.proxy.cut(false),
            Harm::CutInFrame => self.proxy.cut(true),
            Harm::HalfOpen => self.weather(Weather::Still).await,
            Harm::Slow => {
                self.proxy.set(Weather::Slow(Duration::from_millis(20)));
            }
            Harm::Late => {
                self.proxy.set(Weather::Held);
                sleep(A_WHILE).await;
                self.proxy.cut(false);
                sleep(A_WHILE).await;
                self.proxy.set(Weather::Clear);
            }
            Harm::Closed => self.weather(Weather::Closed).await,
        }
    }

    /// For a while; what was open then is gone.
    async fn weather(&mut self, weather: Weather) {
        self.proxy.set(weather);
        if weather == Weather::Closed {
            self.proxy.cut(false);
        }
        sleep(A_WHILE).await;
        self.proxy.cut(false);
        self.proxy.set(Weather::Clear);
    }

    fn may_end_with(&mut self, code: i64) {
        for id in ["a", "b"] {
            self.story.account(id).verdicts.insert(code);
        }
    }

    /// As a power cut of the agent alone; its Chromium ends by itself.
    async fn kill_agent(&mut self) {
        self.may_end_with(2);
        let left = browsers(self.place.path());
        self.agent.kill().await;
        let ends: Vec<_> = left.into_iter().filter_map(process).collect();
        tokio::task::spawn_blocking(move || ends.iter().for_each(wait_for_end)).await.unwrap();
        self.start_agent();
    }

    fn start_agent(&mut self) {
        self.read();
        self.born = self.read;
        self.agent = Program::agent(self.proxy.address, &self.token, self.place.path());
    }

    /// What is left, and what was said.
    async fn finish(&mut self, faults: &mut Vec<String>) {
        self.proxy.set(Weather::Clear);
        self.end_agent(faults).await;
        // Another life; one that had lost its connection just before may have left something for the next.
        for last in [false, true] {
            self.start_agent();
            match timeout(PATIENCE, self.registration()).await {
                Ok(sessions) if sessions == json!([]) => break,
                Ok(_) if !last => self.end_agent(faults).await,
                Ok(sessions) => faults.push(format!("there are still {sessions}")),
                Err(_) => faults.push("the agent does not come back".to_owned()),
            }
        }
        self.end_agent(faults).await;
        self.read();
        let left = (browsers(self.place.path()), profiles(self.place.path()));
        if !(left.0.is_empty() && left.1.is_empty()) {
            faults.push(format!("left: {left:?}"));
        }
        for id in ["a", "b"] {
            let passed = self.story.heard.iter().any(|(of, word)| of == id && word.what == What::End(0));
            self.story.account(id).ended = passed.then_some(0);
        }
        faults.extend(self.story.faults());
        let secrets = [self.password.as_str(), SECRET];
        let written: BTreeSet<String> = self.proxy.written().into_iter().collect();
        for text in written.iter().filter(|text| secrets.iter().any(|secret| text.contains(secret))) {
            faults.push(format!("a secret is sent: {text}"));
        }
        let handshake = |text: &str| text.starts_with("40");
        if written.iter().any(|text| text.contains(&self.token) && !handshake(text)) {
            faults.push("the token is sent where it does not belong".to_owned());
        }
        self.hub.kill().await;
    }

    /// It tells what there is to tell, and ends well.
    async fn end_agent(&mut self, faults: &mut Vec<String>) {
        // From then on it hears signals.
        let _ = timeout(PATIENCE, self.registration()).await;
        self.agent.signal(Signal::TERM);
        let code = self.agent.end().await.code();
        if code != Some(0) {
            faults.push(format!("the agent ends with {code:?}"));
        }
    }

    /// What the agent of now says that it still has.
    async fn registration(&mut self) -> Value {
        let mut heard = self.proxy.heard();
        loop {
            let register = self.proxy.texts(self.born).into_iter().find_map(|text| {
                let (_, body) = split(text.text.strip_prefix("42")?);
                (text.of_agent && body[0] == "agent:register").then(|| body[1]["sessions"].clone())
            });
            if let Some(sessions) = register {
                return sessions;
            }
            let _ = heard.changed().await;
        }
    }
}

/// `12["name",…]`.
fn split(packet: &str) -> (String, Value) {
    let end = packet.find(|c: char| !c.is_ascii_digit()).unwrap_or(packet.len());
    (packet[..end].to_owned(), serde_json::from_str(&packet[end..]).unwrap_or_default())
}

/// Somebody who wants tests run, and listens.
async fn user(hub: &str) -> mpsc::UnboundedSender<(&'static str, Value)> {
    let (wish, mut wished) = mpsc::unbounded_channel();
    let mut client = Client::connect(hub, json!({"token": token("ada", Role::Client)})).await.unwrap();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                wish = wished.recv() => match wish {
                    Some((name, payload)) => client.emit(name, payload).await,
                    None => return,
                },
                got = client.next() => {
                    if got == Got::Closed {
                        return;
                    }
                }
            }
        }
    });
    wish
}
