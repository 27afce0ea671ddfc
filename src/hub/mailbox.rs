//! What was said to users while none of their connections was there: a page that is reloaded, a client that reconnects
//! after the hub was restarted, should not miss how its sessions ended.

use super::kept::words;
use super::token::UserId;
use crate::dialect::hub::{Meaning, Word};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// What is kept for one user: events, and bytes; the newest stay.
const EVENTS_MAX: usize = 1_000;
const BYTES_MAX: usize = 1 << 20;

/// For how many users; beyond, who is away longest gets nothing.
const USERS_MAX: usize = 256;

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Mailbox {
    present: HashMap<UserId, usize>,
    kept: HashMap<UserId, Letters>,
    order: VecDeque<UserId>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Letters {
    #[serde(with = "words")]
    events: VecDeque<Arc<Word>>,
    bytes: usize,
}

impl Mailbox {
    /// One more connection of the user; returns what it missed.
    pub(super) fn enter(&mut self, user: &UserId) -> impl Iterator<Item = Arc<Word>> {
        *self.present.entry(user.clone()).or_default() += 1;
        self.order.retain(|other| other != user);
        self.kept.remove(user).unwrap_or_default().events.into_iter()
    }

    /// One connection less.
    pub(super) fn leave(&mut self, user: &UserId) {
        if let Some(connections) = self.present.get_mut(user) {
            *connections -= 1;
            if *connections == 0 {
                self.present.remove(user);
            }
        }
    }

    /// Keeps the event where nobody is there to get it.
    pub(super) fn keep(&mut self, user: &UserId, word: &Arc<Word>) {
        // Pictures are worth their weight only while somebody watches; why something waits changes.
        let passes = |means| matches!(means, Meaning::Picture | Meaning::Screenshot | Meaning::Waits);
        if self.present.contains_key(user) || word.report().is_some_and(|report| passes(report.means)) {
            return;
        }
        if !self.kept.contains_key(user) {
            self.order.push_back(user.clone());
            if self.order.len() > USERS_MAX
                && let Some(longest) = self.order.pop_front()
            {
                self.kept.remove(&longest);
            }
        }
        let letters = self.kept.entry(user.clone()).or_default();
        letters.bytes += word.bytes();
        letters.events.push_back(word.clone());
        while letters.events.len() > EVENTS_MAX || letters.bytes > BYTES_MAX && letters.events.len() > 1 {
            if let Some(oldest) = letters.events.pop_front() {
                letters.bytes -= oldest.bytes();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Protocol;
    use crate::dialect::hub::{Raw, Report};
    use serde_json::json;

    fn said(means: Meaning, payload: serde_json::Value) -> Arc<Word> {
        let raw = Raw::new(Protocol::Testflow, "x", &payload);
        Arc::new(Word::Session(Report::heard("e".into(), means, raw)))
    }

    fn payload(word: &Word) -> String {
        let report = word.report().unwrap();
        report.original(Protocol::Testflow).unwrap().payload.get().to_owned()
    }

    #[test]
    fn who_is_away_gets_the_newest_when_back_and_only_once() {
        let (mut box_, ada) = (Mailbox::default(), UserId::from("ada"));
        assert_eq!(box_.enter(&ada).count(), 0);
        box_.keep(&ada, &said(Meaning::Progress, json!("there")));
        box_.leave(&ada);
        box_.keep(&ada, &said(Meaning::Screenshot, json!("away")));
        for n in 0..EVENTS_MAX + 5 {
            box_.keep(&ada, &said(Meaning::Progress, json!(n)));
        }
        let missed: Vec<_> = box_.enter(&ada).collect();
        assert_eq!((missed.len(), payload(&missed[0])), (EVENTS_MAX, "5".to_owned()));
        assert_eq!(box_.enter(&ada).count(), 0);
    }

    #[test]
    fn neither_one_user_nor_many_fill_the_memory() {
        let mut box_ = Mailbox::default();
        let large = said(Meaning::Progress, json!("x".repeat(400_000)));
        for n in 0..USERS_MAX + 10 {
            for _ in 0..9 {
                box_.keep(&UserId(n.to_string()), &large);
            }
        }
        assert_eq!((box_.kept.len(), box_.order.len()), (USERS_MAX, USERS_MAX));
        assert!(box_.kept.values().all(|letters| letters.bytes <= BYTES_MAX));
        assert_eq!(box_.enter(&"3".into()).count(), 0);
        assert_eq!(box_.enter(&"200".into()).count(), 2);
    }
}
