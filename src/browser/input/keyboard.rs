//! Pressing keys.

use super::super::cdp::{Reply, Session};
use super::super::error::BrowserError;
use super::super::sync::lock;
use super::drag::Drags;
use super::keys::{self, Key};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Keys that change what others do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Modifier {
    /// Bit 1 in Chromium.
    Alt,
    /// Bit 2.
    Control,
    /// Bit 4.
    Meta,
    /// Bit 8.
    Shift,
}

impl Modifier {
    /// By Playwright's name; `ControlOrMeta` is what the platform uses for shortcuts.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "Alt" => Self::Alt,
            "Control" => Self::Control,
            "Meta" => Self::Meta,
            "Shift" => Self::Shift,
            "ControlOrMeta" if cfg!(target_os = "macos") => Self::Meta,
            "ControlOrMeta" => Self::Control,
            _ => return None,
        })
    }

    fn bit(self) -> u32 {
        1 << self as u32
    }

    fn name(self) -> &'static str {
        match self {
            Self::Alt => "Alt",
            Self::Control => "Control",
            Self::Meta => "Meta",
            Self::Shift => "Shift",
        }
    }
}

/// A page's keyboard. Clones share what is held down.
#[derive(Clone)]
pub struct Keyboard {
    session: Session,
    drags: Drags,
    held: Arc<Mutex<Held>>,
}

#[derive(Default)]
struct Held {
    modifiers: BTreeSet<Modifier>,
    codes: BTreeSet<&'static str>,
}

impl Keyboard {
    pub(in crate::browser) fn new(session: Session, drags: Drags) -> Self {
        Self { session, drags, held: Arc::default() }
    }

    /// What is held, as Chromium counts it.
    pub(super) fn modifier_bits(&self) -> u32 {
        lock(&self.held).modifiers.iter().map(|modifier| modifier.bit()).sum()
    }

    /// Presses a key and holds it.
    pub async fn down(&self, name: &str) -> Result<(), BrowserError> {
        self.send_down(name)?.raw().await.map(drop)
    }

    /// Lets a key go.
    pub async fn up(&self, name: &str) -> Result<(), BrowserError> {
        self.send_up(name)?.raw().await.map(drop)
    }

    /// Presses a key or a combination (`Control+Shift+A`) and lets it go.
    pub async fn press(&self, combination: &str, delay: Option<Duration>) -> Result<(), BrowserError> {
        let names = split(combination);
        let Some((last, before)) = names.split_last() else {
            return Err(BrowserError::other("Unknown key: \"\""));
        };
        // All must exist before anything is held.
        for name in &names {
            self.key(name)?;
        }
        let mut replies = Vec::new();
        for name in before {
            replies.push(self.send_down(name)?);
        }
        replies.push(self.send_down(last)?);
        if let Some(delay) = delay.filter(|delay| !delay.is_zero()) {
            super::all(std::mem::take(&mut replies)).await?;
            tokio::time::sleep(delay).await;
        }
        replies.push(self.send_up(last)?);
        for name in before.iter().rev() {
            replies.push(self.send_up(name)?);
        }
        super::all(replies).await
    }

    /// Types text key by key; what no key types is inserted.
    pub async fn type_text(&self, text: &str, delay: Option<Duration>) -> Result<(), BrowserError> {
        let delay = delay.filter(|delay| !delay.is_zero());
        let mut replies = Vec::new();
        for character in text.chars() {
            let name = character.to_string();
            if self.key(&name).is_ok() {
                replies.push(self.send_down(&name)?);
                if let Some(delay) = delay {
                    super::all(std::mem::take(&mut replies)).await?;
                    tokio::time::sleep(delay).await;
                }
                replies.push(self.send_up(&name)?);
            } else {
                // Goes another way inside Chromium than keys do.
                super::all(std::mem::take(&mut replies)).await?;
                if let Some(delay) = delay {
                    tokio::time::sleep(delay).await;
                }
                self.insert_text(&name).await?;
            }
        }
        super::all(replies).await
    }

    /// Puts text where the caret is, without any key.
    pub async fn insert_text(&self, text: &str) -> Result<(), BrowserError> {
        self.session.request("Input.insertText", &json!({ "text": text })).raw().await.map(drop)
    }

