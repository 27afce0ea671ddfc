//! Selectors that find their element no more: others, known from before, are tried in its place.

use super::locator::Locator;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// So long the best selector alone is given: pages take their time, and a lesser one might find something else meanwhile.
const PATIENCE: Duration = Duration::from_secs(3);
/// Of the time there is for the action, at most this part goes by before it is tried with the best selector after all: what it says then is
/// why nothing could be found.
const SHARE: u32 = 2;
/// The same where there is no limit.
const LONGEST: Duration = Duration::from_secs(10);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// A selector in place of the best one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Healed {
    /// Finds exactly one element.
    pub selector: String,
    /// How many the best one finds.
    pub found: u64,
}

impl Locator {
    /// Which of the alternatives, in their order, finds exactly one element; none while this locator itself does, and none where nothing does
    /// within a part of `timeout`, milliseconds. Cancel-safe.
    pub async fn heal(&self, alternatives: &[String], timeout: u64) -> Option<Healed> {
        if alternatives.is_empty() {
            return None;
        }
        let limit = if timeout == 0 { LONGEST } else { Duration::from_millis(timeout) / SHARE };
        let began = Instant::now();
        loop {
            let found = self.how_many().await;
            if found == Some(1) {
                return None;
            }
            if began.elapsed() >= PATIENCE.min(limit / 2) {
                for selector in alternatives {
                    let other = Self { selector: selector.clone(), ..self.clone() };
                    if other.how_many().await == Some(1) {
                        return Some(Healed { selector: selector.clone(), found: found.unwrap_or(0) });
                    }
                }
            }
            if began.elapsed() >= limit || self.frame.page().is_closed() {
                return None;
            }
            sleep(PAUSE).await;
        }
    }

    /// None where that cannot be told: the selector makes no sense, or the page is gone.
    async fn how_many(&self) -> Option<u64> {
        self.ask("count", json!({ "strict": false }), json!(0)).await.ok().as_ref().and_then(Value::as_u64)
    }
}
