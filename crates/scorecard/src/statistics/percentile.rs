//! Ranks, percentiles and quantiles of ratios as pairs of integers: (numerator, denominator) with a denominator above 0.
//!
//! Integer cross-multiplication decides ties, so that equal ratios are equal whatever their size.
//!
//! Source: ebmdatalab/openprescribing (MIT), `matrixstore`: percentile = 100 x (lowest rank - 1) / (N - 1), deciles by linear
//! interpolation (R type 7).

use std::cmp::Ordering;

use crate::sums::ratio::{Ratio, by_value, in_order};

/// The indexes of these ratios in ascending order of value, ties by denominator, then by index.
///
/// Sorts by quotients, then compares exactly where quotients are so close that rounding could have changed the order.
#[must_use]
pub fn rank(ratios: impl ExactSizeIterator<Item = Ratio> + Clone) -> Vec<u32> {
    // Three roundings, each of half a unit in the last place, shift two neighbours by at most this.
    const DOUBTFUL: u64 = 8;
    let mut quotients: Vec<(u64, u32)> = ratios.clone().map(ordered_quotient).zip(0..).collect();
    quotients.sort_unstable_by_key(|(quotient, _)| *quotient);
    let exact: Vec<Ratio> = ratios.collect();
    let mut places: Vec<u32> = quotients.iter().map(|(_, place)| *place).collect();
    let mut begin = 0;
    for end in 1..=places.len() {
        if end == places.len() || quotients[end].0 - quotients[end - 1].0 > DOUBTFUL {
            let compared = |a: &u32, b: &u32| in_order(exact[*a as usize], exact[*b as usize]).then(a.cmp(b));
            places[begin..end].sort_unstable_by(compared);
            begin = end;
        }
    }
    places
}

