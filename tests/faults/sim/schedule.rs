//! What happens, in which order.

use super::super::chance::Chance;
use super::super::checker::{Story, What};
use super::super::tongue::Tongue;
use super::agent::{Attempt, Life, Session};
use super::wire::{Wire, Written};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::sleep;
use understudy::wire::client::Proof;

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
    pub(super) chance: Chance,
    pub(super) lies: Lies,
    /// What the agent and its server speak.
    pub(super) tongue: Tongue,
    pub(super) folder: TempDir,
    pub(super) slots: usize,
    /// What the server takes at once, bytes.
    pub(super) limit: usize,
    /// The server acknowledges, and knows by ids what comes twice; else it is one of others.
    pub(super) hub: bool,
    pub(super) life: Life,
    pub(super) attempt: Option<Attempt>,
    pub(super) wire: Option<Wire>,
    /// Of connections that the agent has given up, what a hub may still get.
    pub(super) late: VecDeque<(usize, Written)>,
    pub(super) connections: usize,
    pub(super) running: Vec<Session>,
    /// Starts, and whether the server knows that the agent has them.
    pub(super) starts: BTreeMap<String, bool>,
    pub(super) planned: usize,
    pub(super) draining: bool,
    /// Starts that the agent has just got, and ends that sessions have just told: certain when it has come to rest.
    pub(super) got: Vec<String>,
    /// What has run in this life of the agent.
    pub(super) alive: BTreeSet<String>,
    pub(super) ended: Vec<(String, i64)>,
    pub(super) story: Story,
    pub(super) log: Vec<String>,
}

impl Schedule {
    pub(super) fn new(seed: u64, lies: Lies) -> Self {
        let mut chance = Chance::of(seed);
        let memory = std::path::Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        let slots = 1 + chance.below(2);
        let tongue = [Tongue::Testflow, Tongue::AiRun, Tongue::Testflow, Tongue::Cloud][chance.below(4)];
        let life = Life::new(folder.path(), slots, tongue);
        let (hub, planned) = (!chance.one_in(3), 1 + chance.below(4));
        let limit = if chance.one_in(2) { 1_500 } else { 1_000_000 };
        Self {
            chance,
            lies,
            tongue,
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

    pub(super) fn note(&mut self, what: String) {
        self.log.push(what);
    }

    /// Until nothing more happens by itself: the clock is one that jumps, and moves only then.
    pub(super) async fn settle(&mut self) {
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
            let id = session.execution.to_string();
            let account = self.story.account(&id);
            account.runs += 1;
            account.accepted = Some(true);
            self.log.push(format!("{id} runs"));
            self.alive.insert(id);
            self.running.push(session);
        }
        if let Some(wire) = &mut self.wire {
            let nowhere = wire.take();
            let leaks = nowhere.iter().chain(&wire.there).filter(|written| written.leaks()).count();
            for written in &nowhere {
                self.lost(written);
            }
            if leaks > 0 {
                self.story.leaks += 1;
            }
            if self.wire.as_ref().is_some_and(Wire::is_gone)
                && let Some(wire) = self.wire.take()
            {
                self.gone(wire);
            }
        }
    }

    pub(super) fn gone(&mut self, wire: Wire) {
        let number = wire.number;
        let there = wire.cut();
        // What its last words were arrives later, up to some moment, or never.
        let mut late = if self.lies == Lies::No { self.chance.below(there.len() + 1) } else { 0 };
        for written in there {
            let named = written.is_named();
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
    pub(super) fn lost(&mut self, written: &Written) {
        let Written::Event { proof: Proof::Written, .. } = written else { return };
        let Some((session, words, _)) = written.told() else { return };
        for what in words {
            let what = self.meant(what);
            let account = self.story.account(&session);
            match what {
                What::Said(number) | What::Action(number) => drop(account.lost.insert(number)),
                What::Step(number) => drop(account.lost_steps.insert(number)),
                _ => {}
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
            25 if self.chance.one_in(2) => self.arrive_twice(),
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

    pub(super) fn is_well(&self) -> bool {
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
