//! Seeded draws. The same seed gives the same draws on every machine, so this file uses no mathematics library of the platform.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

/// A source of draws.
#[derive(Clone, Debug)]
pub(crate) struct Draw(Pcg64);

impl Draw {
    /// The draws of this seed; `purpose` separates the draws of different uses of one seed.
    pub(crate) fn seeded(seed: u64, purpose: u64) -> Draw {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&purpose.to_le_bytes());
        bytes[16] = 1;
        Draw(Pcg64::from_seed(bytes))
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.0.random::<f64>() < probability
    }

    /// A whole number from `low` to `high`, both included; `low` when the range is empty.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        if low >= high { low } else { self.0.random_range(low..=high) }
    }

    /// An index of a list of this length; 0 for an empty list.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        if length == 0 { 0 } else { self.0.random_range(0..length) }
    }

    /// One of these.
    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.index(of.len())]
    }

    /// One of these, in proportion to its weight.
    pub(crate) fn weighted<'a, T>(&mut self, of: &'a [(T, u32)]) -> &'a T {
        let total: u32 = of.iter().map(|(_, weight)| weight).sum();
        let mut left = self.0.random_range(0..total.max(1));
        for (value, weight) in of {
            if left < *weight {
                return value;
            }
            left -= weight;
        }
        &of[of.len() - 1].0
    }

    /// Nearly a standard normal draw: the sum of twelve uniform draws minus six, so never beyond six.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.0.random::<f64>()).sum::<f64>() - 6.0
    }

    /// A positive value around a mean with this coefficient of variation, at least a tenth of the mean and at most 1.9 times the
    /// mean.
    pub(crate) fn around(&mut self, mean: f64, variation: f64) -> f64 {
        (mean * (1.0 + variation * self.normal())).clamp(mean * 0.1, mean * 1.9)
    }

    /// The number of rare events, when `mean` are expected.
    pub(crate) fn count(&mut self, mean: f64) -> u32 {
        let mut trials = 0_u32;
        while f64::from(trials) < mean * 4.0 {
            trials += 4;
        }
        let probability = mean / f64::from(trials.max(1));
        (0..trials).map(|_| u32::from(self.chance(probability))).sum()
    }
}
