//! Measuring two things side by side.

use std::fmt;

/// Times of two that do the same, in milliseconds, taken in turn: who goes first changes, so that neither has the warmer machine.
pub(crate) struct Pairs {
    ours: Vec<f64>,
    theirs: Vec<f64>,
}

impl Pairs {
    /// Takes `count` pairs after one that is thrown away.
    pub(crate) fn measure(count: usize, ours: impl Fn() -> f64, theirs: impl Fn() -> f64) -> Self {
        ours();
        theirs();
        let mut pairs = Self { ours: Vec::new(), theirs: Vec::new() };
        for round in 0..count {
            if round % 2 == 0 {
                pairs.ours.push(ours());
            }
            pairs.theirs.push(theirs());
            if round % 2 == 1 {
                pairs.ours.push(ours());
            }
        }
        pairs
    }
}

impl fmt::Display for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ratios: Vec<f64> = self.ours.iter().zip(&self.theirs).map(|(ours, theirs)| ours / theirs).collect();
        write!(
            f,
            "understudy {}, official {}, ratio {} ({} pairs)",
            Spread(&self.ours, 0),
            Spread(&self.theirs, 0),
            Spread(&ratios, 2),
            ratios.len()
        )
    }
}

/// The median, and in brackets the least and the greatest; with so many decimals.
pub(crate) struct Spread<'a>(pub(crate) &'a [f64], pub(crate) usize);

impl fmt::Display for Spread<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(values, decimals) = *self;
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (least, greatest) = (sorted[0], sorted[sorted.len() - 1]);
        write!(f, "{:.decimals$} [{least:.decimals$}–{greatest:.decimals$}]", sorted[sorted.len() / 2])
    }
}
