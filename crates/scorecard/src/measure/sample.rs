//! Measures for tests.

use std::sync::Arc;

use crate::measure::amount::Amount;
use crate::measure::definition::{Class, Definition, SideDefinition};
use crate::measure::kind::kinds::Kind;
use crate::measure::measure_set::{Measure, MeasureSet};

/// A measure of this kind with these amounts on its sides. Counts and minutes are those of attended encounters, all other amounts
/// those of prescriptions.
pub(crate) fn sample(kind: Kind, numerator: Amount, denominator: Amount) -> Arc<Measure> {
    let side = |amount| match amount {
        Amount::Count | Amount::Minutes => SideDefinition::new(Class::Activity, amount),
        _ => SideDefinition::new(Class::Prescription, amount),
    };
    let definition = Definition::new("sample", kind, side(numerator), side(denominator));
    MeasureSet::of(&[definition]).expect("a valid measure").measures()[0].clone()
}
