//! Sessions that wait: why, and for how long where no agent is there that could ever take them.

use super::Relay;
use crate::dialect::hub::{Report, Wanted};
use crate::hub::clock::Instant;
use crate::hub::sessions::{Session, Waits};
use crate::model::{Command, ExecutionId};

/// Why no agent that is there could have a session, now or later.
pub(super) struct Missing {
    /// What is missing.
    pub(super) what: String,
    /// What helps.
    pub(super) cure: &'static str,
}

impl Relay {
    /// What is missing; none where an agent is there that could have the session, be it busy.
    pub(super) fn missing(&self, command: &Command, wants: &Wanted, now: Instant) -> Option<Missing> {
        if self.agents.any_online_for(command, wants, now) {
            return None;
        }
        let labels = &wants.labels;
        let (what, cure) = match &wants.agent {
            _ if !wants.is_any() && self.agents.any_wanted(wants, now) => (unable(), START),
            Some(agent) if labels.is_empty() => {
                (format!("The agent {agent} is not connected"), "start it, or leave the choice to the hub")
            }
            Some(agent) => {
                (format!("The agent {agent} with the labels {labels} is not connected"), "start it with --label")
            }
            None if !labels.is_empty() => {
                (format!("No agent with the labels {labels} is connected"), "start one with --label, or ask for others")
            }
            None if self.agents.any_online(now) => (unable(), START),
            None => ("No agent is connected".to_owned(), START),
        };
        Some(Missing { what, cure })
    }

    /// Says why a session waits, behind so many others.
    pub(super) fn tell_wait(&mut self, id: &ExecutionId, before: usize, now: Instant) {
        let Some(Session { owner, wants, start: Some(start), .. }) = self.sessions.get(id) else { return };
        let (owner, is_chosen) = (owner.clone(), wants.agent.is_some());
        let (why, rest, alone) = match self.missing(&start.command, wants, now) {
            Some(Missing { what, .. }) => {
                let whom = if is_chosen { "it" } else { "one" };
                let rest = format!("this session waits {} s for {whom}", self.timeout.as_secs());
                (what, rest, Some(now))
            }
            None => {
                let (who, rest) = busy(wants, before);
                (who, rest, None)
            }
        };
        let message = format!("{why}: {rest}");
        self.sessions.waits(id, Waits { why, alone });
        self.tell_of(&owner, Report::waits(id, message));
        self.show(id, now);
    }

    /// Agents have come, gone or changed: whoever waits is told where that makes a difference.
    pub(super) fn look_who_waits(&mut self, now: Instant) {
        if !std::mem::take(&mut self.stirred) {
            return;
        }
        let differs = |session: &Session| {
            let start = session.start.as_ref()?;
            let is_alone = !self.agents.any_online_for(&start.command, &session.wants, now);
            (is_alone != session.alone_since().is_some()).then_some(())
        };
        let places = self.sessions.queue().enumerate();
        let changed: Vec<_> =
            places.filter_map(|(place, (id, session))| differs(session).map(|()| (place, id.clone()))).collect();
        for (place, id) in changed {
            self.tell_wait(&id, place, now);
        }
        self.note_deserted();
    }

    /// Gives back the sessions for which no agent came: they may be started again.
    pub(super) fn withdraw_deserted(&mut self, now: Instant) {
        if self.deserted.is_none_or(|since| now < since + self.timeout) {
            return;
        }
        let too_long = |session: &Session| session.alone_since().is_some_and(|since| now >= since + self.timeout);
        let given_up = self.sessions.queue().filter(|(_, session)| too_long(session));
        for id in given_up.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            let Some(session) = self.sessions.withdraw(&id) else { continue };
            let message = nobody_came(&session.wants, self.timeout.as_secs());
            self.tell_of(&session.owner, Report::lost(&id, message));
            self.show(&id, now);
        }
        self.note_deserted();
    }

    fn note_deserted(&mut self) {
        self.deserted = self.sessions.queue().filter_map(|(_, session)| session.alone_since()).min();
    }
}

const START: &str = "start one with `understudy agent` and try again";

fn unable() -> String {
    "No agent that is connected can do this".to_owned()
}

fn busy(wants: &Wanted, before: usize) -> (String, String) {
    if wants.agent.is_some() {
        ("The agent is busy".to_owned(), "this session waits for it".to_owned())
    } else if wants.is_any() {
        let rest = match before {
            0 => "this session is next".to_owned(),
            1 => "1 session is before this one".to_owned(),
            n => format!("{n} sessions are before this one"),
        };
        ("All agents are busy".to_owned(), rest)
    } else {
        (format!("All agents with the labels {} are busy", wants.labels), "this session waits for one".to_owned())
    }
}

fn nobody_came(wants: &Wanted, seconds: u64) -> String {
    let labels = &wants.labels;
    let with = if labels.is_empty() { String::new() } else { format!(" with the labels {labels}") };
    match &wants.agent {
        Some(agent) => format!(
            "The agent {agent}{with} did not come back within {seconds} s to take this session: connect it and start it again"
        ),
        None => {
            format!("No agent{with} came back within {seconds} s to take this session: connect one and start it again")
        }
    }
}
