//! The pointer. Coordinates are CSS pixels of the main frame's visible part, whatever frame is under them.

use super::super::cdp::{Reply, Session};
use super::super::error::BrowserError;
use super::super::sync::lock;
use super::drag::Drags;
use super::keyboard::Keyboard;
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A mouse button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Button {
    /// The usual one.
    #[default]
    Left,
    /// Opens menus.
    Right,
    /// The wheel.
    Middle,
}

impl Button {
    /// By Playwright's name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "left" => Self::Left,
            "right" => Self::Right,
            "middle" => Self::Middle,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Middle => "middle",
        }
    }

    fn bit(self) -> u32 {
        match self {
            Self::Left => 1,
            Self::Right => 2,
            Self::Middle => 4,
        }
    }
}

/// How to click.
#[derive(Debug, Clone, Default)]
pub struct ClickOptions {
    /// Which button.
    pub button: Button,
    /// 2 is a double click; 0 is taken for 1.
    pub count: u32,
    /// Between down and up, and between the clicks.
    pub delay: Option<Duration>,
    /// In how many moves the pointer gets there; 0 is taken for 1.
    pub steps: u32,
}

/// A page's pointer. Clones share it.
#[derive(Clone)]
pub struct Mouse {
    session: Session,
    keyboard: Keyboard,
    drags: Drags,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    x: f64,
    y: f64,
    buttons: u32,
    last: Option<Button>,
}

impl Mouse {
    pub(in crate::browser) fn new(session: Session, keyboard: Keyboard, drags: Drags) -> Self {
        Self { session, keyboard, drags, state: Arc::default() }
    }

    /// Moves it, in so many steps. Waits for each: Chromium makes one move of those that it finds waiting.
    pub async fn move_to(&self, x: f64, y: f64, steps: u32) -> Result<(), BrowserError> {
        self.approach(x, y, steps).await?;
        self.move_once(x, y).await
    }

    /// All of the steps but the last.
    async fn approach(&self, x: f64, y: f64, steps: u32) -> Result<(), BrowserError> {
        let (from_x, from_y) = self.position();
        for step in 1..steps {
            let part = f64::from(step) / f64::from(steps);
            self.move_once(from_x + (x - from_x) * part, from_y + (y - from_y) * part).await?;
        }
        Ok(())
    }

    async fn move_once(&self, x: f64, y: f64) -> Result<(), BrowserError> {
        let modifiers = self.keyboard.modifier_bits();
        if self.drags.is_dragging() {
            {
                let mut state = lock(&self.state);
                (state.x, state.y) = (x, y);
            }
            return self.drags.send("dragOver", x, y, modifiers).raw().await.map(drop);
        }
        if lock(&self.state).last != Some(Button::Left) {
            return self.send_one_move(x, y).raw().await.map(drop);
        }
        self.drags.moving(modifiers, x, y, || self.send_one_move(x, y)).await
    }

    /// Presses a button where it is.
    pub async fn down(&self, button: Button, count: u32) -> Result<(), BrowserError> {
        self.send_button("mousePressed", button, count).raw().await.map(drop)
    }

    /// Lets a button go where it is.
    pub async fn up(&self, button: Button, count: u32) -> Result<(), BrowserError> {
        if self.drags.is_dragging() {
            let (x, y) = {
                let mut state = lock(&self.state);
                state.buttons &= !button.bit();
                state.last = None;
                (state.x, state.y)
            };
            return self.drags.send("drop", x, y, self.keyboard.modifier_bits()).raw().await.map(drop);
        }
        self.send_button("mouseReleased", button, count).raw().await.map(drop)
    }

    /// Moves there and clicks.
    pub async fn click(&self, x: f64, y: f64, options: &ClickOptions) -> Result<(), BrowserError> {
        let delay = options.delay.filter(|delay| !delay.is_zero());
        self.approach(x, y, options.steps).await?;
        let mut replies = vec![self.send_one_move(x, y)];
        let count = options.count.max(1);
        for nth in 1..=count {
            replies.push(self.send_button("mousePressed", options.button, nth));
            if let Some(delay) = delay {
                super::all(std::mem::take(&mut replies)).await?;
                tokio::time::sleep(delay).await;
            }
            replies.push(self.send_button("mouseReleased", options.button, nth));
            if let Some(delay) = delay.filter(|_| nth < count) {
                super::all(std::mem::take(&mut replies)).await?;
                tokio::time::sleep(delay).await;
            }
        }
        super::all(replies).await
    }

    /// Turns the wheel where it is.
    pub async fn wheel(&self, delta_x: f64, delta_y: f64) -> Result<(), BrowserError> {
        let (x, y) = self.position();
        let params = json!({
            "type": "mouseWheel",
            "x": x,
            "y": y,
            "modifiers": self.keyboard.modifier_bits(),
            "deltaX": delta_x,
            "deltaY": delta_y,
        });
        self.session.request("Input.dispatchMouseEvent", &params).raw().await.map(drop)
    }

    /// Where it is.
    pub fn position(&self) -> (f64, f64) {
        let state = lock(&self.state);
        (state.x, state.y)
    }

    fn send_one_move(&self, x: f64, y: f64) -> Reply {
        let (buttons, last) = {
            let mut state = lock(&self.state);
            (state.x, state.y) = (x, y);
            (state.buttons, state.last)
        };
        let params = json!({
            "type": "mouseMoved",
            "button": last.map_or("none", Button::name),
            "buttons": buttons,
            "x": x,
            "y": y,
            "modifiers": self.keyboard.modifier_bits(),
            "force": if buttons > 0 { 0.5 } else { 0.0 },
        });
        self.session.request("Input.dispatchMouseEvent", &params)
    }

    fn send_button(&self, kind: &str, button: Button, count: u32) -> Reply {
        let pressed = kind == "mousePressed";
        let (x, y, buttons) = {
            let mut state = lock(&self.state);
            if pressed {
                state.buttons |= button.bit();
                state.last = Some(button);
            } else {
                state.buttons &= !button.bit();
                state.last = None;
            }
            (state.x, state.y, state.buttons)
        };
        let params = json!({
            "type": kind,
            "button": button.name(),
            "buttons": buttons,
            "x": x,
            "y": y,
            "modifiers": self.keyboard.modifier_bits(),
            "clickCount": count,
            "force": if pressed { 0.5 } else { 0.0 },
        });
        self.session.request("Input.dispatchMouseEvent", &params)
    }
}
