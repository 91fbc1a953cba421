//! The expectation of a person who works in several practices: what the person's work would bring at the rates of each practice.
//!
//! Persons are compared by their events over their expectation, so that no one is high because of where they work (Simpson's paradox).

use crate::measure::kind::kinds::Kind;
use crate::verdict::unit_sums::UnitSums;

/// Expected events that the network's rate is worth, next to a practice's own. A choice.
const PRIOR_EVENTS: f64 = 11.0;

/// Facts of the denominator that the network's value of a mean or an amount is worth. A choice.
const PRIOR_FACTS: f64 = 20.0;

/// A person's work in one practice, and all work of the same role there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PracticePart {
    /// The person's denominator in this practice.
    pub d: i64,
    /// Numerator of the role in this practice.
    pub practice_n: i64,
    /// Denominator of the role in this practice.
    pub practice_d: i64,
    /// Facts in that denominator.
    pub practice_facts: i64,
}

/// Least expected numerator, because an expectation has six decimals and has to be above 0.
const LEAST_EXPECTED: f64 = 1e-6;

/// The network of single practices that roll-ups are standardised with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RollUpPrior {
    /// Kind of the measure.
    pub kind: Kind,
    /// The typical colleague's value as a ratio of numerator and denominator; above 0, and below 1 where the others are counted.
    pub centre: f64,
    /// Whether the others are counted, because they are the rarer side. The prior is then 11 of the others.
    pub flipped: bool,
}

/// The rate of a role in one practice, shrunk towards the network of single practices. A practice without work of the role has the
/// network's rate.
///
/// The prior of a mean or an amount is 20 facts of the practice's mean size, or of one unit where the practice has none. Otherwise it is
/// 11 events of the rarer side, so that a proportion and the proportion of its others are mirror images.
#[must_use]
pub fn practice_rate(prior: RollUpPrior, part: &PracticePart) -> f64 {
    let (n, d, centre) = (part.practice_n as f64, part.practice_d as f64, prior.centre);
    if matches!(prior.kind, Kind::Mean | Kind::Amount) {
        let prior = PRIOR_FACTS * size_of_facts(part);
        return (n + prior * centre) / (d + prior);
    }
    if prior.flipped {
        return 1.0 - (d - n + PRIOR_EVENTS) / (d + PRIOR_EVENTS / (1.0 - centre));
    }
    (n + PRIOR_EVENTS) / (d + PRIOR_EVENTS / centre)
}

/// Units of the denominator in a fact of the practice; 1 where it has none.
fn size_of_facts(part: &PracticePart) -> f64 {
    if part.practice_facts > 0 { part.practice_d as f64 / part.practice_facts as f64 } else { 1.0 }
}

/// A person's work in one practice whose expectations are adjusted for the patients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdjustedPart {
    /// Denominators and sums without adjustment.
    pub crude: PracticePart,
    /// The numerator that the typical colleague would have with the person's patients in this practice.
    pub typical: f64,
    /// The numerator that typical colleagues would have with all patients of the role there.
    pub practice_typical: f64,
}

/// The person's expected numerator for patients of this age and sex: in each practice the typical colleague's, times the practice's
/// numerator over that of typical colleagues, shrunk towards 1 by the prior of [`practice_rate`].
///
/// Where the typical colleague has `centre` for every patient, it is [`expected_numerator`].
#[must_use]
pub fn adjusted_numerator(prior: RollUpPrior, parts: &[AdjustedPart]) -> f64 {
    let events = |part: &AdjustedPart| {
        let shrunk = match prior.kind {
            Kind::Mean | Kind::Amount => PRIOR_FACTS * size_of_facts(&part.crude) * prior.centre,
            Kind::Proportion | Kind::Rate | Kind::Share => PRIOR_EVENTS,
        };
        part.typical * (part.crude.practice_n as f64 + shrunk) / (part.practice_typical + shrunk)
    };
    let others = |part: &AdjustedPart| {
        let crude = &part.crude;
        let of_practice = (crude.practice_d as f64 - part.practice_typical).max(0.0);
        let ratio = ((crude.practice_d - crude.practice_n) as f64 + PRIOR_EVENTS) / (of_practice + PRIOR_EVENTS);
        crude.d as f64 - (crude.d as f64 - part.typical) * ratio
    };
    let expected: f64 = if prior.flipped { parts.iter().map(others).sum() } else { parts.iter().map(events).sum() };
    expected.max(LEAST_EXPECTED)
}

/// The person's expected numerator: the sum over practices of the denominator times the practice's rate.
#[must_use]
pub fn expected_numerator(prior: RollUpPrior, parts: &[PracticePart]) -> f64 {
    parts.iter().map(|part| part.d as f64 * practice_rate(prior, part)).sum()
}

/// The value that a unit with this numerator and expectation would have with the network's mix: centre x n / expected.
#[must_use]
pub fn standardised_value(centre: f64, n: i64, expected: f64) -> f64 {
    centre * (n as f64 / expected)
}

