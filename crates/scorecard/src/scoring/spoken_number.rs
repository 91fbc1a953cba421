//! Numbers in sentences and tables: as many digits as a reader needs.

/// A value with its unit: `12%`, `£3.20 per 1,000 attended encounters`, `64 per 1,000 attended encounters`, `9.52 minutes`.
#[must_use]
pub fn with_unit(value: f64, unit: &str) -> String {
    joined(value, unit, rest_of(unit))
}

/// A value with the first words of its unit: `12%`, `£3.20`, `64 per 1,000`.
#[must_use]
pub fn with_short_unit(value: f64, unit: &str) -> String {
    let rest = rest_of(unit);
    let short = if rest.starts_with("per ") { rest.splitn(3, ' ').take(2).collect::<Vec<_>>().join(" ") } else { String::new() };
    joined(value, unit, &short)
}

/// A value without the words of its unit: `12%`, `£3.20`, `64`.
#[must_use]
pub fn bare(value: f64, unit: &str) -> String {
    joined(value, unit, "")
}

/// The words of a unit after its sign.
fn rest_of(unit: &str) -> &str {
    unit.trim_start_matches(['%', '£']).trim_start()
}

fn joined(value: f64, unit: &str, rest: &str) -> String {
    let number = match unit.chars().next() {
        Some('%') => format!("{}%", percent(value)),
        Some('£') => pounds(value),
        _ if unit.starts_with("per ") => rate(value),
        _ => significant(value),
    };
    if rest.is_empty() { number } else { format!("{number} {rest}") }
}

/// No decimal from 10 to 90, one outside, and two digits of the distance to an end below 1. 0 and 100 are bare, so that a value near an
/// end does not look like the end, and two values near it do not look alike.
#[must_use]
pub fn percent(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        100.0 => "100".to_owned(),
        value if (9.95..90.05).contains(&value) => format!("{value:.0}"),
        value if value > 0.0 && value < 0.95 => trimmed(&two_digits(value)).to_owned(),
        value if value > 99.05 && value < 100.0 => {
            let rest = two_digits(100.0 - value);
            let decimals = trimmed(&rest).split_once('.').map_or(1, |(_, decimals)| decimals.len());
            format!("{value:.decimals$}")
        }
        value => format!("{value:.1}"),
    }
}

/// Decimals without zeros at their end.
fn trimmed(number: &str) -> &str {
    number.trim_end_matches('0').trim_end_matches('.')
}

/// Pence below 10 pounds, else whole pounds with commas.
fn pounds(value: f64) -> String {
    let sign = if value < 0.0 { "-" } else { "" };
    let size = value.abs();
    match size {
        0.0 => "£0".to_owned(),
        size if size < 0.005 => format!("{sign}£{}", two_digits(size)),
        size if size < 9.995 => format!("{sign}£{size:.2}"),
        size => format!("{sign}£{}", grouped(&format!("{size:.0}"))),
    }
}

/// Whole from 10, else one decimal, else two digits.
fn rate(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size >= 9.95 => grouped(&format!("{value:.0}")),
        size if size >= 0.95 => format!("{value:.1}"),
        _ => two_digits(value),
    }
}

/// Three significant digits, whole from 100.
fn significant(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size >= 99.95 => grouped(&format!("{value:.0}")),
        size if size >= 9.995 => format!("{value:.1}"),
        size if size >= 0.995 => format!("{value:.2}"),
        _ => two_digits(value),
    }
}

/// Two significant digits of a small value, at most eight decimals.
fn two_digits(value: f64) -> String {
    let mut decimals = 1;
    let mut scaled = value.abs() * 10.0;
    while scaled < 9.95 && decimals < 8 {
        scaled *= 10.0;
        decimals += 1;
    }
    format!("{value:.decimals$}")
}

/// Digits with commas: `1,234,567`.
fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{sign}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_of_their_unit() {
        let per = "per 1,000 attended encounters";
        for (value, unit, text) in [
            (12.345, "%", "12%"),
            (9.96, "%", "10%"),
            (7.08, "%", "7.1%"),
            (90.0, "%", "90%"),
            (93.71, "%", "93.7%"),
            (0.0, "%", "0%"),
            (100.0, "%", "100%"),
            (99.97, "%", "99.97%"),
            (99.2, "%", "99.2%"),
            (99.9996, "%", "99.9996%"),
            (0.031, "%", "0.031%"),
            (0.5, "%", "0.5%"),
            (0.16, "%", "0.16%"),
            (0.24, "%", "0.24%"),
            (3.2, "£", "£3.20"),
            (1234.5, "£ per 1,000 attended encounters", "£1,234 per 1,000 attended encounters"),
            (64.2, per, "64 per 1,000 attended encounters"),
            (4.23, per, "4.2 per 1,000 attended encounters"),
            (0.423, per, "0.42 per 1,000 attended encounters"),
            (9.52, "minutes", "9.52 minutes"),
            (312.4, "minutes", "312 minutes"),
        ] {
            assert_eq!(with_unit(value, unit), text);
        }
        assert_eq!(with_short_unit(64.2, per), "64 per 1,000");
        assert_eq!((bare(64.2, per), with_short_unit(9.5, "minutes")), ("64".to_owned(), "9.50".to_owned()));
    }
}
