//! JSON numbers: whole numbers, and numbers in thousandths, rounded by exact decimal arithmetic. No floating point.

use std::fmt::Display;
use std::ops::RangeInclusive;

use crate::fault::{Fault, Field, RejectReason, shape};
use crate::json::object::{Raw, type_of};

/// The reason why a number is not usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TooLarge;

/// A number in units of a power of ten, rounded half up. Halves of negative numbers are rounded away from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Scaled {
    negative: bool,
    magnitude: u64,
    /// Whether it had no further decimals.
    exact: bool,
}

/// A number in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Thousandths<T> {
    pub(crate) value: T,
    /// Whether it had more than three decimals.
    pub(crate) rounded: bool,
}

/// A whole number within the range; `None` when the field is absent.
pub(crate) fn whole(field: Field, raw: &Raw<'_>, range: RangeInclusive<u64>) -> Result<Option<u64>, Fault> {
    let Some(written) = raw.written() else { return Ok(None) };
    let expected = || format!("a whole number from {} to {}", range.start(), range.end());
    match scaled(number(field, written, expected)?, 0) {
        Ok(Scaled { exact: false, .. }) => Err(Fault::malformed(field, written, expected())),
        Ok(Scaled { negative: false, magnitude, .. }) if range.contains(&magnitude) => Ok(Some(magnitude)),
        _ => Err(out_of_range(field, written, &expected())),
    }
}

/// A number in thousandths from 0 to [`u32::MAX`] of them; `None` when the field is absent.
pub(crate) fn thousandths(field: Field, raw: &Raw<'_>) -> Result<Option<Thousandths<u32>>, Fault> {
    const EXPECTED: &str = "a number from 0 to 4294967.295";
    in_thousandths(field, raw, EXPECTED, |Scaled { negative, magnitude, .. }| {
        u32::try_from(magnitude).ok().filter(|_| !negative)
    })
}

/// A number in thousandths, also a negative one; `None` when the field is absent.
pub(crate) fn signed_thousandths(field: Field, raw: &Raw<'_>) -> Result<Option<Thousandths<i64>>, Fault> {
    const EXPECTED: &str = "a number from -1000000000000 to 1000000000000";
    const MOST: i64 = 1_000_000_000_000_000;
    in_thousandths(field, raw, EXPECTED, |Scaled { negative, magnitude, .. }| {
        let magnitude = i64::try_from(magnitude).ok().filter(|magnitude| *magnitude <= MOST)?;
        Some(if negative { -magnitude } else { magnitude })
    })
}

fn in_thousandths<T>(
    field: Field,
    raw: &Raw<'_>,
    expected: &str,
    fit: impl FnOnce(Scaled) -> Option<T>,
) -> Result<Option<Thousandths<T>>, Fault> {
    let Some(written) = raw.written() else { return Ok(None) };
    let found = scaled(number(field, written, || expected)?, 3).ok();
    let fitting = found.and_then(|found| Some(Thousandths { value: fit(found)?, rounded: !found.exact }));
    fitting.map(Some).ok_or_else(|| out_of_range(field, written, expected))
}

/// A truth value; `None` when the field is absent.
pub(crate) fn truth(field: Field, raw: &Raw<'_>) -> Result<Option<bool>, Fault> {
    match raw.written() {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(other) => Err(Fault::wrong_type(field, type_of(other), "true or false without quotes")),
    }
}

fn out_of_range(field: Field, written: &str, expected: &str) -> Fault {
    let detail = format!("{field} looks like {}, which is out of range; send {expected}", shape(written, 40));
    Fault::new(RejectReason::OutOfRange, field, detail)
}

/// The token, if it is a number.
fn number<E: Display>(field: Field, written: &str, expected: impl Fn() -> E) -> Result<&str, Fault> {
    match written.as_bytes() {
        [b'-' | b'0'..=b'9', ..] => Ok(written),
        _ => {
            let cure = format!("{}, without quotes", expected());
            Err(Fault::wrong_type(field, type_of(written), &cure))
        }
    }
}

/// The number of 1 to 15 digits, which fits 64 bits even as thousandths. Most numbers are like this.
fn digits(written: &str) -> Option<u64> {
    let digit = |sum, b: u8| b.is_ascii_digit().then(|| sum * 10 + u64::from(b - b'0'));
    if (1..=15).contains(&written.len()) { written.bytes().try_fold(0, digit) } else { None }
}

