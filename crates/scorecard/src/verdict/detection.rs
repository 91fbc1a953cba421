//! Whether a unit of this size could show a difference at all.

use crate::verdict::constants::{FLOOR, Z95};
use crate::verdict::placed_unit::{ChanceModel, PlacedUnit};
use crate::verdict::z_score::scale_z;

/// A difference from the centre that a unit might have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supposed {
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
    /// Clinicians differ so much that it would not show.
    DifferWidely,
}

/// Why a unit that differs from the centre as supposed would be within the 95 % limits. `None` if it would be outside.
///
/// The scale alone decides, with the root that the supposed value is expected to have.
#[must_use]
pub fn undetectable(unit: &PlacedUnit, centre: f64, gamma_cautious: f64, supposed: Supposed) -> Option<Undetectable> {
    let value = match (supposed, unit.model) {
        (Supposed::Half, _) => centre / 2.0,
        (Supposed::Twice, ChanceModel::Binomial) => (2.0 * centre).min(f64::midpoint(1.0, centre)),
        (Supposed::Twice, _) => 2.0 * centre,
    };
    let (expected, _) = unit.expectation(centre);
    let (root, _) = unit.expectation(value);
    let within = |gamma: f64| scale_z(unit, root, expected, gamma).abs() <= Z95;
    if within(FLOOR) {
        return Some(Undetectable::TooFew);
    }
    within(gamma_cautious).then_some(Undetectable::DifferWidely)
}
