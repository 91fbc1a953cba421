//! Suppression: a window of a measure is not shown if it has too few facts, or too many with an unknown status.

use crate::measure::measure_set::Measure;
use crate::sums::measure_sums::Sums;

/// The reason why a window of a measure has no value, no peers and no points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suppression {
    /// Fewer facts in the denominator than the measure's minimum.
    DenominatorBelowMinimum,
    /// More encounters with an unknown status than the measure allows.
    UnknownStatusAboveLimit,
}

impl Suppression {
    /// The reason why the sums of a window suppress the measure at this index, if any.
    #[must_use]
    pub fn of(measure: &Measure, index: usize, sums: &Sums) -> Option<Suppression> {
        let definition = &measure.definition;
        let facts = sums.measures[index].facts_d;
        if facts < i64::from(definition.minimum) {
            return Some(Suppression::DenominatorBelowMinimum);
        }
        let limit = i128::from(definition.unknown_status_limit_percent?);
        let unknown = i128::from(sums.base.unknown_status);
        (100 * unknown > limit * (unknown + i128::from(facts))).then_some(Suppression::UnknownStatusAboveLimit)
    }

    /// Its name on a card.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Suppression::DenominatorBelowMinimum => "denominator_below_minimum",
            Suppression::UnknownStatusAboveLimit => "unknown_status_above_limit",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::measure_set::MeasureSet;

    fn set() -> MeasureSet {
        MeasureSet::parse([("dna_rate.toml", include_str!("../../../../measures/dna_rate.toml"))]).unwrap()
    }

    fn suppressed(facts_d: i64, unknown: i64) -> Option<Suppression> {
        let mut sums = Sums::zero(1);
        sums.measures[0].facts_d = facts_d;
        sums.base.unknown_status = unknown;
        Suppression::of(&set().measures()[0], 0, &sums)
    }

    #[test]
    fn nine_facts_are_too_few_and_ten_are_enough() {
        assert_eq!(suppressed(9, 0), Some(Suppression::DenominatorBelowMinimum));
        assert_eq!(suppressed(10, 0), None);
    }

    #[test]
    fn a_tenth_with_unknown_status_is_allowed_and_more_is_not() {
        assert_eq!(suppressed(90, 10), None);
        assert_eq!(suppressed(90, 11), Some(Suppression::UnknownStatusAboveLimit));
    }
}
