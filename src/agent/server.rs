//! The daemon and its server: getting there, who the agent says it is, how it stands, what comes from there.

use super::daemon::{Daemon, Ending};
use super::login::Opened;
use super::renewal::{RENEWAL, answer};
use super::words::seconds;
use crate::dialect::agent::{Registration, Standing};
use crate::model::ExecutionId;
use crate::wire::client::{ConnectError, Incoming};
use std::collections::BTreeSet;
use std::time::SystemTime;
use tokio::time::Instant;

impl Daemon {
    pub(super) fn connected(&mut self, Opened { connection, early, token }: Opened) {
        self.backoff.connected(Instant::now());
        self.renewal.forget();
        let hub = self.state.is_hub(&self.options.server);
        self.link.established(connection, &self.options.protocol.way, hub, self.uploader.clone());
        early.into_iter().for_each(|event| self.event(event));
        let (me, standing) = (self.registration(), self.standing());
        self.link.say(self.end.connected(&me, &standing, SystemTime::now()));
        self.stood = standing;
        self.accepted(token);
        tracing::info!(server = %self.options.server, "connected and registered");
    }

    fn registration(&self) -> Registration {
        let sessions: BTreeSet<&ExecutionId> = self.slots.live().chain(self.outbox.sessions()).collect();
        Registration {
            agent: self.agent.clone(),
            name: self.name.clone(),
            system_info: self.system_info.clone(),
            labels: self.options.labels.clone(),
            max_sessions: self.options.max_sessions,
            sessions: sessions.into_iter().cloned().collect(),
            projects: self.options.projects.clone(),
            draining: self.ending != Ending::No,
        }
    }

    /// A hub of ours gives what comes from now on to other agents. Others are told by how this one stands, where they have a word for it.
    pub(super) fn tell_leaving(&mut self) {
        if self.link.is_introduced() {
            let told = self.end.connected(&self.registration(), &self.standing(), SystemTime::now());
            self.link.say(told);
        }
    }

    pub(super) fn standing(&self) -> Standing {
        Standing {
            running: self.slots.running(),
            slots: self.options.max_sessions,
            draining: self.ending != Ending::No,
            load: self.gauge.load(),
        }
    }

    /// While the server is away only the newest counts: it is told on connect.
    pub(super) fn tell_standing(&mut self) {
        let standing = self.standing();
        // How busy the machine is, is told with heartbeats.
        if (Standing { load: self.stood.load, ..standing.clone() }) != self.stood {
            self.link.say(self.end.stands(&standing, SystemTime::now()));
            self.stood = standing;
        }
    }

    pub(super) fn not_connected(&mut self, error: &ConnectError) {
        let wait = self.link.lost(&mut self.backoff, Some(error));
        self.options.machine.vitals.not_connected(error, wait);
        self.report();
        let wait = seconds(wait);
        let server = &self.options.server;
        match error {
            ConnectError::Refused(_) => {
                tracing::error!(%server, %error, wait, "check the token; trying again with the one there is then");
            }
            ConnectError::Untrusted(_) => {
                tracing::error!(%server, %error, wait, "--ca-file trusts a further authority; trying again");
            }
            ConnectError::Unready(_) => {
                tracing::error!(%server, %error, wait, "there is no token to show; looking again")
            }
            ConnectError::Unreachable(_) => tracing::warn!(%server, %error, wait, "no connection; trying again"),
        }
    }

    pub(super) fn incoming(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Event(event) => self.event(event),
            Incoming::Proved(token) => self.proved(token),
            Incoming::Acknowledged { token: RENEWAL, arguments } => self.renewed(answer(&arguments)),
            Incoming::Acknowledged { token, arguments } => {
                self.proved(token);
                self.end.answered(&arguments).into_iter().for_each(|inbound| self.heard(inbound, "acknowledgement"));
            }
            Incoming::TooLarge { token, bytes } => {
                tracing::error!(bytes, "an event is larger than the server takes, and is left out");
                self.proved(token);
            }
            Incoming::Closed(why) => {
                self.outbox.disconnected();
                let wait = seconds(self.link.lost(&mut self.backoff, None));
                self.options.machine.vitals.lost(&why.to_string());
                self.report();
                tracing::warn!(%why, wait, "the connection has ended; connecting again");
            }
        }
    }
}
