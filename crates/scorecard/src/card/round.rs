//! Rounding of published reals to nine significant digits, so that the last bits of intermediate steps never reach an output.

use crate::card::scorecard::Interval;

/// The powers of ten that a double holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21,
    1e22,
];

/// The exponent of the first of [`SIZES`].
const SMALLEST: i32 = -14;

/// Powers of ten from 1e-14 on. Powers below 1 are not exact; at such a bound both choices of digits round to the bound itself.
const SIZES: [f64; 37] = [
    1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6,
    1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The published form of a real: rounded to nine significant digits, half to even on its exact decimal expansion; -0 becomes 0.
/// `None` for infinities and NaN.
#[must_use]
pub fn published(value: f64) -> Option<f64> {
    match fast(value) {
        None if !value.is_finite() => None,
        None if value == 0.0 => Some(0.0),
        None => Some(exact(value)),
        known => known,
    }
}

/// The published form of an interval; `None` when one of its ends is not finite.
#[must_use]
pub fn published_interval(lower: f64, upper: f64) -> Option<Interval> {
    Some(Interval { lower: published(lower)?, upper: published(upper)? })
}

/// The definition: rounding through decimal text.
fn exact(value: f64) -> f64 {
    format!("{value:.8e}").parse().expect("a real that was just written can be read")
}

/// The same result, thirty times as fast, for reals of ordinary size that are not within a millionth of the middle between two
/// results.
///
/// The error of the one multiplication is at most 1e-7, so it cannot change the result. Both operands of the division are exact, so
/// it is correctly rounded.
fn fast(value: f64) -> Option<f64> {
    let size = value.abs();
    if !(1e-13..1e21).contains(&size) {
        return None;
    }
    let binary = i32::try_from((size.to_bits() >> 52) & 0x7ff).expect("eleven bits") - 1023;
    // The binary exponent alone leaves two choices for the power of ten. An addition decides, because a branch would be mispredicted
    // half of the time.
    let guess = (binary * 30_103).div_euclid(100_000);
    let bound = SIZES.get(usize::try_from(guess + 1 - SMALLEST).ok()?)?;
    let shift = 8 - guess - i32::from(size >= *bound);
    let digits = scaled(size, shift)?;
    // Beyond 2^52 a double has no fraction: adding it rounds to the nearest whole number.
    const NO_FRACTION: f64 = (1u64 << 52) as f64;
    let rounded = (digits + NO_FRACTION) - NO_FRACTION;
    if (digits - rounded).abs() > 0.5 - 1e-6 {
        return None;
    }
    Some(scaled(rounded, -shift)?.copysign(value))
}

/// This real times ten to the power of `shift`, with one rounding.
fn scaled(value: f64, shift: i32) -> Option<f64> {
    let power = POWERS.get(usize::try_from(shift.unsigned_abs()).ok()?)?;
    Some(if shift < 0 { value / power } else { value * power })
}

/// A figure of a comparison with five digits: its uncertainty is far larger, and a card has hundreds.
pub(crate) fn short(value: f64) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    format!("{value:.4e}").parse().expect("a formatted real parses")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nine_digits_are_kept_and_the_tenth_decides() {
        assert_eq!(published(6.428_571_428_571_428), Some(6.428_571_43));
        assert_eq!(published(-0.000_123_456_789_49), Some(-0.000_123_456_789));
        assert_eq!(published(123_456_789_500.1), Some(123_456_790_000.0));
        assert_eq!(published(999_999_999.7), Some(1_000_000_000.0));
        assert_eq!(published(47.0), Some(47.0));
    }

    #[test]
    fn minus_zero_becomes_zero_and_nan_becomes_none() {
        assert_eq!(published(-0.0).map(f64::to_bits), Some(0));
        assert_eq!(published(f64::NAN), None);
        assert_eq!(published(f64::INFINITY), None);
        assert_eq!(published_interval(1.0, f64::NAN), None);
    }

    #[test]
    fn the_extremes_keep_their_size() {
        assert_eq!(published(5e-324), Some(5e-324));
        assert_eq!(published(f64::MAX), Some(1.797_693_13e308));
    }

    proptest! {
        #[test]
        fn the_fast_way_never_differs_from_the_definition(bits: u64, digits in 1u64..10_000_000_000, shift in 0usize..23) {
            let any = f64::from_bits(bits);
            prop_assume!(any.is_finite());
            let bound = SIZES[shift];
            let near = [bound, bound.next_down(), bound.next_up(), bound * (1.0 - 3e-10), bound * (1.0 + 6e-9)];
            let decimals = [digits as f64 / POWERS[shift], digits as f64 * POWERS[shift], (digits as f64 + 0.5) / POWERS[shift]];
            for value in [any].into_iter().chain(near).chain(decimals) {
                if let Some(fast) = fast(value) {
                    prop_assert_eq!(fast.to_bits(), exact(value).to_bits());
                }
            }
        }

        #[test]
        fn a_rounded_real_rounds_to_itself(value: f64) {
            prop_assume!(value.is_finite());
            let once = published(value).expect("finite");
            prop_assert_eq!(published(once), Some(once));
        }
    }
}
