//! Suppression: a window of a measure is not shown if it has too few facts, or if too much of it is not known or not sent.

use crate::measure::absent::{AbsentField, AbsentRule};
use crate::measure::measure_set::{Class, Measure, SideDefinition};
use crate::sums::measure_sums::{Base, MeasureSums};

/// Share in percent of what is unknown, or not sent, above which a measure without a limit of its own is suppressed.
pub const UNKNOWN_LIMIT_PERCENT: u8 = 10;

/// The reason why a window of a measure has no value, no peers and no points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suppression {
    /// Fewer facts in the denominator than the measure's minimum.
    DenominatorBelowMinimum,
    /// More encounters with an unknown status than the measure allows.
    UnknownStatusAboveLimit,
    /// More items of unmapped drugs, or more facts without a field that a side needs, than the measure allows.
    UnknownAboveLimit,
    /// The feeds do not send a kind that the measure needs in months with more of its denominator than the measure allows.
    NotSent,
}

impl Suppression {
    /// The reason why these sums of a window suppress a measure, if any. `left_out` has the sums of its months in which a kind that
    /// the measure needs is not sent.
    #[must_use]
    pub fn of(measure: &Measure, base: &Base, own: &MeasureSums, left_out: &MeasureSums) -> Option<Suppression> {
        let definition = &measure.definition;
        let minimum = i64::from(definition.minimum);
        let lacking = if needed_field(&definition.denominator) { own.unknown } else { 0 };
        if own.facts_d + left_out.facts_d + lacking < minimum {
            return Some(Suppression::DenominatorBelowMinimum);
        }
        let limit = definition.unknown_limit_percent.unwrap_or(UNKNOWN_LIMIT_PERCENT);
        let above = |(unknown, known): (i64, i64), limit: u8| {
            let (unknown, known) = (i128::from(unknown), i128::from(known));
            100 * unknown > i128::from(limit) * (unknown + known)
        };
        if above(statuses(measure, base, own), definition.unknown_status_limit_percent.unwrap_or(limit)) {
            return Some(Suppression::UnknownStatusAboveLimit);
        }
        if above(codes(measure, base), limit) || above(fields(measure, own), limit) {
            return Some(Suppression::UnknownAboveLimit);
        }
        if above((left_out.d, own.d), limit) {
            return Some(Suppression::NotSent);
        }
        (own.facts_d < minimum).then_some(Suppression::DenominatorBelowMinimum)
    }

    /// Its name on a card.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Suppression::DenominatorBelowMinimum => "denominator_below_minimum",
            Suppression::UnknownStatusAboveLimit | Suppression::UnknownAboveLimit => "unknown_above_limit",
            Suppression::NotSent => "not_sent",
        }
    }
}

/// Encounters of unknown status, and facts of the side that counts encounters: the denominator, else the numerator.
fn statuses(measure: &Measure, base: &Base, own: &MeasureSums) -> (i64, i64) {
    let counts = |side: &SideDefinition| matches!(side.event, Class::Activity | Class::Attendance);
    match (counts(&measure.definition.numerator), counts(&measure.definition.denominator)) {
        (_, true) => (base.unknown_status, own.facts_d),
        (true, false) => (base.unknown_status, own.facts_n),
        (false, false) => (0, 0),
    }
}

/// Items of unmapped drugs and of mapped ones, for a measure with a filter of codes.
fn codes(measure: &Measure, base: &Base) -> (i64, i64) {
    let needs =
        |side: &SideDefinition| side.absent.rule(AbsentField::Code) == AbsentRule::Unknown && side.needs(AbsentField::Code);
    let filters = needs(&measure.definition.numerator) || needs(&measure.definition.denominator);
    if filters { (base.unmapped_items, base.items - base.unmapped_items) } else { (0, 0) }
}

/// Facts that lack a field, and facts of the side that needs it: the denominator, else the numerator.
fn fields(measure: &Measure, own: &MeasureSums) -> (i64, i64) {
    let known = if needed_field(&measure.definition.denominator) { own.facts_d } else { own.facts_n };
    (own.unknown, known)
}