/// A JSON number times ten to the power of `places`, by exact arithmetic.
fn scaled(written: &str, places: i64) -> Result<Scaled, TooLarge> {
    if let Some(whole) = digits(written) {
        return Ok(Scaled { negative: false, magnitude: (0..places).fold(whole, |value, _| value * 10), exact: true });
    }
    let (signed, magnitude) = match written.strip_prefix('-') {
        Some(magnitude) => (true, magnitude),
        None => (false, written),
    };
    let (mantissa, exponent) = magnitude.split_once(['e', 'E']).unwrap_or((magnitude, "0"));
    let (units, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = || units.bytes().chain(fraction.bytes()).map(|b| b - b'0').skip_while(|digit| *digit == 0);
    let significant = digits().count();
    if significant == 0 {
        return Ok(Scaled { negative: false, magnitude: 0, exact: true });
    }
    // An exponent that i32 cannot hold is far beyond both ends.
    let exponent = exponent.parse::<i32>().unwrap_or(if exponent.starts_with('-') { i32::MIN } else { i32::MAX });
    let length = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    // The number of digits before the decimal point of the result.
    let before = length(significant) + i64::from(exponent) + places - length(fraction.len());
    if before > 19 {
        return Err(TooLarge);
    }
    let (kept, first_lost) = (usize::try_from(before).unwrap_or(0), usize::try_from(before).ok());
    let written = digits().chain(std::iter::repeat(0)).take(kept).fold(0, |sum, digit| sum * 10 + u64::from(digit));
    let up = first_lost.is_some_and(|place| digits().nth(place).is_some_and(|digit| digit >= 5));
    let exact = digits().skip(kept).all(|digit| digit == 0);
    Ok(Scaled { negative: signed, magnitude: written + u64::from(up), exact })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_decimals_are_exact() {
        for (written, milli) in [
            ("21", 21_000),
            ("0", 0),
            ("-0", 0),
            ("-0.0", 0),
            ("0.001", 1),
            ("28.125", 28_125),
            ("1.5000000", 1_500),
            ("2e2", 200_000),
            ("1.25E1", 12_500),
            ("1200e-2", 12_000),
            ("4294967.295", 4_294_967_295),
            ("0.1", 100),
            ("0e999999999999", 0),
        ] {
            let exact = Thousandths { value: milli, rounded: false };
            assert_eq!(thousandths("q", &Raw::of(written)), Ok(Some(exact)), "{written}");
        }
    }

    #[test]
    fn further_decimals_are_rounded_half_up() {
        for (written, milli) in [
            ("0.0001", 0),
            ("1e-4", 0),
            ("0.0005", 1),
            ("0.00049999999999999999999999999", 0),
            ("33.3333333", 33_333),
            ("28.000000000000004", 28_000),
            ("0.10000000894069672", 100),
            ("0.9995", 1_000),
            ("9.9994", 9_999),
            ("0.12300000000000000000001", 123),
            ("1e-99999999999999999999", 0),
            ("12345e-7", 1),
            ("5e-4", 1),
            ("4294967.2954", 4_294_967_295),
        ] {
            let rounded = Thousandths { value: milli, rounded: true };
            assert_eq!(thousandths("q", &Raw::of(written)), Ok(Some(rounded)), "{written}");
        }
    }

    #[test]
    fn signed_numbers_keep_their_sign() {
        for (written, milli) in [("-3", -3_000), ("-0.0005", -1), ("-0.0004", 0), ("36.65", 36_650), ("-1.2E+2", -120_000)] {
            assert_eq!(signed_thousandths("v", &Raw::of(written)).unwrap().map(|found| found.value), Some(milli), "{written}");
        }
        for written in ["1e13", "-1000000000000.001", "1e400", "\"5\""] {
            assert!(signed_thousandths("v", &Raw::of(written)).is_err(), "{written}");
        }
    }

    #[test]
    fn a_number_that_does_not_fit_gives_the_reason() {
        for (written, reason) in [
            ("4294967.2955", RejectReason::OutOfRange),
            ("-0.0001", RejectReason::OutOfRange),
            ("4294967.296", RejectReason::OutOfRange),
            ("1e99999999999999999999", RejectReason::OutOfRange),
            ("99999999999999999999999999999999999999", RejectReason::OutOfRange),
            ("-3", RejectReason::OutOfRange),
            ("\"21\"", RejectReason::WrongType),
            ("true", RejectReason::WrongType),
            ("[1]", RejectReason::WrongType),
        ] {
            assert_eq!(thousandths("q", &Raw::of(written)).unwrap_err().reason, reason, "{written}");
        }
    }

    #[test]
    fn whole_numbers_keep_their_range() {
        assert_eq!(whole("n", &Raw::of("65535"), 1..=65_535), Ok(Some(65_535)));
        assert_eq!(whole("n", &Raw::of("3.0"), 1..=65_535), Ok(Some(3)));
        assert_eq!(whole("n", &Raw::of("4611686018427387904"), 1..=1 << 62), Ok(Some(1 << 62)));
        assert_eq!(whole("n", &Raw::of("4611686018427387905"), 1..=1 << 62).unwrap_err().reason, RejectReason::OutOfRange);
        assert_eq!(whole("n", &Raw::of("0"), 1..=65_535).unwrap_err().reason, RejectReason::OutOfRange);
        assert_eq!(whole("n", &Raw::of("1.5"), 1..=65_535).unwrap_err().reason, RejectReason::MalformedValue);
        assert_eq!(whole("n", &Raw::of("18446744073709551616"), 0..=u64::MAX).unwrap_err().reason, RejectReason::OutOfRange);
        assert_eq!(whole("n", &Raw::default(), 0..=1), Ok(None));
    }

    #[test]
    fn a_number_in_quotes_is_a_fault_of_its_type() {
        let fault = whole("version", &Raw::of("\"3\""), 1..=9).unwrap_err();
        assert!(fault.detail.contains("a text in quotes") && fault.detail.contains("without quotes"), "{}", fault.detail);
    }
}
