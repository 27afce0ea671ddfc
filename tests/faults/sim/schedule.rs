//! What happens, in which order.

use super::super::chance::Chance;
use super::super::checker::{Story, What, Word};
use super::agent::{Attempt, Life, Session};
use super::wire::{Wire, Written};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};
use understudy::model::{Event, Level, SessionStep, StepState};
use understudy::wire::client::{ConnectError, Incoming, Proof};

/// Longer than the longest wait between two attempts.
const PATIENCE: Duration = Duration::from_secs(70);
/// Steps before the world gets well.
const TROUBLE: usize = 60;
/// Steps that a world that is well needs at most; more means that somebody waits for ever.
const CURE: usize = 4_000;

/// Which part of the product is played by one that does not hold what it promises.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Lies {
    No,
    /// What is lost on the way counts as arrived: nothing is sent again.
    Proofs,
    /// What was on disk is gone after a kill.
    Disk,
}

/// The whole world of one seed.
pub(super) struct Schedule {
    chance: Chance,
    lies: Lies,
    folder: TempDir,
    slots: usize,
    /// What the server takes at once, bytes.
    limit: usize,
    /// The server acknowledges, and knows by ids what comes twice; else it is one of others.
    hub: bool,
    life: Life,
    attempt: Option<Attempt>,
    wire: Option<Wire>,
    /// Of connections that the agent has given up, what a hub may still get.
    late: VecDeque<(usize, Written)>,
    connections: usize,
    running: Vec<Session>,
    /// Starts, and whether the server knows that the agent has them.
    starts: BTreeMap<String, bool>,
    planned: usize,
    draining: bool,
    /// Starts that the agent has just got, and ends that sessions have just told: certain when it has come to rest.
    got: Vec<String>,
    /// What has run in this life of the agent.
    alive: BTreeSet<String>,
    ended: Vec<(String, i64)>,
    story: Story,
    log: Vec<String>,
}

impl Schedule {
    pub(super) fn new(seed: u64, lies: Lies) -> Self {
        let mut chance = Chance::of(seed);
        let memory = std::path::Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        let slots = 1 + chance.below(2);
        let life = Life::new(folder.path(), slots);
        let (hub, planned) = (!chance.one_in(3), 1 + chance.below(4));
        let limit = if chance.one_in(2) { 1_500 } else { 1_000_000 };
        Self {
            chance,
            lies,
            folder,
            slots,
            limit,
            hub,
            life,
            attempt: None,
            wire: None,
            late: VecDeque::new(),
            connections: 0,
            running: Vec::new(),
            starts: BTreeMap::new(),
            planned,
            draining: false,
            got: Vec::new(),
            alive: BTreeSet::new(),
            ended: Vec::new(),
            story: Story::default(),
            log: Vec::new(),
        }
    }

    /// Says what is wrong.
    pub(super) async fn play(mut self) -> Vec<String> {
        self.through().await;
        let mut faults = self.story.faults();
        faults.extend(self.remains().await);
        if !faults.is_empty() {
            faults.extend(self.log);
        }
        faults
    }

    /// Everything that happened.
    pub(super) async fn told(mut self) -> Vec<String> {
        self.through().await;
        self.log
    }

    async fn through(&mut self) {
        for _ in 0..TROUBLE {
            self.trouble().await;
        }
        for _ in 0..CURE {
            if self.is_well() {
                // Longer than an agent waits for a server to introduce itself.
                sleep(Duration::from_secs(20)).await;
                self.settle().await;
                if self.is_well() {
                    return;
                }
            }
            self.cure().await;
        }
        self.log.push("the world does not get well".to_owned());
    }

    fn note(&mut self, what: String) {
        self.log.push(what);
    }

    /// Until nothing more happens by itself: the clock is one that jumps, and moves only then.
    async fn settle(&mut self) {
        sleep(Duration::from_millis(1)).await;
        self.look();
        for id in &self.alive {
            let account = self.story.account(id);
            account.certain = account.said;
        }
        for (id, code) in self.ended.drain(..) {
            self.story.account(&id).ended = Some(code);
        }
        for id in self.got.drain(..) {
            let account = self.story.account(&id);
            account.accepted = account.accepted.or((!self.draining).then_some(true));
        }
        if self.life.is_over() {
            self.rise("the agent has ended");
        }
    }

