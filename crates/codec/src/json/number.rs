//! JSON numbers without loss: whole numbers, and numbers with up to three decimals. No floating point.

use std::fmt::Display;
use std::ops::RangeInclusive;

use crate::fault::{Fault, Field, RejectReason, shape};
use crate::json::object::{Raw, type_of};

/// The reason why a number is not usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Misfit {
    Negative,
    Decimals,
    TooLarge,
}

/// A whole number within the range; `None` when the field is absent.
pub(crate) fn whole(field: Field, raw: &Raw<'_>, range: RangeInclusive<u64>) -> Result<Option<u64>, Fault> {
    let Some(written) = raw.written() else { return Ok(None) };
    let expected = || format!("a whole number from {} to {}", range.start(), range.end());
    match shifted(number(field, written, expected)?, 0) {
        Ok(value) if range.contains(&value) => Ok(Some(value)),
        Err(Misfit::Decimals) => Err(Fault::malformed(field, written, expected())),
        _ => Err(out_of_range(field, written, &expected())),
    }
}

/// A number in thousandths, at most [`u32::MAX`] of them; `None` when the field is absent.
pub(crate) fn thousandths(field: Field, raw: &Raw<'_>) -> Result<Option<u32>, Fault> {
    const EXPECTED: &str = "a number from 0 to 4294967.295 with at most three decimals";
    let Some(written) = raw.written() else { return Ok(None) };
    match shifted(number(field, written, || EXPECTED)?, 3) {
        Ok(value) => u32::try_from(value).map(Some).map_err(|_| out_of_range(field, written, EXPECTED)),
        Err(Misfit::Decimals) => Err(Fault::malformed(field, written, EXPECTED)),
        Err(Misfit::Negative | Misfit::TooLarge) => Err(out_of_range(field, written, EXPECTED)),
    }
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

/// A JSON number times ten to the power of `places`, if that is a whole number.
fn shifted(written: &str, places: i64) -> Result<u64, Misfit> {
    if let Some(whole) = digits(written) {
        return Ok((0..places).fold(whole, |value, _| value * 10));
    }
    let (negative, magnitude) = match written.strip_prefix('-') {
        Some(magnitude) => (true, magnitude),
        None => (false, written),
    };
    let (mantissa, exponent) = magnitude.split_once(['e', 'E']).unwrap_or((magnitude, "0"));
    let (units, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let digits = || units.bytes().chain(fraction.bytes()).map(|b| b - b'0');
    if digits().all(|digit| digit == 0) {
        return Ok(0);
    }
    if negative {
        return Err(Misfit::Negative);
    }
    let trailing = digits().rev().take_while(|digit| *digit == 0).count();
    let significant = digits().skip_while(|digit| *digit == 0).count() - trailing;
    // An exponent that i32 cannot hold is far beyond both ends.
    let exponent = exponent.parse::<i32>().unwrap_or(if exponent.starts_with('-') { i32::MIN } else { i32::MAX });
    let length = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let power = i64::from(exponent) + places - length(fraction.len()) + length(trailing);
    if power < 0 {
        return Err(Misfit::Decimals);
    }
    if power + length(significant) > 19 {
        return Err(Misfit::TooLarge);
    }
    let significand =
        digits().skip_while(|digit| *digit == 0).take(significant).fold(0, |sum, digit| sum * 10 + u64::from(digit));
    Ok((0..power).fold(significand, |value, _| value * 10))
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
            assert_eq!(thousandths("q", &Raw::of(written)), Ok(Some(milli)), "{written}");
        }
    }

    #[test]
    fn a_number_that_does_not_fit_gives_the_reason() {
        for (written, reason) in [
            ("0.0001", RejectReason::MalformedValue),
            ("1e-4", RejectReason::MalformedValue),
            ("0.12300000000000000000001", RejectReason::MalformedValue),
            ("1e-99999999999999999999", RejectReason::MalformedValue),
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
