//! What agents do at different moments, so that those that lost the same server do not come back as one.

use std::hash::{BuildHasher, RandomState};

/// Even in 0..1. Not for secrets.
pub(super) fn chance() -> f64 {
    let random = RandomState::new().hash_one(std::thread::current().id());
    (random >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_spread() {
        let draws: Vec<f64> = (0..1000).map(|_| chance()).collect();
        assert!(draws.iter().all(|draw| (0.0..1.0).contains(draw)));
        let mean = draws.iter().sum::<f64>() / 1000.0;
        assert!((0.4..0.6).contains(&mean), "{mean}");
    }
}
