//! What a server wants of the agent, and what its sessions say.

use super::super::tongue::{Tongue, started};
use super::agent::Session;
use super::schedule::Schedule;
use serde_json::{Value, json};
use understudy::model::{
    Command, Event, ExecutionConfig, Level, SessionStep, StartExecution, StartRecording, StepState,
};

/// A session that is a recording is called so.
const RECORDING: &str = "r";

impl Schedule {
    /// What a server is told of a verdict: one of others that is not of protocol 000 hears whether all went well.
    pub(super) fn seen(&self, code: i64) -> i64 {
        if self.tells_everything() { code } else { i64::from(code != 0) }
    }

    /// Lines and steps as they are.
    fn tells_everything(&self) -> bool {
        self.hub || self.tongue == Tongue::Testflow
    }

    /// How a session ends that is cancelled.
    pub(super) fn cancelled(&self, id: &str) -> i64 {
        if id.starts_with(RECORDING) { 1 } else { self.seen(130) }
    }

    /// A session that has not been asked for yet.
    pub(super) fn start(&mut self) {
        if !self.is_greeted() {
            return;
        }
        // Servers of others know recordings in protocol 000 only.
        let recording = self.tells_everything() && self.chance.one_in(3);
        let id = format!("{}{}", if recording { RECORDING } else { "e" }, self.starts.len());
        self.planned -= 1;
        self.ask(&id);
        // Cut off by a kill.
        let cut_off = if recording { 1 } else { self.seen(2) };
        self.story.account(&id).verdicts.insert(cut_off);
        self.starts.insert(id.clone(), !self.answers());
        self.note(format!("start {id}"));
    }

    /// Nothing is wanted of an agent that is not let in yet.
    fn is_greeted(&self) -> bool {
        self.wire.as_ref().is_some_and(|wire| wire.greeted)
    }

    /// Whether a start is acknowledged.
    fn answers(&self) -> bool {
        self.hub && self.tongue == Tongue::Testflow
    }

    /// Servers redeliver, at the latest when they do not know whether it has come.
    pub(super) fn start_again(&mut self) {
        if !self.is_greeted() {
            return;
        }
        let unknown = self.starts.iter().find(|(_, known)| !**known).map(|(id, _)| id.clone());
        let Some(id) = unknown.or_else(|| self.starts.keys().next().cloned()).filter(|_| self.hub) else { return };
        self.ask(&id);
        self.note(format!("start {id} again"));
    }

    fn ask(&mut self, id: &str) {
        let ack = self.answers().then(|| id[1..].parse().unwrap());
        let recording = id.starts_with(RECORDING);
        let command = match recording {
            true => Command::StartRecording(StartRecording {
                execution: id.into(),
                flow: "f".into(),
                url: "about:blank".to_owned(),
                language: "typescript".to_owned(),
                config: Default::default(),
            }),
            false => Command::StartExecution(StartExecution {
                execution: id.into(),
                target: None,
                code: "…".to_owned(),
                config: ExecutionConfig::default(),
            }),
        };
        match (self.tongue, self.hub) {
            (Tongue::Testflow, _) if recording => {
                let payload = json!({"testFlowId": "f", "executionId": id, "url": "about:blank"});
                self.say("recording:start", payload, ack);
            }
            (Tongue::Testflow, _) => {
                self.say("execution:start", json!({"executionId": id, "target": "local", "code": "…"}), ack);
            }
            (_, true) => self.order(&command),
            (Tongue::AiRun, _) => self.say("", json!({"type": "start_agent", "runId": id, "code": "…"}), None),
            _ => self.say("", json!({"type": "task", "data": {"taskId": id, "code": "…"}}), None),
        }
    }

    fn say(&mut self, name: &str, payload: Value, ack: Option<u64>) {
        if let Some(wire) = &mut self.wire {
            wire.say(name, payload, ack);
        }
    }

    /// In words of no protocol.
    fn order(&mut self, command: &Command) {
        let message = match self.tongue {
            Tongue::Cloud => json!({"type": "understudy:command", "data": {"command": command}}),
            _ => json!({"type": "understudy:command", "command": command}),
        };
        self.say("", message, None);
    }

    /// The session that a message asks for.
    pub(super) fn start_of(&self, name: &str, payload: &Value) -> Option<String> {
        let name = if name.is_empty() { payload["type"].as_str()? } else { name };
        let id =
            started(name, payload).or_else(|| payload["runId"].as_str()).or_else(|| payload["data"]["taskId"].as_str());
        id.map(str::to_owned)
    }

    fn some_session(&mut self) -> Option<usize> {
        let many = self.running.len();
        (many > 0).then(|| self.chance.below(many))
    }

