//! How a playback goes on: begin, rest, go on, one step, elsewhere, end. Pure: what it wants done is done elsewhere, and comes back as what became of it.

use crate::model::live::PlaybackNews;

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Want {
    /// This step, from 1.
    Perform(u32),
    /// The step that runs is of no interest any more.
    Abandon,
    /// Somebody wants to know this.
    Tell(PlaybackNews),
}

/// Why something cannot be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("nothing is played: start a playback first")]
    Nothing,
    #[error("the playback has {0} steps: seek a step from 1 to {0}, or {next} for the end", next = .0 + 1)]
    NoSuchStep(u32),
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Player {
    total: u32,
    /// The step that comes next, or runs; from 1.
    next: u32,
    running: bool,
    mode: Mode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Playing,
    /// One step, then rest.
    Stepping,
    Resting,
    /// On the way to this step; and whether it goes on from there.
    Seeking(u32, bool),
    Over,
}

impl Player {
    /// One of so many steps that begins; it may rest before the first one.
    pub(super) fn start(total: u32, paused: bool) -> (Self, Vec<Want>) {
        let mode = if paused { Mode::Resting } else { Mode::Playing };
        let mut player = Self { total, next: 1, running: false, mode };
        let mut wants = vec![Want::Tell(PlaybackNews::Started { steps: total })];
        if paused && total > 0 {
            wants.push(Want::Tell(PlaybackNews::Paused { next: 1 }));
        } else {
            player.go_on(&mut wants);
        }
        (player, wants)
    }

    /// Whether nothing more comes of it.
    pub(super) fn is_over(&self) -> bool {
        self.mode == Mode::Over
    }

    pub(super) fn pause(&mut self) -> Result<Vec<Want>, Refused> {
        match self.mode {
            Mode::Over => return Err(Refused::Nothing),
            // It rests when the step has ended.
            Mode::Playing | Mode::Stepping => self.mode = Mode::Resting,
            Mode::Seeking(to, _) => self.mode = Mode::Seeking(to, false),
            Mode::Resting => {}
        }
        Ok(Vec::new())
    }

    pub(super) fn resume(&mut self) -> Result<Vec<Want>, Refused> {
        let mut wants = Vec::new();
        match self.mode {
            Mode::Over => return Err(Refused::Nothing),
            Mode::Playing => {}
            Mode::Seeking(to, _) => self.mode = Mode::Seeking(to, true),
            Mode::Stepping | Mode::Resting => {
                self.mode = Mode::Playing;
                wants.push(Want::Tell(PlaybackNews::Resumed));
                if !self.running {
                    self.go_on(&mut wants);
                }
            }
        }
        Ok(wants)
    }

    pub(super) fn step(&mut self) -> Result<Vec<Want>, Refused> {
        let mut wants = Vec::new();
        match self.mode {
            Mode::Over => return Err(Refused::Nothing),
            // The one that runs is the one.
            Mode::Playing | Mode::Stepping => self.mode = Mode::Stepping,
            Mode::Seeking(to, _) => self.mode = Mode::Seeking(to, false),
            Mode::Resting => {
                self.mode = Mode::Stepping;
                if !self.running {
                    self.go_on(&mut wants);
                }
            }
        }
        Ok(wants)
    }

    pub(super) fn stop(&mut self) -> Result<Vec<Want>, Refused> {
        if self.mode == Mode::Over {
            return Err(Refused::Nothing);
        }
        let mut wants = Vec::new();
        if std::mem::take(&mut self.running) {
            wants.push(Want::Abandon);
        }
        self.end(&mut wants);
        Ok(wants)
    }

    /// The page is to be as it was before the step `to`: on the way there the steps between are played, and where it lies behind, all
    /// of them from the first one on.
    pub(super) fn seek(&mut self, to: u32) -> Result<Vec<Want>, Refused> {
        if self.mode == Mode::Over {
            return Err(Refused::Nothing);
        }
        if !(1..=self.total + 1).contains(&to) {
            return Err(Refused::NoSuchStep(self.total));
        }
        let then_plays = matches!(self.mode, Mode::Playing | Mode::Seeking(_, true));
        let mut wants = Vec::new();
        if to < self.next || (to == self.next && self.running) {
            if std::mem::take(&mut self.running) {
                wants.push(Want::Abandon);
            }
            self.next = 1;
        }
        self.mode = Mode::Seeking(to, then_plays);
        if !self.running {
            self.go_on(&mut wants);
        }
        Ok(wants)
    }

    /// The step that ran has ended, well or not.
    pub(super) fn ended(&mut self, well: bool) -> Vec<Want> {
        let mut wants = Vec::new();
        if !std::mem::take(&mut self.running) {
            return wants;
        }
        match (self.mode, well) {
            (Mode::Over, _) => {}
            (Mode::Playing, false) => self.end(&mut wants),
            // Whoever looks at every step may mend the page and try it again.
            (Mode::Stepping | Mode::Resting | Mode::Seeking(..), false) => self.rest(&mut wants),
            (_, true) => {
                self.next += 1;
                match self.mode {
                    Mode::Stepping | Mode::Resting if self.next <= self.total => self.rest(&mut wants),
                    _ => self.go_on(&mut wants),
                }
            }
        }
        wants
    }

