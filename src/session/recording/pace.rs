//! How good the pictures of a preview may be for the line they go over. Pure: what is measured is how long a picture was on its way.

use crate::browser::screencast::ScreencastOptions;
use std::time::Duration;

/// From the best down: JPEG quality, and how much of the full size in percent.
const LEVELS: [(u32, u32); 7] = [(80, 100), (70, 100), (60, 100), (45, 100), (30, 100), (30, 75), (30, 50)];

/// The full size, pixels.
const MOST: (u32, u32) = (1600, 1200);

/// Slower than this is felt.
const SLOW: Duration = Duration::from_millis(150);
/// Slower than this is slow by more than one level.
const VERY_SLOW: Duration = Duration::from_millis(500);
/// Faster than this leaves room for more.
const FAST: Duration = Duration::from_millis(60);

/// So many fast ones in a row before more is tried; twice as many each time that was too much.
const PATIENCE: u32 = 3;
const MOST_PATIENCE: u32 = 48;

/// What the pictures are at present.
#[derive(Debug)]
pub(super) struct Pace {
    level: usize,
    fast: u32,
    patience: u32,
    /// The last change was for the better.
    tried: bool,
}

impl Default for Pace {
    /// Readable, and small enough for a slow line.
    fn default() -> Self {
        Self { level: 2, fast: 0, patience: PATIENCE, tried: false }
    }
}

impl Pace {
    pub(super) fn options(&self) -> ScreencastOptions {
        let (quality, percent) = LEVELS[self.level];
        ScreencastOptions { quality, most: (MOST.0 * percent / 100, MOST.1 * percent / 100) }
    }

    /// A picture arrived, so long after it was sent. What the next ones are to be, where that changes.
    pub(super) fn arrived(&mut self, took: Duration) -> Option<ScreencastOptions> {
        let before = self.level;
        if took > SLOW {
            let down = if took > VERY_SLOW { 2 } else { 1 };
            self.level = (self.level + down).min(LEVELS.len() - 1);
            self.fast = 0;
            if std::mem::take(&mut self.tried) {
                self.patience = (self.patience * 2).min(MOST_PATIENCE);
            }
        } else if took < FAST {
            self.fast += 1;
            if self.fast >= self.patience && self.level > 0 {
                self.level -= 1;
                self.fast = 0;
                self.tried = true;
            }
        } else {
            self.fast = 0;
        }
        (self.level != before).then(|| self.options())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quality and width after each of these, milliseconds.
    fn after(pace: &mut Pace, took: &[u64]) -> Vec<(u32, u32)> {
        let each = took.iter().map(|ms| {
            let before = pace.level;
            let changed = pace.arrived(Duration::from_millis(*ms));
            assert_eq!(changed.is_some(), pace.level != before);
            (pace.options().quality, pace.options().most.0)
        });
        each.collect()
    }

    #[test]
    fn pictures_get_worse_on_a_slow_line_and_better_where_there_is_room() {
        let (full, half) = (1600, 800);
        type Case = (&'static str, &'static [u64], Vec<(u32, u32)>);
        let cases: [Case; 6] = [
            (
                "a good line gets the best",
                &[5; 7],
                vec![(60, full), (60, full), (70, full), (70, full), (70, full), (80, full), (80, full)],
            ),
            ("what is neither slow nor fast stays", &[100, 140, 61], vec![(60, full); 3]),
            ("a slow line gets less", &[200, 200, 200], vec![(45, full), (30, full), (30, 1200)]),
            ("a very slow line at once", &[900, 900, 900], vec![(30, full), (30, half), (30, half)]),
            ("fast ones have to be in a row", &[5, 5, 100, 5, 5], vec![(60, full); 5]),
            (
                "what was too much is tried later",
                &[5, 5, 5, 200, 5, 5, 5, 5, 5, 5],
                [vec![(60, full); 2], vec![(70, full)], vec![(60, full); 6], vec![(70, full)]].concat(),
            ),
        ];
        for (name, took, expected) in cases {
            assert_eq!(after(&mut Pace::default(), took), expected, "{name}");
        }
    }

    #[test]
    fn a_line_that_cannot_carry_more_is_rarely_asked_again() {
        let mut pace = Pace::default();
        let mut changes = 0;
        // One level up is always too much.
        for _ in 0..1000 {
            let took = if pace.level < 2 { 200 } else { 5 };
            changes += u32::from(pace.arrived(Duration::from_millis(took)).is_some());
        }
        assert!(changes < 50, "{changes}");
    }
}
