//! A measure's headline in plain language: the value, and whether it differs from similar clinicians by more than chance. A sentence
//! neither blames nor praises, has at most 140 characters, and rounds every number.

use crate::card::scorecard::{Band, Peer, WindowValue};
use crate::measure::measure_set::Definition;
use crate::measure::suppression::Suppression;

/// Most characters of a sentence.
pub const LONGEST: usize = 140;

/// The sentence for a headline window whose other fields are filled.
#[must_use]
pub fn sentence(definition: &Definition, window: &WindowValue, suppression: Option<Suppression>) -> String {
    let text = spoken(definition, window, suppression, &definition.unit);
    // An operator's unit can be long. The card also shows it next to the sentence.
    let fits = text.len() <= LONGEST || text.chars().count() <= LONGEST;
    if fits { text } else { spoken(definition, window, suppression, short(&definition.unit)) }
}

fn spoken(definition: &Definition, window: &WindowValue, suppression: Option<Suppression>, unit: &str) -> String {
    let months = window.window;
    match suppression {
        Some(Suppression::DenominatorBelowMinimum) => {
            return format!(
                "Not enough data: {} of the {} events needed in {months} months.",
                window.facts_d, definition.minimum
            );
        }
        Some(Suppression::UnknownStatusAboveLimit) => {
            return format!("Not shown: the status of too many encounters in {months} months is unknown.");
        }
        None => {}
    }
    let Some(value) = window.value else {
        return format!("Nothing to measure in {months} months.");
    };
    let mut text = String::with_capacity(LONGEST);
    push_figure(&mut text, value, unit);
    text.push_str(if months == 3 { " in 3 months" } else { " in 12 months" });
    if window.incomplete {
        text.push_str(" (some are missing)");
    }
    match (&window.funnel, &window.peer) {
        (Some(funnel), _) => {
            let (before, after) = around_target(funnel.band);
            text.push_str(before);
            push_figure(&mut text, funnel.target, short(unit));
            text.push_str(after);
        }
        (None, Some(Peer { size, p50: Some(median), .. })) => {
            // The size includes the unit itself.
            text.push_str(&format!("; the median of this and {} similar clinicians is ", size.saturating_sub(1)));
            push_figure(&mut text, *median, short(unit));
            text.push('.');
        }
        (None, Some(_)) => text.push('.'),
        (None, None) => text.push_str("; too few similar clinicians to compare with."),
    }
    text
}

/// The text before and after the value of similar clinicians. The brackets prevent "the 42 % of similar clinicians", which reads as
/// a share of them.
fn around_target(band: Band) -> (&'static str, &'static str) {
    match band {
        Band::FarBelow => (", clearly lower than similar clinicians (", ")."),
        Band::Below => (", lower than similar clinicians (", ") by more than chance usually explains."),
        Band::Within => (", in line with similar clinicians (", ")."),
        Band::Above => (", higher than similar clinicians (", ") by more than chance usually explains."),
        Band::FarAbove => (", clearly higher than similar clinicians (", ")."),
    }
}

/// The short unit for a second number in the same sentence.
fn short(unit: &str) -> &str {
    match unit.chars().next() {
        Some('%') => "%",
        Some('£') => "£",
        _ => "",
    }
}

/// A number with its unit: `12.4 %`, `£312 per 1,000 attended encounters`, `9.5 minutes`.
fn push_figure(text: &mut String, value: f64, unit: &str) {
    let (sign, rest) = match unit.strip_prefix('£') {
        Some(rest) => ("£", rest),
        None => ("", unit),
    };
    text.push_str(sign);
    push_rounded(text, value);
    if sign.is_empty() && !rest.is_empty() {
        text.push(' ');
    }
    text.push_str(rest);
}

/// Writes three significant digits with decimals (312, 31.2, 3.12), two below a tenth (0.031), and `0` for zero.
fn push_rounded(text: &mut String, value: f64) {
    let size = value.abs();
    let (decimals, parts) = if size >= 99.95 || size == 0.0 {
        (0, 1)
    } else if size >= 9.995 {
        (1, 10)
    } else if size >= 0.0995 {
        (2, 100)
    } else {
        // A value above 0 must not look like 0: write two of its digits, down to a millionth.
        let decimals = if size >= 0.00995 {
            3
        } else if size >= 0.000_995 {
            4
        } else {
            6
        };
        text.push_str(&format!("{value:.decimals$}"));
        return;
    };
    match rounded_parts(value, parts) {
        Some(whole) => push_decimal(text, whole, parts),
        None => text.push_str(&format!("{value:.decimals$}")),
    }
}

/// This value in tenths or hundredths, rounded. `None` near a tie, which the standard library's formatter decides. The formatter
/// alone takes as long as the rest of a sentence.
fn rounded_parts(value: f64, parts: u32) -> Option<u64> {
    let scaled = value * f64::from(parts);
    if !(0.0..1e9).contains(&scaled) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1e9")]
    let below = scaled as u64;
    let rest = scaled - below as f64;
    ((rest - 0.5).abs() > 1e-6).then_some(below + u64::from(rest > 0.5))
}

