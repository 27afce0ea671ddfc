//! How far an execution is: steps that have ended of those it has, as counted before it ran and corrected while it runs.

use crate::model::{SessionStep, StepState};
use std::time::{Duration, SystemTime};

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress {
    planned: Option<u32>,
    begun: u32,
    ended: u32,
    /// It never falls.
    told: f64,
    since: Option<SystemTime>,
}

impl Progress {
    /// So many steps were counted.
    pub(super) fn planned(&mut self, steps: u32, now: SystemTime) {
        self.planned = Some(steps);
        self.since.get_or_insert(now);
    }

    pub(super) fn stepped(&mut self, step: &SessionStep, now: SystemTime) {
        self.since.get_or_insert(now);
        match step.state {
            StepState::Running => self.begun = self.begun.max(step.number),
            StepState::Passed | StepState::Failed => {
                self.begun = self.begun.max(step.number);
                self.ended = self.ended.saturating_add(1);
            }
        }
    }

    /// Steps that have ended.
    pub(super) fn ended(&self) -> u32 {
        self.ended
    }

    /// How many steps there are, as far as is known.
    pub(super) fn total(&self) -> Option<u32> {
        self.planned.map(|planned| planned.max(self.begun))
    }

    /// 0 to 99: 100 is the end, and nobody knows before that it is there.
    pub(super) fn percent(&mut self) -> f64 {
        let total = self.total().unwrap_or(self.ended.saturating_add(1)).max(1);
        let part = (100.0 * f64::from(self.ended) / f64::from(total)).floor().min(99.0);
        self.told = self.told.max(part);
        self.told
    }

    /// What the rest takes if it takes as long as what was.
    pub(super) fn remaining(&self, now: SystemTime) -> Option<Duration> {
        let (total, since) = (self.total()?, self.since?);
        let spent = now.duration_since(since).ok()?;
        (self.ended > 0).then(|| spent.mul_f64(f64::from(total.saturating_sub(self.ended)) / f64::from(self.ended)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn step(number: u32, state: StepState) -> SessionStep {
        SessionStep {
            number,
            state,
            action: Value::Null,
            explanation: String::new(),
            location: None,
            duration_ms: None,
            error: None,
        }
    }

    #[test]
    fn it_never_falls_and_the_end_is_not_guessed() {
        let (mut progress, start) = (Progress::default(), SystemTime::UNIX_EPOCH);
        let at = |seconds| start + Duration::from_secs(seconds);
        progress.planned(4, start);
        assert_eq!((progress.percent(), progress.remaining(start)), (0.0, None));
        let mut told = Vec::new();
        // A loop makes six of the four.
        for n in 1..=6 {
            progress.stepped(&step(n, StepState::Running), at(u64::from(n) * 2));
            progress.stepped(&step(n, StepState::Passed), at(u64::from(n) * 2));
            told.push((progress.percent(), progress.total(), progress.remaining(at(u64::from(n) * 2))));
        }
        let left = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(
            told,
            [
                (25.0, Some(4), left(6)),
                (50.0, Some(4), left(4)),
                (75.0, Some(4), left(2)),
                (99.0, Some(4), left(0)),
                (99.0, Some(5), left(0)),
                (99.0, Some(6), left(0)),
            ]
        );
    }

    #[test]
    fn without_a_plan_it_grows_with_each_step() {
        let mut progress = Progress::default();
        let now = SystemTime::UNIX_EPOCH;
        let mut told = Vec::new();
        for n in 1..=3 {
            progress.stepped(&step(n, StepState::Failed), now);
            told.push(progress.percent());
        }
        assert_eq!(
            (told.as_slice(), progress.total(), progress.remaining(now)),
            ([50.0, 66.0, 75.0].as_slice(), None, None)
        );
    }
}
