//! Whether a unit of this size could show a difference at all.

use crate::verdict::constants::{FLOOR, Z95};
use crate::verdict::placed_unit::{ChanceModel, PlacedUnit};
use crate::verdict::z_score::scale_z;

/// A difference from the centre that a unit might have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supposition {
    /// Twice the centre; of a proportion at most half of the way from the centre to 1.
    Twice,
    /// Half the centre.
    Half,
}

/// Why a unit could not show a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undetectable {
    /// It has too few facts: even without the usual differences between clinicians, it would not show.
    TooFew,
    /// Clinicians differ widely, and it would not show among them.
    DifferWidely,
}

/// Why a unit that differs from the centre as supposed would be within the 95 % limits. `None` if it would be outside.
///
/// The scale alone decides, with the root that the supposed value is expected to have. `whole` is the centre of a proportion of all: 1, or
/// d over its expectation where the centre is a ratio to expectations.
#[must_use]
pub fn undetectable(
    unit: &PlacedUnit,
    centre: f64,
    whole: f64,
    gamma_cautious: f64,
    supposition: Supposition,
) -> Option<Undetectable> {
    let value = match (supposition, unit.model) {
        (Supposition::Half, _) => centre / 2.0,
        (Supposition::Twice, ChanceModel::Binomial) => (2.0 * centre).min(f64::midpoint(whole, centre)),
        (Supposition::Twice, _) => 2.0 * centre,
    };
    let (expected, _) = unit.expectation(centre);
    let (root, _) = unit.expectation(value);
    let within = |gamma: f64| scale_z(unit, root, expected, gamma).abs() <= Z95;
    if within(FLOOR) {
        return Some(Undetectable::TooFew);
    }
    within(gamma_cautious).then_some(Undetectable::DifferWidely)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::kind::kinds::Kind;
    use crate::verdict::network_basis::NetworkBasis;
    use crate::verdict::unit_sums::UnitSums;

    fn unit(kind: Kind, d: i64) -> PlacedUnit {
        let basis = NetworkBasis { kind, phi: 1.0, flipped: false, event_size: 0.0, relative_variance: 0.0, typical: 0.0 };
        basis.place(&UnitSums::counted(0, d), None).unwrap()
    }

    #[test]
    fn few_facts_or_wide_differences_hide_twice_and_half_the_usual() {
        for kind in [Kind::Rate, Kind::Proportion] {
            let (few, many) = (unit(kind, 30), unit(kind, 3_000));
            for supposition in [Supposition::Twice, Supposition::Half] {
                assert_eq!(undetectable(&few, 0.1, 1.0, 0.1, supposition), Some(Undetectable::TooFew));
                assert_eq!(undetectable(&many, 0.1, 1.0, 0.1, supposition), None);
                assert_eq!(undetectable(&many, 0.1, 1.0, 0.6, supposition), Some(Undetectable::DifferWidely));
            }
        }
    }

    #[test]
    fn twice_a_large_proportion_is_half_of_the_way_to_all() {
        // From 0.5 to 0.75: 2 (pi / 3 - pi / 4) sqrt(d) is 1.96 at d = 14.
        let of = |d| undetectable(&unit(Kind::Proportion, d), 0.5, 1.0, 0.0, Supposition::Twice);
        assert_eq!((of(12), of(20)), (Some(Undetectable::TooFew), None));
    }

    #[test]
    fn an_expectation_of_the_crude_value_hides_what_the_crude_value_hides() {
        let basis = |d: i64, expected: Option<f64>| {
            let basis = NetworkBasis {
                kind: Kind::Proportion,
                phi: 1.0,
                flipped: false,
                event_size: 0.0,
                relative_variance: 0.0,
                typical: 0.0,
            };
            basis.place(&UnitSums::counted(0, d), expected).unwrap()
        };
        for d in [12_i64, 100, 400, 3_000] {
            for supposition in [Supposition::Twice, Supposition::Half] {
                let crude = undetectable(&basis(d, None), 0.08, 1.0, 0.2, supposition);
                let standardised = undetectable(&basis(d, Some(0.08 * d as f64)), 1.0, 12.5, 0.2, supposition);
                assert_eq!(crude, standardised, "{d} {supposition:?}");
            }
        }
    }
}
