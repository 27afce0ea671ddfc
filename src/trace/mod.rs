//! Traces: what a test did and what the pages looked like meanwhile, as a file that Playwright's trace viewer opens
//! (`npx playwright show-trace trace.zip`, <https://trace.playwright.dev>). The format is that of version 10.
//!
//! [`event`] and [`tree`] are pure; [`chunk`] owns the files until they are packed; [`context`] watches a browser context.

mod call;
pub mod chunk;
pub mod context;
pub mod event;
mod network;
mod snapshot;
pub mod tree;

pub use chunk::{Chunk, TraceError, hex};
pub use context::{ContextTrace, TraceOptions};
pub use event::Event;

use std::time::{SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// What the times of a trace count from.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    wall: f64,
    begun: Instant,
}

impl Clock {
    /// From now on.
    pub fn start() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1000.0;
        Self { wall, begun: Instant::now() }
    }

    /// Milliseconds since it was started.
    pub fn now(&self) -> f64 {
        (self.begun.elapsed().as_secs_f64() * 1_000_000.0).round() / 1000.0
    }

    /// Milliseconds since 1970.
    pub fn wall(&self) -> f64 {
        (self.wall + self.now()).round()
    }
}
