//! One schedule: two executions, in some a recording, and up to three harms while they run.

use super::harms::{A_WHILE, HARMS, Harm};
use super::person::Person;
use super::program::{PATIENCE, Program, SECRET, browsers, profiles};
use super::proxy::{Proxy, Text, Weather};
use super::user::{User, token};
use crate::chance::Chance;
use crate::checker::{Story, What, Word};
use crate::tongue::{Packet, Tongue, registered, started, told};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tempfile::TempDir;
use tokio::time::timeout;
use understudy::hub::token::Role;

/// Lines of an execution.
const LINES: u64 = 10;
/// The session that is a recording.
pub(super) const RECORDING: &str = "r";
pub(super) struct Stage {
    pub(super) place: TempDir,
    pub(super) proxy: Proxy,
    pub(super) hub: Program,
    pub(super) agent: Program,
    pub(super) user: User,
    tongue: Tongue,
    token: String,
    password: String,
    /// What was asked for.
    pub(super) sessions: Vec<&'static str>,
    pub(super) person: Person,
    pub(super) story: Story,
    /// How much of what came through is known.
    read: usize,
    /// How many words of sessions are among it that are counted, and which sessions have ended.
    said: u64,
    ended: BTreeSet<String>,
    /// What the agent of now says that it still has.
    registered: Option<Value>,
    /// By connection and number of what asked for an answer: which start it is.
    asked: BTreeMap<(usize, String), String>,
    pub(super) told: Vec<String>,
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
    for id in stage.sessions.clone() {
        let account = stage.story.account(id);
        account.verdicts.insert(0);
        // A recording goes as far as it comes; its end is told with what there is.
        match id == RECORDING {
            true => drop(account.verdicts.insert(1)),
            false => account.said = LINES,
        }
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

impl Stage {
    async fn new(seed: u64) -> Self {
        let place = tempfile::tempdir().unwrap();
        std::fs::create_dir(place.path().join("tmp")).unwrap();
        let (proxy, (hub, address)) = (Proxy::new().await, Program::hub(place.path()).await);
        proxy.lead_to(Some(address));
        let tongue = Tongue::ALL[seed as usize % Tongue::ALL.len()];
        let (token, password) = (token("bot", Role::Agent), format!("pass-word-{}", seed + 7_331));
        let agent = Program::agent(proxy.address, &token, place.path(), tongue);
        let user = User::connect(&format!("http://{address}")).await;
        let mut sessions = vec!["a", "b"];
        if seed % 3 == 1 {
            sessions.push(RECORDING);
        }
        Self {
            place,
            proxy,
            hub,
            agent,
            user,
            tongue,
            token,
            person: Person::new(&password),
            password,
            sessions,
            story: Story::default(),
            read: 0,
            said: 0,
            ended: BTreeSet::new(),
            registered: None,
            asked: BTreeMap::new(),
            told: Vec::new(),
        }
    }

    /// Until so many lines of the executions together have come through; to their ends where it is more than they have.
    async fn reach(&mut self, lines: u64) {
        self.read();
        let (mut heard, mut idle) = (self.proxy.heard(), true);
        loop {
            if self.said >= lines || self.sessions.iter().all(|id| self.ended.contains(*id)) {
                return;
            }
            // Somebody who wants something asks again; one whose hub was killed is deaf.
            for id in self.sessions.clone() {
                let accepted = self.story.accounts[id].accepted.is_some();
                match id == RECORDING {
                    true if !self.ended.contains(id) => self.person.acts(&self.user, accepted, idle),
                    false if !accepted => {
                        let config = json!({"env": {"PASSWORD": self.password}});
                        let start = json!({"executionId": id, "target": "local", "code": code(id), "config": config});
                        self.user.says("execution:start", start);
                    }
                    _ => {}
                }
            }
            let told = self.told.len();
            // A page that is shown is never still, for its caret blinks: only words count.
            idle = timeout(A_WHILE, async {
                while self.told.len() == told {
                    let _ = heard.changed().await;
                    self.read();
                }
            })
            .await
            .is_err();
        }
    }

    /// What has come through since.
    fn read(&mut self) {
        let texts = self.proxy.texts(self.read);
        self.read += texts.len();
        for Text { connection, of_agent, text } in texts {
            match (self.tongue.packet(&text), of_agent) {
                (Some(Packet::Event { number, name, payload }), false) => {
                    if let Some(id) = started(&name, &payload).filter(|_| !number.is_empty()) {
                        self.asked.insert((connection, number), id.to_owned());
                    }
                }
                (Some(Packet::Ack { number, payload }), true) => {
                    if let Some(id) = self.asked.get(&(connection, number))
                        && payload["ok"] == true
                    {
                        self.story.account(id).accepted = Some(true);
                    }
                }
                (Some(Packet::Event { name, payload, .. }), true) => {
                    self.registered = registered(&name, &payload).or(self.registered.take());
                    self.hear(connection, &name, &payload);
                }
                _ => {}
            }
        }
    }

    fn hear(&mut self, connection: usize, name: &str, payload: &Value) {
        let Some((session, words, id)) = told(name, payload) else { return };
        // Somebody who speaks has accepted, where nothing else says so.
        if !words.is_empty() {
            self.story.account(&session).accepted = Some(true);
        }
        for (n, what) in words.into_iter().enumerate() {
            match what {
                What::Stepped(_) => continue,
                What::Said(_) => self.said += 1,
                What::Action(number) => {
                    let account = self.story.account(&session);
                    account.said = account.said.max(number + 1);
                    self.person.saw(number);
                }
                What::End(_) => drop(self.ended.insert(session.clone())),
                What::Step(_) | What::Remark(_) => {}
            }
            self.told.push(format!("{connection}: {session} {what:?} {id:?}"));
            let id = id.as_ref().map(|id| format!("{id}/{n}"));
            self.story.heard.push((session.clone(), Word { id, connection, what }));
        }
    }

    pub(super) fn start_agent(&mut self) {
        self.read();
        self.registered = None;
        self.agent = Program::agent(self.proxy.address, &self.token, self.place.path(), self.tongue);
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
        for id in self.sessions.clone() {
            let passed = self.story.heard.iter().any(|(of, word)| of == id && word.what == What::End(0));
            self.story.account(id).ended = passed.then_some(0);
        }
        faults.extend(self.story.faults());
        faults.extend(self.secrets());
        self.hub.kill().await;
    }

    /// Where one is in any byte that the agent has sent; its token has one place.
    fn secrets(&self) -> Vec<String> {
        let mut found = Vec::new();
        for text in self.proxy.written().iter().collect::<BTreeSet<_>>() {
            if [self.password.as_str(), SECRET].iter().any(|secret| text.contains(secret)) {
                found.push(format!("a secret is sent: {text}"));
            }
            let place = match self.tongue {
                Tongue::AiRun => text.contains(r#""type":"authenticate""#),
                Tongue::Cloud => text.starts_with("get /ws?token="),
                _ => text.starts_with("40"),
            };
            if text.to_lowercase().contains(&self.token.to_lowercase()) && !place {
                found.push(format!("the token is sent where it does not belong: {text}"));
            }
        }
        found
    }

    /// It tells what there is to tell, and ends well.
    async fn end_agent(&mut self, faults: &mut Vec<String>) {
        // From then on it hears signals.
        let _ = timeout(PATIENCE, self.registration()).await;
        self.agent.signal(Signal::TERM);
        let end = self.agent.end().await;
        if end.is_none() {
            self.agent.kill().await;
        }
        if !end.is_some_and(|end| end.success()) {
            faults.push(format!("the agent ends with {end:?}"));
        }
    }

    /// What the agent of now says that it still has.
    async fn registration(&mut self) -> Value {
        let mut heard = self.proxy.heard();
        loop {
            self.read();
            if let Some(sessions) = &self.registered {
                return sessions.clone();
            }
            let _ = heard.changed().await;
        }
    }
}
