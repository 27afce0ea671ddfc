//! The agent's end of protocol 002.

use super::control;
use super::live::Browsers;
use super::messages::{Heartbeat, Message, OfExecution, Request, decode, encode};
use super::telling::{Executions, complaint, envelope, in_itself, started, waiting};
use crate::dialect::Malformed;
use crate::dialect::agent::{
    AgentEnd, Inbound, Outbound, Registration, Spoken, Standing, TokenPlace, Transport, Verdict, Way,
};
use crate::dialect::ours;
use crate::dialect::values::{Nothing, OurCommand};
use crate::model::{Command, Event, ExecutionId};
use serde_json::Value;
use std::time::SystemTime;

/// This protocol, for an agent.
pub const SPOKEN: Spoken = Spoken {
    way: Way {
        transport: Transport::SocketIo("/"),
        token: TokenPlace::Handshake,
        verdict: Some(verdict),
        introduces_late: false,
    },
    end: || Box::new(End::default()),
    run: None,
    tells_addresses: true,
    remembers: true,
};

/// This end.
#[derive(Debug, Clone, Default)]
pub struct End {
    /// The server is a hub of ours.
    ours: bool,
    executions: Executions,
    browsers: Browsers,
}

fn verdict(name: &str, _: &[Value]) -> Verdict {
    if name == "connected" { Verdict::Welcome } else { Verdict::Open }
}

fn said(message: &Message) -> Outbound {
    let (name, payload) = encode(message);
    Outbound::event(name, payload)
}

fn request(request: Request) -> Outbound {
    said(&Message::Request(Box::new(request)))
}

impl End {
    /// `shown` is where a picture can be seen.
    fn told(
        &mut self,
        happened: &Event,
        event_id: Option<&str>,
        now: SystemTime,
        shown: impl Fn(&[u8]) -> Option<String>,
    ) -> Vec<Outbound> {
        if self.ours {
            return vec![request(Request::Event(ours::event(happened, event_id)))];
        }
        if let Event::Error { message, execution: None } = happened {
            return vec![said(&envelope(None, complaint(message), now))];
        }
        let mut told = self.executions.tell(happened, now, &shown);
        told.extend(self.browsers.tell(happened, now, &shown));
        told.iter().map(said).collect()
    }
}

impl AgentEnd for End {
    fn connected(&mut self, me: &Registration, _: &Standing, _: SystemTime) -> Vec<Outbound> {
        // The protocol itself has no word for who an agent is.
        self.ours.then(|| request(Request::Register(ours::registration(me)))).into_iter().collect()
    }

    fn hear(&mut self, name: &str, arguments: &[Value], _: SystemTime) -> Result<Vec<Inbound>, Malformed> {
        let Some(Message::Request(asked)) = decode(name, arguments.first())? else { return Ok(vec![Inbound::Unknown]) };
        if let Some(control) = control::of(&asked) {
            let (session, control, _) = control.map_err(|refusal| {
                let session = arguments.first().and_then(|payload| payload.get("session_id")).and_then(Value::as_str);
                Malformed { message: format!("{name}: {refusal}"), session: session.map(ExecutionId::from) }
            })?;
            return Ok(vec![Inbound::Command(Command::Live { execution: session.clone().into(), control })]);
        }
        Ok(vec![match *asked {
            Request::Connected(connected) => {
                self.ours = ours::announced(&connected.extensions);
                if self.ours { Inbound::Introduced } else { Inbound::Noted }
            }
            Request::ExecutionStart(start) => Inbound::Command(started(start)?),
            Request::ExecutionCancel(OfExecution { execution_id }) => {
                Inbound::Command(Command::CancelExecution { execution: execution_id.into() })
            }
            Request::Command(OurCommand { command, .. }) => Inbound::Command(command),
            Request::Heartbeat(Heartbeat { .. }) => Inbound::Reply(request(Request::HeartbeatResponse(Nothing {}))),
            _ => Inbound::Noted,
        }])
    }

    fn tell(&mut self, happened: &Event, event_id: Option<&str>, now: SystemTime) -> Vec<Outbound> {
        self.told(happened, event_id, now, in_itself)
    }

