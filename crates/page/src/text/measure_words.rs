//! The words of one measure: its unit, its better side, its verdict in short, and the reason why a value is missing.

use scorecard::card::scorecard::{CardMeasure, VerdictWord};
use scorecard::measure::measure_set::{Direction, Domain};
use scorecard::scoring::spoken_number::{bare, with_short_unit};

use crate::text::page_words::text;

/// The words of a unit behind a number: `per 1,000`, `minutes`, nothing for a percentage.
#[must_use]
pub fn unit_words(unit: &str) -> String {
    let rest = unit.trim_start_matches(['%', '£']).trim_start();
    if rest.starts_with("per ") { rest.split(' ').take(2).collect::<Vec<_>>().join(" ") } else { rest.to_owned() }
}

/// A value of a measure without its unit.
#[must_use]
pub fn value(number: f64, unit: &str) -> String {
    bare(number, unit)
}

/// A value of a measure with the first words of its unit.
#[must_use]
pub fn value_with_unit(number: f64, unit: &str) -> String {
    with_short_unit(number, unit)
}

/// `lower`, `higher` or `neither`.
#[must_use]
pub fn better(direction: Direction) -> String {
    text(match direction {
        Direction::Low => "better.low",
        Direction::High => "better.high",
        Direction::None => "better.none",
    })
}

/// `Lower is better`, `Higher is better` or `Neither is better`.
#[must_use]
pub fn better_sentence(direction: Direction) -> String {
    text(match direction {
        Direction::Low => "better.low_sentence",
        Direction::High => "better.high_sentence",
        Direction::None => "better.none_sentence",
    })
}

/// The name of a domain.
#[must_use]
pub fn domain(domain: Domain) -> String {
    text(match domain {
        Domain::Clinical => "domain.clinical",
        Domain::Perception => "domain.perception",
        Domain::Resource => "domain.resource",
    })
}

/// The verdict in a few words. Without one, the reason.
#[must_use]
pub fn verdict(measure: &CardMeasure) -> String {
    let Some(verdict) = measure.verdict else { return no_verdict(measure) };
    text(match (verdict, measure.direction) {
        (VerdictWord::PleaseCheck, _) => "verdict.please_check",
        (VerdictWord::BetterThanMost, _) => "verdict.better_than_most",
        (VerdictWord::WorthALook, Direction::High) => "verdict.low_side",
        (VerdictWord::WorthALook, _) => "verdict.high_side",
        (VerdictWord::Higher, _) => "verdict.higher",
        (VerdictWord::Lower, _) => "verdict.lower",
        (VerdictWord::InLine, _) => "verdict.in_line",
        (VerdictWord::NoEvidence, _) => "verdict.no_evidence",
        (VerdictWord::TooFewToTell, _) => "verdict.too_few",
        (VerdictWord::WideDifferences, _) => "verdict.wide",
        (VerdictWord::Mixed, _) => "verdict.mixed",
    })
}

fn no_verdict(measure: &CardMeasure) -> String {
    text(match measure.suppressed.as_deref() {
        Some("denominator_below_minimum") => "verdict.below_minimum",
        Some("not_sent") => "verdict.not_sent",
        Some(_) => "verdict.unknown",
        None if measure.value.is_none() => "verdict.nothing",
        None => "verdict.not_compared",
    })
}

/// Whether a verdict is a finding: more than chance and usual differences.
#[must_use]
pub fn is_finding(measure: &CardMeasure) -> bool {
    let findings = [VerdictWord::PleaseCheck, VerdictWord::BetterThanMost, VerdictWord::Higher, VerdictWord::Lower];
    measure.verdict.is_some_and(|verdict| findings.contains(&verdict))
}

/// The word for a role: `GP`, `nurse`, `clinician` for an unknown one.
#[must_use]
pub fn role(role: &str) -> String {
    match role {
        "gp" => text("role.gp"),
        "" | "unknown" => text("role.unknown"),
        other => other.replace('_', " "),
    }
}

/// The plural of a role: `GPs`, `nurses`.
#[must_use]
pub fn roles(role: &str) -> String {
    match role {
        "gp" => text("role.gps"),
        "" | "unknown" => text("role.unknowns"),
        other => format!("{}s", other.replace('_', " ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_behind_a_number_is_short() {
        for (unit, words) in [
            ("%", ""),
            ("£", ""),
            ("per 1,000 attended encounters", "per 1,000"),
            ("£ per 1,000 attended encounters", "per 1,000"),
            ("minutes", "minutes"),
            ("kg CO2e an inhaler", "kg CO2e an inhaler"),
        ] {
            assert_eq!(unit_words(unit), words);
        }
    }

    #[test]
    fn roles_have_a_plural() {
        assert_eq!((roles("gp"), roles("nurse"), roles("unknown")), ("GPs".into(), "nurses".into(), "clinicians".into()));
    }
}
