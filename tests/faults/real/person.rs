//! Somebody who records, looking at pictures: types a password into one field after the other, and is done.

use super::driver::RECORDING;
use super::user::User;
use serde_json::{Value, json};

/// Wherever the focus is by now, what is typed is a secret.
const PAGE: &str = "data:text/html,<title>Safe</title><label>One <input type=password></label>\
    <label>Two <input type=password></label><label>Three <input type=password></label>";

/// Actions that it takes: the page, and a field each.
const ACTIONS: u64 = 4;

/// See the module.
pub(super) struct Person {
    password: String,
    /// Actions that came through.
    seen: u64,
    /// At what was done last, so many had.
    acted: Option<u64>,
    /// The hub does not know of the recording, or may not.
    unheard: bool,
}

impl Person {
    pub(super) fn new(password: &str) -> Self {
        Self { password: password.to_owned(), seen: 0, acted: None, unheard: true }
    }

    /// This action came through, counted from 0.
    pub(super) fn saw(&mut self, action: u64) {
        self.seen = self.seen.max(action + 1);
    }

    /// There is another hub.
    pub(super) fn is_heard_by_nobody(&mut self) {
        self.unheard = true;
    }

    /// Does what comes next; once more where nothing came of it for a while.
    pub(super) fn acts(&mut self, user: &User, accepted: bool, idle: bool) {
        if self.acted.replace(self.seen) == Some(self.seen) && !idle {
            return;
        }
        let ids = json!({"testFlowId": "f", "executionId": RECORDING});
        if self.unheard || !accepted || idle {
            let start = json!({"testFlowId": "f", "executionId": RECORDING, "url": PAGE, "language": "typescript"});
            user.says("recording:start", start);
            self.unheard = false;
        }
        match self.seen {
            0 => {}
            ACTIONS.. => user.says("recording:stop", ids),
            _ => {
                for mut input in
                    [json!({"type": "press", "key": "Tab"}), json!({"type": "text", "text": self.password})]
                {
                    input["executionId"] = Value::from(RECORDING);
                    user.says("recording:input", input);
                }
            }
        }
    }
}