/// The same by the others, for a group that counts them: 1 - (1 - centre) x (d - n) / (d - expected). It is a part of a whole: never above 1,
/// and 0 where the others exceed their expectation far enough to leave nothing.
#[must_use]
pub fn standardised_by_others(centre: f64, own: &UnitSums, expected: f64) -> f64 {
    (1.0 - (1.0 - centre) * ((own.d - own.n) as f64 / (own.d as f64 - expected))).max(0.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn prior(kind: Kind, centre: f64) -> RollUpPrior {
        RollUpPrior { kind, centre, flipped: false }
    }

    fn part(d: i64, practice_n: i64, practice_d: i64) -> PracticePart {
        PracticePart { d, practice_n, practice_d, practice_facts: practice_d }
    }

    #[test]
    fn lowest_in_both_practices_is_low_standardised_although_high_crude() {
        // 0.8 of the rate in either practice, but mostly in the one with three times the other's rate.
        let parts = [part(100, 500, 10_000), part(900, 1_500, 10_000)];
        let expected = expected_numerator(prior(Kind::Rate, 0.1), &parts);
        let n = 4 + 108;
        assert!(n as f64 / 1_000.0 > 0.1);
        let standardised = standardised_value(0.1, n, expected);
        assert!((0.079..0.081).contains(&standardised), "{standardised}");
    }

    #[test]
    fn patients_who_are_all_alike_adjust_nothing() {
        let parts = [part(100, 500, 10_000), part(900, 1_500, 10_000), part(30, 0, 0)];
        for kind in [Kind::Rate, Kind::Proportion, Kind::Share, Kind::Mean, Kind::Amount] {
            let adjusted: Vec<AdjustedPart> = parts
                .iter()
                .map(|crude| AdjustedPart {
                    crude: *crude,
                    typical: 0.1 * crude.d as f64,
                    practice_typical: 0.1 * crude.practice_d as f64,
                })
                .collect();
            let (one, other) = (expected_numerator(prior(kind, 0.1), &parts), adjusted_numerator(prior(kind, 0.1), &adjusted));
            assert!((one - other).abs() < 1e-9, "{kind:?}: {one} {other}");
        }
    }

    #[test]
    fn older_patients_of_a_practice_are_no_reason_to_be_high_there() {
        // The practice has 1,500 events where typical colleagues would have 1,500 with its old patients: its ratio is 1. The person's
        // patients there are younger, at half of that rate.
        let crude = PracticePart { d: 900, practice_n: 1_500, practice_d: 10_000, practice_facts: 10_000 };
        let adjusted = AdjustedPart { crude, typical: 67.5, practice_typical: 1_500.0 };
        assert!((adjusted_numerator(prior(Kind::Rate, 0.1), &[adjusted]) - 67.5).abs() < 1e-9);
        assert!((expected_numerator(prior(Kind::Rate, 0.1), &[crude]) - 900.0 * 1_511.0 / 10_110.0).abs() < 1e-9);
    }

    #[test]
    fn a_practice_without_the_role_has_the_rate_of_the_network() {
        for kind in [Kind::Rate, Kind::Proportion, Kind::Mean, Kind::Amount] {
            let expected = expected_numerator(prior(kind, 0.08), &[part(50, 0, 0)]);
            assert!((expected - 4.0).abs() < 1e-12, "{expected}");
        }
    }

    #[test]
    fn the_others_of_a_standardised_share_say_the_same_direction() {
        // 2 others where 4 are expected are half as many: half of the 5 % of the network.
        let value = standardised_by_others(0.95, &UnitSums::counted(98, 100), 96.0);
        assert!((value - 0.975).abs() < 1e-12, "{value}");
    }

    #[test]
    fn a_standardised_part_of_a_whole_is_never_below_nothing() {
        // 60 others where 20 are expected are three times as many: three times 0.5 is more than the whole.
        assert_eq!(standardised_by_others(0.5, &UnitSums::counted(40, 100), 80.0), 0.0);
    }

    #[test]
    fn a_share_and_the_share_of_its_others_have_mirrored_expectations() {
        // 40 of 400 in the practice where 5 % are typical: (40 + 11) / (400 + 220) of 62. The others are 360 of 400 where 95 % are typical.
        let low = expected_numerator(prior(Kind::Proportion, 0.05), &[part(62, 40, 400)]);
        assert!((low - 5.1).abs() < 1e-12, "{low}");
        let others = RollUpPrior { flipped: true, ..prior(Kind::Proportion, 0.95) };
        let high = expected_numerator(others, &[part(62, 360, 400)]);
        assert!((high - 56.9).abs() < 1e-12, "{high}");
        let of = |crude: PracticePart, rate: f64| AdjustedPart {
            crude,
            typical: rate * crude.d as f64,
            practice_typical: rate * crude.practice_d as f64,
        };
        // Twice the typical rate among the person's patients: twice the expectation.
        let older = AdjustedPart { typical: 6.2, ..of(part(62, 40, 400), 0.05) };
        let adjusted = adjusted_numerator(prior(Kind::Proportion, 0.05), &[older]);
        assert!((adjusted - 6.2 * 51.0 / 31.0).abs() < 1e-12, "{adjusted}");
        let mirrored = AdjustedPart { typical: 55.8, ..of(part(62, 360, 400), 0.95) };
        assert!((62.0 - adjusted_numerator(others, &[mirrored]) - adjusted).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn a_rate_lies_between_the_practice_and_the_network(n in 0i64..500, d in 1i64..5_000, centre in 0.001f64..0.9) {
            for kind in [Kind::Rate, Kind::Mean] {
                let rate = practice_rate(prior(kind, centre), &part(1, n, d));
                let own = n as f64 / d as f64;
                prop_assert!(own.min(centre) - 1e-12 <= rate && rate <= own.max(centre) + 1e-12);
            }
        }
    }
}