    fn tell_shown(
        &mut self,
        happened: &Event,
        address: &str,
        event_id: Option<&str>,
        now: SystemTime,
    ) -> Vec<Outbound> {
        self.told(happened, event_id, now, |_| Some(address.to_owned()))
    }

    fn heartbeat(&mut self, _: &Standing, _: SystemTime) -> Vec<Outbound> {
        // The server asks; to a hub of ours any word is a sign of life.
        self.ours.then(|| request(Request::HeartbeatResponse(Nothing {}))).into_iter().collect()
    }

    fn waits(&mut self, execution: &ExecutionId, words: &str, now: SystemTime) -> Vec<Outbound> {
        vec![said(&envelope(Some(execution), waiting(words), now))]
    }

    fn boxed(&self) -> Box<dyn AgentEnd> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AgentId, Labels, Level, live::LiveControl};
    use serde_json::{Map, json};

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn me() -> Registration {
        Registration {
            agent: AgentId("0b9c".to_owned()),
            name: "linux-1".to_owned(),
            system_info: Map::new(),
            labels: Labels::default(),
            max_sessions: 2,
            sessions: Vec::new(),
            projects: Vec::new(),
            draining: false,
        }
    }

    fn hears(end: &mut End, name: &str, payload: Value) -> Inbound {
        end.hear(name, &[payload], NOW).unwrap().remove(0)
    }

    fn log() -> Event {
        Event::ExecutionLog { execution: "e".into(), level: Level::Info, message: "hi".to_owned() }
    }

    #[test]
    fn a_plain_server_gets_the_protocols_words_and_a_hub_of_ours_all_of_them() {
        let mut end = End::default();
        let connected =
            |extensions: Value| json!({"message": "", "user_id": "u", "timestamp": "", "extensions": extensions});
        assert_eq!(hears(&mut end, "connected", connected(json!([]))), Inbound::Noted);
        assert_eq!(end.connected(&me(), &Standing::default(), NOW), []);
        let names: Vec<Value> =
            end.tell(&log(), Some("1"), NOW).iter().map(|told| told.arguments[0]["type"].clone()).collect();
        assert_eq!(names, ["execution_start", "log"]);
        assert_eq!(hears(&mut end, "connected", connected(json!(["understudy/1"]))), Inbound::Introduced);
        assert_eq!(end.connected(&me(), &Standing::default(), NOW)[0].name, "understudy:register");
        let told = end.tell(&log(), Some("2"), NOW);
        assert_eq!((told[0].name, &told[0].arguments[0]["eventId"]), ("understudy:event", &json!("2")));
    }

    #[test]
    fn what_a_server_asks_is_understood_by_either_name() {
        let mut end = End::default();
        for name in ["browser_command", "browser_command_received"] {
            let reload = hears(&mut end, name, json!({"session_id": "s", "command": "reload"}));
            let Inbound::Command(Command::Live { execution, control: LiveControl::Browser(_) }) = reload else {
                panic!()
            };
            assert_eq!(execution.as_str(), "s");
        }
        let heartbeat = hears(&mut end, "heartbeat", json!({"timestamp": "now"}));
        assert_eq!(heartbeat, Inbound::Reply(Outbound::event("heartbeat_response", json!({}))));
        let nothing = hears(&mut end, "execution_start", json!({"execution_id": "e"}));
        assert_eq!(nothing, Inbound::Unknown, "it is no command");
        let refused = end.hear("playback_control", &[json!({"session_id": "s", "action": "seek"})], NOW).unwrap_err();
        assert_eq!(refused.session, Some("s".into()));
    }

    #[test]
    fn what_waits_is_told_before_it_is_begun() {
        let told = End::default().waits(&"e".into(), "The agent is busy: this session is next", NOW).remove(0);
        let payload = &told.arguments[0];
        assert_eq!(
            (told.name, &payload["type"], &payload["execution_id"]),
            ("execution_event", &json!("log"), &json!("e"))
        );
        assert_eq!(
            (&payload["data"]["level"], &payload["data"]["message"]),
            (&json!("info"), &json!("The agent is busy: this session is next"))
        );
    }
}