/// The quotient as bits in the same order.
fn ordered_quotient((n, d): Ratio) -> u64 {
    const SIGN: u64 = 1 << 63;
    let bits = (n as f64 / d as f64).to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

/// Number of ratios, in ascending order of value, with a strictly lower value than `own`.
#[must_use]
pub fn less_than(sorted: &[Ratio], own: Ratio) -> usize {
    sorted.partition_point(|&other| by_value(other, own) == Ordering::Less)
}

/// Percentile of `own` among these ratios in ascending order of value, from 0 to 100: 100 x (strictly lower) / (size - 1). Ties share
/// the lowest rank. `own` may be missing from frozen peers, hence the cap at 100. `None` for fewer than two ratios.
#[must_use]
pub fn percentile(sorted: &[Ratio], own: Ratio) -> Option<f64> {
    let others = sorted.len().checked_sub(1).filter(|others| *others > 0)?;
    Some((100.0 * less_than(sorted, own) as f64 / others as f64).min(100.0))
}

/// The quantile at `percent` (0 to 100) of these ratios in ascending order of value, as a ratio of integer units. It interpolates
/// linearly at (size - 1) x percent / 100 (R type 7). `None` without ratios.
#[must_use]
pub fn quantile(sorted: &[Ratio], percent: u32) -> Option<f64> {
    quantile_at(sorted, u64::from(percent.min(100)), 100)
}

/// The same quantile at `part / whole`, which is at most 1.
#[must_use]
pub fn quantile_at(sorted: &[Ratio], part: u64, whole: u64) -> Option<f64> {
    let last = u64::try_from(sorted.len()).ok()?.checked_sub(1)?;
    let place = last * part;
    let below = usize::try_from(place / whole).ok()?;
    let part = (place % whole) as f64 / whole as f64;
    let value = |&(n, d): &Ratio| n as f64 / d as f64;
    let lower = sorted.get(below).map(value)?;
    let upper = sorted.get(below + 1).map_or(lower, value);
    Some(lower + part * (upper - lower))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Branded and all desogestrel of the seven practices with a value: one month of OpenPrescribing's own test data
    /// (ebmdatalab/openprescribing, MIT, (c) Ben Goldacre), with the percentiles and deciles that it publishes for it.
    const PRACTICES: [(Ratio, f64); 7] = [
        ((0, 1_000), 0.0),
        ((1_500, 21_500), 16.666_666_666_666_7),
        ((1_000, 11_000), 33.333_333_333_333_3),
        ((2_000, 17_000), 50.0),
        ((10_000, 30_000), 66.666_666_666_666_7),
        ((70_000, 100_000), 83.333_333_333_333_3),
        ((1_000, 1_000), 100.0),
    ];
    const DECILES: [f64; 9] = [
        0.041_860_465_116_279_076,
        0.073_995_771_670_190_28,
        0.086_680_761_099_365_75,
        0.101_604_278_074_866_33,
        0.117_647_058_823_529_41,
        0.247_058_823_529_411_66,
        0.406_666_666_666_666_4,
        0.626_666_666_666_666_9,
        0.820_000_000_000_000_1,
    ];

    #[test]
    fn percentiles_and_deciles_are_openprescribings() {
        let sorted = PRACTICES.map(|(ratio, _)| ratio);
        for (ratio, expected) in PRACTICES {
            let percentile = percentile(&sorted, ratio).unwrap();
            assert!((percentile - expected).abs() < 1e-12, "{ratio:?}: {percentile} is not {expected}");
        }
        for (tenth, expected) in (1..).zip(DECILES) {
            let decile = quantile(&sorted, 10 * tenth).unwrap();
            assert!((decile - expected).abs() < 1e-14, "p{tenth}0: {decile} is not {expected}");
        }
    }

    #[test]
    fn ties_share_the_lowest_rank_whatever_their_size() {
        let sorted = [(1, 4), (1, 3), (3_333_333_333_333_333, 9_999_999_999_999_999), (1, 2)];
        assert_eq!(percentile(&sorted, (1, 3)), percentile(&sorted, sorted[2]));
        assert_eq!(less_than(&sorted, (2, 6)), 1);
    }

    #[test]
    fn one_value_has_no_percentile_and_no_values_have_no_quantile() {
        assert_eq!(percentile(&[(1, 2)], (1, 2)), None);
        assert_eq!(quantile(&[], 50), None);
        assert_eq!(quantile(&[(1, 2)], 90), Some(0.5));
    }

    #[test]
    fn a_value_above_all_frozen_peers_has_percentile_100() {
        assert_eq!(percentile(&[(1, 4), (1, 3), (1, 2)], (9, 10)), Some(100.0));
    }

    fn group() -> impl Strategy<Value = Vec<Ratio>> {
        proptest::collection::vec((0i64..50, 1i64..50), 2..40).prop_map(|mut values| {
            values.sort_unstable_by(|a, b| in_order(*a, *b));
            values
        })
    }

    proptest! {
        #[test]
        fn percentiles_rise_with_the_value_from_0_to_100(sorted in group(), a in (0i64..50, 1i64..50), b in (0i64..50, 1i64..50)) {
            let (p, q) = (percentile(&sorted, a).expect("two"), percentile(&sorted, b).expect("two"));
            prop_assert!((0.0..=100.0).contains(&p));
            if by_value(a, b) == Ordering::Less {
                prop_assert!(p <= q);
            }
            prop_assert_eq!(percentile(&sorted, sorted[0]), Some(0.0));
        }

        #[test]
        fn ranks_are_exact_where_quotients_are_too_close(
            few in proptest::collection::vec((-20i64..20, 1i64..20), 0..60),
            large in proptest::collection::vec((i64::MAX - 40..=i64::MAX, i64::MAX - 40..=i64::MAX), 0..60),
        ) {
            let all: Vec<Ratio> = few.into_iter().chain(large).collect();
            let places = rank(all.iter().copied());
            let mut expected: Vec<u32> = (0..).zip(&all).map(|(place, _)| place).collect();
            expected.sort_by(|a, b| in_order(all[*a as usize], all[*b as usize]));
            prop_assert_eq!(places, expected);
        }

        #[test]
        fn quantiles_rise_from_the_least_to_the_greatest(sorted in group()) {
            let all: Vec<f64> = (0..=100).map(|p| quantile(&sorted, p).expect("two")).collect();
            prop_assert!(all.windows(2).all(|pair| pair[0] <= pair[1]));
            let value = |r: Ratio| r.0 as f64 / r.1 as f64;
            prop_assert_eq!(all[0], value(sorted[0]));
            prop_assert_eq!(all[100], value(sorted[sorted.len() - 1]));
        }
    }
}
