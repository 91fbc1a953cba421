//! Roots of counts: scales on which chance has the variance 1/4 whatever the value.
//!
//! Sources:
//! * Freeman and Tukey 1950, Ann Math Stat 21:607 (the roots; nearly unbiased from 2 expected events on, unlike the plain square root).
//! * Miller 1978, Am Stat 32:138 (the inverse of the double arcsine).

use std::f64::consts::FRAC_PI_2;

/// Root of a count of events, 0 or more. No event has the root 1/2.
#[must_use]
pub fn count_root(n: f64) -> f64 {
    f64::midpoint(n.sqrt(), (n + 1.0).sqrt())
}

/// Root that a count with this expected value has on average.
#[must_use]
pub fn expected_count_root(expected: f64) -> f64 {
    (expected + 0.25).sqrt()
}

/// The count with this root; 0 for a root of at most 1/2.
#[must_use]
pub fn count_of_root(root: f64) -> f64 {
    if root <= 0.5 {
        return 0.0;
    }
    let sqrt = root - 1.0 / (4.0 * root);
    sqrt * sqrt
}

/// Root of n events in d trials; n is at most d, and both may be real.
#[must_use]
pub fn trial_root(n: f64, d: f64) -> f64 {
    let angle = |events: f64| libm::asin((events / (d + 1.0)).min(1.0).sqrt());
    (d + 0.5).sqrt() * f64::midpoint(angle(n), angle(n + 1.0))
}

/// Root that d trials have on average if `expected` of them are events. At most d are.
#[must_use]
pub fn expected_trial_root(expected: f64, d: f64) -> f64 {
    (d + 0.5).sqrt() * libm::asin(((expected + 0.25) / (d + 0.5)).min(1.0).sqrt())
}

/// The share of events, 0 to 1, of d trials with this root (Miller).
#[must_use]
pub fn share_of_root(root: f64, d: f64) -> f64 {
    let angle = 2.0 * root / (d + 0.5).sqrt();
    if angle <= libm::asin((1.0 / (d + 1.0)).sqrt()) {
        return 0.0;
    }
    if angle >= libm::asin((d / (d + 1.0)).sqrt()) + FRAC_PI_2 {
        return 1.0;
    }
    let (sin, cos) = (libm::sin(angle), libm::cos(angle));
    let inner = sin + (sin - 1.0 / sin) / d;
    f64::midpoint(1.0, -(1.0 - inner * inner).max(0.0).sqrt().copysign(cos))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ends_of_both_scales_are_their_own() {
        assert_eq!((count_root(0.0), count_of_root(0.5), count_of_root(0.2)), (0.5, 0.0, 0.0));
        for d in [1.0, 7.0, 400.0] {
            assert_eq!(share_of_root(trial_root(0.0, d), d), 0.0);
            assert_eq!(share_of_root(trial_root(d, d), d), 1.0);
        }
    }

    proptest! {
        #[test]
        fn the_inverse_of_a_root_is_the_count_again(n in 0u32..5_000, more in 1u32..5_000) {
            let (n, d) = (f64::from(n), f64::from(n + more));
            prop_assert!((count_of_root(count_root(n)) - n).abs() <= 1e-9 * n.max(1.0));
            prop_assert!((share_of_root(trial_root(n, d), d) * d - n).abs() <= 1e-8 * n.max(1.0));
        }

        #[test]
        fn events_and_others_have_roots_that_add_up_to_a_right_angle(n in 0u32..500, more in 0u32..500) {
            let (n, d) = (f64::from(n), f64::from(n + more));
            let both = trial_root(n, d) + trial_root(d - n, d);
            prop_assert!((both - (d + 0.5).sqrt() * FRAC_PI_2).abs() <= 1e-12 * both);
        }

        #[test]
        fn roots_rise_with_the_count_and_the_size(n in 0u32..500, more in 1u32..500) {
            let (n, d) = (f64::from(n), f64::from(n + more));
            prop_assert!(count_root(n) < count_root(n + 1.0) && trial_root(n, d) < trial_root(n + 1.0, d));
            prop_assert!(expected_trial_root(n, d) < expected_trial_root(n + 0.5, d));
            prop_assert!(expected_trial_root(0.1 * d, d) < expected_trial_root(0.1 * (d + 1.0), d + 1.0));
        }
    }
}
