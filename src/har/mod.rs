//! What went over the network, as an HTTP archive (HAR 1.2) in Playwright's way: `recordHar`, `routeFromHAR` with `update`,
//! `tracing.startHar`. Traces use its entries too.

mod archive;
mod body;
mod cookie;
mod entry;
mod exchange;
mod recorder;
mod socket;

pub use archive::{Archive, HarError};
pub use body::{Content, extension};
pub use entry::{Begun, Facts, Keeper, Mode, entry};
pub use exchange::Exchange;
pub use recorder::{HarOptions, HarRecorder};

use std::time::{Duration, UNIX_EPOCH};

/// A time since 1970 as ISO 8601.
fn iso(ms: f64) -> String {
    let time = UNIX_EPOCH + Duration::from_secs_f64(ms.max(0.0) / 1000.0);
    humantime::format_rfc3339_millis(time).to_string()
}
