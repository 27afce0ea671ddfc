//! Live pictures on their way to the server: of each recording the newest, one at a time, never on disk. While the server is away
//! a newer one takes the place of the one before. Pure.

use crate::model::{Event, ExecutionId};
use std::collections::BTreeMap;

/// Pictures under way at once, of all recordings: the line is for other things too.
const WINDOW: usize = 8;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Frames {
    of: BTreeMap<ExecutionId, Slot>,
}

#[derive(Debug, Default)]
struct Slot {
    waiting: Option<Event>,
    /// With its number on this connection.
    under_way: Option<(u64, Event)>,
}

impl Frames {
    /// The newest picture of a recording.
    pub(super) fn push(&mut self, id: ExecutionId, frame: Event) {
        self.of.entry(id).or_default().waiting = Some(frame);
    }

    /// Takes the next one to send, where the line has room; [`Frames::sent`] is told when it goes, else it is given up.
    pub(super) fn next(&mut self) -> Option<(ExecutionId, Event)> {
        if self.of.values().filter(|slot| slot.under_way.is_some()).count() >= WINDOW {
            return None;
        }
        let (id, slot) = self.of.iter_mut().find(|(_, slot)| slot.under_way.is_none() && slot.waiting.is_some())?;
        Some((id.clone(), slot.waiting.take()?))
    }

    pub(super) fn sent(&mut self, id: ExecutionId, token: u64, frame: Event) {
        self.of.entry(id).or_default().under_way = Some((token, frame));
    }

    /// It has arrived; whose it was.
    pub(super) fn proved(&mut self, token: u64) -> Option<ExecutionId> {
        let sent = |slot: &Slot| slot.under_way.as_ref().is_some_and(|(number, _)| *number == token);
        let (id, slot) = self.of.iter_mut().find(|(_, slot)| sent(slot))?;
        slot.under_way = None;
        Some(id.clone())
    }

    /// What was under way may not have arrived: it is shown again unless there is a newer one.
    pub(super) fn disconnected(&mut self) {
        for slot in self.of.values_mut() {
            let lost = slot.under_way.take().map(|(_, frame)| frame);
            slot.waiting = slot.waiting.take().or(lost);
        }
    }

    /// The recording has ended.
    pub(super) fn ended(&mut self, id: &ExecutionId) {
        self.of.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(id: &str, byte: u8) -> Event {
        Event::RecordingFrame {
            execution: id.into(),
            frame: vec![byte],
            width: 1,
            height: 1,
            page: "page".to_owned(),
            url: String::new(),
        }
    }

    fn send(frames: &mut Frames, token: u64) -> Option<Event> {
        let (id, event) = frames.next()?;
        frames.sent(id, token, event.clone());
        Some(event)
    }

    #[test]
    fn only_the_newest_of_each_is_sent_one_at_a_time() {
        let mut frames = Frames::default();
        for (id, byte) in [("a", 1), ("a", 2), ("b", 3)] {
            frames.push(id.into(), frame(id, byte));
        }
        assert_eq!(send(&mut frames, 10), Some(frame("a", 2)));
        frames.push("a".into(), frame("a", 4));
        assert_eq!(send(&mut frames, 11), Some(frame("b", 3)));
        assert_eq!(send(&mut frames, 12), None, "each has one under way");
        assert_eq!(frames.proved(10), Some("a".into()));
        assert_eq!(frames.proved(10), None);
        assert_eq!(send(&mut frames, 12), Some(frame("a", 4)));
    }

    #[test]
    fn what_was_lost_is_shown_again_unless_there_is_a_newer_one() {
        let mut frames = Frames::default();
        for id in ["a", "b", "c"] {
            frames.push(id.into(), frame(id, 1));
            send(&mut frames, 1);
        }
        frames.push("b".into(), frame("b", 2));
        frames.ended(&"c".into());
        frames.disconnected();
        assert_eq!(send(&mut frames, 1), Some(frame("a", 1)));
        assert_eq!(send(&mut frames, 2), Some(frame("b", 2)));
        assert_eq!(send(&mut frames, 3), None);
    }
}