    /// What the agent wants of the world by now.
    fn look(&mut self) {
        while let Ok(attempt) = self.life.attempts.try_recv() {
            self.attempt = Some(attempt);
        }
        while let Ok(session) = self.life.sessions.try_recv() {
            let id = session.start.execution.as_str().to_owned();
            let account = self.story.account(&id);
            account.runs += 1;
            account.accepted = Some(true);
            self.log.push(format!("{id} runs"));
            self.alive.insert(id);
            self.running.push(session);
        }
        if let Some(wire) = &mut self.wire {
            let nowhere = wire.take();
            for written in &nowhere {
                self.lost(written);
            }
            if self.wire.as_ref().is_some_and(Wire::is_gone)
                && let Some(wire) = self.wire.take()
            {
                self.gone(wire);
            }
        }
    }

    fn gone(&mut self, wire: Wire) {
        let number = wire.number;
        let there = wire.cut();
        // What its last words were arrives later, up to some moment, or never.
        let mut late = if self.lies == Lies::No { self.chance.below(there.len() + 1) } else { 0 };
        for written in there {
            let named = matches!(&written, Written::Event { payload, .. } if payload["eventId"].is_string());
            late = if named { late } else { 0 };
            if late > 0 {
                late -= 1;
                self.late.push_back((number, written));
            } else {
                self.lost(&written);
            }
        }
    }

    /// Written, and never heard.
    fn lost(&mut self, written: &Written) {
        let Written::Event { name, payload, proof: Proof::Written, .. } = written else { return };
        for (execution, number) in said(name, payload) {
            if let What::Said(number) = number {
                self.story.account(&execution).lost.insert(number);
            }
        }
    }

    async fn trouble(&mut self) {
        match self.chance.below(30) {
            0..=2 if self.planned > 0 => self.start(),
            0..=2 => self.start_again(),
            3..=9 => self.speak(),
            10 => self.finish(),
            11 if self.chance.one_in(2) => self.vanish(),
            11 | 12 => self.cancel(),
            13..=17 => self.deliver(),
            18..=20 => self.arrive(),
            21 => self.cut(),
            22 => self.half_open(),
            23 if self.chance.one_in(3) => return self.kill().await,
            24 if self.chance.one_in(4) => return self.drain().await,
            25 => self.arrive_late(),
            26..=28 => return self.connect().await,
            // Time that passes is one of the things that happen, on a clock that jumps.
            _ => sleep(Duration::from_millis(400)).await,
        }
        match self.chance.below(4) {
            // Only so far.
            0 => {
                for _ in 0..self.chance.below(8) {
                    tokio::task::yield_now().await;
                }
                self.look();
            }
            _ => self.settle().await,
        }
    }

    /// Everything that makes it better, a bit of each.
    async fn cure(&mut self) {
        if self.wire.as_ref().is_some_and(|wire| wire.half_open) {
            self.cut();
            self.settle().await;
        }
        self.speak();
        self.finish();
        self.deliver();
        self.arrive();
        self.arrive_late();
        let unknown = self.starts.iter().filter(|(_, known)| !**known).count();
        if self.planned > 0 {
            self.start();
        } else if unknown > 0 && self.wire.is_some() {
            self.start_again();
        }
        self.settle().await;
        if self.wire.is_none() {
            self.connect().await;
        }
    }

    fn is_well(&self) -> bool {
        let ended: BTreeSet<&str> = self
            .story
            .heard
            .iter()
            .filter(|(_, word)| matches!(word.what, What::End(_)))
            .map(|(id, _)| &**id)
            .collect();
        let owed = |id: &str| self.story.accounts.get(id).is_some_and(|account| account.accepted == Some(true));
        let quiet = |wire: &Wire| !wire.half_open && wire.there.is_empty() && wire.back.is_empty();
        self.planned == 0
            && self.running.is_empty()
            && self.late.is_empty()
            && self.wire.as_ref().is_some_and(quiet)
            && self.starts.iter().all(|(id, known)| *known && (!owed(id) || ended.contains(&**id)))
    }
}

