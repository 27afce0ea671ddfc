//! What goes wrong while sessions run.

use super::driver::{RECORDING, Stage};
use super::program::{Program, browsers};
use super::proxy::Weather;
use super::user::User;
use crate::end::{process, wait_for_end};
use rustix::process::Signal;
use std::time::Duration;
use tokio::time::sleep;

/// How long a harm stays that passes by itself: time itself is the harm, and nothing is waited for by it.
pub(super) const A_WHILE: Duration = Duration::from_millis(700);

/// What may happen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Harm {
    KillAgent,
    KillHub,
    KillBrowser,
    Cut,
    CutInFrame,
    HalfOpen,
    Slow,
    Late,
    Closed,
}

pub(super) const HARMS: [Harm; 9] = [
    Harm::KillAgent,
    Harm::KillHub,
    Harm::KillBrowser,
    Harm::Cut,
    Harm::CutInFrame,
    Harm::HalfOpen,
    Harm::Slow,
    Harm::Late,
    Harm::Closed,
];

impl Stage {
    pub(super) async fn harm(&mut self, harm: Harm) {
        self.told.push(format!("{harm:?}"));
        match harm {
            Harm::KillAgent => self.kill_agent().await,
            Harm::KillHub => {
                self.hub.kill().await;
                self.proxy.lead_to(None);
                let (hub, address) = Program::hub(self.place.path()).await;
                self.hub = hub;
                self.proxy.lead_to(Some(address));
                self.user = User::connect(&format!("http://{address}")).await;
                self.person.is_heard_by_nobody();
            }
            Harm::KillBrowser => {
                self.may_end_with(1);
                self.may_end_with(2);
                if let Some(browser) = browsers(self.place.path()).first() {
                    // It may have ended just now.
                    let pid = rustix::process::Pid::from_raw(i32::try_from(*browser).unwrap()).unwrap();
                    let _ = rustix::process::kill_process(pid, Signal::KILL);
                }
            }
            Harm::Cut => self.proxy.cut(false),
            Harm::CutInFrame => self.proxy.cut(true),
            Harm::HalfOpen => self.weather(Weather::Still).await,
            Harm::Slow => {
                self.proxy.set(Weather::Slow(Duration::from_millis(20)));
            }
            Harm::Late => {
                self.proxy.set(Weather::Held);
                sleep(A_WHILE).await;
                self.proxy.cut(false);
                sleep(A_WHILE).await;
                self.proxy.set(Weather::Clear);
            }
            Harm::Closed => self.weather(Weather::Closed).await,
        }
    }

    /// For a while; what was open then is gone.
    async fn weather(&mut self, weather: Weather) {
        self.proxy.set(weather);
        if weather == Weather::Closed {
            self.proxy.cut(false);
        }
        sleep(A_WHILE).await;
        self.proxy.cut(false);
        self.proxy.set(Weather::Clear);
    }

    fn may_end_with(&mut self, code: i64) {
        for id in self.sessions.iter().filter(|id| **id != RECORDING) {
            self.story.account(id).verdicts.insert(code);
        }
    }

    /// As a power cut of the agent alone; its Chromium ends by itself.
    async fn kill_agent(&mut self) {
        self.may_end_with(2);
        let left = browsers(self.place.path());
        self.agent.kill().await;
        let ends: Vec<_> = left.into_iter().filter_map(process).collect();
        tokio::task::spawn_blocking(move || ends.iter().for_each(wait_for_end)).await.unwrap();
        self.start_agent();
    }
}