    /// A session says something: a line, a long one, a step, with a picture perhaps; what was recorded.
    pub(super) fn speak(&mut self) {
        let Some(which) = self.some_session() else { return };
        let (kind, long) = (self.chance.below(6), 2 + self.chance.below(60) as u64);
        let everything = self.tells_everything();
        let session = &mut self.running[which];
        if session.cancel.is_cancelled() {
            return;
        }
        let (event, many) = match session.flow {
            Some(_) => session.recorded(kind),
            None => session.spoken(kind, long, everything),
        };
        let (id, number) = (session.execution.to_string(), session.said);
        if session.events.try_send(event).is_ok() {
            session.said += many;
            session.steps += u64::from(kind < 2);
            if everything {
                self.story.account(&id).said += many;
            }
            self.note(format!("{id} says {number} ({kind})"));
        }
    }

    /// A session ends, as it was told to or by itself.
    pub(super) fn finish(&mut self) {
        let Some(which) = self.some_session() else { return };
        let session = &self.running[which];
        let cancelled = session.cancel.is_cancelled();
        let exit_code = if cancelled { 130 } else { i32::try_from(self.chance.below(2)).unwrap() };
        let execution = session.execution.clone();
        let (event, code) = match &session.flow {
            Some(flow) => {
                let success = exit_code == 0;
                let (flow, code) = (flow.clone(), Some(session.code()));
                let event =
                    Event::RecordingComplete { flow, execution: execution.clone(), success, code, message: None };
                (event, i64::from(!success))
            }
            None => {
                let event = Event::ExecutionComplete { execution: execution.clone(), exit_code, duration_ms: 7 };
                (event, self.seen(exit_code.into()))
            }
        };
        if session.events.try_send(event).is_ok() {
            self.running.remove(which);
            self.story.account(execution.as_str()).verdicts.insert(code);
            // One that an agent on its way out has given up on may have come too late.
            if !(self.draining && cancelled) {
                self.ended.push((execution.to_string(), code));
            }
            self.note(format!("{execution} ends with {exit_code}"));
        }
    }

    /// A session ends without a word.
    pub(super) fn vanish(&mut self) {
        let Some(which) = self.some_session() else { return };
        let session = self.running.remove(which);
        self.note(format!("{} vanishes", session.execution));
    }

    pub(super) fn cancel(&mut self) {
        let many = self.starts.len();
        // Servers of others have a word for it in protocol 000 only.
        if many == 0 || !self.is_greeted() || !self.tells_everything() {
            return;
        }
        let which = self.chance.below(many);
        let Some(id) = self.starts.keys().nth(which).cloned() else { return };
        let recording = id.starts_with(RECORDING);
        match (self.tongue, recording) {
            (Tongue::Testflow, false) => self.say("execution:cancel", json!({"executionId": id}), None),
            (Tongue::Testflow, true) => {
                self.say("recording:cancel", json!({"testFlowId": "f", "executionId": id}), None);
            }
            (_, false) => self.order(&Command::CancelExecution { execution: id.as_str().into() }),
            (_, true) => {
                self.order(&Command::CancelRecording { execution: id.as_str().into(), flow: "f".into() });
            }
        }
        let code = self.cancelled(&id);
        self.story.account(&id).verdicts.insert(code);
        self.note(format!("cancel {id}"));
    }
}

impl Session {
    /// What an execution says next, and how much of what is counted that is.
    fn spoken(&self, kind: usize, long: u64, everything: bool) -> (Event, u64) {
        let (execution, number) = (self.execution.clone(), self.said);
        match kind {
            0 | 1 => {
                // Lines and steps are counted together where all of them are told.
                let counted = if everything { number } else { self.steps };
                let step = SessionStep {
                    number: u32::try_from(counted + 1).unwrap(),
                    state: StepState::Passed,
                    action: json!({"type": "click"}),
                    explanation: String::new(),
                    location: None,
                    duration_ms: Some(1),
                    error: None,
                };
                (Event::ExecutionStep { execution, step }, 1)
            }
            2 => (Event::ExecutionScreenshot { execution, step_number: 1, image: vec![1; 50] }, 0),
            kind => {
                let last = if kind == 3 { number + long } else { number };
                let lines: Vec<String> = (number..=last).map(|number| format!("{number:030}")).collect();
                let level = if kind == 4 { Level::Info } else { Level::Error };
                (Event::ExecutionLog { execution, level, message: lines.join("\n") }, last - number + 1)
            }
        }
    }

    /// What a recording tells next: an action, or the last one as it is now.
    fn recorded(&self, kind: usize) -> (Event, u64) {
        let again = kind == 5 && self.said > 0;
        let index = if again { self.said - 1 } else { self.said };
        let action = json!({"name": "click", "selector": format!("#b{kind}"), "pageGuid": "page"});
        let event = Event::RecordingAction {
            execution: self.execution.clone(),
            index: usize::try_from(index).unwrap(),
            action: serde_json::from_value(action).unwrap(),
            code: self.code(),
        };
        (event, u64::from(!again))
    }

    /// As much as was recorded.
    fn code(&self) -> String {
        (0..self.said).map(|number| format!("await click({number});\n")).collect()
    }
}