/// What happens, one by one.
impl Schedule {
    /// A session that has not been asked for yet.
    fn start(&mut self) {
        let Some(wire) = &mut self.wire else { return };
        let id = format!("e{}", self.starts.len());
        self.planned -= 1;
        wire.say(
            "execution:start",
            json!({"executionId": id, "target": "local", "code": "…"}),
            ack(self.hub, self.starts.len()),
        );
        self.story.account(&id).verdicts.insert(2);
        self.starts.insert(id.clone(), !self.hub);
        self.note(format!("start {id}"));
    }

    /// Servers redeliver, at the latest when they do not know whether it has come.
    fn start_again(&mut self) {
        let Some(wire) = &mut self.wire else { return };
        let unknown = self.starts.iter().find(|(_, known)| !**known).map(|(id, _)| id.clone());
        let Some(id) = unknown.or_else(|| self.starts.keys().next().cloned()).filter(|_| self.hub) else { return };
        let number = id[1..].parse().unwrap();
        wire.say("execution:start", json!({"executionId": id, "target": "local", "code": "…"}), ack(true, number));
        self.note(format!("start {id} again"));
    }

    fn some_session(&mut self) -> Option<usize> {
        let many = self.running.len();
        (many > 0).then(|| self.chance.below(many))
    }

    /// A session says something: a line, a long one, a step, with a picture perhaps.
    fn speak(&mut self) {
        let Some(which) = self.some_session() else { return };
        let (kind, long) = (self.chance.below(6), 2 + self.chance.below(60) as u64);
        let session = &mut self.running[which];
        if session.cancel.is_cancelled() {
            return;
        }
        let (execution, number) = (session.start.execution.clone(), session.said);
        let event = match kind {
            0 | 1 => {
                let action = json!({"type": "click"});
                let step = SessionStep {
                    number: u32::try_from(number + 1).unwrap(),
                    state: StepState::Passed,
                    action,
                    explanation: String::new(),
                    location: None,
                    duration_ms: Some(1),
                    error: None,
                };
                Event::ExecutionStep { execution: execution.clone(), step }
            }
            2 => Event::ExecutionScreenshot { execution: execution.clone(), step_number: 1, image: vec![1; 50] },
            kind => {
                let last = if kind == 3 { number + long } else { number };
                let lines: Vec<String> = (number..=last).map(|number| format!("{number:030}")).collect();
                let message = lines.join("\n");
                let level = if kind == 4 { Level::Info } else { Level::Error };
                Event::ExecutionLog { execution: execution.clone(), level, message }
            }
        };
        let many = match kind {
            2 => 0,
            3 => long + 1,
            _ => 1,
        };
        if session.events.try_send(event).is_ok() {
            session.said += many;
            self.story.account(execution.as_str()).said += many;
            self.note(format!("{execution} says {number} ({kind})"));
        }
    }

    /// A session ends, as it was told to or by itself.
    fn finish(&mut self) {
        let Some(which) = self.some_session() else { return };
        let session = &self.running[which];
        let cancelled = session.cancel.is_cancelled();
        let exit_code = if cancelled { 130 } else { i32::try_from(self.chance.below(2)).unwrap() };
        let execution = session.start.execution.clone();
        if session
            .events
            .try_send(Event::ExecutionComplete { execution: execution.clone(), exit_code, duration_ms: 7 })
            .is_ok()
        {
            self.running.remove(which);
            self.story.account(execution.as_str()).verdicts.insert(exit_code.into());
            // One that an agent on its way out has given up on may have come too late.
            if !(self.draining && cancelled) {
                self.ended.push((execution.to_string(), exit_code.into()));
            }
            self.note(format!("{execution} ends with {exit_code}"));
        }
    }

