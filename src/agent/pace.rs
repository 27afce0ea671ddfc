//! How much of what comes from both sides is worked through in one turn.

use super::daemon::{AHEAD, Daemon, Ending, Happening};
use super::link::Change;

/// What may wait for a server that is there, bytes: a quarter of what may wait for one that is away.
const BACKLOG_BYTES: usize = 16 << 20;

impl Daemon {
    /// What has been said by now, by the server and by sessions, is kept at once: writing one event to the disk, or that it has arrived,
    /// takes as long as writing many.
    pub(super) fn catch_up(&mut self) {
        for _ in 0..AHEAD {
            let Some(incoming) = self.link.more() else { break };
            self.handle(Happening::Link(Change::Incoming(incoming)));
        }
        for _ in 0..AHEAD {
            if !self.listens() {
                break;
            }
            let Ok(told) = self.told.try_recv() else { break };
            self.handle(Happening::Told(told));
        }
    }

    /// Sessions that say more than the server takes wait for it as long as it takes anything: nothing has to be left out then.
    pub(super) fn listens(&self) -> bool {
        self.ending != Ending::No || self.outbox.load().1 < BACKLOG_BYTES || !self.link.is_lively()
    }
}
