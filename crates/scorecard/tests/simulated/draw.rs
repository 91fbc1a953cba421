//! Draws with a seed: SplitMix64 (Steele, Lea and Flood 2014). They only have to be reproducible.
#![allow(dead_code, reason = "each test binary uses a part of it")]

/// A source of draws.
#[derive(Clone, Debug)]
pub struct Draw(pub u64);

impl Draw {
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Above 0, up to 1.
    pub fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) + 1) as f64 / (1u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Uniform on the scale of logarithms.
    pub fn log_between(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }

    pub fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// A factor around 1 with this coefficient of variation, log-normal with the median 1.
    pub fn factor(&mut self, variation: f64) -> f64 {
        (self.normal() * variation.powi(2).ln_1p().sqrt()).exp()
    }

    /// A Poisson count: arrivals one after the other, or the nearest normal count from 200 on.
    pub fn poisson(&mut self, mean: f64) -> i64 {
        if mean > 200.0 {
            return whole(mean + mean.sqrt() * self.normal());
        }
        let (mut count, mut time) = (0, -self.uniform().ln());
        while time < mean {
            count += 1;
            time -= self.uniform().ln();
        }
        count
    }

    /// A binomial count: trial by trial, or the nearest normal count where both sides expect 100 or more.
    pub fn binomial(&mut self, trials: i64, chance: f64) -> i64 {
        let expected = trials as f64 * chance;
        if expected.min(trials as f64 - expected) > 100.0 {
            return whole(expected + (expected * (1.0 - chance)).sqrt() * self.normal()).min(trials);
        }
        i64::try_from((0..trials).filter(|_| self.happens(chance)).count()).expect("few")
    }

    pub fn happens(&mut self, chance: f64) -> bool {
        self.uniform() <= chance
    }

    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.bits() % choices.len() as u64).expect("a small number")]
    }
}

/// The nearest whole number, not below 0.
#[expect(clippy::cast_possible_truncation, reason = "counts of a simulation are small")]
pub fn whole(value: f64) -> i64 {
    value.round().max(0.0) as i64
}
