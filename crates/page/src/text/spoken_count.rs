//! Counts, amounts and points as a reader expects them.

/// A count with commas: `2,846`.
#[must_use]
pub fn grouped(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut text = String::from(if count < 0 { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An amount in integer units of this name as a reader expects it: pence as pounds, thousandths as whole units.
#[must_use]
pub fn amount(integer: i64, unit: &str) -> String {
    match unit {
        "pence" if integer == 0 => "£0".to_owned(),
        "pence" if integer.abs() < 1_000 => format!("£{:.2}", integer as f64 / 100.0),
        "pence" => format!("£{}", grouped((integer + integer.signum() * 50) / 100)),
        "minutes" => format!("{} min", grouped(integer)),
        "quantity_milli" | "adq_milli" => grouped((integer + 500).div_euclid(1_000)),
        "weight_micro" => grouped((integer + 500_000).div_euclid(1_000_000)),
        _ => grouped(integer),
    }
}

/// Points: one decimal, none if whole.
#[must_use]
pub fn points(points: f64) -> String {
    let text = format!("{points:.1}");
    let whole = text.strip_suffix(".0").unwrap_or(&text);
    if whole == "-0" { "0".to_owned() } else { whole.to_owned() }
}

/// Pence as pounds: pence below 10 pounds, else whole pounds.
#[must_use]
pub fn pounds(pence: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "a cost of one clinician is far below the largest integer")]
    let whole = pence.round() as i64;
    amount(whole, "pence")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_commas() {
        for (count, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567")] {
            assert_eq!(grouped(count), text);
        }
    }

    #[test]
    fn amounts_are_in_whole_units_of_people() {
        for (integer, unit, text) in [
            (238, "pence", "£2.38"),
            (0, "pence", "£0"),
            (123_450, "pence", "£1,235"),
            (12_600, "quantity_milli", "13"),
            (1_499, "adq_milli", "1"),
            (2_500_000, "weight_micro", "3"),
            (1_500, "minutes", "1,500 min"),
            (41, "count", "41"),
        ] {
            assert_eq!(amount(integer, unit), text);
        }
    }

    #[test]
    fn points_have_one_decimal_unless_whole() {
        assert_eq!([0.0, 2.0, 1.84, 9.96, -0.01].map(points), ["0", "2", "1.8", "10", "0"]);
    }
}
