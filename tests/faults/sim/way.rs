//! What becomes of what the agent and its server write, and of the agent.

use super::super::checker::{What, Word};
use super::super::tongue::{Tongue, registered};
use super::agent::Life;
use super::schedule::{Lies, Schedule};
use super::wire::{Wire, Written};
use serde_json::json;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use understudy::wire::client::{ConnectError, Incoming};

/// Longer than the longest wait between two attempts.
const PATIENCE: Duration = Duration::from_secs(70);

impl Schedule {
    /// Something of what the agent wrote arrives.
    pub(super) fn deliver(&mut self) {
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
    pub(super) fn arrive_late(&mut self) {
        if let Some((connection, written)) = self.late.pop_front() {
            self.heard(connection, written, false);
        }
    }

    fn heard(&mut self, connection: usize, written: Written, answers: bool) {
        match written {
            Written::Answer { id, payload } => {
                let Some(id) = self.starts.keys().find(|its| its[1..].parse() == Ok(id)).cloned() else { return };
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
                let written = Written::Event { name, payload, proof, token };
                self.hear(connection, &written);
                self.greet(connection, &written);
                if let Some(wire) = self.wire.as_mut().filter(|_| answers) {
                    wire.prove(proof, token);
                }
            }
        }
    }

    /// What it says of sessions.
    fn hear(&mut self, connection: usize, written: &Written) {
        let Some((session, words, event_id)) = written.told() else { return };
        // The rest of an id is made by chance that no seed rules.
        let short = event_id.as_ref().and_then(|id| id.split_once('-')).map(|(_, number)| number);
        if let (Some(first), Some(last)) = (words.first(), words.last()) {
            self.log.push(format!("{connection} hears {session} {first:?} … {last:?} as {short:?}"));
        }
        let account = self.story.account(&session);
        // 001 and 004 have one word for a start that is refused and for an end, and each start has its answer.
        let refused = self.draining && account.runs == 0 && account.accepted != Some(true);
        if refused && self.tongue.is_raw() && !self.hub {
            return;
        }
        for (n, what) in words.into_iter().enumerate() {
            let (id, what) = (event_id.as_ref().map(|id| format!("{id}/{n}")), self.meant(what));
            self.story.heard.push((session.clone(), Word { id, connection, what }));
        }
    }

    /// What the numbers of words mean where lines and steps are counted together.
    pub(super) fn meant(&self, what: What) -> What {
        match what {
            What::Stepped(number) => What::Said(number - 1),
            What::End(code) => What::End(self.seen(code)),
            what => what,
        }
    }

    /// A server says who it is when it has heard who the agent is.
    fn greet(&mut self, connection: usize, written: &Written) {
        let Written::Event { name, payload, .. } = written else { return };
        let Some(wire) = self.wire.as_mut().filter(|wire| wire.number == connection) else { return };
        let extensions = if self.hub { json!(["understudy/1"]) } else { json!([]) };
        match (self.tongue, name.as_str()) {
            (Tongue::Testflow, "agent:register") if self.hub => {
                wire.say("agent:registered", json!({"agentId": "a", "extensions": extensions}), None);
            }
            (Tongue::AiRun, "authenticate") => {
                assert_eq!(payload["token"], super::agent::TOKEN);
                let welcome = json!({"type": "authentication", "status": "success", "extensions": extensions});
                wire.say("", welcome, None);
                wire.greeted = true;
            }
            _ => {}
        }
    }

    /// As some do at once.
    fn welcome(&mut self) {
        let extensions = if self.hub { json!(["understudy/1"]) } else { json!([]) };
        if let Some(wire) = self.wire.as_mut().filter(|_| self.tongue == Tongue::Cloud) {
            wire.greeted = true;
            let data = json!({"success": true, "userId": "u", "extensions": extensions});
            wire.say("", json!({"type": "auth", "data": data}), None);
        }
    }

    /// Something of what the server wrote arrives, and once more.
    pub(super) fn arrive_twice(&mut self) {
        let Some(wire) = self.wire.as_mut().filter(|wire| !wire.half_open) else { return };
        if let Some(first) = wire.back.front().cloned() {
            wire.back.push_front(first);
            self.note("the same comes twice".to_owned());
            self.arrive_some(2);
        }
    }

    /// Something of what the server wrote arrives.
    pub(super) fn arrive(&mut self) {
        let many = 1 + self.chance.below(3);
        self.arrive_some(many);
    }

    fn arrive_some(&mut self, many: usize) {
        for _ in 0..many {
            let Some(wire) = self.wire.as_mut().filter(|wire| !wire.half_open) else { return };
            let Some(incoming) = wire.arrive() else { return };
            if let Incoming::Event(event) = incoming {
                if let Some(id) = self.start_of(&event.name, &event.arguments[0]) {
                    self.got.push(id);
                }
                self.note(format!("the agent gets {} {}", event.name, event.arguments[0]));
            }
        }
    }

    pub(super) fn cut(&mut self) {
        if let Some(wire) = self.wire.take() {
            self.note(format!("{} is cut", wire.number));
            self.gone(wire);
        }
    }

    pub(super) fn half_open(&mut self) {
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
    pub(super) async fn connect(&mut self) {
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
                let (connection, mut wire) = Wire::new(self.connections, self.limit);
                wire.greeted = self.tongue == Tongue::Testflow;
                if attempt.send(Ok(connection)).is_ok() {
                    self.note(format!("{} is up", wire.number));
                    self.connections += 1;
                    self.wire = Some(wire);
                    self.welcome();
                }
            }
        }
        self.settle().await;
    }

    pub(super) async fn kill(&mut self) {
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
    pub(super) fn rise(&mut self, why: &str) {
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
        self.life = Life::new(self.folder.path(), self.slots, self.tongue);
    }

    pub(super) async fn drain(&mut self) {
        if !self.draining {
            self.note("the agent is to end".to_owned());
            self.draining = true;
            for id in self.starts.keys().cloned().collect::<Vec<_>>() {
                let code = self.cancelled(&id);
                self.story.account(&id).verdicts.insert(code);
            }
            self.life.shutdown.drain.cancel();
            self.settle().await;
        }
    }

    /// What a new agent still has, when everything is told.
    pub(super) async fn remains(&mut self) -> Vec<String> {
        let life = std::mem::replace(&mut self.life, Life::nobody());
        life.kill(self.folder.path()).await;
        self.wire = None;
        self.life = Life::new(self.folder.path(), self.slots, self.tongue);
        let attempt = self.life.attempt().await;
        let (connection, wire) = Wire::new(self.connections, 1_000_000);
        attempt.send(Ok(connection)).unwrap();
        self.wire = Some(wire);
        self.welcome();
        let mut said = Vec::new();
        // What introduces one to the other takes a few turns. Longer than a server may take, on a clock that jumps.
        for _ in 0..3 {
            sleep(Duration::from_secs(1)).await;
            let Some(wire) = &mut self.wire else { break };
            wire.take();
            let (number, new) = (wire.number, std::mem::take(&mut wire.there));
            new.iter().for_each(|written| self.greet(number, written));
            said.extend(new);
            self.arrive_some(8);
        }
        self.wire = None;
        let mut faults = Vec::new();
        for written in said {
            let sessions = match &written {
                Written::Event { name, payload, .. } => registered(name, payload),
                Written::Answer { .. } => None,
            };
            match sessions {
                Some(sessions) if sessions != json!([]) => faults.push(format!("there are still {sessions}")),
                None if written.told().is_some() => faults.push(format!("there is still {written:?}")),
                _ => {}
            }
        }
        faults
    }
}
