//! A clock of its own for all pages of a context.

use super::context::BrowserContext;
use super::error::BrowserError;
use super::frame::Frame;
use super::script::Evaluation;
use super::sync::lock;
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::json;
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

/// What is done to the clock. Names and meanings are Playwright's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "as said above")]
pub enum ClockCommand {
    Install,
    FastForward,
    RunFor,
    PauseAt,
    Resume,
    SetFixedTime,
    SetSystemTime,
}

/// Whether a context has one.
#[derive(Default)]
pub(super) struct Clock(Mutex<bool>);

impl BrowserContext {
    /// Does something to the clock of all documents, those to come too. `value` is milliseconds: since 1970, or how many; not
    /// given for [`ClockCommand::Resume`], and for [`ClockCommand::Install`] where it shall show the real time.
    ///
    /// # Errors
    /// When a page's timer throws, or the clock should go backwards.
    pub async fn clock(&self, command: ClockCommand, value: Option<f64>) -> Result<(), BrowserError> {
        const ENGINE: &str = include_str!("js/clock.js");
        let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let fresh = !std::mem::replace(&mut *lock(&self.clock_state().0), true);
        if fresh {
            self.add_init_script(ENGINE)?;
            if command != ClockCommand::Install {
                self.add_init_script(&noted(ClockCommand::Install, real, Some(real)))?;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970")]
        let value = value.or((command == ClockCommand::Install).then_some(real as f64));
        self.add_init_script(&noted(command, real, value))?;
        let name = json!(command);
        let expression =
            format!("(() => {{ {ENGINE}\nreturn __understudyClock.perform({name}, {}); }})()", json!(value));
        let install = if fresh && command != ClockCommand::Install {
            format!("(() => {{ {ENGINE}\n__understudyClock.perform(\"install\", {real}); }})();")
        } else {
            String::new()
        };
        let expression = install + &expression;
        let frames: Vec<Frame> = self.pages().iter().flat_map(super::page::Page::frames).collect();
        let done = join_all(frames.iter().map(|frame| perform(frame, &expression))).await;
        done.into_iter().collect()
    }
}

fn noted(command: ClockCommand, real: u128, value: Option<impl serde::Serialize>) -> String {
    format!("__understudyClock.note({}, {real}, {});", json!(command), json!(value))
}

/// In one document. One that goes away meanwhile needs no clock: what follows it knows.
async fn perform(frame: &Frame, expression: &str) -> Result<(), BrowserError> {
    let what = Evaluation {
        expression: expression.to_owned(),
        is_function: Some(false),
        arg: json!({ "v": "undefined" }),
        handles: Vec::new(),
    };
    let done = async { frame.main_context().await?.evaluate(&what).await };
    match done.await {
        Err(error @ BrowserError::Script { .. }) => Err(error),
        _ => Ok(()),
    }
}