    /// A session ends without a word.
    fn vanish(&mut self) {
        let Some(which) = self.some_session() else { return };
        let session = self.running.remove(which);
        self.note(format!("{} vanishes", session.start.execution));
    }

    fn cancel(&mut self) {
        let many = self.starts.len();
        let Some(wire) = self.wire.as_mut().filter(|_| many > 0) else { return };
        let id = format!("e{}", self.chance.below(many));
        wire.say("execution:cancel", json!({"executionId": id}), None);
        self.story.account(&id).verdicts.insert(130);
        self.note(format!("cancel {id}"));
    }

    /// Something of what the agent wrote arrives.
    fn deliver(&mut self) {
        for _ in 0..1 + self.chance.below(6) {
            let Some(wire) = &mut self.wire else { return };
            let Some(written) = wire.there.pop_front() else { return };
            if self.lies == Lies::Proofs && self.chance.one_in(20) {
                // A picture of an agent that does not care.
                wire.lie(&written);
                continue;
            }
            let number = wire.number;
            self.heard(number, written, true);
        }
    }

    /// What a connection of before still had arrives now.
    fn arrive_late(&mut self) {
        if let Some((connection, written)) = self.late.pop_front() {
            self.heard(connection, written, false);
        }
    }

    fn heard(&mut self, connection: usize, written: Written, answers: bool) {
        match written {
            Written::Answer { id, payload } => {
                let id = format!("e{id}");
                let accepted = payload["ok"] == true;
                self.note(format!("the agent has {id}: {payload}"));
                self.starts.insert(id.clone(), true);
                let account = self.story.account(&id);
                account.accepted = account.accepted.or(accepted.then_some(true));
            }
            Written::Event { name, payload, proof, token } => {
                if name == "error"
                    && let Some(id) = payload["executionId"].as_str()
                    && payload["message"].as_str().is_some_and(|why| why.contains("shutting down"))
                {
                    let account = self.story.account(id);
                    account.accepted = Some(account.runs > 0);
                }
                let event_id = payload["eventId"].as_str().map(str::to_owned);
                let words = said(&name, &payload);
                // The rest of an id is made by chance that no seed rules.
                let short = event_id.as_ref().and_then(|id| id.split_once('-')).map(|(_, number)| number);
                if let (Some(first), Some(last)) = (words.first(), words.last()) {
                    self.log.push(format!("{connection} hears {} {:?} … {:?} as {short:?}", first.0, first.1, last.1));
                }
                for (n, (execution, what)) in words.into_iter().enumerate() {
                    let id = event_id.as_ref().map(|id| format!("{id}/{n}"));
                    self.story.heard.push((execution, Word { id, connection, what }));
                }
                if name == "agent:register"
                    && self.hub
                    && let Some(wire) = self.wire.as_mut().filter(|wire| wire.number == connection)
                {
                    wire.say("agent:registered", json!({"agentId": "a", "extensions": ["understudy/1"]}), None);
                }
                if let Some(wire) = self.wire.as_mut().filter(|_| answers) {
                    wire.prove(proof, token);
                }
            }
        }
    }

    /// Something of what the server wrote arrives.
    fn arrive(&mut self) {
        for _ in 0..1 + self.chance.below(3) {
            let Some(wire) = self.wire.as_mut().filter(|wire| !wire.half_open) else { return };
            let Some(incoming) = wire.arrive() else { return };
            if let Incoming::Event(event) = incoming {
                if event.name == "execution:start" {
                    self.got.push(event.arguments[0]["executionId"].as_str().unwrap().to_owned());
                }
                self.note(format!("the agent gets {} {}", event.name, event.arguments[0]));
            }
        }
    }

    fn cut(&mut self) {
        if let Some(wire) = self.wire.take() {
            self.note(format!("{} is cut", wire.number));
            self.gone(wire);
        }
    }

    fn half_open(&mut self) {
        if let Some(wire) = &mut self.wire
            && !wire.half_open
        {
            wire.half_open = true;
            self.log.push(format!("{} is half open", wire.number));
            // What is under way is lost with it.
            for written in std::mem::take(&mut wire.there) {
                self.lost(&written);
            }
        }
    }

