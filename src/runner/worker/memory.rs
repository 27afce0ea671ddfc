//! How much memory scripts use, for those that ask.

use rquickjs::Runtime;
use std::cell::Cell;

/// The engine cannot be asked while a script runs: who asks gets what was true when somebody asked last, and is the reason for the
/// next measurement. Nobody who does not ask pays for it.
#[derive(Default)]
pub(crate) struct Memory {
    last: Cell<(f64, f64)>,
    wanted: Cell<bool>,
}

impl Memory {
    /// Bytes of what scripts have, and of all that is allocated for it.
    pub(crate) fn last(&self) -> Vec<f64> {
        self.wanted.set(true);
        let (used, total) = self.last.get();
        vec![used, total]
    }

    /// Between two scripts.
    pub(crate) fn measure(&self, runtime: &Runtime) {
        if !self.wanted.take() {
            return;
        }
        runtime.run_gc();
        let usage = runtime.memory_usage();
        #[expect(clippy::cast_precision_loss, reason = "no machine has so much")]
        self.last.set((usage.memory_used_size as f64, usage.malloc_size as f64));
    }
}
