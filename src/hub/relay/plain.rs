//! Agents of others, that know nothing of ours: who they are, which session they speak of, and what they leave out.

use super::{Relay, Session};
use crate::dialect::hub::{News, Registration, Report, Telling, plain};
use crate::hub::bus::PeerId;
use crate::hub::clock::Instant;
use crate::hub::sessions::Kind;
use crate::model::live::LiveNews;
use crate::model::{AgentId, Event, ExecutionId, Level, StepState};

/// So many lines that an agent may list again are remembered.
const LOGS_MAX: usize = 1_000;

/// The exit code of an execution that failed.
const EXIT_FAILED: i32 = 1;

impl Relay {
    /// A peer that does not say who it is becomes an agent all the same, by the name of its user: its token says what it is.
    pub(super) fn take_in(&mut self, peer: PeerId, now: Instant) {
        let Some(known) = self.peers.get(&peer).filter(|known| known.agent.is_none()) else { return };
        let (user, role) = (known.identity.user.clone(), known.identity.role);
        let registration = Registration { name: user.0.clone(), ..Registration::default() };
        self.register(peer, &user, role, registration, now);
    }

    /// What such an agent says, in words that all understand.
    pub(super) fn told_by(&mut self, peer: PeerId, telling: Telling, now: Instant) {
        self.take_in(peer, now);
        let Some(agent) = self.peers.get(&peer).and_then(|known| known.agent.clone()) else { return };
        let Some(session) = telling.session.or_else(|| self.only_session(&agent)) else {
            tracing::debug!(%agent, "dropping what an agent says of no session");
            return;
        };
        for news in telling.news {
            for event in self.events(&session, news, now) {
                self.event(&agent, Report::own(&session, event), None, now);
            }
        }
    }

    /// What it speaks of where it does not say so.
    fn only_session(&self, agent: &AgentId) -> Option<ExecutionId> {
        let running = &self.agents.get(agent)?.running;
        running.first().filter(|_| running.len() == 1).cloned()
    }

    fn events(&mut self, id: &ExecutionId, news: News, now: Instant) -> Vec<Event> {
        let execution = || id.clone();
        let log = |level, message| Event::ExecutionLog { execution: execution(), level, message };
        let step = |step| Event::ExecutionStep { execution: execution(), step };
        let tally = self.sessions.get_mut(id).map(|session| &mut session.tally);
        match news {
            News::Log(level, message) => vec![log(level, message)],
            News::Logs(mut lines) => {
                let Some(tally) = tally else { return Vec::new() };
                let known = repeated(&tally.logs, &lines);
                let new = lines[known..].iter().map(|line| log(Level::Info, line.clone())).collect();
                tally.logs = lines.split_off(lines.len().saturating_sub(LOGS_MAX));
                new
            }
            News::Step(told) => {
                if let Some(tally) = tally {
                    tally.steps = tally.steps.max(told.number);
                }
                vec![step(told)]
            }
            News::Done(words) => {
                let Some(tally) = tally.filter(|tally| tally.last.as_ref() != Some(&words)) else { return Vec::new() };
                tally.steps += 1;
                tally.last = Some(words.clone());
                let number = tally.steps;
                let states = [StepState::Running, StepState::Passed];
                states.into_iter().map(|state| step(plain::step(number, state, words.clone()))).collect()
            }
            News::Picture(step_number, image) => {
                vec![Event::ExecutionScreenshot { execution: execution(), step_number, image }]
            }
            News::Error(message) => vec![Event::Error { message, execution: Some(execution()) }],
            News::Complete { exit_code, duration_ms } => {
                let since = tally.and_then(|tally| tally.since).map(|since| now.saturating_duration_since(since));
                let measured = || since.map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
                let duration_ms = duration_ms.unwrap_or_else(measured);
                vec![Event::ExecutionComplete { execution: execution(), exit_code, duration_ms }]
            }
        }
    }

    /// Ends a session of which nobody will bring the truth.
    pub(super) fn fail(&mut self, id: &ExecutionId, why: String, now: Instant) {
        let Some(Session { owner, kind, .. }) = self.sessions.end(id) else { return };
        let execution = id.clone();
        let events = match kind {
            Kind::Execution => vec![
                Event::ExecutionLog { execution: execution.clone(), level: Level::Error, message: why },
                Event::ExecutionComplete { execution, exit_code: EXIT_FAILED, duration_ms: 0 },
            ],
            Kind::Recording(flow) => {
                vec![Event::RecordingComplete { flow, execution, success: false, code: None, message: Some(why) }]
            }
            Kind::Browser => vec![Event::Live { execution, news: LiveNews::Closed(Some(why)) }],
        };
        for event in events {
            self.tell_of(&owner, Report::own(id, event));
        }
        self.show(id, now);
    }
}

/// How many of the first lines were the last ones before: agents list what they have said so far, or its end, or only what is new.
fn repeated(before: &[String], lines: &[String]) -> usize {
    (0..before.len()).find(|from| lines.starts_with(&before[*from..])).map_or(0, |from| before.len() - from)
}