    /// The agent's next attempt, and what comes of it.
    async fn connect(&mut self) {
        if self.wire.is_some() {
            return;
        }
        if self.attempt.is_none() {
            self.attempt = timeout(PATIENCE, self.life.attempts.recv()).await.ok().flatten();
        }
        let Some(attempt) = self.attempt.take() else { return self.settle().await };
        match self.chance.below(6) {
            0 => drop(attempt.send(Err(ConnectError::Refused("Invalid token".to_owned())))),
            1 => drop(attempt),
            _ => {
                let (connection, wire) = Wire::new(self.connections, self.limit);
                if attempt.send(Ok(connection)).is_ok() {
                    self.note(format!("{} is up", wire.number));
                    self.connections += 1;
                    self.wire = Some(wire);
                }
            }
        }
        self.settle().await;
    }

    async fn kill(&mut self) {
        self.note("the agent is killed".to_owned());
        let life = Life::nobody();
        std::mem::replace(&mut self.life, life).kill(self.folder.path()).await;
        if self.lies == Lies::Disk {
            // There may be none yet.
            let _ = std::fs::remove_file(self.folder.path().join("state.redb"));
        }
        self.rise("it starts again");
        self.settle().await;
    }

    /// A new agent in the old one's folder.
    fn rise(&mut self, why: &str) {
        self.note(why.to_owned());
        self.running.clear();
        self.attempt = None;
        self.draining = false;
        self.got.clear();
        self.alive.clear();
        self.ended.clear();
        if let Some(wire) = self.wire.take() {
            self.gone(wire);
        }
        self.life = Life::new(self.folder.path(), self.slots);
    }

    async fn drain(&mut self) {
        if !self.draining {
            self.note("the agent is to end".to_owned());
            self.draining = true;
            for account in self.story.accounts.values_mut() {
                account.verdicts.insert(130);
            }
            self.life.shutdown.drain.cancel();
            self.settle().await;
        }
    }

    /// What a new agent still has, when everything is told.
    async fn remains(&mut self) -> Vec<String> {
        let life = std::mem::replace(&mut self.life, Life::nobody());
        life.kill(self.folder.path()).await;
        self.wire = None;
        self.life = Life::new(self.folder.path(), self.slots);
        let attempt = self.life.attempt().await;
        let (connection, mut wire) = Wire::new(self.connections, 1_000_000);
        attempt.send(Ok(connection)).unwrap();
        // Longer than a server may take to introduce itself, on a clock that jumps.
        sleep(Duration::from_secs(1)).await;
        wire.take();
        let mut faults = Vec::new();
        for written in wire.there {
            match written {
                Written::Event { name, payload, .. } if name == "agent:register" => {
                    if payload["sessions"] != json!([]) {
                        faults.push(format!("there are still {}", payload["sessions"]));
                    }
                }
                other => faults.push(format!("there is still {other:?}")),
            }
        }
        faults
    }
}

fn ack(hub: bool, number: usize) -> Option<u64> {
    hub.then_some(number as u64)
}

/// What an event says of an execution.
fn said(name: &str, payload: &Value) -> Vec<(String, What)> {
    let Some(id) = payload["executionId"].as_str() else { return Vec::new() };
    let what = match name {
        "execution:complete" => vec![What::End(payload["exitCode"].as_i64().unwrap())],
        "execution:step" => vec![What::Said(payload["stepNumber"].as_u64().unwrap() - 1)],
        "execution:log" => {
            let message = payload["message"].as_str().unwrap();
            let numbers: Vec<u64> = message.lines().filter_map(|line| line.parse().ok()).collect();
            match numbers.as_slice() {
                [] => vec![What::Remark(message.to_owned())],
                numbers => numbers.iter().map(|number| What::Said(*number)).collect(),
            }
        }
        _ => Vec::new(),
    };
    what.into_iter().map(|what| (id.to_owned(), what)).collect()
}