    /// Holds exactly these modifiers; those that were held before are the result.
    pub async fn ensure_modifiers(&self, wanted: &[Modifier]) -> Result<Vec<Modifier>, BrowserError> {
        let before: Vec<Modifier> = lock(&self.held).modifiers.iter().copied().collect();
        let mut replies = Vec::new();
        for modifier in [Modifier::Alt, Modifier::Control, Modifier::Meta, Modifier::Shift] {
            match (before.contains(&modifier), wanted.contains(&modifier)) {
                (false, true) => replies.push(self.send_down(modifier.name())?),
                (true, false) => replies.push(self.send_up(modifier.name())?),
                _ => {}
            }
        }
        super::all(replies).await?;
        Ok(before)
    }

    fn key(&self, name: &str) -> Result<Key, BrowserError> {
        let name = match name {
            "ControlOrMeta" if cfg!(target_os = "macos") => "Meta",
            "ControlOrMeta" => "Control",
            name => name,
        };
        let (shift, others) = {
            let held = lock(&self.held);
            let shift = held.modifiers.contains(&Modifier::Shift);
            (shift, held.modifiers.len() > usize::from(shift))
        };
        let mut key = keys::find(name, shift).ok_or_else(|| BrowserError::other(format!("Unknown key: \"{name}\"")))?;
        if others {
            // A shortcut types nothing.
            key.text.clear();
        }
        Ok(key)
    }

    fn send_down(&self, name: &str) -> Result<Reply, BrowserError> {
        let key = self.key(name)?;
        if key.key == "Escape"
            && let Some(cancelled) = self.drags.cancel(self.modifier_bits())
        {
            return Ok(cancelled);
        }
        let repeated = {
            let mut held = lock(&self.held);
            if let Some(modifier) = Modifier::parse(&key.key) {
                held.modifiers.insert(modifier);
            }
            !held.codes.insert(key.code)
        };
        let params = json!({
            "type": if key.text.is_empty() { "rawKeyDown" } else { "keyDown" },
            "modifiers": self.modifier_bits(),
            "windowsVirtualKeyCode": plain_number(key.number),
            "code": key.code,
            "key": key.key,
            "text": key.text,
            "unmodifiedText": key.text,
            "autoRepeat": repeated,
            "location": key.location,
            "isKeypad": key.location == 3,
            "commands": [],
        });
        Ok(self.session.request("Input.dispatchKeyEvent", &params))
    }

    fn send_up(&self, name: &str) -> Result<Reply, BrowserError> {
        let key = self.key(name)?;
        {
            let mut held = lock(&self.held);
            if let Some(modifier) = Modifier::parse(&key.key) {
                held.modifiers.remove(&modifier);
            }
            held.codes.remove(key.code);
        }
        let params = json!({
            "type": "keyUp",
            "modifiers": self.modifier_bits(),
            "windowsVirtualKeyCode": plain_number(key.number),
            "code": key.code,
            "key": key.key,
            "location": key.location,
        });
        Ok(self.session.request("Input.dispatchKeyEvent", &params))
    }
}

/// `event.keyCode` knows no sides.
fn plain_number(number: u32) -> u32 {
    match number {
        160 | 161 => 16,
        162 | 163 => 17,
        164 | 165 => 18,
        number => number,
    }
}

/// `Control++` is Control and `+`.
fn split(combination: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut name = String::new();
    for character in combination.chars() {
        if character == '+' && !name.is_empty() {
            names.push(std::mem::take(&mut name));
        } else {
            name.push(character);
        }
    }
    if !name.is_empty() {
        names.push(name);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations() {
        let cases: &[(&str, &[&str])] = &[
            ("a", &["a"]),
            ("Control+a", &["Control", "a"]),
            ("Control+Shift+ArrowLeft", &["Control", "Shift", "ArrowLeft"]),
            ("+", &["+"]),
            ("Control++", &["Control", "+"]),
        ];
        for (text, expected) in cases {
            assert_eq!(split(text), *expected, "{text}");
        }
    }
}
