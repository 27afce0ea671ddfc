//! Whether a Chromium answers, how large it is, and what became of its pages that were too large.

use super::super::launch::{Group, Memory, Process};
use super::super::sync::lock;
use super::Browser;
use crate::artifacts::words;
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::time::timeout;

/// A crash so soon after a renderer was ended is that one's.
const SOON: Duration = Duration::from_secs(5);

/// What is known of it.
#[derive(Default)]
pub(super) struct Health {
    /// When a renderer was ended last, and why.
    ended: Mutex<Option<(Instant, Arc<str>)>>,
}

impl Browser {
    /// Whether it answers within `patience`.
    pub(in crate::browser) async fn answers(&self, patience: Duration) -> bool {
        timeout(patience, self.root().request("Browser.getVersion", &json!({})).raw()).await.is_ok_and(|it| it.is_ok())
    }

    /// Whether somebody has a context of it.
    pub(in crate::browser) fn is_used(&self) -> bool {
        self.idle_for().is_zero()
    }

    /// How many contexts it has, one that is kept ready included.
    pub(in crate::browser) fn contexts(&self) -> usize {
        lock(&self.0.state).contexts.len()
    }

    /// Says when there is a page or a context more.
    pub(in crate::browser) fn changes(&self) -> watch::Receiver<()> {
        self.0.changed.subscribe()
    }

    /// Ends it without a word: all that waits fails at once, its process is seen to.
    pub(in crate::browser) fn kill(&self) {
        self.connection().close();
    }

    /// What it has in memory; none where that cannot be known, or it is somebody else's.
    pub(in crate::browser) async fn memory(&self) -> Option<Memory> {
        let group = self.group()?;
        tokio::task::spawn_blocking(move || group.memory()).await.ok().flatten()
    }

    /// It has more than `most`: its greediest renderer is ended.
    pub(in crate::browser) fn shed(&self, memory: Memory, most: u64) {
        let Some(((process, bytes), group)) = memory.greediest.zip(self.group()) else { return };
        let (all, most, bytes) = (words(memory.bytes), words(most), words(bytes));
        tracing::warn!(
            "Chromium uses {all} of memory, at most {most} are allowed: the page that uses {bytes} is ended"
        );
        let why = format!("it used {bytes} of memory, and Chromium in all {all} of at most {most}");
        *lock(&self.0.health.ended) = Some((Instant::now(), why.into()));
        group.end(process);
    }

    /// Ends it for this reason, which its pages say.
    pub(in crate::browser) fn end_because(&self, why: &str) {
        tracing::warn!("a Chromium is ended: {why}");
        *lock(&self.0.health.ended) = Some((Instant::now(), why.into()));
        let pages: Vec<_> = lock(&self.0.state).pages.values().cloned().collect();
        for page in pages {
            page.has_crashed();
        }
        self.kill();
    }

    /// Why a page crashes at this moment, if we know.
    pub(in crate::browser) fn why_crashed(&self) -> Option<Arc<str>> {
        let ended = lock(&self.0.health.ended);
        ended.as_ref().filter(|(when, _)| when.elapsed() < SOON).map(|(_, why)| Arc::clone(why))
    }

    fn group(&self) -> Option<Group> {
        self.0.process.as_ref().and_then(Process::group)
    }
}
