//! Over-dispersion: the variation between units that chance does not explain, and each unit's distance from the target.
//!
//! Values are compared on the scales of [`crate::statistics::transform`]; a mean stays in its unit. On such a scale the additive model
//! of random effects holds: a unit's variance is its variance by chance plus tau^2, which is equal for all units.
//!
//! Source: Spiegelhalter 2005, Qual Saf Health Care 14:347, "Handling over-dispersion of performance indicators" (winsorised z,
//! phi, the method of moments for tau^2); DerSimonian and Laird 1986, Control Clin Trials 7:177 (the same estimator).

use crate::statistics::falling_root::falling_root;

/// Share of units at each end whose z is winsorised for phi, so that outliers do not inflate phi and hide themselves.
const WINSORISED: f64 = 0.1;

/// Bound of z for tau^2: the standard normal's 90th centile. For ordinary units it bounds a tenth at each end.
const Z_BOUND: f64 = 1.281_551_565_544_600_4;

/// Mean square of a standard normal under that bound: 0.8 - 2 a f(a) + 0.2 a^2, with a the bound and f the density there.
const BOUNDED_MEAN_SQUARE: f64 = 0.678_654_558_952_874_7;

/// A unit's deviation from the target, on the scale of its measure's kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deviation {
    /// Its value minus the target.
    pub distance: f64,
    /// Variance by chance alone, above 0.
    pub variance: f64,
}

impl Deviation {
    /// The distance in standard deviations of chance.
    #[must_use]
    pub fn z(self) -> f64 {
        self.distance / self.variance.sqrt()
    }

    /// The distance in standard deviations of chance and of the variation between units.
    #[must_use]
    pub fn z_adjusted(self, tau2: f64) -> f64 {
        self.distance / (self.variance + tau2).sqrt()
    }
}

/// The variation between units that chance does not explain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dispersion {
    /// Mean squared winsorised z: about 0.68 if chance explains everything.
    pub phi: f64,
    /// Variance between units; 0 if chance explains everything.
    pub tau2: f64,
}

impl Dispersion {
    /// The dispersion of these units around their target. `None` for fewer than two.
    #[must_use]
    pub fn of(units: &[Deviation]) -> Option<Dispersion> {
        if units.len() < 2 {
            return None;
        }
        let z: Vec<f64> = units.iter().map(|unit| unit.z()).collect();
        let (low, high) = winsorising_bounds(&z);
        let squares: f64 = z.iter().map(|z| z.clamp(low, high)).map(|z| z * z).sum();
        Some(Dispersion { phi: squares / units.len() as f64, tau2: between(units, Z_BOUND, BOUNDED_MEAN_SQUARE) })
    }
}

/// Variance between units: the tau^2 at which the adjusted z, each limited to `bound`, have the mean square of a standard normal under
/// that bound. 0 if their mean square is lower already without tau^2.
///
/// The method of moments with phi gives a much lower tau^2. In a network of units of different sizes, winsorising the largest z
/// winsorises the largest units, which show tau^2 best (docs/clinical/calibration.md).
///
/// Source: Paule and Mandel 1982, J Res Natl Bur Standards 87:377 (the equation); Huber 1964, Ann Math Stat 35:73, proposal 2 (the
/// bound).
fn between(units: &[Deviation], bound: f64, mean_square: f64) -> f64 {
    let wanted = mean_square * (units.len() as f64 - 1.0);
    let most = bound * bound;
    let square = |unit: &Deviation, tau2: f64| (unit.distance * unit.distance / (unit.variance + tau2)).min(most);
    let excess = |tau2: f64| units.iter().map(|unit| square(unit, tau2)).sum::<f64>() - wanted;
    let at_nothing = excess(0.0);
    if at_nothing <= 0.0 {
        return 0.0;
    }
    // At this tau^2 the sum is at most the wanted one, bounded or not.
    let high = units.iter().map(|unit| unit.distance * unit.distance).sum::<f64>() / wanted;
    falling_root(excess, (0.0, at_nothing), (high, excess(high)), 0.0)
}

/// The values at 10 % from either end, interpolated (R type 7).
fn winsorising_bounds(values: &[f64]) -> (f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    (quantile(&sorted, WINSORISED), quantile(&sorted, 1.0 - WINSORISED))
}

