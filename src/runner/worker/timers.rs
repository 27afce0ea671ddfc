//! Timers of scripts: numbers and times. The callbacks stay in JavaScript.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::{Duration, Instant};

/// All running timers.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    /// Due time, order of starting, id. Entries of timers that were stopped or started anew stay until they are due.
    queue: BinaryHeap<Reverse<(Instant, u64, u32)>>,
    /// The entry that counts, by id, and the period of a repeating one.
    running: HashMap<u32, (u64, Option<Duration>)>,
    started: u64,
}

impl Timers {
    pub(crate) fn start(&mut self, id: u32, delay: Duration, repeat: bool) {
        self.enter(id, Instant::now(), delay, repeat);
    }

    fn enter(&mut self, id: u32, now: Instant, delay: Duration, repeat: bool) {
        self.started += 1;
        // Beyond what the clock can say is for ever.
        let Some(due) = now.checked_add(delay) else { return };
        self.queue.push(Reverse((due, self.started, id)));
        self.running.insert(id, (self.started, repeat.then_some(delay)));
    }

    pub(crate) fn stop(&mut self, id: u32) {
        self.running.remove(&id);
    }

    /// The next timer that is due, which is then over or, if it repeats, started again.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<u32> {
        self.drop_stale();
        let Reverse((_, _, id)) = self.queue.pop_if_due(now)?;
        if let Some((_, Some(period))) = self.running.remove(&id) {
            self.enter(id, now, period, true);
        }
        Some(id)
    }

    /// When the next one is due.
    pub(crate) fn next_due(&mut self) -> Option<Instant> {
        self.drop_stale();
        self.queue.peek().map(|Reverse((due, _, _))| *due)
    }

    fn drop_stale(&mut self) {
        while let Some(Reverse((_, entry, id))) = self.queue.peek() {
            if self.running.get(id).is_some_and(|(current, _)| current == entry) {
                return;
            }
            self.queue.pop();
        }
    }
}

trait PopIfDue {
    fn pop_if_due(&mut self, now: Instant) -> Option<Reverse<(Instant, u64, u32)>>;
}

impl PopIfDue for BinaryHeap<Reverse<(Instant, u64, u32)>> {
    fn pop_if_due(&mut self, now: Instant) -> Option<Reverse<(Instant, u64, u32)>> {
        self.peek().filter(|Reverse((due, _, _))| *due <= now)?;
        self.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_fire_in_order_once_or_again_and_again() {
        let mut timers = Timers::default();
        let start = Instant::now();
        let ms = Duration::from_millis;
        timers.enter(1, start, ms(20), false);
        timers.enter(2, start, ms(10), true);
        timers.enter(3, start, ms(10), false);
        timers.enter(4, start, ms(5), false);
        timers.stop(4);
        assert_eq!(timers.next_due(), Some(start + ms(10)));
        assert_eq!(timers.take_due(start + ms(9)), None);
        let mut at = |after: u64| std::iter::from_fn(|| timers.take_due(start + ms(after))).collect::<Vec<_>>();
        assert_eq!(at(10), [2, 3]);
        assert_eq!(at(25), [1, 2]);
        timers.stop(2);
        assert_eq!(timers.next_due(), None);
    }
}
