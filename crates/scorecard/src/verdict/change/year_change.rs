//! The interval of a change from one year to the next: never of a month alone.

use crate::statistics::interval::wilson_at;
use crate::verdict::change::change_z::WindowCount;
use crate::verdict::constants::Z95;

/// Least events of both years together whose change is shown.
const LEAST_EVENTS: i64 = 10;

/// A change with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChangeInterval {
    /// Ratio of now to before, or difference of now less before.
    pub change: f64,
    /// Lower end.
    pub lower: f64,
    /// Upper end; infinite if the ratio has none.
    pub upper: f64,
}

/// Whether two years have enough events together for an interval.
#[must_use]
pub fn has_enough_events(now: i64, before: i64) -> bool {
    now + before >= LEAST_EVENTS
}

/// Ratio of the rates of two windows. `None` without events before, or with a base of 0.
///
/// Source: Wilson 1927, J Am Stat Assoc 22:209, of the share of now in both counts (given the total it is binomial), at the total over the
/// design effect.
#[must_use]
pub fn rate_ratio(now: WindowCount, before: WindowCount, phi: f64) -> Option<ChangeInterval> {
    if before.n <= 0.0 || now.d <= 0.0 || before.d <= 0.0 {
        return None;
    }
    let total = now.n + before.n;
    let share = now.n / total;
    let (lower, upper) = wilson_at(share, total / phi, Z95)?;
    let ratio = |share: f64| share / (1.0 - share) * (before.d / now.d);
    Some(ChangeInterval { change: now.n / before.n * (before.d / now.d), lower: ratio(lower), upper: ratio(upper) })
}

/// Difference of the proportions of two windows. `None` with a base of 0.
///
/// Source: Newcombe 1998, Stat Med 17:873, method 10, from Wilson's intervals at the trials over the design effect.
#[must_use]
pub fn proportion_difference(now: WindowCount, before: WindowCount, phi: f64) -> Option<ChangeInterval> {
    let (p, q) = (now.n / now.d, before.n / before.d);
    let (p_low, p_high) = wilson_at(p, now.d / phi, Z95)?;
    let (q_low, q_high) = wilson_at(q, before.d / phi, Z95)?;
    let change = p - q;
    Some(ChangeInterval {
        change,
        lower: change - libm::hypot(p - p_low, q_high - q),
        upper: change + libm::hypot(p_high - p, q - q_low),
    })
}

/// Difference of the means of two windows with these squared standard errors, normal.
#[must_use]
pub fn mean_difference(now: (f64, f64), before: (f64, f64)) -> ChangeInterval {
    let (change, half) = (now.0 - before.0, Z95 * (now.1 + before.1).sqrt());
    ChangeInterval { change, lower: change - half, upper: change + half }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn intervals_hold_the_change_and_widen_with_the_design_effect(
            n in 0u32..200, more in 1u32..500, m in 1u32..200, rest in 1u32..500, phi in 1.0f64..5.0,
        ) {
            let now = WindowCount { n: f64::from(n), d: f64::from(n + more) };
            let before = WindowCount { n: f64::from(m), d: f64::from(m + rest) };
            for interval in [rate_ratio, proportion_difference] {
                let (one, wide) = (interval(now, before, 1.0).expect("events"), interval(now, before, phi).expect("events"));
                prop_assert!(one.lower <= one.change + 1e-12 && one.change <= one.upper + 1e-12);
                prop_assert!(wide.lower <= one.lower + 1e-12 && one.upper <= wide.upper + 1e-12);
            }
        }
    }

    #[test]
    fn a_ratio_to_nothing_is_unknown() {
        let none = WindowCount { n: 0.0, d: 50.0 };
        assert_eq!(rate_ratio(WindowCount { n: 12.0, d: 50.0 }, none, 1.0), None);
        assert_eq!((has_enough_events(4, 5), has_enough_events(4, 6)), (false, true));
    }
}
