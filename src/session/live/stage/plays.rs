//! Playbacks in the browser, one after the other.

use super::Stage;
use crate::model::live::{LiveNews, PlaybackOrder};
use crate::session::live::perform::Script;
use crate::session::live::player::{Player, Want};
use std::sync::Arc;

/// What a step may take where nothing is said, milliseconds; as in Playwright.
const STEP_TIMEOUT: u64 = 30_000;

impl Stage {
    /// Does what is asked of the playback.
    pub(super) async fn play(&mut self, order: PlaybackOrder) {
        let wants = match order {
            PlaybackOrder::Start { actions, paused, timeout } => {
                let Some(actions) = actions.or_else(|| self.last.clone()) else {
                    let why = "nothing was recorded in this browser: send `actions`";
                    return self.complain("playback", why).await;
                };
                if self.player.as_ref().is_some_and(|(player, _)| !player.is_over()) {
                    let stopped = self.player.as_mut().and_then(|(player, _)| player.stop().ok()).unwrap_or_default();
                    self.carry_out(stopped).await;
                }
                let Some(page) = self.page() else { return self.complain("playback", "no page is open").await };
                let timeout = timeout.unwrap_or(STEP_TIMEOUT).max(1);
                let script = Script::new(actions, &page, self.env.clone(), timeout, self.options.clone());
                let (player, wants) = Player::start(script.steps(), paused);
                self.player = Some((player, Arc::new(script)));
                wants
            }
            order => {
                let Some((player, _)) = &mut self.player else {
                    return self.complain("playback", "nothing is played: start a playback first").await;
                };
                let wants = match order {
                    PlaybackOrder::Start { .. } => return,
                    PlaybackOrder::Pause => player.pause(),
                    PlaybackOrder::Resume => player.resume(),
                    PlaybackOrder::Stop => player.stop(),
                    PlaybackOrder::Step => player.step(),
                    PlaybackOrder::Seek { step } => player.seek(step),
                };
                match wants {
                    Ok(wants) => wants,
                    Err(refused) => return self.complain("playback", &refused.to_string()).await,
                }
            }
        };
        self.carry_out(wants).await;
    }

    /// Does what the player wants done, or notes it for when nothing else is.
    pub(super) async fn carry_out(&mut self, wants: Vec<Want>) {
        for want in wants {
            match want {
                Want::Perform(step) => self.wanted = Some(step),
                Want::Abandon => {
                    self.wanted = None;
                    if let Some(busy) = self.busy.take_if(|busy| busy.step.is_some()) {
                        busy.task.abort();
                    }
                }
                Want::Tell(news) => self.tell(LiveNews::Playback(news)).await,
            }
        }
    }
}