fn push_decimal(text: &mut String, whole: u64, parts: u32) {
    let parts = u64::from(parts);
    push_digits(text, whole / parts);
    if parts > 1 {
        text.push('.');
        if parts == 100 && whole % parts < 10 {
            text.push('0');
        }
        push_digits(text, whole % parts);
    }
}

fn push_digits(text: &mut String, number: u64) {
    if number >= 10 {
        push_digits(text, number / 10);
    }
    let digit = u8::try_from(number % 10).expect("one digit");
    text.push(char::from(b'0' + digit));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::measure::measure_set::MeasureSet;
    use crate::scoring::sample::funnel;

    fn definition(unit: &str) -> Definition {
        let set = MeasureSet::parse([("dna_rate.toml", include_str!("../../../../measures/dna_rate.toml"))]).unwrap();
        Definition { unit: unit.to_owned(), ..set.measures()[0].definition.clone() }
    }

    fn window(value: Option<f64>, band: Option<Band>) -> WindowValue {
        WindowValue { facts_d: 6, value, funnel: band.map(|band| funnel(1_204.4, band)), ..WindowValue::empty(12) }
    }

    #[test]
    fn every_sentence_fits_and_blames_nobody() {
        let long = "a unit of a measure file that an operator wrote at such great length that no sentence of any card can hold all of it";
        let values = [None, Some(0.0), Some(1_234_567.8)];
        let bands = [None, Some(Band::FarBelow), Some(Band::Below), Some(Band::Within), Some(Band::Above), Some(Band::FarAbove)];
        let suppressions = [None, Some(Suppression::DenominatorBelowMinimum), Some(Suppression::UnknownStatusAboveLimit)];
        for unit in ["%", "£ per 1,000 attended encounters", "per 1,000 attended encounters", "minutes", long] {
            for (value, band, suppression) in
                values.iter().flat_map(|v| bands.iter().flat_map(move |b| suppressions.map(|s| (v, b, s))))
            {
                let text = sentence(&definition(unit), &window(*value, *band), suppression);
                assert!(text.chars().count() <= LONGEST, "{}: {text}", text.chars().count());
                for word in ["worst", "best", "bad", "poor", "fail", "slipped", "massive"] {
                    assert!(!text.to_lowercase().contains(word), "{text}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_number_is_rounded_as_the_standard_library_rounds_it(whole in 0u32..2_000_000, parts in 1u32..5_000, exponent in -12i32..15) {
            let any = f64::from(whole) / f64::from(parts) * 10_f64.powi(exponent);
            for value in [any, -any, f64::from(whole) / 8.0, f64::from(whole) / 200.0] {
                prop_assume!(value.abs() >= 0.0995);
                let decimals = if value.abs() >= 99.95 { 0 } else if value.abs() >= 9.995 { 1 } else { 2 };
                let mut text = String::new();
                push_rounded(&mut text, value);
                prop_assert_eq!(text, format!("{value:.decimals$}"));
            }
        }
    }

    #[test]
    fn numbers_are_rounded() {
        let text = |value, unit| sentence(&definition(unit), &window(Some(value), Some(Band::Above)), None);
        let higher = "12.3 % in 12 months, higher than similar clinicians (1204 %) by more than chance usually explains.";
        assert_eq!(text(12.345, "%"), higher);
        assert!(
            text(312.4, "£ per 1,000 attended encounters").starts_with("£312 per 1,000 attended encounters in 12 months, higher")
        );
        assert!(text(9.5, "minutes").starts_with("9.50 minutes in 12 months, higher than similar clinicians (1204) by"));
        assert!(text(0.0, "%").starts_with("0 % in 12 months"));
        assert!(text(0.0, "£").starts_with("£0 in 12 months"));
        assert!(text(0.0312, "%").starts_with("0.031 % in 12 months") && text(0.0021, "%").starts_with("0.0021 %"));
        let few = sentence(&definition("%"), &window(None, None), Some(Suppression::DenominatorBelowMinimum));
        assert_eq!(few, "Not enough data: 6 of the 10 events needed in 12 months.");
    }

    #[test]
    fn without_a_network_it_names_the_median_the_number_of_clinicians_and_missing_months() {
        let mut window = window(Some(12.345), None);
        let spoken = |window: &WindowValue| sentence(&definition("%"), window, None);
        assert_eq!(spoken(&window), "12.3 % in 12 months; too few similar clinicians to compare with.");
        window.peer = Some(Peer {
            level: crate::card::peer_group::Level::Practice,
            group: "A81001".into(),
            size: 6,
            mean: None,
            p10: None,
            p50: Some(9.0),
            p90: None,
            percentile: None,
            snapshot_id: "".into(),
        });
        assert_eq!(spoken(&window), "12.3 % in 12 months; the median of this and 5 similar clinicians is 9.00 %.");
        window.incomplete = true;
        assert!(spoken(&window).starts_with("12.3 % in 12 months (some are missing); the median"));
    }
}
