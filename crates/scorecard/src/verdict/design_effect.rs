//! The design effect of a network: by how much chance varies more than it would if all facts were independent.

use crate::measure::kind::kinds::Kind;
use crate::verdict::constants::MOST_DESIGN_EFFECT;
use crate::verdict::month_dispersion::MonthDispersion;
use crate::verdict::sign_dispersion::SignDispersion;
use crate::verdict::unit_sums::UnitSums;

/// The design effect phi of a network, 1 to 20: the larger of what signs and months say. If both are unknown, it is as if all parts of
/// a fact were of one mind.
///
/// Signs see facts of one patient in different months, which months do not.
#[must_use]
pub fn design_effect(
    kind: Kind,
    signs: Option<SignDispersion>,
    months: Option<MonthDispersion>,
    units: impl IntoIterator<Item = UnitSums>,
) -> f64 {
    let known = signs.map(|signs| signs.phi).into_iter().chain(months.map(|months| months.phi)).reduce(f64::max);
    clamped(known.unwrap_or_else(|| of_one_mind(kind, units)))
}

/// A design effect from 1 to 20.
#[must_use]
pub fn clamped(phi: f64) -> f64 {
    phi.clamp(1.0, MOST_DESIGN_EFFECT)
}

/// Mean size of a fact of the denominator, weighted by size: 4 for questionnaires of four answers.
///
/// 1 for a share, whose effective counts hold each fact as one already.
fn of_one_mind(kind: Kind, units: impl IntoIterator<Item = UnitSums>) -> f64 {
    let add = |(squares, total): (i128, i128), unit: UnitSums| (squares + unit.d_squares, total + i128::from(unit.d));
    let (squares, total) = units.into_iter().fold((0, 0), add);
    if kind == Kind::Share || total <= 0 { 1.0 } else { squares as f64 / total as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_dispersion_counts_within_1_and_20() {
        let signs = |phi| Some(SignDispersion { phi, median: 1.0, units: 20 });
        let months = |phi| Some(MonthDispersion { phi, median: 1.0 });
        let of = |signs, months| design_effect(Kind::Proportion, signs, months, []);
        assert_eq!(of(signs(1.5), months(2.5)), 2.5);
        assert_eq!(of(signs(3.5), None), 3.5);
        assert_eq!(of(signs(0.5), months(0.9)), 1.0);
        assert_eq!(of(None, months(44.0)), 20.0);
    }

    #[test]
    fn four_answers_of_one_patient_are_of_one_mind_where_nothing_is_known() {
        let answers = UnitSums { d: 40, d_squares: 160, ..UnitSums::default() };
        assert_eq!(design_effect(Kind::Proportion, None, None, [answers, answers]), 4.0);
        assert_eq!(design_effect(Kind::Rate, None, None, [UnitSums::counted(3, 70)]), 1.0);
        assert_eq!(design_effect(Kind::Share, None, None, [answers]), 1.0);
        assert_eq!(design_effect(Kind::Rate, None, None, []), 1.0);
    }
}
