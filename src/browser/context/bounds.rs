//! How much its pages may leave on the disk.

use super::super::sync::lock;
use super::BrowserContext;
use crate::artifacts::Bounds;

impl BrowserContext {
    /// From now on downloads and videos of its pages count here.
    pub fn keep_within(&self, bounds: Bounds) {
        *lock(&self.0.bounds) = bounds;
    }

    pub(in crate::browser) fn bounds(&self) -> Bounds {
        lock(&self.0.bounds).clone()
    }
}
