//! What the daemon looks at every second: the clocks, the token's end, its own health.

use super::clock::News;
use super::daemon::{Daemon, Ending};
use super::renewal::{Look, RENEWAL, Renewal, Token};
use super::token::TokenSource;
use super::vitals::Gauges;
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

/// Between looks.
const PULSE: Duration = Duration::from_secs(1);
/// No look is nearer to the last one, whatever a watchdog wants.
const PULSE_LEAST: Duration = Duration::from_millis(50);

/// The pulse; a watchdog hears it twice before it bites.
pub(super) fn pulse(watchdog: Option<Duration>) -> Interval {
    let mut pulse = interval(watchdog.map_or(PULSE, |limit| PULSE.min(limit / 2)).max(PULSE_LEAST));
    pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pulse
}

impl Daemon {
    pub(super) fn pulse(&mut self) {
        let reading = self.options.machine.clock.read();
        if let Some(news) = self.watch.look(Instant::now(), reading) {
            self.clocks(news);
        }
        if self.link.is_up() && self.renewal.is_due(reading.wall) {
            self.renewal.look(&self.options.token);
        }
        if self.link.is_up() && self.renewal.is_overdue(Instant::now()) {
            tracing::warn!("the server does not say whether it takes the new token: connecting with it");
            self.reconnect("there is a new token");
        }
        self.report();
        self.options.machine.notify.alive();
    }

    /// Tells everybody how the agent fares.
    pub(super) fn report(&mut self) {
        let (outbox_entries, outbox_bytes) = self.outbox.load();
        self.options.machine.vitals.beat(Gauges {
            running: self.slots.running(),
            waiting: self.slots.waiting(),
            slots: self.options.max_sessions,
            outbox_entries,
            outbox_bytes,
            draining: self.ending != Ending::No,
        });
        let words = self.options.machine.vitals.words();
        if words != self.status {
            self.options.machine.notify.status(&words);
            self.status = words;
        }
    }

    fn clocks(&mut self, news: News) {
        match news {
            News::Slept(time) => {
                tracing::warn!(seconds = time.as_secs(), "this machine was asleep: connecting anew");
                self.reconnect("this machine was asleep");
            }
            News::Ahead(by) => {
                let seconds = by.as_secs();
                tracing::warn!(seconds, "this machine was paused, or its time was set ahead: connecting anew");
                self.reconnect("the machine's time went ahead");
            }
            // What is due by the calendar is due later now; nothing is wrong with the connection.
            News::Back(by) => tracing::warn!(seconds = by.as_secs(), "the time of this machine was set back"),
        }
    }

    /// Gives up what there is of a connection, and begins again at once.
    fn reconnect(&mut self, why: &str) {
        if self.link.is_up() {
            self.options.machine.vitals.lost(why);
        }
        self.outbox.disconnected();
        self.link.afresh(&mut self.backoff);
    }

    /// A server has accepted this token.
    pub(super) fn accepted(&mut self, token: Option<Token>) {
        self.renewal = Renewal::of(token, self.options.machine.clock.read().wall);
        let first = !std::mem::replace(&mut self.was_ready, true);
        self.options.machine.vitals.connected(self.renewal.expires());
        if first {
            self.options.machine.notify.ready();
        }
        self.report();
    }

    /// What came of the look for the next token.
    pub(super) fn looked(&mut self, look: Look) {
        let left = self.left();
        match look {
            Look::Another(token) => self.show(token),
            Look::Same if matches!(self.options.token, TokenSource::Value(_) | TokenSource::None) => {
                tracing::warn!(left, "the token expires: --token-file or --token-command could bring a new one");
            }
            Look::Same => tracing::warn!(left, "the token expires and there is no new one yet; looking for it"),
            Look::NoNews => {}
            Look::Failed(error) => tracing::warn!(left, error, "the token expires and a new one cannot be read"),
        }
    }

    /// Shows the server the next token: over the connection that there is, where it understands that.
    fn show(&mut self, token: Token) {
        match self.options.protocol.way.token.again(&token.0, self.link.is_introduced()) {
            Some(words) => {
                tracing::info!("there is a new token: showing it");
                if words.asks {
                    self.link.ask(words, RENEWAL)
                } else {
                    self.link.say(vec![words])
                }
                self.renewal.show(token, Instant::now());
            }
            None => {
                tracing::info!("there is a new token: connecting with it");
                self.reconnect("there is a new token");
            }
        }
    }

    /// What the server says to a token that it was shown over a connection that there was.
    pub(super) fn renewed(&mut self, answer: Result<(), String>) {
        let left = self.left();
        match answer {
            Ok(()) if self.renewal.taken(self.options.machine.clock.read().wall) => {
                tracing::info!("the server takes the new token");
                self.options.machine.vitals.renewed(self.renewal.expires());
                self.report();
            }
            Err(why) if self.renewal.refused() => {
                tracing::warn!(left, why, "the server does not take the new token; the one before is good for a while");
            }
            Ok(()) | Err(_) => {}
        }
    }

    /// What is left of the token's life, for people.
    fn left(&self) -> String {
        let now: SystemTime = self.options.machine.clock.read().wall;
        match self.renewal.expires().map(|expires| expires.duration_since(now)) {
            Some(Ok(left)) => format!("{} s", left.as_secs()),
            Some(Err(_)) => "none".to_owned(),
            None => "unknown".to_owned(),
        }
    }
}
