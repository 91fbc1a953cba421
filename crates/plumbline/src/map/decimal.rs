//! Decimal numbers as tables write them, scaled exactly: no binary fraction is between a cell and an event.

/// A number as digits and a power of ten: `value / 10^places`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    value: i128,
    places: u32,
}

/// Most digits behind the point. Further ones are beyond every field of an event.
const PLACES: usize = 12;
/// Most digits in all, so that a product of two numbers fits.
const DIGITS: usize = 18;

impl Decimal {
    /// Reads digits with an optional sign and one decimal mark. Groups of thousands, exponents and blanks are none of a number.
    pub(crate) fn parse(text: &str, mark: char) -> Option<Decimal> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = text.split_once(mark).unwrap_or((text, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() && fraction.is_empty() || !digits(whole) || !digits(fraction) {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        let whole = whole.trim_start_matches('0');
        if fraction.len() > PLACES || whole.len() + fraction.len() > DIGITS {
            return None;
        }
        let value: i128 = format!("0{whole}{fraction}").parse().ok()?;
        let places = u32::try_from(fraction.len()).ok()?;
        Some(Decimal { value: if negative { -value } else { value }, places })
    }

    /// The product, exactly.
    pub(crate) fn times(self, other: Decimal) -> Decimal {
        Decimal { value: self.value * other.value, places: self.places + other.places }
    }

    /// The nearest whole number; halves go away from zero.
    pub(crate) fn rounded(self) -> Decimal {
        let unit = 10_i128.pow(self.places);
        let half = unit / 2 * self.value.signum();
        Decimal { value: (self.value + half) / unit, places: 0 }
    }

    /// The number as JSON writes it.
    pub(crate) fn text(self) -> String {
        let sign = if self.value < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.value.unsigned_abs(), width = self.places as usize + 1);
        let (whole, fraction) = digits.split_at(digits.len() - self.places as usize);
        let fraction = fraction.trim_end_matches('0');
        if fraction.is_empty() {
            return if whole == "0" { "0".to_owned() } else { format!("{sign}{whole}") };
        }
        format!("{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text, '.').unwrap()
    }

    #[test]
    fn pounds_become_pence_exactly() {
        // 1.15 × 100 is 114.99999999999999 in binary fractions.
        assert_eq!(number("1.15").times(number("100")).text(), "115");
        assert_eq!(number("0.07").times(number("100")).rounded().text(), "7");
        assert_eq!(number("1.435").times(number("100")).text(), "143.5");
        assert_eq!(number("1.435").times(number("100")).rounded().text(), "144");
        assert_eq!(number("-2.5").rounded().text(), "-3");
        assert_eq!(number("250").times(number("0.001")).text(), "0.25");
    }

    #[test]
    fn zeros_and_marks_are_read_and_everything_else_is_not() {
        assert_eq!(["007", "0.50", ".5", "5.", "+3", "-0"].map(|text| number(text).text()), ["7", "0.5", "0.5", "5", "3", "0"]);
        assert_eq!(Decimal::parse("1,5", ',').unwrap().text(), "1.5");
        for text in ["", "-", ".", "1,5", "1e3", "1 000", "1.2.3", "0x1", "NaN", "9999999999999999999", "0.1234567890123"] {
            assert_eq!(Decimal::parse(text, '.'), None, "{text}");
        }
    }
}
