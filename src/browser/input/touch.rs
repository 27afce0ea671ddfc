//! Fingers.

use super::super::cdp::Session;
use super::super::error::BrowserError;
use super::keyboard::Keyboard;
use serde_json::json;

/// A page's touchscreen.
pub struct Touchscreen {
    session: Session,
    keyboard: Keyboard,
}

impl Touchscreen {
    pub(in crate::browser) fn new(session: Session, keyboard: Keyboard) -> Self {
        Self { session, keyboard }
    }

    /// Touches and lets go.
    pub async fn tap(&self, x: f64, y: f64) -> Result<(), BrowserError> {
        let modifiers = self.keyboard.modifier_bits();
        let start = json!({ "type": "touchStart", "modifiers": modifiers, "touchPoints": [{ "x": x, "y": y }] });
        let end = json!({ "type": "touchEnd", "modifiers": modifiers, "touchPoints": [] });
        let replies = [start, end].map(|params| self.session.request("Input.dispatchTouchEvent", &params));
        super::all(replies.into()).await
    }
}