    fn go_on(&mut self, wants: &mut Vec<Want>) {
        if let Mode::Seeking(to, then_plays) = self.mode
            && to == self.next
        {
            wants.push(Want::Tell(PlaybackNews::Sought { next: to }));
            if !then_plays {
                self.mode = Mode::Resting;
                return;
            }
            self.mode = Mode::Playing;
        }
        if self.next > self.total {
            return self.end(wants);
        }
        self.running = true;
        wants.push(Want::Perform(self.next));
    }

    fn rest(&mut self, wants: &mut Vec<Want>) {
        self.mode = Mode::Resting;
        wants.push(Want::Tell(PlaybackNews::Paused { next: self.next }));
    }

    fn end(&mut self, wants: &mut Vec<Want>) {
        self.mode = Mode::Over;
        wants.push(Want::Tell(PlaybackNews::Stopped));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said to a player, and what it answers: `start 3`, `3!` a step that failed, `.` one that ended well.
    fn story(words: &str) -> String {
        let mut player = None::<Player>;
        let mut told = Vec::new();
        for word in words.split(' ') {
            let wants = match (&mut player, word) {
                (None, total) => {
                    let (paused, total) = total.strip_suffix('p').map_or((false, total), |total| (true, total));
                    let (begun, wants) = Player::start(total.parse().unwrap(), paused);
                    player = Some(begun);
                    Ok(wants)
                }
                (Some(player), "pause") => player.pause(),
                (Some(player), "resume") => player.resume(),
                (Some(player), "step") => player.step(),
                (Some(player), "stop") => player.stop(),
                (Some(player), ".") => Ok(player.ended(true)),
                (Some(player), "!") => Ok(player.ended(false)),
                (Some(player), seek) => player.seek(seek.parse().unwrap()),
            };
            match wants {
                Ok(wants) => told.extend(wants.iter().map(brief)),
                Err(refused) => told.push(format!("({refused})")),
            }
        }
        told.join(" ")
    }

    fn brief(want: &Want) -> String {
        match want {
            Want::Perform(step) => step.to_string(),
            Want::Abandon => "abandon".to_owned(),
            Want::Tell(PlaybackNews::Started { steps }) => format!("started/{steps}"),
            Want::Tell(PlaybackNews::Paused { next }) => format!("paused@{next}"),
            Want::Tell(PlaybackNews::Resumed) => "resumed".to_owned(),
            Want::Tell(PlaybackNews::Sought { next }) => format!("sought@{next}"),
            Want::Tell(PlaybackNews::Stopped) => "stopped".to_owned(),
            Want::Tell(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn stories_of_playbacks() {
        for (name, words, expected) in [
            ("from begin to end", "2 . .", "started/2 1 2 stopped"),
            ("nothing to play", "0", "started/0 stopped"),
            ("nothing to rest before", "0p", "started/0 stopped"),
            ("a step fails", "2 !", "started/2 1 stopped"),
            ("rests when the step has ended", "3 pause . resume . .", "started/3 1 paused@2 resumed 2 3 stopped"),
            ("a pause that is taken back", "2 pause resume . .", "started/2 1 resumed 2 stopped"),
            ("the last step ends it, also of one that rests", "1 pause .", "started/1 1 stopped"),
            ("step by step", "2p step . step .", "started/2 paused@1 1 paused@2 2 stopped"),
            ("one step of one that plays", "3 step . resume .", "started/3 1 paused@2 resumed 2 3"),
            (
                "a step that failed is tried again",
                "2p step ! step . step .",
                "started/2 paused@1 1 paused@1 1 paused@2 2 stopped",
            ),
            ("stopped while a step runs", "2 stop .", "started/2 1 abandon stopped"),
            ("stopped while it rests", "2p stop", "started/2 paused@1 stopped"),
            ("forwards, resting", "4p 3 . . step .", "started/4 paused@1 1 2 sought@3 3 paused@4"),
            ("forwards, playing", "4 3 . . .", "started/4 1 2 sought@3 3 4"),
            ("to where it is", "2p 1 step", "started/2 paused@1 sought@1 1"),
            ("back: all anew", "3 . . 2 . .", "started/3 1 2 3 abandon 1 sought@2 2 3"),
            ("back while it rests", "3p step . step . 2 . .", "started/3 paused@1 1 paused@2 2 paused@3 1 sought@2"),
            ("before the step that runs", "3 . 2 . .", "started/3 1 2 abandon 1 sought@2 2 3"),
            ("to the end", "2p 3 . . step", "started/2 paused@1 1 2 sought@3 stopped"),
            ("a step on the way fails", "3p 3 . !", "started/3 paused@1 1 2 paused@2"),
            ("another goal on the way", "5p 5 . 3 . pause . step", "started/5 paused@1 1 2 sought@3 3"),
            ("it goes on from there", "3p 2 resume . . .", "started/3 paused@1 1 sought@2 2 3 stopped"),
            (
                "no such step",
                "2p 0 4",
                "started/2 paused@1 (the playback has 2 steps: seek a step from 1 to 2, or 3 for the end) \
                 (the playback has 2 steps: seek a step from 1 to 2, or 3 for the end)",
            ),
        ] {
            assert_eq!(story(words), expected, "{name}");
        }
    }

    #[test]
    fn what_is_over_stays_so() {
        let (mut player, _) = Player::start(1, false);
        player.ended(true);
        assert!(player.is_over());
        let refused = Err(Refused::Nothing);
        assert_eq!(
            (player.pause(), player.resume(), player.step()),
            (refused.clone(), refused.clone(), refused.clone())
        );
        assert_eq!((player.stop(), player.seek(1)), (refused.clone(), refused));
        assert_eq!(player.ended(true), []);
    }
}