/// Quantile of sorted values, interpolated (R type 7); 0 without values.
fn quantile(sorted: &[f64], probability: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = last as f64 * probability;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the length")]
    let below = (place.floor() as usize).min(last);
    let upper = sorted[(below + 1).min(last)];
    sorted[below] + (place - below as f64) * (upper - sorted[below])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chance::scale::Scale;
    use crate::measure::measure_set::{Amount, Kind};
    use crate::measure::sample::sample;
    use crate::sums::measure_sums::MeasureSums;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{found} is not {expected}");
    }

    /// Tuberculosis after vaccination and without in the thirteen trials of Colditz et al. 1994, JAMA 271:698: cases and others.
    const BCG: [[f64; 4]; 13] = [
        [4.0, 119.0, 11.0, 128.0],
        [6.0, 300.0, 29.0, 274.0],
        [3.0, 228.0, 11.0, 209.0],
        [62.0, 13_536.0, 248.0, 12_619.0],
        [33.0, 5_036.0, 47.0, 5_761.0],
        [180.0, 1_361.0, 372.0, 1_079.0],
        [8.0, 2_537.0, 10.0, 619.0],
        [505.0, 87_886.0, 499.0, 87_892.0],
        [29.0, 7_470.0, 45.0, 7_232.0],
        [17.0, 1_699.0, 65.0, 1_600.0],
        [186.0, 50_448.0, 141.0, 27_197.0],
        [5.0, 2_493.0, 3.0, 2_338.0],
        [27.0, 16_886.0, 29.0, 17_825.0],
    ];

    #[test]
    fn tau2_of_the_bcg_trials_solves_the_equation_of_paule_and_mandel() {
        // Without a bound and with the mean moving with tau^2. crates/scorecard/reference/dispersion.py solves it in two other ways.
        // Q = 152.2330 with 12 degrees of freedom, as metafor prints it (Viechtbauer 2010, J Stat Softw 36(3)), confirms the data. The
        // script also has tau^2 by REML, 0.3132.
        let trial = |[a, b, c, d]: [f64; 4]| {
            let log_risk = libm::log((a / (a + b)) / (c / (c + d)));
            (log_risk, 1.0 / a - 1.0 / (a + b) + 1.0 / c - 1.0 / (c + d))
        };
        let trials: Vec<(f64, f64)> = BCG.into_iter().map(trial).collect();
        let around_the_mean = |tau2: f64| -> Vec<Deviation> {
            let weight: f64 = trials.iter().map(|(_, v)| 1.0 / (v + tau2)).sum();
            let mean = trials.iter().map(|(y, v)| y / (v + tau2)).sum::<f64>() / weight;
            trials.iter().map(|&(y, variance)| Deviation { distance: y - mean, variance }).collect()
        };
        let q: f64 = around_the_mean(0.0).iter().map(|u| u.z() * u.z()).sum();
        assert!((q - 152.2330).abs() < 0.00005, "{q}");
        let tau2 = (0..200).fold(0.0, |tau2, _| between(&around_the_mean(tau2), f64::INFINITY, 1.0));
        assert!((tau2 - 0.318_068_452_205).abs() < 1e-11, "{tau2}");
    }

    #[test]
    fn phi_and_tau2_of_twelve_proportions_are_the_reference_scripts() {
        // crates/scorecard/reference/dispersion.py
        let units = [
            (3, 60),
            (12, 80),
            (9, 100),
            (30, 120),
            (14, 140),
            (2, 160),
            (45, 180),
            (22, 200),
            (19, 95),
            (8, 110),
            (0, 40),
            (25, 50),
        ];
        let measure = sample(Kind::Proportion, Amount::Count, Amount::Count);
        let scale = Scale::new(&measure, 189.0 / 1335.0, None);
        let sums = |&(n, d): &(i64, i64)| MeasureSums { n, d, ..MeasureSums::default() };
        let deviations: Vec<Deviation> = units.iter().map(|unit| scale.deviation(&sums(unit)).unwrap()).collect();
        let found = Dispersion::of(&deviations).unwrap();
        near(found.phi, 8.282_115_559_123_119);
        near(found.tau2, 0.035_105_107_978_932_855);
        near(deviations[11].z(), 5.651_759_596_070_17);
        near(deviations[11].z_adjusted(found.tau2), 1.995_578_597_719_351);
        let upper = scale.ratio_at(3.090_232 * (deviations[11].variance + found.tau2).sqrt()).unwrap();
        near(upper, 0.712_262_077_658_685_2);
    }

    #[test]
    fn a_unit_without_events_has_a_deviation_and_a_network_without_events_has_none() {
        let measure = sample(Kind::Rate, Amount::Count, Amount::Count);
        let scale = Scale::new(&measure, 0.1, None);
        let none = scale.deviation(&MeasureSums { n: 0, d: 100, ..MeasureSums::default() }).unwrap();
        near(none.distance, -1.0);
        near(none.variance, 1.0 / 40.0);
        let nowhere = Scale::new(&measure, 0.0, None);
        assert_eq!(nowhere.deviation(&MeasureSums { n: 0, d: 100, ..MeasureSums::default() }), None);
        assert_eq!(Dispersion::of(&[none]), None);
    }

    #[test]
    fn groups_at_0_or_100_percent_are_not_dispersed() {
        let measure = sample(Kind::Proportion, Amount::Count, Amount::Count);
        for (target, share) in [(0.0, 0), (1.0, 1)] {
            let scale = Scale::new(&measure, target, None);
            let units: Vec<Deviation> =
                (20..45).map(|d| scale.deviation(&MeasureSums { n: share * d, d, ..MeasureSums::default() }).unwrap()).collect();
            assert_eq!(Dispersion::of(&units), Some(Dispersion { phi: 0.0, tau2: 0.0 }));
        }
    }

    proptest! {
        #[test]
        fn dispersion_is_never_negative_and_more_work_of_the_same_units_shows_more_of_it(
            units in proptest::collection::vec((1i64..50, 50i64..100), 20..60),
        ) {
            let measure = sample(Kind::Proportion, Amount::Count, Amount::Count);
            let total = |times: i64| {
                let (n, d) = units.iter().fold((0, 0), |(n, d), unit| (n + times * unit.0, d + times * unit.1));
                let scale = Scale::new(&measure, n as f64 / d as f64, None);
                let sums = |&(n, d): &(i64, i64)| MeasureSums { n: times * n, d: times * d, ..MeasureSums::default() };
                let deviations: Vec<Deviation> = units.iter().map(|u| scale.deviation(&sums(u)).expect("a spread")).collect();
                Dispersion::of(&deviations).expect("twenty units")
            };
            let (one, ten) = (total(1), total(10));
            prop_assert!(one.phi >= 0.0 && one.tau2 >= 0.0);
            prop_assert!((ten.phi - 10.0 * one.phi).abs() <= 1e-9 * ten.phi.max(1.0));
        }
    }
}