/// Whether an event is unknown to a side for the lack of a field other than its code.
fn needed_field(side: &SideDefinition) -> bool {
    let is_unknown = |field: &AbsentField| side.needs(*field) && side.absent.rule(*field) == AbsentRule::Unknown;
    AbsentField::ALL.iter().filter(|field| **field != AbsentField::Code).any(is_unknown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::measure_set::MeasureSet;

    /// A measure of the repository with these lines before its first table.
    fn measure(id: &str, lines: &str) -> MeasureSet {
        let path = format!("{}/../../measures/{id}.toml", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap().replacen("[numerator]", &format!("{lines}\n[numerator]"), 1);
        MeasureSet::parse([(format!("{id}.toml").as_str(), text.as_str())]).unwrap()
    }

    /// A window with 100 facts in both sides and these unknown values.
    #[derive(Clone, Copy, Default)]
    struct Window {
        unmapped: i64,
        lacking: i64,
        statuses: i64,
        not_sent: i64,
    }

    const FACTS: i64 = 90;

    fn suppressed(set: &MeasureSet, of: Window) -> Option<&'static str> {
        let base =
            Base { items: FACTS + of.unmapped, unmapped_items: of.unmapped, unknown_status: of.statuses, ..Base::default() };
        let sums = |facts| MeasureSums { facts_n: facts, facts_d: facts, n: facts, d: facts, ..MeasureSums::default() };
        let own = MeasureSums { unknown: of.lacking, ..sums(FACTS) };
        Suppression::of(&set.measures()[0], &base, &own, &sums(of.not_sent)).map(Suppression::name)
    }

    #[test]
    fn nine_facts_are_too_few_and_ten_are_enough() {
        let set = measure("dna_rate", "");
        let of = |facts_d| {
            let own = MeasureSums { facts_d, d: facts_d, ..MeasureSums::default() };
            Suppression::of(&set.measures()[0], &Base::default(), &own, &MeasureSums::default())
        };
        assert_eq!(of(9), Some(Suppression::DenominatorBelowMinimum));
        assert_eq!(of(10), None);
    }

    #[test]
    fn a_tenth_with_unknown_status_is_allowed_and_more_is_not() {
        // 10 of 100 are a tenth, 11 of 101 are more.
        for id in ["dna_rate", "telephone_share", "antibiotics_per_1000", "consult_minutes", "cost_per_encounter"] {
            let set = measure(id, "");
            assert_eq!(suppressed(&set, Window { statuses: 10, ..Window::default() }), None, "{id}");
            let above = suppressed(&set, Window { statuses: 11, ..Window::default() });
            assert_eq!(above, Some("unknown_above_limit"), "{id}");
        }
        let set = measure("broad_spectrum", "");
        assert_eq!(suppressed(&set, Window { statuses: 900, ..Window::default() }), None, "it counts no encounter");
    }

    #[test]
    fn a_tenth_of_unmapped_items_is_allowed_and_more_is_not_for_measures_with_codes() {
        // A rate, a proportion, a share, an amount with codes.
        for id in ["antibiotics_per_1000", "broad_spectrum", "desogestrel_branded", "bdz_adq_per_item", "low_priority_spend"] {
            let set = measure(id, "");
            assert_eq!(suppressed(&set, Window { unmapped: 10, ..Window::default() }), None, "{id}");
            let above = suppressed(&set, Window { unmapped: 11, ..Window::default() });
            assert_eq!(above, Some("unknown_above_limit"), "{id}");
        }
        for id in ["items_per_encounter", "repeat_share", "dna_rate", "fft_positive", "referral_rate"] {
            assert_eq!(suppressed(&measure(id, ""), Window { unmapped: 900, ..Window::default() }), None, "{id}");
        }
    }

    #[test]
    fn a_tenth_of_facts_without_cost_quantity_or_daily_quantities_is_allowed_and_more_is_not() {
        for id in ["cost_per_encounter", "low_priority_spend", "desogestrel_branded", "bdz_adq_per_item", "uti_long_course"] {
            let set = measure(id, "");
            assert_eq!(suppressed(&set, Window { lacking: 10, ..Window::default() }), None, "{id}");
            let above = suppressed(&set, Window { lacking: 11, ..Window::default() });
            assert_eq!(above, Some("unknown_above_limit"), "{id}");
        }
    }

    #[test]
    fn a_tenth_of_the_denominator_may_be_in_months_that_are_not_sent() {
        let set = measure("referral_rate", "");
        assert_eq!(suppressed(&set, Window { not_sent: 10, ..Window::default() }), None);
        assert_eq!(suppressed(&set, Window { not_sent: 11, ..Window::default() }), Some("not_sent"));
    }

    #[test]
    fn events_that_are_unknown_or_not_sent_are_not_too_few() {
        let none = |facts_d: i64| MeasureSums { facts_d, d: facts_d, ..MeasureSums::default() };
        let of = |id: &str, own: MeasureSums, left_out: MeasureSums| {
            let set = measure(id, "");
            Suppression::of(&set.measures()[0], &Base::default(), &own, &left_out).map(Suppression::name)
        };
        assert_eq!(of("referral_rate", none(0), none(500)), Some("not_sent"));
        assert_eq!(of("referral_rate", none(0), none(9)), Some("denominator_below_minimum"));
        let lacking = |unknown| MeasureSums { unknown, ..MeasureSums::default() };
        assert_eq!(of("desogestrel_branded", lacking(94), none(0)), Some("unknown_above_limit"));
        assert_eq!(of("desogestrel_branded", lacking(9), none(0)), Some("denominator_below_minimum"));
    }

    #[test]
    fn a_measure_file_sets_its_own_limits() {
        let set = measure("low_priority_spend", "unknown_limit_percent = 50");
        assert_eq!(suppressed(&set, Window { unmapped: 90, lacking: 90, ..Window::default() }), None);
        assert_eq!(suppressed(&set, Window { unmapped: 91, ..Window::default() }), Some("unknown_above_limit"));
        assert_eq!(suppressed(&set, Window { lacking: 91, ..Window::default() }), Some("unknown_above_limit"));
        assert_eq!(suppressed(&set, Window { not_sent: 91, ..Window::default() }), Some("not_sent"));
        // The limit of statuses stays that of all unknown values where the file names no other.
        let set = measure("telephone_share", "unknown_limit_percent = 50");
        assert_eq!(suppressed(&set, Window { statuses: 90, ..Window::default() }), None);
        let set = measure("telephone_share", "unknown_limit_percent = 50\nunknown_status_limit_percent = 0");
        assert_eq!(suppressed(&set, Window { statuses: 1, ..Window::default() }), Some("unknown_above_limit"));
    }
}
