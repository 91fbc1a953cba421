//! The design effect from signed sums: how far the facts of one patient are alike, without any patient stored.
//!
//! Each patient has four fixed signs. A row holds, for each sign, the sum of the signs times the amounts of its facts. Their squares
//! have the expectation of the sum over patients of squared patient totals.
//!
//! Source: Alon, Matias and Szegedy 1999, J Comput Syst Sci 58:137 (the second moment from four-wise independent signs).

use crate::measure::kind::kinds::Kind;
use crate::verdict::constants::SIGNS_MEDIAN;
use crate::verdict::median::median;
use crate::verdict::unit_sums::UnitSums;

/// Number of signs of a patient.
pub const SIGNS: usize = 4;

/// Least events of a unit whose dispersion counts for the network's median.
pub(crate) const LEAST_EVENTS_OF_MEDIAN: i64 = 5;

/// Least number of such units.
const LEAST_UNITS: usize = 10;

/// Times the network's median up to which a unit's dispersion counts: beyond, it is of another kind.
const MOST_TIMES_MEDIAN: f64 = 10.0;

/// The sums of one unit with its signed sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitSigns {
    /// Sums without signs.
    pub sums: UnitSums,
    /// Signed sums of the numerator, A of each sign.
    pub numerator: [i128; SIGNS],
    /// Signed sums of the denominator, B of each sign.
    pub denominator: [i128; SIGNS],
}

/// Dispersion of a network's units by their signed sums.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignDispersion {
    /// Mean dispersion of the units that count, not clamped. 1 if facts of a patient are independent.
    pub phi: f64,
    /// Median dispersion of units with at least 5 events, over the median of chi-square.
    pub median: f64,
    /// Units that count for the mean.
    pub units: usize,
}

impl SignDispersion {
    /// The dispersion of these units. `None` for fewer than ten units with at least 5 events.
    #[must_use]
    pub fn of(kind: Kind, units: &[UnitSigns]) -> Option<SignDispersion> {
        let dispersions: Vec<(i64, f64)> =
            units.iter().filter_map(|unit| Some((unit.sums.facts_n, dispersion(kind, unit)?))).collect();
        let large = dispersions.iter().filter(|(events, _)| *events >= LEAST_EVENTS_OF_MEDIAN);
        let mut large: Vec<f64> = large.map(|(_, dispersion)| *dispersion).collect();
        if large.len() < LEAST_UNITS {
            return None;
        }
        let median = median(&mut large)? / SIGNS_MEDIAN;
        let most = MOST_TIMES_MEDIAN * median.max(1.0);
        let usual: Vec<f64> = dispersions.into_iter().map(|(_, dispersion)| dispersion).filter(|one| *one <= most).collect();
        Some(SignDispersion { phi: usual.iter().sum::<f64>() / usual.len() as f64, median, units: usual.len() })
    }
}

/// Mean over the signs of (A - r B)^2, over the variance of independent facts; 1 on average if facts of a patient are independent.
/// `None` if that variance is 0.
#[must_use]
pub fn dispersion(kind: Kind, unit: &UnitSigns) -> Option<f64> {
    let sums = &unit.sums;
    let variance = if sums.d > 0 { independent_variance(kind, sums) } else { 0.0 };
    let ratio = sums.n as f64 / sums.d as f64;
    let square = |(a, b): (&i128, &i128)| {
        let difference = *a as f64 - ratio * *b as f64;
        difference * difference
    };
    let squares: f64 = unit.numerator.iter().zip(&unit.denominator).map(square).sum();
    (variance > 0.0).then(|| squares / SIGNS as f64 / variance)
}

/// Variance of the numerator if all facts were of different patients. `sums.d` is above 0.
fn independent_variance(kind: Kind, sums: &UnitSums) -> f64 {
    let (n, d) = (sums.n as f64, sums.d as f64);
    let ratio = n / d;
    match kind {
        Kind::Proportion => n * (1.0 - ratio),
        Kind::Rate => n,
        Kind::Share => ratio * (1.0 - ratio) * sums.d_squares as f64,
        Kind::Amount => sums.n_squares as f64,
        Kind::Mean => sums.squared_differences(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sums of three patients with these facts in numerator and denominator, and these signs.
    fn signed(patients: [(i64, i64); 3], signs: [[i128; 3]; SIGNS]) -> UnitSigns {
        let total = |side: fn(&(i64, i64)) -> i64| patients.iter().map(side).sum();
        let by_sign =
            |side: fn(&(i64, i64)) -> i64| signs.map(|row| row.iter().zip(&patients).map(|(s, p)| s * i128::from(side(p))).sum());
        UnitSigns {
            sums: UnitSums::counted(total(|p| p.0), total(|p| p.1)),
            numerator: by_sign(|p| p.0),
            denominator: by_sign(|p| p.1),
        }
    }

    #[test]
    fn over_all_signs_the_dispersion_is_that_of_patients_known_by_name() {
        let patients = [(4, 4), (0, 3), (1, 5)];
        let sign = |pattern: i128, patient: u32| if (pattern >> patient) & 1 == 0 { 1 } else { -1 };
        let rows = |patterns: [i128; 4]| patterns.map(|pattern| [0, 1, 2].map(|patient| sign(pattern, patient)));
        let of = |patterns| dispersion(Kind::Proportion, &signed(patients, rows(patterns))).unwrap();
        // r = 5 / 12: (4 - 4r)^2 + (3r)^2 + (1 - 5r)^2 over 12 r (1 - r).
        let r: f64 = 5.0 / 12.0;
        let by_name = ((4.0 - 4.0 * r).powi(2) + (3.0 * r).powi(2) + (1.0 - 5.0 * r).powi(2)) / (12.0 * r * (1.0 - r));
        assert!((f64::midpoint(of([0, 1, 2, 3]), of([4, 5, 6, 7])) / by_name - 1.0).abs() < 1e-14);
    }

    #[test]
    fn nothing_and_everything_have_no_dispersion() {
        let signs = [[1, 1, -1]; SIGNS];
        assert_eq!(dispersion(Kind::Proportion, &signed([(0, 4), (0, 3), (0, 5)], signs)), None);
        assert_eq!(dispersion(Kind::Proportion, &signed([(4, 4), (3, 3), (5, 5)], signs)), None);
        assert_eq!(dispersion(Kind::Rate, &signed([(0, 0); 3], signs)), None);
        assert_eq!(SignDispersion::of(Kind::Rate, &[signed([(9, 9); 3], signs); 9]), None);
    }

    proptest! {
        #[test]
        fn turning_a_sign_of_all_patients_changes_nothing(n in proptest::array::uniform3(0i64..9), which in 0usize..SIGNS) {
            let patients = n.map(|n| (n, 9));
            let signs = [[1, -1, 1], [1, 1, 1], [-1, -1, 1], [1, -1, -1]];
            let mut turned = signs;
            turned[which] = turned[which].map(|sign| -sign);
            prop_assert_eq!(dispersion(Kind::Rate, &signed(patients, signs)), dispersion(Kind::Rate, &signed(patients, turned)));
        }
    }
}
