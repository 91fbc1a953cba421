//! The z of a change between two windows of one unit. Above 0 means more now.
//!
//! Sources: Przyborowski and Wilenski 1940, Biometrika 31:313 (two Poisson counts, given their total); Freeman and Tukey 1950, Ann Math
//! Stat 21:607 (angles).

use crate::statistics::count_tail::{binomial_at_least, binomial_at_most};
use crate::statistics::normal::z_of_upper_tail;
use crate::verdict::constants::EXACT_FROM;
use crate::verdict::root::{expected_trial_root, trial_root};
use crate::verdict::z_score::nearer_to_0;

/// Events of both windows below which a proportion needs the conditional comparison too.
const LEAST_FOR_ANGLES: f64 = 50.0;

/// Least mid-p, of either side.
const LEAST_MID_P: f64 = 1e-12;

/// A count and its base in one window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindowCount {
    /// Events, 0 or more.
    pub n: f64,
    /// Exposure or trials, above 0.
    pub d: f64,
}

/// z of two Poisson counts given their total, exact whatever the unknown rate: from the mid-p of a binomial count, over the square root
/// of the design effect. A mid-p below 1e-12 counts as that.
///
/// Only the smaller of the two mid-p has full precision.
#[must_use]
pub fn conditional_z(now: WindowCount, before: WindowCount, phi: f64) -> f64 {
    let (total, share) = (now.n + before.n, now.d / (now.d + before.d));
    let more = f64::midpoint(binomial_at_least(now.n, total, share), binomial_at_least(now.n + 1.0, total, share));
    if more <= 0.5 {
        return z_of_upper_tail(more.max(LEAST_MID_P)) / phi.sqrt();
    }
    let less = f64::midpoint(binomial_at_most(now.n, total, share), binomial_at_most(now.n - 1.0, total, share));
    -z_of_upper_tail(less.max(LEAST_MID_P)) / phi.sqrt()
}

/// The same, but by angles alone where these give at most 1.5. Such a change is never a signal, and angles cost much less.
#[must_use]
pub fn quick_conditional_z(now: WindowCount, before: WindowCount, phi: f64) -> f64 {
    let (total, share) = (now.n + before.n, now.d / (now.d + before.d));
    let by_angles = 2.0 * (trial_root(now.n, total) - expected_trial_root(share * total, total)) / phi.sqrt();
    if by_angles.abs() <= EXACT_FROM { by_angles } else { conditional_z(now, before, phi) }
}

/// z of two proportions by their angles. `network` is the change of the network's angle in the same months.
#[must_use]
pub fn angle_z(now: WindowCount, before: WindowCount, network: f64, phi: f64) -> f64 {
    let angle = |window: WindowCount| trial_root(window.n, window.d) / (window.d + 0.5).sqrt();
    let variance = phi * (1.0 / (now.d + 0.5) + 1.0 / (before.d + 0.5));
    2.0 * (angle(now) - angle(before) - network) / variance.sqrt()
}

/// Whether the rarer side has so few events in both windows that [`rare_side_z`] must agree.
#[must_use]
pub fn needs_rare_side(now: WindowCount, before: WindowCount) -> bool {
    let events = now.n + before.n;
    events.min(now.d + before.d - events) < LEAST_FOR_ANGLES
}

/// Whether the others are the rarer side of both windows together.
#[must_use]
pub fn others_are_rarer(now: WindowCount, before: WindowCount) -> bool {
    2.0 * (now.n + before.n) > now.d + before.d
}

/// z of two proportions: by angles, and for few events of the rarer side the one of it and of the conditional z of that side that is
/// nearer to 0. 0 if they disagree in sign.
///
/// `exposure` is the denominator of now and before for the conditional comparison, corrected for the season of the rarer side.
#[must_use]
pub fn proportion_z(now: WindowCount, before: WindowCount, exposure: (f64, f64), network: f64, phi: f64) -> f64 {
    let angles = angle_z(now, before, network, phi);
    if !needs_rare_side(now, before) {
        return angles;
    }
    nearer_to_0(angles, rare_side_z(now, before, exposure, phi))
}

/// The conditional z of the rarer side, with the sign of the events.
#[must_use]
pub fn rare_side_z(now: WindowCount, before: WindowCount, exposure: (f64, f64), phi: f64) -> f64 {
    let others = others_are_rarer(now, before);
    let rarer = |window: WindowCount, d: f64| WindowCount { n: if others { window.d - window.n } else { window.n }, d };
    let z = conditional_z(rarer(now, exposure.0), rarer(before, exposure.1), phi);
    if others { -z } else { z }
}

/// z of two means with these squared standard errors. `network` is the change of the network's value in the same months. 0 if neither
/// varies.
#[must_use]
pub fn mean_z(now: (f64, f64), before: (f64, f64), network: f64) -> f64 {
    let variance = now.1 + before.1;
    if variance > 0.0 { (now.0 - before.0 - network) / variance.sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn count(n: u32, d: u32) -> WindowCount {
        WindowCount { n: f64::from(n), d: f64::from(d) }
    }

    proptest! {
        #[test]
        fn exchanging_the_windows_changes_the_sign(n in 0u32..100, more in 1u32..500, m in 0u32..100, rest in 1u32..500, phi in 1.0f64..4.0) {
            let (a, b) = (count(n, n + more), count(m, m + rest));
            let near = |x: f64, y: f64| (x + y).abs() < 1e-7;
            prop_assert!(near(conditional_z(a, b, phi), conditional_z(b, a, phi)));
            prop_assert!(near(angle_z(a, b, 0.1, phi), angle_z(b, a, -0.1, phi)));
            prop_assert!(near(proportion_z(a, b, (a.d, b.d), 0.0, phi), proportion_z(b, a, (b.d, a.d), 0.0, phi)));
        }

        #[test]
        fn more_events_now_are_more_change(n in 0u32..100, m in 0u32..100, d in 1u32..500, phi in 1.0f64..4.0) {
            let of = |n| conditional_z(count(n, d), count(m, 500), phi);
            prop_assert!(of(n) <= of(n + 1) + 1e-9);
        }

        #[test]
        fn the_quick_z_differs_only_where_nothing_is_a_signal(n in 0u32..60, m in 0u32..200, d in 1u32..500) {
            let (now, before) = (count(n, d), count(m, 500));
            let (exact, quick) = (conditional_z(now, before, 1.0), quick_conditional_z(now, before, 1.0));
            prop_assert!(exact == quick || (exact.abs() < 3.0 && quick.abs() <= EXACT_FROM));
        }

        #[test]
        fn counting_the_others_changes_the_sign(n in 0u32..80, more in 1u32..80, m in 0u32..80, rest in 1u32..80) {
            let (a, b) = (count(n, n + more), count(m, m + rest));
            let (c, e) = (count(more, n + more), count(rest, m + rest));
            let of = |a: WindowCount, b: WindowCount| proportion_z(a, b, (a.d, b.d), 0.0, 1.0);
            // Exactly half of both is on either side the numerator.
            prop_assume!(n + m != more + rest);
            prop_assert!((of(a, b) + of(c, e)).abs() < 1e-9);
        }
    }
}
