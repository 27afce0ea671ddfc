//! How far something has come on its way to its end. It goes one way only, and whoever ends it, whatever comes between, sees the
//! same: what is ended twice, or ends while somebody ends it, has ended.

use super::error::BrowserError;
use tokio::sync::watch;

/// In order of time; any may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// It can be used.
    Open,
    /// We ended it, and Chromium has not said that it is gone.
    Closing,
    /// It is gone; what waited for it fails.
    Gone,
    /// Everybody was told, and nothing is kept of it.
    Over,
}

/// The stage something is in.
#[derive(Debug)]
pub(super) struct Life(watch::Sender<Stage>);

impl Life {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(Stage::Open))
    }

    /// Goes on to `stage`; false where it is there or further already, which of several callers is true for one.
    pub(super) fn advance(&self, stage: Stage) -> bool {
        self.0.send_if_modified(|now| {
            let further = stage > *now;
            *now = stage.max(*now);
            further
        })
    }

    /// Whether it has come so far.
    pub(super) fn has_reached(&self, stage: Stage) -> bool {
        *self.0.borrow() >= stage
    }

    /// Completes when it has come so far.
    pub(super) async fn reached(&self, stage: Stage) {
        // It fails where the sender is gone, which is borrowed here.
        let _ = self.0.subscribe().wait_for(|now| *now >= stage).await;
    }

    /// Ends it by `command`, unless it is gone; completes when it is over.
    ///
    /// # Errors
    /// When it can't be known whether it will ever be gone.
    pub(super) async fn end<T>(
        &self,
        command: impl AsyncFnOnce() -> Result<T, BrowserError>,
    ) -> Result<(), BrowserError> {
        self.advance(Stage::Closing);
        if !self.has_reached(Stage::Gone) {
            match command().await {
                // Refused: it goes already, of itself or by somebody else. Closed: all goes with the browser.
                Ok(_) | Err(BrowserError::Protocol { .. } | BrowserError::Closed { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.reached(Stage::Over).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use futures_util::future::BoxFuture;
    use std::sync::Arc;
    use tokio::sync::oneshot;

    /// What happens to a page while two end it.
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Event {
        Asked(usize),
        Answered(usize),
        Gone,
        Over,
    }

    /// All orders of `left` in which an answer follows its question and the end of an end its beginning.
    fn orders(done: &[Event], left: &[Event]) -> Vec<Vec<Event>> {
        if left.is_empty() {
            return vec![done.to_vec()];
        }
        let possible = left.iter().filter(|event| match event {
            Event::Answered(who) => done.contains(&Event::Asked(*who)),
            Event::Over => done.contains(&Event::Gone),
            Event::Asked(_) | Event::Gone => true,
        });
        possible
            .flat_map(|event| {
                let left: Vec<Event> = left.iter().filter(|other| *other != event).copied().collect();
                orders(&[done, &[*event]].concat(), &left)
            })
            .collect()
    }

    fn answers() -> [fn() -> Result<(), BrowserError>; 3] {
        [
            || Ok(()),
            || Err(BrowserError::protocol("Target.closeTarget", "No target with given id found")),
            || Err(BrowserError::closed()),
        ]
    }

    #[test]
    fn two_that_end_it_succeed_at_every_order_of_events() {
        let events =
            [Event::Asked(0), Event::Asked(1), Event::Answered(0), Event::Answered(1), Event::Gone, Event::Over];
        let orders = orders(&[], &events);
        assert_eq!(orders.len(), 90);
        for order in orders {
            for first in answers() {
                for second in answers() {
                    play(&order, [first, second]);
                }
            }
        }
    }

    /// Somebody who ends it: what answers his command, and what he waits for.
    #[derive(Default)]
    struct Ender {
        answer: Option<oneshot::Sender<()>>,
        end: Option<BoxFuture<'static, Result<(), BrowserError>>>,
    }

    fn play(order: &[Event], answers: [fn() -> Result<(), BrowserError>; 2]) {
        let life = Arc::new(Life::new());
        let mut enders = [Ender::default(), Ender::default()];
        let mut ended = 0;
        for event in order {
            match *event {
                Event::Asked(who) => {
                    let (sender, receiver) = oneshot::channel();
                    let (life, answer) = (life.clone(), answers[who]);
                    let end = async move {
                        let command = async || {
                            // Dropping the sender is the answer.
                            let _ = receiver.await;
                            answer()
                        };
                        life.end(command).await
                    };
                    enders[who] = Ender { answer: Some(sender), end: Some(end.boxed()) };
                }
                Event::Answered(who) => enders[who].answer = None,
                Event::Gone => assert!(life.advance(Stage::Gone)),
                Event::Over => assert!(life.advance(Stage::Over)),
            }
            for ender in &mut enders {
                if let Some(result) = ender.end.as_mut().and_then(|end| end.now_or_never()) {
                    assert!(life.has_reached(Stage::Over), "ended before all was told: {order:?}");
                    assert!(result.is_ok(), "{order:?}: {result:?}");
                    ender.end = None;
                    ended += 1;
                }
            }
        }
        assert_eq!(ended, 2, "{order:?}");
    }

    #[test]
    fn it_goes_one_way() {
        let life = Life::new();
        assert!(life.advance(Stage::Gone));
        assert!(!life.advance(Stage::Gone));
        assert!(!life.advance(Stage::Closing));
        assert!(life.has_reached(Stage::Closing));
        assert!(!life.has_reached(Stage::Over));
    }

    #[test]
    fn an_answer_that_never_came_is_told() {
        let life = Life::new();
        let end =
            life.end(async || Err::<(), _>(BrowserError::other("Target.closeTarget took too long"))).now_or_never();
        assert_eq!(end.unwrap().unwrap_err().to_string(), "Target.closeTarget took too long");
    }
}
